/** What every code interpreter does, whatever is behind it. */
import type { ScriptedOutcome } from '../../src/adapters/in-process/code-interpreter';
import { noDeadline } from '../../src/adapters/in-process/clock';
import { CODE_LANGUAGES, type CodeInterpreter, type CodeSession, type Program } from '../../src/ports/code-interpreter';
import { leftOf, passedDeadline, rightOf } from '../support/task';

export interface CodeInterpreterHarness {
  readonly interpreter: CodeInterpreter;
  /** What the next programs do, in turn. */
  readonly script: (...outcomes: readonly ScriptedOutcome[]) => void;
  /** The programs that were run. */
  readonly ran: () => readonly Program[];
  readonly close: () => Promise<void>;
}

const PROGRAM: Program = { language: 'python', code: 'print("hello")' };

export function describeCodeInterpreterContract(name: string, makeHarness: () => Promise<CodeInterpreterHarness>): void {
  describe(`code interpreter contract: ${name}`, () => {
    let harness: CodeInterpreterHarness;
    let session: CodeSession;

    beforeEach(async () => {
      harness = await makeHarness();
      session = harness.interpreter.open('run');
    });
    // Whatever happened to its programs, a session can be ended.
    afterEach(async () => {
      expect(await session.close()).toBe(0);
      await harness.close();
    });

    it('says what it is', () => {
      expect(['local', 'remote']).toContain(harness.interpreter.source);
      expect(harness.interpreter.label).not.toBe('');
    });

    it('answers what a program wrote', async () => {
      const stdout = 'hello\n"日本" 🏯\n';
      harness.script({ stdout, stderr: 'a warning\n' });
      expect(await rightOf(session.execute(PROGRAM, 'run-0', noDeadline))).toEqual({
        stdout,
        stderr: 'a warning\n',
        exitCode: 0,
        dropped: [],
      });
    });

    it('answers a silent program', async () => {
      harness.script({});
      expect(await rightOf(session.execute(PROGRAM, 'run-0', noDeadline))).toEqual({ stdout: '', stderr: '', exitCode: 0, dropped: [] });
    });

    it('fails with what the program wrote when it exits with a code', async () => {
      harness.script({ stdout: 'so far', stderr: 'Traceback', exitCode: 3 });
      expect(await leftOf(session.execute(PROGRAM, 'run-0', noDeadline))).toEqual({
        _tag: 'ProgramFailed',
        reason: 'exit code 3',
        output: { stdout: 'so far', stderr: 'Traceback', exitCode: 3, complete: true, dropped: [] },
      });
    });

    it('runs each program once, as it is, one after the other', async () => {
      const programs = CODE_LANGUAGES.map((language) => ({ language, code: `"${language}" // \u0000 é\n` }));
      harness.script(...programs.map(({ language }) => ({ stdout: language })));
      for (const program of programs) {
        expect(await rightOf(session.execute(program, 'run-0', noDeadline))).toMatchObject({ stdout: program.language });
      }
      expect(harness.ran()).toEqual(programs);
    });

    it('runs nothing once the deadline has passed', async () => {
      harness.script({ stdout: 'late' });
      expect(await leftOf(session.execute(PROGRAM, 'run-0', passedDeadline))).toMatchObject({
        _tag: 'DeadlineExceeded',
        effect: 'none',
      });
      expect(harness.ran()).toEqual([]);
    });
  });
}

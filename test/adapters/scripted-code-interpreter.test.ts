import { makeScriptedCodeInterpreter, type ScriptedOutcome } from '../../src/adapters/in-process/code-interpreter';
import { noDeadline } from '../../src/adapters/in-process/clock';
import type { Program } from '../../src/ports/code-interpreter';
import { describeCodeInterpreterContract } from '../contracts/code-interpreter';
import { rightOf } from '../support/task';

describeCodeInterpreterContract('scripted', () => {
  const script: ScriptedOutcome[] = [];
  const ran: Program[] = [];
  const interpreter = makeScriptedCodeInterpreter((program) => {
    ran.push(program);
    return script.shift() ?? {};
  });
  return Promise.resolve({
    interpreter,
    script: (...outcomes) => {
      script.push(...outcomes);
    },
    ran: () => ran,
    close: () => Promise.resolve(),
  });
});

it('says in its output that the code was not run, where no script is given', async () => {
  const interpreter = makeScriptedCodeInterpreter();
  expect(interpreter.label).toContain('runs no code');
  const { stdout } = await rightOf(interpreter.open('run').execute({ language: 'python', code: 'print(1)' }, 'run-0', noDeadline));
  expect(stdout).toBe('[scripted] python, 8 characters, not run\n');
});

/** What a process leaves that ended before its work did: taken away by the next server, named by whoever reads a run beside it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRight } from 'fp-ts/Either';
import { removeLeftovers, writingName } from '../../src/adapters/filesystem/writing';
import { EXIT } from '../../src/handlers/cli/shared/exit-codes';
import { runCli } from '../../src/handlers/cli/main';
import { composeServer } from '../../src/handlers/compose-server';
import { captureIo } from '../support/captured-io';
import { expectRight } from '../support/harness';

const GOLDEN = join(__dirname, '../golden/fixture');
const directory = mkdtempSync(join(tmpdir(), 'ewm-leftovers-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function written(...path: readonly string[]): string {
  const file = join(directory, ...path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, 'half');
  return file;
}

/** The id of a process that was. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('.writing-* below the data of a server', () => {
  test('goes when a server starts, wherever it stands; finished files and links stay', async () => {
    const dead = String(await deadPid());
    const gone = [
      written('data', 'artifacts', 'run', '.writing-00000000-0000-4000-8000-000000000000'),
      written('data', 'artifacts', 'run', `.writing-${dead}.00000000-0000-4000-8000-000000000000`),
      written('data', `.writing-${dead}.folder`, 'tape.jsonl'),
      written('data', 'sessions', 'id', 'segments', `.writing-${String(process.pid)}.of-an-earlier-process-of-this-id`),
    ];
    const outside = written('outside', '.writing-0');
    symlinkSync(join(directory, 'outside'), join(directory, 'data', 'link'));
    const kept = [written('data', 'artifacts', 'run', 'tape.jsonl'), written('data', 'artifacts', 'run', 'writing-0'), outside];
    const notes: string[] = [];
    expect(isRight(await composeServer(join(directory, 'data'), {}, (what) => notes.push(what))())).toBe(true);
    expect(gone.filter(existsSync)).toEqual([]);
    expect(kept.filter(existsSync)).toEqual(kept);
    expect(notes).toEqual(['removed what a server that ended early was writing: 4 (.writing-*)']);
    expect(readdirSync(join(directory, 'data'))).not.toContain(`.writing-${dead}.folder`);
  });

  test('stays while the process that writes it is there', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    const file = written('busy', writingName().replace(String(process.pid), String(child.pid)));
    expect(expectRight(await removeLeftovers(join(directory, 'busy'))())).toBe(0);
    expect(existsSync(file)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(expectRight(await removeLeftovers(join(directory, 'busy'))())).toBe(1);
    expect(existsSync(file)).toBe(false);
  });
});

describe('*.partial beside a finished run', () => {
  test('show names it; that verify refuses it is in extra-files.test.ts', async () => {
    const run = join(directory, 'run-show');
    cpSync(GOLDEN, run, { recursive: true });
    const quiet = captureIo();
    expect(await runCli(['show', run], quiet.io)).toBe(EXIT.ok);
    expect(quiet.err()).not.toContain('partial');
    writeFileSync(join(run, 'tape.jsonl.partial'), '');
    writeFileSync(join(run, 'strategy.json.partial'), '');
    const { io, err } = captureIo();
    await runCli(['show', run], io);
    expect(err()).toContain('of another that did not finish: strategy.json.partial, tape.jsonl.partial. ewm run --force');
  });
});

/** A proof of a directory is one of all that it holds: what is no part of the run's mode is named and refused, by every reader that claims proof. */
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesOf, type Mode, MODE_NAMES } from '../../src/domain/run/modes';
import { EXIT } from '../../src/handlers/cli/shared/exit-codes';
import { runCli } from '../../src/handlers/cli/main';
import { RUN_FILES } from '../../src/ports/run-files';
import { captureIo } from '../support/captured-io';

const GOLDENS: Readonly<Record<Mode, string>> = {
  local: 'fixture',
  'agentcore-base': 'base-all-steps',
  'agentcore-tools': 'tools-execute',
  'agentcore-memory': 'memory-values',
  world: 'worlds/grid',
  guard: 'guard-acts',
};

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ewm-extra-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const file = (name: string) => (run: string) => {
  writeFileSync(join(run, name), '{}\n');
};

/** What a stranger may find beside a run; `undefined`: allowed. */
const EXTRAS: readonly (readonly [name: string, kind: string | undefined, make: (run: string) => void])[] = [
  ['receipt.json', undefined, file('receipt.json')],
  ['notes.txt', 'a file', file('notes.txt')],
  ['.hidden', 'a file', file('.hidden')],
  ['run.json.bak', 'a file', file('run.json.bak')],
  ['tape.jsonl.partial', 'unfinished', file('tape.jsonl.partial')],
  [
    'nested',
    'a directory',
    (run) => {
      cpSync(join(__dirname, '../golden/fixture'), join(run, 'nested'), { recursive: true });
    },
  ],
  [
    'children',
    'a directory',
    (run) => {
      mkdirSync(join(run, 'children'));
    },
  ],
  [
    'link',
    'a symbolic link',
    (run) => {
      symlinkSync('nowhere', join(run, 'link'));
    },
  ],
  [
    'report.md',
    'a symbolic link',
    (run) => {
      renameSync(join(run, 'report.md'), join(directory, 'elsewhere.md'));
      symlinkSync(join(directory, 'elsewhere.md'), join(run, 'report.md'));
    },
  ],
  [
    'receipt.json',
    'a symbolic link',
    (run) => {
      writeFileSync(join(directory, 'receipt'), '{}');
      symlinkSync(join(directory, 'receipt'), join(run, 'receipt.json'));
    },
  ],
];

async function outputOf(...args: readonly string[]): Promise<{ readonly exit: number; readonly out: string }> {
  const { io, out } = captureIo();
  const exit = await runCli(args, io);
  return { exit, out: out() };
}

async function expectNamed(run: string, name: string, kind: string | undefined): Promise<void> {
  for (const way of [[], ['--chain-only']]) {
    const { exit, out } = await outputOf('verify', run, ...way);
    if (kind === undefined) {
      expect(exit).toBe(EXIT.ok);
      continue;
    }
    expect(exit).toBe(EXIT.notProven);
    expect(out).toContain(name);
    expect(out).toContain(kind);
    expect(out).toContain('--allow-extra');
    const json = JSON.parse((await outputOf('verify', run, ...way, '--json')).out) as { readonly ok: boolean };
    expect(json.ok).toBe(false);
    expect(JSON.stringify(json)).toContain(JSON.stringify(name));
    expect((await outputOf('verify', run, ...way, '--allow-extra')).exit).toBe(EXIT.ok);
  }
}

describe.each(MODE_NAMES)('beside a run of mode %s', (mode) => {
  function golden(): string {
    const run = join(directory, 'run');
    cpSync(join(__dirname, '../golden', GOLDENS[mode]), run, { recursive: true });
    return run;
  }

  test.each(EXTRAS)('%s: %s', async (name, kind, make) => {
    const run = golden();
    make(run);
    await expectNamed(run, name, kind);
  });

  test.each(RUN_FILES.filter((name) => !filesOf(mode).includes(name)))('%s, of another mode', async (name) => {
    const run = golden();
    file(name)(run);
    await expectNamed(run, name, 'a file of runs of another mode');
  });

  test('all are named at once, and what a tampered row says comes first', async () => {
    const run = golden();
    for (const name of ['a.txt', 'b.txt']) file(name)(run);
    const divergence = (text: string): unknown => (JSON.parse(text) as { readonly divergence: unknown }).divergence;
    expect(divergence((await outputOf('verify', run, '--json')).out)).toMatchObject({ file: 'a.txt', extra: ['a.txt', 'b.txt'] });
    writeFileSync(join(run, 'report.md'), 'other');
    expect(divergence((await outputOf('verify', run, '--json')).out)).toMatchObject({ file: 'report.md' });
    expect((await outputOf('verify', run, '--allow-extra')).exit).toBe(EXIT.notProven);
  });
});

test('--jobs does not look past them', async () => {
  const run = join(directory, 'run');
  cpSync(join(__dirname, '../golden/sma-demo'), run, { recursive: true });
  file('notes.txt')(run);
  expect((await outputOf('verify', run, '--jobs', '2')).exit).toBe(EXIT.notProven);
});

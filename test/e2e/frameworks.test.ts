/**
 * The adapters of the guard on the real frameworks, as modules of Node and under a model that is a script: what really went out never exceeds the
 * cap, where without the guard it does. The very script that measures the table of docs/guard.md.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(__dirname, '../..');

interface Measured {
  readonly own: { readonly sent: number; readonly overshoot: number };
  readonly guarded: {
    readonly sent: number;
    readonly overshoot: number;
    readonly ended: string;
    readonly refusal?: string;
    readonly proved: boolean;
  };
}

it('no cap is overshot under a guard, in any scenario on any framework, and each run is proved', async () => {
  const { stdout } = await run(process.execPath, ['test/bench/overshoot/overshoot.mjs', '--json'], { cwd: ROOT });
  const measured = JSON.parse(stdout) as Readonly<Record<string, Readonly<Record<string, Measured>>>>;
  expect(Object.keys(measured)).toEqual(['ai', '@strands-agents/sdk', 'langchain']);
  for (const [framework, scenarios] of Object.entries(measured)) {
    expect(Object.keys(scenarios)).toEqual(['parallel', 'retries', 'oversized', 'nested', 'cut']);
    for (const [name, { own, guarded }] of Object.entries(scenarios)) {
      const cell = `${framework}, ${name}`;
      expect([cell, guarded.overshoot, guarded.proved]).toEqual([cell, 0, true]);
      // Something went out, so that nothing is not what keeps the cap.
      expect([cell, guarded.sent > 0]).toEqual([cell, true]);
      // LangChain's own cap on calls of tools does hold.
      expect([cell, own.overshoot > 0]).toEqual([cell, cell !== 'langchain, parallel']);
    }
    expect(scenarios['retries']?.guarded).toMatchObject({ sent: 1, refusal: 'max_model_calls' });
    expect(scenarios['parallel']?.guarded).toMatchObject({ sent: 3, refusal: 'max_tool_calls' });
  }
});

describe('examples/agents', () => {
  const programs = readdirSync(join(ROOT, 'examples/agents')).filter((name) => name.endsWith('.mjs'));
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'ewm-agents-'));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it.each(programs)('%s spends no more than its budget, and leaves a run that is proved', async (name) => {
    const out = join(directory, name);
    await run(process.execPath, [join('examples/agents', name), out], { cwd: ROOT });
    expect(existsSync(join(out, 'run.json'))).toBe(true);
    const { stdout } = await run(process.execPath, ['dist/ewm.cjs', 'verify', out], { cwd: ROOT });
    expect(stdout).toContain('proven');
    const tape = readFileSync(join(out, 'tape.jsonl'), 'utf8');
    expect(tape).toContain('"type":"model"');
    expect(tape).toContain('"type":"tool"');
  });
});

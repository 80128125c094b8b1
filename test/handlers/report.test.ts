/** What is shown of a run: the page as a file, the summary in the terminal, and two runs compared; of good, cut, forged and hostile directories. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { RunFileBytes } from '../../src/adapters/in-process/run-files';
import type { PageData, PageRun } from '../../src/domain/report/page-data';
import { EXIT, type ExitCode } from '../../src/handlers/cli/shared/exit-codes';
import { runCli } from '../../src/handlers/cli/main';
import { showCommand } from '../../src/handlers/cli/run/show-command';
import { captureIo } from '../support/captured-io';
import { readFixture } from '../support/fixture';
import { linesOf, runCase, textOf } from '../support/harness';
import { memoryRun, toolRun } from '../support/plan-runs';
import type { ReferenceRequest } from '../support/reference-model';

const HOSTILE = '</script><script>alert(1)</script>\u2028<!--';
const ESCAPE = '\u001b';
const fixture = readFixture();
const hostileRequest: ReferenceRequest = {
  ...fixture,
  strategy: { ...fixture.strategy, metadata: { name: HOSTILE, version: '1', description: '' } },
  market: { ...fixture.market, steps: fixture.market.steps.map((step) => ({ ...step, time: `${ESCAPE}]0;title\u0007${HOSTILE}` })) },
};
const budget = { max_steps: 9, max_tool_calls: 9, max_model_calls: 1, max_memory_ops: 9, max_memory_bytes: 900 };
const plan = [
  { name: 'evaluate_strategy', args: { step: 0 } },
  { name: 'execute', args: { step: 0 } },
  { name: 'propose_plan', args: { goal: `${ESCAPE}[31mgrow` } },
];
const requests = [
  { op: 'memory_put', key: `${ESCAPE}[2J`, value: HOSTILE.repeat(3) },
  { op: 'memory_get', key: `${ESCAPE}[2J` },
] as const;

let directory = '';
let local: RunFileBytes = {};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-report-'));
  local = (await runCase(fixture)).files;
  await put('local', local);
  await put('hostile', (await runCase(hostileRequest)).files);
  await put('fee', (await runCase({ ...fixture, policy: { costs: { fee_bps: 100 } } })).files);
  await put('tools', await toolRun({ request: fixture, plan, budget }));
  await put('memory', await memoryRun({ requests, budget }));
});
afterAll(() => rm(directory, { recursive: true }));

async function put(name: string, files: Readonly<Partial<Record<string, Uint8Array | string>>>): Promise<string> {
  const path = join(directory, name);
  await mkdir(path, { recursive: true });
  for (const [file, content] of Object.entries(files)) if (content !== undefined) await writeFile(join(path, file), content);
  return path;
}

interface Output {
  readonly exit: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** `@` is the directory of this test. */
async function ewm(...args: readonly string[]): Promise<Output> {
  const { io, out, err } = captureIo();
  const exit = await runCli(
    args.map((arg) => arg.replaceAll('@', directory)),
    io,
  );
  return { exit, out: out().replaceAll(directory, '@'), err: err().replaceAll(directory, '@') };
}

async function pageAt(name: string): Promise<{ readonly html: string; readonly data: PageData }> {
  const html = await readFile(join(directory, name), 'utf8');
  const json = /<script type="application\/json" id="ewm-data">([^<]*)<\/script>/.exec(html)?.[1];
  if (json === undefined) throw new Error('a page holds its data in one block');
  return { html, data: JSON.parse(json) as PageData };
}

function tapeOf({ tape }: PageRun): string {
  return gunzipSync(Buffer.from(tape, 'base64')).toString('utf8');
}

const TAPE = (): string => textOf(local, 'tape.jsonl');
const ROWS = (): readonly string[] => linesOf(local, 'tape.jsonl');

describe('report', () => {
  test('writes the page beside the run: its tape as it stands and the documents, and not again unless told to', async () => {
    const output = await ewm('report', '@/local');
    expect(output).toMatchObject({
      exit: EXIT.ok,
      out: '@/local.html\n',
      err: expect.stringMatching(/^ewm: [0-9]+ KB; chain whole, sealed, 7 rows, head [0-9a-f]{64}\n$/) as unknown,
    });
    const { data } = await pageAt('local.html');
    expect(data).toMatchObject({ version: 1, a: { name: 'local', sample: null }, b: null, diff: null });
    expect(tapeOf(data.a)).toBe(TAPE());
    expect(data.a.files).toEqual(
      Object.fromEntries((['run.json', 'strategy.json', 'policy.json'] as const).map((file) => [file, textOf(local, file)])),
    );
    // Nothing is added to the run itself.
    expect((await readdir(join(directory, 'local'))).sort()).toEqual(Object.keys(local).sort());

    expect(await ewm('report', '@/local')).toEqual({
      exit: EXIT.cannotWrite,
      out: '',
      err: 'ewm: @/local.html: is there already; --force replaces it\n',
    });
    expect(await ewm('report', '@/local', '--force')).toEqual(output);
    expect(await ewm('report', '@/hostile/..//local/', '--force')).toEqual(output);
    expect((await ewm('report', '@/local/.', '--force')).out).toBe('@/local.html\n');
    expect(await ewm('report', '@/local', '--out', '@/local')).toMatchObject({ exit: EXIT.cannotWrite });
  });

  test('tells a program the same', async () => {
    const { exit, out } = await ewm('report', '@/local', '--out', '@/json.html', '--json');
    const { size } = { size: (await readFile(join(directory, 'json.html'))).length };
    expect(exit).toBe(EXIT.ok);
    expect(JSON.parse(out)).toEqual({
      ok: true,
      report: '@/json.html',
      bytes: size,
      unfinished: false,
      sealed: true,
      sampled: false,
      chain: { rows: 7, broken: null },
      head_hash: (JSON.parse(ROWS().at(-1) ?? '') as { hash: string }).hash,
      receipt: null,
    });
  });

  test.each(['tools', 'memory'])('takes a run of %s, with its request', async (name) => {
    expect(await ewm('report', `@/${name}`)).toMatchObject({ exit: EXIT.ok });
    const { data } = await pageAt(`${name}.html`);
    expect(data.a.files['request.json']).toContain('"budget"');
    expect(data.a.files['memory.json'] !== undefined).toBe(name === 'memory');
    expect(tapeOf(data.a)).toContain(`"type":"${name === 'tools' ? 'tool' : 'memory'}"`);
  });

  test('shows a run that cannot be trusted, says so and exits 1', async () => {
    const forged = TAPE().replace('"decision":"APPROVED"', '"decision":"REJECTED"');
    await put('forged', { ...local, 'tape.jsonl': forged });
    const row = ROWS().findIndex((line) => line.includes('"decision":"APPROVED"'));
    expect(await ewm('report', '@/forged')).toMatchObject({
      exit: EXIT.notProven,
      err: expect.stringContaining(`BROKEN at row ${String(row)} (line ${String(row + 1)})`) as unknown,
    });
    expect(tapeOf((await pageAt('forged.html')).data.a)).toBe(forged);

    const cut = TAPE().slice(0, -100);
    await put('cut', { ...local, 'tape.jsonl': cut });
    expect(await ewm('report', '@/cut')).toMatchObject({ exit: EXIT.notProven, err: expect.stringContaining('UNSEALED') as unknown });
    expect(tapeOf((await pageAt('cut.html')).data.a)).toBe(cut);

    const { 'run.json': _run, ...rest } = local;
    const partial = await put('partial', rest);
    for (const file of ['tape.jsonl', 'executions.jsonl']) await rename(join(partial, file), join(partial, `${file}.partial`));
    expect(await ewm('report', '@/partial')).toMatchObject({ exit: EXIT.notProven, err: expect.stringContaining('UNFINISHED') as unknown });
    expect(tapeOf((await pageAt('partial.html')).data.a)).toBe(TAPE());
  });

  test('of nothing at all is refused', async () => {
    await put('void', { 'notes.txt': 'x' });
    expect(await ewm('report', '@/absent')).toMatchObject({
      exit: EXIT.badInput,
      err: expect.stringContaining('@/absent: no such directory; expected a directory that') as unknown,
    });
    expect(await ewm('report', '@/void', '--json')).toMatchObject({
      exit: EXIT.badInput,
      out: expect.stringContaining('"code":"not_a_run"') as unknown,
    });
    expect(await ewm('report', '@/local/run.json', '--out', '@/x.html')).toMatchObject({ exit: EXIT.badInput });
    expect(await ewm('report', '@/local', '--compare', '@/void', '--out', '@/x.html')).toMatchObject({ exit: EXIT.badInput });
    expect((await readdir(directory)).filter((name) => name.startsWith('x.html'))).toEqual([]);
  });

  test('holds what hostile files say as text, and leaves out what is too long', async () => {
    expect(await ewm('report', '@/hostile')).toMatchObject({ exit: EXIT.ok });
    const { html, data } = await pageAt('hostile.html');
    expect(html).not.toContain('<script>alert');
    expect(html.split('</script>')).toHaveLength(3);
    expect(data.a.files['strategy.json']).toContain(HOSTILE.replace('\u2028', '\u2028'));

    const huge = 'x'.repeat(17_000_000);
    await put(`odd ${ESCAPE}[31m<b>`, {
      ...local,
      'strategy.json': JSON.stringify({ name: huge }),
      'policy.json': new Uint8Array([0xff]),
      'tape.jsonl': `${TAPE()}{"a":"${huge}"}\n`,
    });
    const output = await ewm('report', `@/odd ${ESCAPE}[31m<b>`, '--out', '@/odd.html');
    expect(output.exit).toBe(EXIT.notProven);
    expect(output.err).toContain('strategy.json is left out: longer than 1000000 bytes.');
    expect(output.err).toContain('policy.json is left out: not UTF-8.');
    expect(output.err).toContain('a line longer than 16777216 bytes');
    const odd = await pageAt('odd.html');
    expect(odd.html.length).toBeLessThan(100_000);
    expect([odd.data.a.name, tapeOf(odd.data.a)]).toEqual([`odd ${ESCAPE}[31m<b>`, TAPE()]);
  });

  test('holds another run and what differs beside it', async () => {
    expect(await ewm('report', '@/local', '--compare', '@/fee', '--out', '@/both.html')).toMatchObject({ exit: EXIT.ok });
    const { data } = await pageAt('both.html');
    expect(data).toMatchObject({ b: { name: 'fee' }, diff: { inputs: [{ pointer: '/costs/fee_bps', a: '"0"', b: '"100"' }] } });
    expect(await ewm('report', '@/local', '--compare', '@/cut', '--out', '@/both.html', '--force')).toMatchObject({
      exit: EXIT.notProven,
      err: expect.stringContaining('@/cut: the tape is UNSEALED') as unknown,
    });
  });
});

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('report --open', () => {
  const path = process.env['PATH'];
  afterEach(() => {
    process.env['PATH'] = path;
  });

  async function opener(script: string): Promise<void> {
    const folder = await put('bin', { 'xdg-open': `#!/bin/sh\n${script}\n` });
    await chmod(join(folder, 'xdg-open'), 0o755);
    process.env['PATH'] = `${folder}:${String(path)}`;
  }

  test('hands the page to the default browser, by a path that no shell has looked at', async () => {
    await opener(`printf '%s' "$1" > ${join(directory, 'opened')}`);
    expect(await ewm('report', '@/local', '--out', '@/$(touch x); "a.html', '--open')).toMatchObject({ exit: EXIT.ok });
    expect(await readFile(join(directory, 'opened'), 'utf8')).toBe(join(directory, '$(touch x); "a.html'));
  });

  test('says what to do where that fails, and the page is there all the same', async () => {
    await opener('exit 3');
    expect(await ewm('report', '@/local', '--out', '@/a.html', '--open')).toMatchObject({
      exit: EXIT.ok,
      err: expect.stringContaining('ewm: xdg-open failed (exit code 3); open @/a.html in a browser\n') as unknown,
    });
    process.env['PATH'] = join(directory, 'nowhere');
    expect(await ewm('report', '@/local', '--out', '@/b.html', '--open')).toMatchObject({
      exit: EXIT.ok,
      err: expect.stringContaining('ewm: xdg-open cannot be started (ENOENT); open @/b.html in a browser\n') as unknown,
    });
  });
});

describe('show', () => {
  interface Shown {
    readonly exit: ExitCode;
    readonly out: string;
  }

  async function show(name: string, columns: number, isTerminal = false, env: Readonly<Record<string, string>> = {}): Promise<Shown> {
    const { io, out } = captureIo({ isTerminal, columns });
    return { exit: await showCommand(join(directory, name), false, io, env), out: out() };
  }

  test.each(['local', 'hostile', 'tools', 'memory', 'cut', 'partial'])(
    'keeps %s within the terminal, and lets nothing that was read drive it',
    async (name) => {
      for (const columns of [40, 57, 80, 200]) {
        const { out } = await show(name, columns);
        for (const line of out.split('\n')) expect([line, line.length <= columns]).toEqual([line, true]);
        expect(out).not.toContain(ESCAPE);
      }
      // Narrower than that it is not.
      expect((await show(name, 10)).out).toBe((await show(name, 40)).out);
    },
  );

  test('sums up a run: figures, and the exact ends of each curve', async () => {
    const { exit, out } = await show('local', 80);
    expect(exit).toBe(EXIT.ok);
    expect(out).toMatch(/\n\nlocal\n {2}run {8}[0-9a-f]{32} \(local\)\n {2}ended {6}ok, 5 steps\n {2}decisions {2}/);
    const prices = fixture.market.steps.map(({ prices: { AAPL = '0' } }) => Number(AAPL));
    for (const value of [Math.min(...prices), Math.max(...prices)]) expect(out).toContain(`${String(value)}┤`);
    expect(out.split('\n').filter((line) => ['equity', 'AAPL', 'MSFT'].includes(line))).toEqual(['equity', 'AAPL', 'MSFT']);
  });

  test('says how many steps each limit refused, and which field sets it', async () => {
    const { out } = await show('local', 200);
    const errors = linesOf(local, 'tape.jsonl').flatMap((line) => {
      const row = JSON.parse(line) as { decision?: string; verifier_errors?: { code: string }[] };
      return row.decision === 'REJECTED' ? [...new Set((row.verifier_errors ?? []).map(({ code }) => code))] : [];
    });
    const refusals = JSON.parse((await ewm('show', '@/local', '--json')).out) as { refusals: Record<string, number> };
    expect(Object.values(refusals.refusals).reduce((sum, count) => sum + count, 0)).toBe(errors.length);
    expect(out.includes('  rejected ')).toBe(errors.length > 0);
  });

  test('lists calls where there is no world to draw', async () => {
    const { exit, out } = await show('memory', 80);
    expect(exit).toBe(EXIT.ok);
    expect(out).toContain('call  asked');
    expect(out).toContain('memory_put "\\u001b[2J"');
    expect(out).not.toContain('equity');
  });

  test('has colours on a terminal, and where they are asked for; never where they are not wanted', async () => {
    const colours = async (isTerminal: boolean, env: Readonly<Record<string, string>>): Promise<boolean> =>
      (await show('local', 80, isTerminal, env)).out.includes(`${ESCAPE}[32m`);
    expect(await colours(false, {})).toBe(false);
    expect(await colours(true, {})).toBe(true);
    expect(await colours(true, { NO_COLOR: '1' })).toBe(false);
    expect(await colours(true, { FORCE_COLOR: '0' })).toBe(false);
    expect(await colours(false, { FORCE_COLOR: '1' })).toBe(true);
    expect(await colours(false, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
    expect(await colours(true, { NO_COLOR: '' })).toBe(true);
  });

  test('names what did not finish, and exits 1', async () => {
    expect(await ewm('show', '@/partial')).toMatchObject({
      exit: EXIT.notProven,
      out: expect.stringContaining('UNFINISHED after 5 steps') as unknown,
    });
    expect(await ewm('show', '@/forged')).toMatchObject({ exit: EXIT.notProven, err: expect.stringContaining('BROKEN') as unknown });
    expect(await ewm('show', '@/absent')).toMatchObject({ exit: EXIT.badInput });
  });

  test('tells a program exact figures', async () => {
    const { out } = await ewm('show', '@/local', '--json');
    const run = JSON.parse(textOf(local, 'run.json')) as Record<string, unknown>;
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      run_id: run['run_id'],
      head_hash: run['head_hash'],
      decisions: run['decisions'],
      final_equity: run['final_equity'],
      final_exposure: run['final_exposure'],
    });
  });
});

describe('diff', () => {
  test('exits 0 for the same run, 1 for another and 2 for none', async () => {
    await put('again', local);
    expect(await ewm('diff', '@/local', '@/again')).toMatchObject({
      exit: EXIT.ok,
      out: expect.stringContaining('the same run: A @/local, B @/again\n') as unknown,
      err: '',
    });
    const { exit, out } = await ewm('diff', '@/local', '@/fee');
    expect(exit).toBe(EXIT.notProven);
    expect(out).toContain('policy.json /costs/fee_bps: "0" in A, "100" in B\n');
    expect(out).toContain('first divergence: step 0\n  the same actions left another state: ');
    expect(await ewm('diff', '@/local', '@/void')).toMatchObject({ exit: EXIT.badInput });
    expect(await ewm('diff', '@/local', '@/partial')).toMatchObject({ exit: EXIT.ok });
  });

  test('says which of the two cannot be trusted', async () => {
    expect(await ewm('diff', '@/forged', '@/local')).toMatchObject({
      exit: EXIT.notProven,
      err: expect.stringMatching(/^ewm: @\/forged: the hash chain of its tape.jsonl is BROKEN at row/) as unknown,
    });
  });

  test('is one document for a program, and printable for a person', async () => {
    expect(JSON.parse((await ewm('diff', '@/local', '@/hostile', '--json')).out)).toMatchObject({
      ok: true,
      same: false,
      inputs: expect.arrayContaining([expect.objectContaining({ pointer: '/metadata/name' })]) as unknown,
    });
    const { out } = await ewm('diff', '@/memory', '@/hostile');
    expect(out).toMatch(/^[^\u0000-\u0009\u000b-\u001f\u007f]*$/);
  });
});

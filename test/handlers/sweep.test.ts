/** `ewm sweep` as a program: stopped and gone on with, verified, tampered with, refused. One thread; the pool is in test/e2e. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../src/handlers/cli/main';
import { captureIo } from '../support/captured-io';

const ROOT = join(__dirname, '../..');
const SPEC = join(ROOT, 'examples/sweeps/sma.json');
const FORWARD = join(ROOT, 'examples/sweeps/walk-forward.json');

let directory: string;
let out: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-sweep-'));
  out = join(directory, 'whole');
  expect((await ewm(['sweep', '--spec', SPEC, '--out', out, '--jobs', '1'])).exit).toBe(0);
}, 60_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

async function ewm(argv: readonly string[], stopped = false): Promise<{ exit: number; stdout: string; stderr: string }> {
  const { io, out: stdout, err: stderr, interrupt } = captureIo();
  if (stopped) interrupt();
  const exit = await runCli(argv, io);
  return { exit, stdout: stdout(), stderr: stderr() };
}

test('a stopped sweep goes on where it was, also behind a torn line, and comes to the same bytes', async () => {
  const again = join(directory, 'again');
  const argv = ['sweep', '--spec', SPEC, '--out', again, '--jobs', '1'];
  const stopped = await ewm(argv, true);
  expect(stopped).toMatchObject({ exit: 130 });
  expect(stopped.stderr).toContain('of 210 cells; the same command goes on from there');
  const [partial = ''] = (await readdir(again)).filter((name) => name.endsWith('.partial'));
  const rows = (await readFile(join(again, partial), 'utf8')).trimEnd().split('\n').length;
  expect(rows).toBeGreaterThan(0);
  expect(await readdir(again)).not.toContain('sweep.json');
  await writeFile(join(again, partial), '{"cell":', { flag: 'a' });
  const resumed = await ewm(argv);
  expect(resumed.exit).toBe(0);
  expect(resumed.stderr).toContain(`goes on behind ${String(rows)} cells that are there`);
  for (const file of ['cells.jsonl', 'sweep.json', 'market.jsonl', 'report.html'])
    expect([file, await readFile(join(again, file), 'utf8')]).toEqual([file, await readFile(join(out, file), 'utf8')]);
  // And it is done.
  const third = await ewm(argv);
  expect(third).toMatchObject({ exit: 0, stdout: '' });
  expect(third.stderr).toContain('finished');
});

test('a sweep that cannot keep its best runs has its rows, and goes on behind the last one', async () => {
  const again = join(directory, 'unkept');
  const argv = ['sweep', '--spec', SPEC, '--out', again, '--jobs', '1'];
  await mkdir(again);
  await writeFile(join(again, 'runs'), 'a file where a directory goes');
  expect(await ewm(argv)).toMatchObject({ exit: 4 });
  expect(await readdir(again)).not.toContain('cells.jsonl');
  await rm(join(again, 'runs'));
  const resumed = await ewm(argv);
  expect(resumed.exit).toBe(0);
  expect(resumed.stderr).toContain('goes on behind 210 cells that are there');
  for (const file of ['cells.jsonl', 'sweep.json', 'report.html'])
    expect([file, await readFile(join(again, file), 'utf8')]).toEqual([file, await readFile(join(out, file), 'utf8')]);
}, 60_000);

test('a sweep is proven from its directory alone, a sample of it or all, and every way to change it is found', async () => {
  const sample = await ewm(['verify', out, '--json']);
  expect(JSON.parse(sample.stdout)).toMatchObject({ ok: true, verdict: 'proven', cells: 210, rerun: 20 });
  expect((await ewm(['verify', out, '--cells', 'all'])).stdout).toContain('every one run again to the byte');
  const rows = (await readFile(join(out, 'cells.jsonl'), 'utf8')).trimEnd().split('\n');
  const best = (JSON.parse(await readFile(join(out, 'sweep.json'), 'utf8')) as { kept: readonly { cell: number; run_id: string }[] })
    .kept[0];
  const changes: readonly (readonly [string, (at: string) => Promise<void>, string])[] = [
    ['a row taken out', (at) => writeFile(join(at, 'cells.jsonl'), `${rows.filter((_, index) => index !== 9).join('\n')}\n`), 'line 10'],
    [
      'the last rows taken out',
      (at) => writeFile(join(at, 'cells.jsonl'), `${rows.slice(0, 200).join('\n')}\n`),
      'has 200 rows, the spec has 210 cells',
    ],
    [
      'a figure made better',
      (at) => writeFile(join(at, 'cells.jsonl'), `${rows.join('\n').replace('"sharpe":"', '"sharpe":"1')}\n`),
      'cells_sha256',
    ],
    [
      'another best one',
      async (at) => {
        const text = await readFile(join(at, 'sweep.json'), 'utf8');
        await writeFile(join(at, 'sweep.json'), text.replace(`"best":{"cell":${String(best?.cell)}`, '"best":{"cell":1'));
      },
      'selections',
    ],
    [
      'a kept run changed',
      async (at) => {
        const tape = join(at, 'runs', best?.run_id ?? '', 'tape.jsonl');
        await writeFile(tape, (await readFile(tape, 'utf8')).replace('"HOLD"', '"SELL"'));
      },
      'is not the run of its cell',
    ],
    [
      'fewer points in the spec',
      async (at) => {
        const text = await readFile(join(at, 'sweep.json'), 'utf8');
        await writeFile(join(at, 'sweep.json'), text.replace('"to":"24"', '"to":"23"'));
      },
      'not proven',
    ],
  ];
  for (const [what, change, expected] of changes) {
    const forged = join(directory, what);
    await cp(out, forged, { recursive: true });
    await change(forged);
    const verdict = await ewm(['verify', forged]);
    expect([what, verdict.exit, verdict.stdout]).toEqual([what, 1, expect.stringContaining(expected)]);
  }
}, 60_000);

test('what is no part of a sweep is named and refused, and may stand there where that is said', async () => {
  const [kept = ''] = (await readdir(join(out, 'runs'))).filter((name) => !name.endsWith('.html'));
  const strangers: readonly (readonly [string, (path: string) => Promise<unknown>, string])[] = [
    ['notes.txt', (path) => writeFile(path, ''), 'notes.txt (a file)'],
    ['cells.0.partial', (path) => writeFile(path, ''), 'cells.0.partial (a file)'],
    ['away', (path) => symlink(tmpdir(), path), 'away (a symbolic link)'],
    ['sub', (path) => cp(out, path, { recursive: true }), 'sub (a directory)'],
    ['runs/notes.txt', (path) => writeFile(path, ''), 'runs/notes.txt (a file)'],
    ['runs/other', (path) => cp(join(out, 'runs', kept), path, { recursive: true }), 'runs/other (a directory)'],
  ];
  const held = join(directory, 'strangers');
  await cp(out, held, { recursive: true });
  for (const [name, put, told] of strangers) {
    await put(join(held, name));
    const verdict = await ewm(['verify', held, '--cells', '1']);
    expect([name, verdict.exit, verdict.stdout]).toEqual([name, 1, expect.stringContaining(`${told}: no part of the sweep`)]);
    expect([name, (await ewm(['verify', held, '--cells', '1', '--allow-extra'])).exit]).toEqual([name, 0]);
    await rm(join(held, name), { recursive: true });
  }
  expect((await ewm(['verify', held, '--cells', '1'])).exit).toBe(0);
  // In a run that was kept, whatever may stand beside the sweep.
  await writeFile(join(held, 'runs', kept, 'notes.txt'), '');
  expect((await ewm(['verify', held, '--cells', '1', '--allow-extra'])).stdout).toContain(`runs/${kept} is not the run of its cell`);
}, 60_000);

test('a forged row whose hashes were all made again is found by running it again', async () => {
  const forged = join(directory, 'forged');
  await cp(out, forged, { recursive: true });
  const { makeSummary } = await import('../../src/domain/sweep/summary');
  const { planSweep } = await import('../../src/domain/sweep/plan');
  const { decodeSweep } = await import('../../src/domain/sweep/spec');
  const held = JSON.parse(await readFile(join(out, 'sweep.json'), 'utf8')) as {
    spec: unknown;
    market_sha256: string;
    market: { symbols: string[]; steps: number };
  };
  const spec = decodeSweep(held.spec);
  if (spec._tag === 'Left') throw new Error('the spec of a sweep decodes');
  const plan = planSweep(spec.right, { sha256: held.market_sha256, ...held.market });
  if (plan._tag === 'Left') throw new Error('and is planned');
  const summary = makeSummary(plan.right);
  const rows = (await readFile(join(out, 'cells.jsonl'), 'utf8')).trimEnd().split('\n');
  const lied = rows.map((row, index) => (index === 77 ? row.replace(/"turnover":"[^"]*"/, '"turnover":"1"') : row));
  for (const row of lied) summary.next(row);
  await writeFile(join(forged, 'cells.jsonl'), `${lied.join('\n')}\n`);
  await writeFile(join(forged, 'sweep.json'), summary.summary().json);
  const verdict = await ewm(['verify', forged, '--cells', 'all']);
  expect(verdict).toMatchObject({ exit: 1 });
  expect(verdict.stdout).toContain('line 78: the run of cell 77 says something else');
});

test('a walk-forward sweep says what its choices came to out of sample', async () => {
  const check = await ewm(['sweep', 'check', FORWARD]);
  expect(check).toMatchObject({ exit: 0 });
  expect(check.stdout).toContain('46 points of short, long, fee over 10 windows, 460 cells, 16560 steps');
  const forward = join(directory, 'forward');
  const ran = await ewm(['sweep', '--spec', FORWARD, '--out', forward, '--jobs', '1', '--json']);
  expect(ran.exit).toBe(0);
  expect(JSON.parse(ran.stdout)).toMatchObject({ cells: 460, decay: { pairs: 5 }, selections: [{}, {}, {}, {}, {}] });
  expect((await ewm(['verify', forward])).exit).toBe(0);
});

test('a budget of the sweep stops it in order, sealed, and the directory is proven so far', async () => {
  const spec = {
    ...(JSON.parse(await readFile(SPEC, 'utf8')) as object),
    budget: { max_steps: 1_000 },
    market: join(ROOT, 'examples/markets/stocks-2000-2010.csv'),
    strategy: join(ROOT, 'examples/strategies/sma_crossover.json'),
  };
  await writeFile(join(directory, 'spec.json'), JSON.stringify(spec));
  const spent = join(directory, 'spent');
  const ran = await ewm(['sweep', '--spec', join(directory, 'spec.json'), '--out', spent, '--jobs', '1', '--json']);
  expect(ran.exit).toBe(3);
  expect(JSON.parse(ran.stdout)).toMatchObject({
    ok: false,
    taken: 8,
    cells: 210,
    steps_granted: 984,
    error: { code: 'budget_exceeded', limiter: 'max_steps' },
  });
  expect((await ewm(['verify', spent, '--cells', 'all'])).exit).toBe(0);
});

test('points that are no strategy are told before anything is run, and another sweep is not written over', async () => {
  const spec = {
    ...(JSON.parse(await readFile(SPEC, 'utf8')) as object),
    constraints: [],
    market: join(ROOT, 'examples/markets/stocks-2000-2010.csv'),
    strategy: join(ROOT, 'examples/strategies/sma_crossover.json'),
  };
  await writeFile(join(directory, 'loose.json'), JSON.stringify(spec));
  const check = await ewm(['sweep', 'check', join(directory, 'loose.json')]);
  expect(check.exit).toBe(2);
  expect(check.stderr).toContain(
    '"long":2,"short":2}: /strategy/rules/0/long_window: 2: must be more than short_window (2); a constraint leaves such points out',
  );
  const other = await ewm(['sweep', '--spec', join(directory, 'loose.json'), '--out', out, '--jobs', '1']);
  expect(other.exit).toBe(4);
  expect(other.stderr).toContain('holds another sweep');
  const ran = await ewm(['sweep', '--spec', join(directory, 'loose.json'), '--out', join(directory, 'loose'), '--jobs', '1']);
  expect(ran.exit).toBe(2);
  expect(ran.stderr).toContain('cell 23, {"long":2,"short":2}');
});

test('ewm report makes the page of a sweep again, to the byte, and none of rows that are not those of its sweep.json', async () => {
  const page = join(out, 'report.html');
  const held = await readFile(page, 'utf8');
  expect(await ewm(['report', out])).toMatchObject({ exit: 4, stderr: expect.stringContaining('--force') as string });
  await writeFile(page, 'another');
  const again = await ewm(['report', out, '--force', '--json']);
  expect({ exit: again.exit, ...(JSON.parse(again.stdout) as object) }).toMatchObject({
    exit: 0,
    ok: true,
    sampled: false,
    cells: 210,
    held: 210,
  });
  expect(await readFile(page, 'utf8')).toBe(held);
  // From elsewhere its links lead to the same runs.
  const elsewhere = join(directory, 'elsewhere.html');
  expect(await ewm(['report', out, '--out', elsewhere])).toMatchObject({ exit: 0, stdout: `${elsewhere}\n` });
  expect(await readFile(elsewhere, 'utf8')).toContain('"runs":"whole/runs"');
  expect(await ewm(['report', out, '--compare', out, '--force'])).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('not sweeps') as string,
  });
  const forged = join(directory, 'forged page');
  await cp(out, forged, { recursive: true });
  const rows = await readFile(join(out, 'cells.jsonl'), 'utf8');
  await writeFile(join(forged, 'cells.jsonl'), rows.replace('"sharpe":"', '"sharpe":"1'));
  const refused = await ewm(['report', forged, '--out', join(directory, 'forged.html')]);
  expect(refused).toMatchObject({ exit: 1, stderr: expect.stringContaining('no page is made of it') as string });
  expect(await readdir(directory)).not.toContain('forged.html');
});

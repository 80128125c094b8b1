/**
 * `make bench`: speed and memory of the core, printed and stored in tmp/bench.json. Ratios are taken within one run, because machines
 * differ and are noisy; nothing here fails a build. `--quick` takes a tenth of the steps.
 */
import { isLeft } from 'fp-ts/Either';
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { openMarketFile } from '../../src/adapters/filesystem/market-file';
import { writeTextFile } from '../../src/adapters/filesystem/output-file';
import { makeRunDirectoryReader, openRunDirectoryWriter } from '../../src/adapters/filesystem/run-directory';
import { makeBreaker } from '../../src/domain/budget/breaker';
import { DEFAULT_BUDGET } from '../../src/domain/budget/budget';
import { generateMarket } from '../../src/domain/market/generate';
import { makeMarketForm, makeScannedStep } from '../../src/domain/market/market-form';
import { readRun } from '../../src/domain/run/read-page';
import { run } from '../../src/domain/run/run';
import { verify } from '../../src/domain/run/verify';
import { makeSignalSource } from '../../src/domain/world/market/signals';
import { decodeStrategy, type Strategy } from '../../src/domain/world/market/strategy';
import { DEFAULT_POLICY } from '../../src/domain/world/market/policy';
import type { State } from '../../src/domain/world/market/state';
import { makeWorld, step } from '../../src/domain/world/market/step';
import { renderPage } from '../../src/handlers/page/html';
import { packRun } from '../../src/handlers/page/pack';

const SYMBOLS = ['AAPL', 'MSFT'];
const FOLDER = join('tmp', 'bench');
const QUICK = process.argv.includes('--quick');
const SCALE = QUICK ? 0.1 : 1;
const STEPS = Math.round(1_000_000 * SCALE);
const LONG_STEPS = Math.round(5_000_000 * SCALE);
const SHORT_STEPS = 10_000;
const REPORT_STEPS = [1_000, Math.round(100_000 * SCALE), STEPS];
const FLOOR_ROWS = 200_000;
const ROUNDS = 3;
/** Less than an order: every BUY is skipped, so that two windows are compared over the same rows and not over other trades. */
const NO_TRADES = '0.5';

function strategyWith(shortWindow: number, longWindow: number, positionMax = 5): unknown {
  return {
    metadata: { name: 'bench', version: '1', description: 'a threshold on one symbol, a crossover on the other' },
    universe: { symbols: SYMBOLS },
    sizing: { order_qty: 1, max_position_qty_per_symbol: positionMax, max_new_exposure_per_step: 300 },
    rules: [
      { type: 'threshold_price', symbol: 'AAPL', buy_below: 95, sell_above: 105 },
      { type: 'sma_crossover', symbol: 'MSFT', short_window: shortWindow, long_window: longWindow },
    ],
  };
}

interface ChildResult {
  readonly seconds: number;
  readonly steps: number;
  readonly rssMb: number;
}

interface ReportResult extends ChildResult {
  /** Of the page. */
  readonly bytes: number;
}

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const figures: Record<string, number | string> = { node: process.version, cores: availableParallelism(), steps: STEPS };
  const show = (name: string, value: number | string, unit: string): void => {
    figures[name] = value;
    console.log(
      `${name.padEnd(44)} ${typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 3 }) : value} ${unit}`,
    );
  };

  await market('market', STEPS);
  show('bare transitions (no I/O, no tape)', bare(), 'steps/s');
  show('one reservation of a breaker', reservation(), 'ns');

  const runs: ChildResult[] = [];
  const floors: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    runs.push(child('run', 'market', 'run', '50', '200'));
    floors.push(floor('run'));
  }
  const full = median(runs.map(rate));
  const floorRate = median(floors);
  show('full run: tape, ledger, hashes on disk', full, 'steps/s');
  show('floor: JSON.stringify, hash, write', floorRate, 'steps/s');
  show('full run / floor (bar: 0.5)', full / floorRate, '');

  const verified = median(Array.from({ length: ROUNDS }, () => rate(child('verify', 'market', 'run', '50', '200'))));
  show('verify, full re-execution', verified, 'steps/s');
  show('verify / run (bar: 1)', verified / full, '');
  const one = median(Array.from({ length: ROUNDS }, () => ewm('verify', join(FOLDER, 'run'))));
  const two = median(Array.from({ length: ROUNDS }, () => ewm('verify', join(FOLDER, 'run'), '--jobs', '2')));
  show('verify --jobs 2 / --jobs 1 (bar: 1.6)', one / two, 'times as fast');

  const narrow = median(Array.from({ length: ROUNDS }, () => rate(child('run', 'market', 'narrow', '1', '2', '1', NO_TRADES))));
  const wide = median(Array.from({ length: ROUNDS }, () => rate(child('run', 'market', 'wide', '100', '200', '1', NO_TRADES))));
  show('a 200-step window / a 2-step one (bar: 1.2)', narrow / wide, 'times the time');

  await market('short', SHORT_STEPS);
  await market('long', LONG_STEPS);
  // Ten short runs in one process: the first warms the compiler, as the first steps of a long run do.
  const short = child('run', 'short', 'short', '50', '200', '20');
  const long = child('run', 'long', 'long', '50', '200');
  show(
    `time per step, ${String(LONG_STEPS)} / ${String(SHORT_STEPS)} steps`,
    long.seconds / long.steps / (short.seconds / short.steps),
    '(bar: 1.15)',
  );
  show(`peak memory of a run of ${String(LONG_STEPS)} steps`, long.rssMb, 'MB (bar: 200)');
  show(`peak memory of verifying it`, child('verify', 'long', 'long', '50', '200').rssMb, 'MB (bar: 200)');

  const reports = new Map<number, ReportResult>();
  for (const steps of REPORT_STEPS) {
    await market('report', steps);
    child('run', 'report', 'report', '50', '200');
    const report = child('report', 'report', 'report', '50', '200') as ReportResult;
    reports.set(steps, report);
    show(`report of ${String(steps)} steps, time to build`, report.seconds, 's');
    show(`report of ${String(steps)} steps, size`, report.bytes / 1000, steps > 1_000 ? 'KB (bar: 5000)' : 'KB (bar: 500)');
    show(`report of ${String(steps)} steps, peak memory`, report.rssMb, 'MB');
  }
  const [, tenth, whole] = REPORT_STEPS.map((steps) => reports.get(steps)?.rssMb ?? 0);
  show('peak memory of a report, ten times the steps (bar: 1.25)', (whole ?? 0) / (tenth ?? 1), 'times as much');

  const starts = Array.from({ length: 20 }, () => ewm('--version'));
  show('ewm --version', median(starts) * 1000, 'ms (bar: 100)');

  writeFileSync(join('tmp', 'bench.json'), `${JSON.stringify(figures, null, 2)}\n`);
  rmSync(FOLDER, { recursive: true, force: true });
  console.log('stored in tmp/bench.json');
}

/** Signals, sizing, verification and state, over prices that are already in memory. */
function bare(): number {
  const strategy = decoded(strategyWith(50, 200));
  const world = makeWorld(SYMBOLS, strategy, DEFAULT_POLICY);
  const prices = pricesOf(100_000);
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS + 1; round += 1) {
    const signals = makeSignalSource(strategy, SYMBOLS);
    let state: State = { cash: 100_000_000_000n, positions: [0n, 0n] };
    const started = performance.now();
    for (let t = 0; t < STEPS; t += 1) {
      const now = prices[t % prices.length] ?? [];
      signals.observe(now);
      state = step(world, state, now, signals.evaluate(t)).after;
    }
    rates.push(STEPS / ((performance.now() - started) / 1000));
  }
  return median(rates.slice(1));
}

function reservation(): number {
  const count = 10_000_000;
  const breaker = makeBreaker({ ...DEFAULT_BUDGET, max_steps: 2 * count });
  const times: number[] = [];
  for (let round = 0; round < 2; round += 1) {
    const started = performance.now();
    for (let k = 0; k < count; k += 1) breaker.reserve('steps', 1);
    times.push(((performance.now() - started) / count) * 1e6);
  }
  return times[1] ?? 0;
}

/** The least a tape can cost: the same rows through JSON.stringify, one hash each, and buffered writes. */
function floor(name: string): number {
  const tape = parsedRows(join(FOLDER, name, 'tape.jsonl'), FLOOR_ROWS);
  const steps = tape.filter((row) => row['type'] === 'step').length;
  const fills = parsedRows(join(FOLDER, name, 'executions.jsonl'), FLOOR_ROWS).filter((row) => Number(row['step_index']) < steps);
  const file = openSync(join(FOLDER, 'floor.jsonl'), 'w');
  const started = performance.now();
  let buffered: string[] = [];
  let size = 0;
  for (const row of [...tape, ...fills]) {
    const text = JSON.stringify(row);
    const line = `${text.slice(0, -1)},"hash":"${hash('sha256', text, 'hex')}"}\n`;
    buffered.push(line);
    size += line.length;
    if (size < 1_000_000) continue;
    writeSync(file, buffered.join(''));
    buffered = [];
    size = 0;
  }
  writeSync(file, buffered.join(''));
  const seconds = (performance.now() - started) / 1000;
  closeSync(file);
  return steps / seconds;
}

function parsedRows(path: string, rowsMax: number): readonly Record<string, unknown>[] {
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(rowsMax * 1_100);
  const length = readSync(file, bytes);
  closeSync(file);
  const lines = bytes.toString('utf8', 0, length).split('\n').slice(0, rowsMax);
  if (length === bytes.length) lines.pop();
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const { hash: _hash, ...row } = JSON.parse(line) as Record<string, unknown>;
      return row;
    });
}

function pricesOf(steps: number): readonly (readonly bigint[])[] {
  const form = makeMarketForm(SYMBOLS);
  const scanned = makeScannedStep(SYMBOLS);
  const prices: (readonly bigint[])[] = [];
  for (const line of generated(steps).join('').split('\n').slice(1)) {
    if (line !== '' && form.scan(line, 0, line.length, scanned)) prices.push([...scanned.prices]);
  }
  return prices;
}

function generated(steps: number): readonly string[] {
  const chunks = generateMarket({ symbols: SYMBOLS, steps, seed: 'bench' });
  if (isLeft(chunks)) throw new Error('the market of the benchmark is legal');
  return [...chunks.right];
}

async function market(name: string, steps: number): Promise<void> {
  const chunks = generateMarket({ symbols: SYMBOLS, steps, seed: 'bench' });
  if (isLeft(chunks)) throw new Error('the market of the benchmark is legal');
  const written = await writeTextFile(join(FOLDER, `${name}.jsonl`), chunks.right, true)();
  if (isLeft(written)) throw new Error(JSON.stringify(written.left));
}

function decoded(value: unknown): Strategy {
  const strategy = decodeStrategy(value);
  if (isLeft(strategy)) throw new Error(JSON.stringify(strategy.left));
  return strategy.right;
}

/** A process of its own for each measurement, so that its peak memory is its own. */
function child(...args: readonly string[]): ChildResult {
  return JSON.parse(execFileSync(process.execPath, [__filename, 'child', ...args], { encoding: 'utf8' })) as ChildResult;
}

async function childMain([what, marketName, runName, short, long, repeats = '1', positionMax = '5']: readonly (
  string | undefined
)[]): Promise<void> {
  const directory = join(FOLDER, runName ?? '');
  let steps = 0;
  let bytes = 0;
  const started = performance.now();
  for (let k = 0; k < Number(repeats); k += 1) {
    if (what === 'run') {
      const writer = await openRunDirectoryWriter(directory, true)();
      if (isLeft(writer)) throw new Error(JSON.stringify(writer.left));
      const request = { strategy: strategyWith(Number(short), Number(long), Number(positionMax)), policy: {}, initialState: {} };
      const finished = await run(request, openMarketFile(join(FOLDER, `${marketName ?? ''}.jsonl`)), writer.right);
      if (isLeft(finished)) throw new Error(JSON.stringify(finished.left));
      steps += finished.right.summary.steps;
    } else if (what === 'report') {
      const read = await readRun(makeRunDirectoryReader(directory));
      if (isLeft(read)) throw new Error(JSON.stringify(read.left));
      const html = renderPage({ version: 1, made_by: 'bench', a: await packRun('bench', read.right), b: null, diff: null });
      const written = await writeTextFile(`${directory}.html`, [html], true)();
      if (isLeft(written)) throw new Error(JSON.stringify(written.left));
      steps += read.right.figures.steps;
      bytes += Buffer.byteLength(html);
    } else {
      const verdict = await verify(makeRunDirectoryReader(directory));
      if (isLeft(verdict) || verdict.right._tag !== 'Proven') throw new Error('the benchmark proves its runs');
      steps += verdict.right.summary.steps;
    }
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(JSON.stringify({ seconds, steps, bytes, rssMb: process.resourceUsage().maxRSS / 1024 }));
}

/** Seconds that one `ewm` command takes, start-up included. */
function ewm(...args: readonly string[]): number {
  const started = performance.now();
  execFileSync(process.execPath, [join('dist', 'ewm.cjs'), ...args]);
  return (performance.now() - started) / 1000;
}

function rate({ steps, seconds }: ChildResult): number {
  return steps / seconds;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

void (process.argv[2] === 'child' ? childMain(process.argv.slice(3)) : main());

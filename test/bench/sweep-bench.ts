/**
 * `make bench`, the part about sweeps: 1,000 cells of the demo market on all cores beside one run of as many steps; a cell among ten thousand beside
 * a cell among a thousand; and cells a second beside the optimiser of grademark (npm, fetched into tmp/) on the same prices and rule. Programs as
 * they are called, start-up included, in turns; medians. Printed and stored in
 * tmp/bench-sweep.json; cells that take longer the more there are end it with an error. `--quick` takes a third of the rounds.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import { openMarketFile } from '../../src/adapters/filesystem/market-file';
import { makeTakeBatch } from '../../src/domain/sweep/batch';
import { factsOf } from '../../src/domain/sweep/market';
import { planSweep } from '../../src/domain/sweep/plan';
import { decodeSweep } from '../../src/domain/sweep/spec';
import { readMarket } from '../../src/handlers/cli/sweep/sweep-input';

const ROUNDS = process.argv.includes('--quick') ? 1 : 3;
const CORES = availableParallelism();
const FOLDER = resolve('tmp/bench-sweep');
const MARKET = resolve('examples/markets/stocks-2000-2010.csv');
const STRATEGY = resolve('examples/strategies/sma_crossover.json');
const CELLS = 1_000;
/** How fast cells have to be, of what one run allows on all cores. */
const BAR = 0.9;
/** How much more processor time a cell may take among ten times as many. */
const FLAT = 1.1;
const PEER = { name: 'grademark', version: '0.3.0' };

interface Taken {
  readonly seconds: number;
  /** Of all threads: says what the program costs where others use the cores, too. Unit: seconds. */
  readonly cpu: number;
}

/** A program of ours, in a process of its own. */
function ewm(...args: readonly string[]): Taken {
  const spent = join(FOLDER, 'cpu.txt');
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--require', join(FOLDER, 'cpu.cjs'), 'dist/ewm.cjs', ...args], {
    encoding: 'utf8',
    env: { ...process.env, EWM_BENCH_CPU: spent },
  });
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0 && status !== 3) throw new Error(stderr);
  return { seconds, cpu: Number(readFileSync(spent, 'utf8')) };
}

const CPU = `
const { isMainThread } = require('node:worker_threads');
if (isMainThread) process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  require('node:fs').writeFileSync(process.env.EWM_BENCH_CPU, String((user + system) / 1e6));
});
`;

/** The rule's two windows over a grid, of one symbol or of all. */
function spec(name: string, symbols: readonly string[], short: number, long: number, fees: readonly number[], market = MARKET): string {
  const base = JSON.parse(readFileSync(STRATEGY, 'utf8')) as { readonly rules: readonly { readonly symbol: string }[] };
  const rules = base.rules.filter(({ symbol }) => symbols.includes(symbol));
  const pointers = (window: string): readonly string[] => rules.map((_, rule) => `/strategy/rules/${String(rule)}/${window}`);
  const path = join(FOLDER, `${name}.json`);
  const document = {
    name,
    market,
    strategy: { ...base, universe: { symbols }, rules },
    axes: [
      { name: 'short', pointers: pointers('short_window'), values: { from: 1, to: short, step: 1 } },
      { name: 'long', pointers: pointers('long_window'), values: { from: short + 1, to: short + long, step: 1 } },
      { name: 'fee', pointers: ['/policy/costs/fee_bps'], values: fees },
    ],
    keep: 0,
    budget: { max_cells: 10 * CELLS },
  };
  writeFileSync(path, JSON.stringify(document));
  return path;
}

function sweep(path: string, jobs = CORES): Taken {
  return ewm('sweep', '--spec', path, '--out', join(FOLDER, 'sweep'), '--force', '--jobs', String(jobs));
}

async function main(): Promise<void> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'cpu.cjs'), CPU);
  const figures: Record<string, number | string> = { node: process.version, cores: CORES };
  const failures: string[] = [];
  const show = (name: string, value: number, unit: string): void => {
    figures[name] = value;
    console.log(`${name.padEnd(64)} ${value.toLocaleString('en-US', { maximumFractionDigits: 3 })} ${unit}`);
  };

  const [header = '', ...rows] = readFileSync(MARKET, 'utf8').trimEnd().split('\n');
  const prices = rows.map((row) => row.split(',').slice(1));
  // As many steps as all cells together, in one run: the prices again and again, with labels for times.
  const long = join(FOLDER, 'long.csv');
  const repeated = Array.from({ length: CELLS }, (_, k) => prices.map((row, t) => `x${String(k * rows.length + t)},${row.join(',')}`));
  writeFileSync(long, `${header}\n${repeated.flat().join('\n')}\n`);
  const symbols = header.split(',').slice(1);
  const thousand = spec('thousand', symbols, 20, 25, [0, 10]);
  const many = spec(
    'ten-thousand',
    symbols,
    20,
    25,
    Array.from({ length: 20 }, (_, fee) => fee),
  );
  const [first = ''] = symbols;
  const alone = join(FOLDER, 'alone.csv');
  writeFileSync(alone, `time,${first}\n${rows.map((row) => row.split(',').slice(0, 2).join(',')).join('\n')}\n`);
  const single = spec('single', [first], 20, 25, [0, 10], alone);

  const [runs, sweeps, larger, singles]: [Taken[], Taken[], Taken[], Taken[]] = [[], [], [], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    runs.push(ewm('run', '--market', long, '--strategy', STRATEGY, '--out', join(FOLDER, 'run'), '--force'));
    sweeps.push(sweep(thousand));
    larger.push(sweep(many));
    singles.push(sweep(single));
  }
  const [run, cells, ten, one] = [runs, sweeps, larger, singles].map((taken) => ({
    seconds: median(taken.map(({ seconds }) => seconds)),
    cpu: median(taken.map(({ cpu }) => cpu)),
  })) as [Taken, Taken, Taken, Taken];
  show(`one run of ${String(CELLS * rows.length)} steps, start-up included`, run.seconds, 's');
  show(`${String(CELLS)} cells of ${String(rows.length)} steps on ${String(CORES)} cores`, cells.seconds, 's');
  show('cells a second', CELLS / cells.seconds, '');
  const ratio = run.seconds / CORES / cells.seconds;
  show(`as fast as one run allows on all cores (bar: ${String(BAR)})`, ratio, 'times');
  show('the same by processor time, which a busy machine does not move', run.cpu / cells.cpu, 'times');
  const flat = (ten.cpu - cells.cpu) / 9 / cells.cpu;
  show(`a cell among ${String(10 * CELLS)}, of one among ${String(CELLS)} (bar: ${String(FLAT)})`, flat, 'times the processor time');
  if (flat > FLAT) failures.push(`a cell among many takes ${flat.toFixed(2)} times as long as one among fewer`);

  const peer = peerCells(rows.map((row) => row.split(',').slice(0, 2)));
  if (typeof peer === 'string') console.log(`${PEER.name}: ${peer}`);
  else {
    const warm = await warmCells(single);
    show(`${PEER.name} ${PEER.version}, 500 points of one symbol, warm, one thread`, peer, 'cells/s');
    show('cells of ours on these points with two fees, warm, one thread', warm, 'cells/s');
    show(`ours / ${PEER.name}, warm, one thread`, warm / peer, 'times');
    show('ewm sweep, the same points with two fees, start-up included', CELLS / one.seconds, 'cells/s');
  }
  mkdirSync('tmp', { recursive: true });
  writeFileSync(join('tmp', 'bench-sweep.json'), `${JSON.stringify(figures, null, 2)}\n`);
  console.log('stored in tmp/bench-sweep.json');
  rmSync(FOLDER, { recursive: true, force: true });
  if (failures.length > 0) throw new Error(failures.join('; '));
}

/** Cells a second in this thread, all of them taken once before. */
async function warmCells(path: string): Promise<number> {
  const document = JSON.parse(readFileSync(path, 'utf8')) as { readonly market: string };
  const bytes = await readMarket(openMarketFile(document.market));
  const spec = decodeSweep(document);
  if (isLeft(bytes) || isLeft(spec)) throw new Error('the sweep of the benchmark is legal');
  const plan = planSweep(spec.right, factsOf(bytes.right));
  if (isLeft(plan)) throw new Error('the sweep of the benchmark is legal');
  const take = makeTakeBatch(plan.right, bytes.right);
  const all = { from: 0, until: plan.right.cells };
  await take(all);
  const started = performance.now();
  await take(all);
  return plan.right.cells / ((performance.now() - started) / 1000);
}

/** What is used of the optimiser. */
interface Peer {
  readonly optimize: (
    strategy: object,
    parameters: readonly object[],
    objective: (trades: readonly Trade[]) => number,
    bars: unknown,
  ) => { readonly bestResult: number };
}
interface Trade {
  readonly profit: number;
}
interface Rule {
  readonly bar: { readonly short: number; readonly long: number };
}

/**
 * Cells a second of grademark's grid search, warm and in memory: its two indicators and its backtest for each point. It works in doubles, on one
 * symbol, and leaves out what a cell of ours has: sizing, cash and risk limits, fees of the first of them, a tape, hashes, and any figure but the
 * objective. Answers why not, where it could not be fetched.
 */
function peerCells(rows: readonly (readonly string[])[]): number | string {
  const folder = resolve('tmp/bench-peer');
  // It asks for chai and does not say so.
  if (!existsSync(join(folder, 'node_modules', 'chai'))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
    const flags = ['--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder];
    const { status } = spawnSync('npm', ['install', ...flags, `${PEER.name}@${PEER.version}`, 'chai@4']);
    if (status !== 0) return `could not be fetched: npm install ${PEER.name}@${PEER.version}`;
  }
  const load = createRequire(join(folder, 'index.js'));
  const { optimize } = load(PEER.name) as Peer;
  const { DataFrame } = load('data-forge') as { readonly DataFrame: new (config: object) => Frame };
  const bars = new DataFrame({
    values: rows.map(([time = '', price = '']) => {
      const close = Number(price);
      return { time: new Date(time), open: close, high: close, low: close, close, volume: 1 };
    }),
  });
  const mean = (series: Series, window: number): Series => series.rollingWindow(window).select((values) => values.sum() / window);
  const strategy = {
    lookbackPeriod: 1,
    prepIndicators: ({ parameters, inputSeries }: { parameters: { short: number; long: number }; inputSeries: Frame }): Frame => {
      const closes = inputSeries.deflate((bar) => bar.close);
      const at = (window: number): readonly number[] => mean(closes, window).toArray();
      const [short, long] = [at(parameters.short), at(parameters.long)];
      const skipped = parameters.long - 1;
      return inputSeries
        .skip(skipped)
        .select((bar, t) => ({ ...bar, short: short[t + skipped - parameters.short + 1], long: long[t] })) as Frame;
    },
    entryRule: (enter: () => void, { bar }: Rule) => {
      if (bar.short > bar.long) enter();
    },
    exitRule: (exit: () => void, { bar }: Rule) => {
      if (bar.short < bar.long) exit();
    },
  };
  const parameters = [
    { name: 'short', startingValue: 1, endingValue: 20, stepSize: 1 },
    { name: 'long', startingValue: 21, endingValue: 45, stepSize: 1 },
  ];
  const objective = (trades: readonly Trade[]): number => trades.reduce((sum, { profit }) => sum + profit, 0);
  optimize(strategy, [parameters[0] ?? {}, { ...parameters[1], endingValue: 22 }], objective, bars);
  const started = performance.now();
  const { bestResult } = optimize(strategy, parameters, objective, bars);
  if (!(bestResult > 0)) throw new Error(`${PEER.name} found no point that earns anything: it did not run the rule`);
  return 500 / ((performance.now() - started) / 1000);
}

interface Series {
  readonly rollingWindow: (window: number) => { readonly select: (map: (values: { readonly sum: () => number }) => number) => Series };
  readonly toArray: () => readonly number[];
}
interface Bar {
  readonly close: number;
}
interface Frame {
  readonly deflate: (map: (bar: Bar) => number) => Series;
  readonly skip: (count: number) => { readonly select: (map: (bar: Bar, index: number) => object) => unknown };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

void main();

/** `ewm sweep`: every cell of a spec, into a directory that proves itself; goes on where an earlier one was stopped. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { join } from 'node:path';
import { isRecord } from '../../../domain/codec/codec';
import { parseJson } from '../../../domain/codec/parse';
import { formatDecimal } from '../../../domain/decimal/decimal';
import { makeMarketForm } from '../../../domain/market/market-form';
import { identify } from '../../../domain/run/inputs';
import { run } from '../../../domain/run/run';
import type { MarketBytes } from '../../../domain/sweep/market';
import type { SweepPlan } from '../../../domain/sweep/plan';
import { type CellRow, makeSummary, type SummaryReader, type SweepSummary } from '../../../domain/sweep/summary';
import type { MarketInput } from '../../../ports/market-input';
import { local } from '../../compose';
import { renderSweepPage } from '../../page/sweep-html';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, storeFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { makeProgress } from '../shared/progress';
import { counted, shellWord } from '../shared/words';
import { type CellProblem, startCells, takeInOrder } from './cells';
import { readSweep } from './sweep-input';
import { sweepText } from './sweep-text';

export interface SweepOptions {
  readonly spec: string;
  readonly out: string;
  readonly market?: string;
  readonly jobs: number;
  readonly force: boolean;
  readonly json: boolean;
}

const { CELLS_FILE, SWEEP_FILE, SWEEP_MARKET_FILE } = local.sweep;

export async function sweepCommand(options: SweepOptions, io: Io): Promise<ExitCode> {
  const interrupted = io.watchInterrupts();
  const input = await readSweep(options.spec, options.market, io);
  if (isLeft(input)) return fail(io, options.json, input.left);
  const { plan, market } = input.right;
  const there = await whatIsThere(options, plan);
  if (isLeft(there)) return fail(io, options.json, there.left);
  if (there.right === 'finished') {
    await io.stderr.write(`ewm: ${options.out} holds this very sweep, finished; ewm verify ${shellWord(options.out)} proves it\n`);
    return EXIT.ok;
  }

  const taken = await takeCells(options, plan, market, io, interrupted);
  if (isLeft(taken)) return fail(io, options.json, taken.left);
  const summary = taken.right;
  const kept = await keepRuns(options.out, plan, market, summary.kept);
  if (isLeft(kept)) return fail(io, options.json, kept.left);
  const { report } = await import('../run/report-commands');
  const quiet = { ...io, stdout: SILENT, stderr: { ...SILENT, isTerminal: false } };
  for (const { runId } of summary.kept) await report(join(options.out, 'runs', runId), { open: false, force: true, json: false }, quiet);
  const page = await renderSweep(options.out, plan, summary);
  if (isLeft(page)) return fail(io, options.json, page.left);
  // Last: a directory without it holds no finished sweep.
  const written = await local.writeText(join(options.out, SWEEP_FILE), [summary.json], true)();
  if (isLeft(written)) return fail(io, options.json, writeFailure(written.left));
  await io.stdout.write(options.json ? summary.json : sweepText(options.out, plan, summary));
  return plan.granted === plan.cells ? EXIT.ok : EXIT.refused;
}

async function whatIsThere({ out, force }: SweepOptions, { sweepId }: SweepPlan): Promise<Either<Failure, 'finished' | 'open'>> {
  const path = join(out, SWEEP_FILE);
  const exists = await local.sweep.exists(path)();
  if (isLeft(exists)) return left(storeFailure(exists.left));
  if (!exists.right || force) return right('open');
  const held = parseJson(new TextDecoder().decode(await local.readFile(path)));
  if (isRecord(held) && held['sweep_id'] === sweepId) return right('finished');
  const messages = [`${out}: holds another sweep; write this one elsewhere with --out, or --force replaces it`];
  return left({ exit: EXIT.cannotWrite, code: 'already_exists', messages });
}

/** All rows, in `cells.jsonl`; those of an earlier, stopped attempt are taken as they are. */
async function takeCells(
  { out, jobs }: SweepOptions,
  plan: SweepPlan,
  market: MarketBytes,
  io: Io,
  interrupted: () => boolean,
): Promise<Either<Failure, SweepSummary>> {
  const summary = makeSummary(plan);
  const before = await resume(out, plan, summary);
  if (isLeft(before)) return before;
  const writer = await local.sweep.open(out, plan.sweepId, before.right)();
  if (isLeft(writer)) return left(storeFailure(writer.left));
  if (summary.rows() > 0) await io.stderr.write(`ewm: goes on behind ${counted(summary.rows(), 'cell')} that are there\n`);
  const held = await writeMarket(out, market);
  if (isLeft(held)) return held;

  const progress = await makeProgress(io, 'sweep', 'cells');
  const cells = await startCells(plan, market, jobs);
  let failure: Failure | undefined;
  const problem = await takeInOrder(cells, plan, summary.rows(), jobs, async (rows) => {
    for (const row of rows) summary.next(row);
    const appended = await writer.right.append(rows)();
    if (isLeft(appended)) failure = storeFailure(appended.left);
    progress.update(summary.rows(), plan.granted, bestText(plan, summary.best()));
    return failure === undefined && !interrupted();
  });
  await cells.close();
  progress.stop();
  const stopped = failure ?? (problem === undefined ? interruption(summary.rows(), plan) : problemFailure(problem));
  const closed = await (stopped === undefined ? writer.right.finish() : writer.right.close())();
  if (stopped !== undefined) return left(stopped);
  return isLeft(closed) ? left(storeFailure(closed.left)) : right(summary.summary());
}

/** Reads the rows that are there; answers where the last whole one ends. */
async function resume(out: string, plan: SweepPlan, summary: SummaryReader): Promise<Either<Failure, number>> {
  const path = local.sweep.partial(out, plan.sweepId);
  const exists = await local.sweep.exists(path)();
  if (isLeft(exists)) return left(storeFailure(exists.left));
  if (!exists.right) return right(0);
  const read = await local.sweep.readLines(path, (line) => isOwnRow(line) && summary.rows() < plan.granted && summary.next(line))();
  return isLeft(read) ? left(storeFailure(read.left)) : read;
}

/** Whether a row is named by its inputs, as every run is. What it says of them is proven by `ewm verify`. */
function isOwnRow(line: string): boolean {
  const row = parseJson(line);
  return isRecord(row) && isRecord(row['inputs']) && identify(row['inputs'] as Parameters<typeof identify>[0]).runId === row['run_id'];
}

async function writeMarket(out: string, { symbols, lines }: MarketBytes): Promise<Either<Failure, void>> {
  const text = [`${makeMarketForm(symbols).header}\n`, new TextDecoder().decode(lines.slice())];
  const written = await local.writeText(join(out, SWEEP_MARKET_FILE), text, true)();
  return isLeft(written) ? left(writeFailure(written.left)) : written;
}

/** The best cells again, whole this time; each has to come to the hash of its row. */
async function keepRuns(out: string, plan: SweepPlan, market: MarketBytes, kept: readonly CellRow[]): Promise<Either<Failure, void>> {
  for (const { cell: index, runId, headHash } of kept) {
    const { documents, window } = plan.cellAt(index);
    const directory = join(out, 'runs', runId);
    const writer = await local.writeRun(directory, true)();
    if (isLeft(writer)) return left(storeFailure(writer.left));
    const { strategy, policy, initialState, maxSteps } = documents;
    const request = { strategy, policy, initialState, ...(typeof maxSteps === 'number' ? { maxSteps } : {}) };
    const ran = await run(request, sliceOf(market, window.from, window.until), writer.right);
    if (isLeft(ran) || ran.right.summary.headHash !== headHash)
      throw new Error(`cell ${String(index)} came to another run than its row says`);
  }
  return right(undefined);
}

function sliceOf({ symbols, lines, starts }: MarketBytes, from: number, until: number): MarketInput {
  let text = new TextDecoder().decode(lines.slice(starts[from], starts[until]));
  return {
    open: () => () => Promise.resolve(right(symbols)),
    read: () => () => {
      const whole = text;
      text = '';
      return Promise.resolve(right(whole));
    },
    close: () => Promise.resolve(),
  };
}

async function renderSweep(out: string, plan: SweepPlan, { json }: SweepSummary): Promise<Either<Failure, void>> {
  const rows: string[] = [];
  const read = await local.sweep.readLines(join(out, CELLS_FILE), (line) => {
    rows.push(line);
    return rows.length < PAGE_ROWS_MAX;
  })();
  if (isLeft(read)) return left(storeFailure(read.left));
  const written = await local.writeText(join(out, 'report.html'), [renderSweepPage(json, rows, plan.granted)], true)();
  return isLeft(written) ? left(writeFailure(written.left)) : right(undefined);
}

/** A page holds no more rows; it says so. */
const PAGE_ROWS_MAX = 20_000;

function bestText({ spec }: SweepPlan, best: CellRow | undefined): string {
  return best?.value === undefined ? '' : ` | best ${spec.objective.figure} ${formatDecimal(best.value)}`;
}

function interruption(rows: number, { granted }: SweepPlan): Failure | undefined {
  if (rows === granted) return undefined;
  const message = `interrupted after ${String(rows)} of ${String(granted)} cells; the same command goes on from there`;
  return { exit: EXIT.interrupted, code: 'interrupted', messages: [message] };
}

function problemFailure({ cell, point, problems }: CellProblem): Failure {
  const messages = problems.map(({ pointer, message }) => `cell ${String(cell)}, ${point}: ${pointer}: ${message}`);
  return {
    exit: EXIT.badInput,
    code: 'invalid_input',
    messages: [...messages, 'a constraint leaves such points out: "short < long"'],
    problems,
  };
}

function writeFailure(error: Parameters<typeof storeFailure>[0] | { readonly _tag: 'Interrupted' }): Failure {
  return error._tag === 'Interrupted' ? { exit: EXIT.interrupted, code: 'interrupted', messages: ['interrupted'] } : storeFailure(error);
}

const SILENT = {
  write: () => Promise.resolve(),
  writeStyled: () => Promise.resolve(),
  isTerminal: false,
  columns: 80,
} as const;

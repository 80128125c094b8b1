/** What follows from the rows of a sweep, wherever its cells were taken: the best runs again and whole, the pages, and `sweep.json` last. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { join } from 'node:path';
import { isRecord } from '../../../domain/codec/codec';
import { parseJson } from '../../../domain/codec/parse';
import { makeMarketForm } from '../../../domain/market/market-form';
import { identify } from '../../../domain/run/inputs';
import { run } from '../../../domain/run/run';
import type { MarketBytes } from '../../../domain/sweep/market';
import type { SweepPlan } from '../../../domain/sweep/plan';
import type { CellRow, SummaryReader, SweepSummary } from '../../../domain/sweep/summary';
import type { MarketInput } from '../../../ports/market-input';
import type { CellsWriter } from '../../../ports/sweep-files';
import { local } from '../../compose';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, storeFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { PAGE_FILE, writeSweepPage } from './sweep-report';
import { sweepText } from './sweep-text';

const { SWEEP_FILE, SWEEP_MARKET_FILE } = local.sweep;

/** Every row of a sweep, under the name of an unfinished one. */
export interface AllRows {
  readonly summary: SweepSummary;
  readonly writer: CellsWriter;
}

/** The rows get their name when everything else is there, so that one who dies before that goes on from the last row. */
export async function finishSweep(
  { out, json }: { readonly out: string; readonly json: boolean },
  plan: SweepPlan,
  market: MarketBytes,
  { summary, writer }: AllRows,
  io: Io,
): Promise<ExitCode> {
  const kept = await keepRuns(out, plan, market, summary.kept);
  if (isLeft(kept)) {
    await writer.close()();
    return fail(io, json, kept.left);
  }
  const { report } = await import('../run/report-commands');
  const quiet = { ...io, stdout: SILENT, stderr: { ...SILENT, isTerminal: false } };
  for (const { runId } of summary.kept) await report(join(out, 'runs', runId), { open: false, force: true, json: false }, quiet);
  const page = await writeSweepPage(
    { directory: out, rows: local.sweep.partial(out, plan.sweepId), out: join(out, PAGE_FILE), force: true },
    plan,
    market,
    summary.json,
  );
  if (isLeft(page)) {
    await writer.close()();
    return fail(io, json, page.left);
  }
  const named = await writer.finish()();
  if (isLeft(named)) return fail(io, json, storeFailure(named.left));
  // Last: a directory without it holds no finished sweep.
  const written = await local.writeText(join(out, SWEEP_FILE), [summary.json], true)();
  if (isLeft(written)) return fail(io, json, writeFailure(written.left));
  await io.stdout.write(json ? summary.json : sweepText(out, plan, summary));
  return plan.granted === plan.cells ? EXIT.ok : EXIT.refused;
}

/** Reads the rows that are there; answers where the last whole one ends. */
export async function resumeRows(out: string, plan: SweepPlan, summary: SummaryReader): Promise<Either<Failure, number>> {
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

export async function writeMarket(out: string, { symbols, lines }: MarketBytes): Promise<Either<Failure, void>> {
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

function writeFailure(error: Parameters<typeof storeFailure>[0] | { readonly _tag: 'Interrupted' }): Failure {
  return error._tag === 'Interrupted' ? { exit: EXIT.interrupted, code: 'interrupted', messages: ['interrupted'] } : storeFailure(error);
}

const SILENT = {
  write: () => Promise.resolve(),
  writeStyled: () => Promise.resolve(),
  isTerminal: false,
  columns: 80,
} as const;

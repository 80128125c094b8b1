/** `ewm show`: a run in a terminal, as its page sums it up: figures, curves, and the calls of a plan. */
import { isLeft } from 'fp-ts/Either';
import { printable } from '../../../domain/codec/printable';
import { formatDecimal, type Decimal } from '../../../domain/decimal/decimal';
import { makeCallReader } from '../../../domain/report/calls';
import { drawdownShare } from '../../../domain/report/drawdown';
import { type CurveEnvelope, makeEnvelope } from '../../../domain/report/envelope';
import { PERFORMANCE_FIGURES } from '../../../domain/report/figure-table';
import { returnShare, type SeriesPoint } from '../../../domain/report/figures';
import { NO_SELECTION } from '../../../domain/report/sample';
import { limitsOf } from '../../../domain/report/spending';
import type { WorldPoint } from '../../../domain/report/world-figures';
import type { Row } from '../../../domain/tape/chain';
import type { Environment } from '../../config';
import { wantsColour } from '../shared/environment';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail } from '../shared/failure';
import type { Io } from '../shared/io';
import { doubts, isWhole, type OpenedRun, readRunDirectory, runName, wholeText } from '../shared/page-run';
import { makeProgress } from '../shared/progress';
import { receiptJson } from '../shared/receipt-status';
import { callCells, summaryLines } from './run-text';
import { makeTable } from '../shared/table';
import { type ChartColour, chartColumns, chartLines } from './terminal-chart';

/** A terminal that is narrower is written to as if it were this wide. */
const COLUMNS_MIN = 40;
/** A chart that is wider shows no more. */
const CHART_COLUMNS_MAX = 120;
const CHART_ROWS = 8;
const CHARTS_MAX = 8;
const CALLS_MAX = 20;

export async function showCommand(directory: string, json: boolean, io: Io, env: Environment): Promise<ExitCode> {
  const equity = makeEnvelope();
  const prices = new Map<string, CurveEnvelope>();
  const totals = new Map<string, CurveEnvelope>();
  const calls: Row[] = [];
  const callReader = makeCallReader();
  let [callsFound, symbolsFound] = [0, 0];
  const onStep = (point: SeriesPoint): void => {
    equity.add(point.after.equity);
    symbolsFound = Math.max(symbolsFound, point.prices.size);
    for (const [symbol, price] of point.prices) {
      if (!prices.has(symbol) && prices.size < CHARTS_MAX) prices.set(symbol, makeEnvelope());
      prices.get(symbol)?.add(price);
    }
  };
  const onWorldStep = ({ amounts }: WorldPoint): void => {
    for (const [name, amount] of amounts) {
      if (!totals.has(name) && totals.size < CHARTS_MAX) totals.set(name, makeEnvelope());
      totals.get(name)?.add(amount);
    }
  };
  const onOther = (row: Row): void => {
    const call = callReader.next(row);
    if (call === undefined) return;
    callsFound += 1;
    if (calls.length < CALLS_MAX) calls.push(call);
  };
  const progress = await makeProgress(io, 'show');
  const run = await readRunDirectory(directory, { onStep, onWorldStep, onOther, onProgress: progress.update }, NO_SELECTION);
  progress.stop();
  if (isLeft(run)) return fail(io, json, run.left);

  if (json) await io.stdout.write(`${JSON.stringify(showJson(run.right))}\n`);
  else {
    const columns = Math.max(COLUMNS_MIN, io.stdout.columns);
    const colours = wantsColour(env, io.stdout.isTerminal);
    if (run.right.figures.steps > 0) {
      await io.stdout.writeStyled(chartText('equity', equity, columns, colours ? 'ansiGreen' : undefined));
      for (const [symbol, series] of prices)
        await io.stdout.writeStyled(chartText(symbol, series, columns, colours ? 'ansiCyan' : undefined));
      if (symbolsFound > prices.size)
        await io.stdout.write(`\nand ${String(symbolsFound - prices.size)} more symbols; ewm report shows them\n`);
    }
    for (const [name, series] of totals) await io.stdout.writeStyled(chartText(name, series, columns, colours ? 'ansiCyan' : undefined));
    await showCalls(calls, callsFound, columns, io);
    // Last: what is read first must not be scrolled away.
    await io.stdout.write(`\n${summaryLines(runName(directory), run.right, columns).join('\n')}\n`);
  }
  for (const doubt of doubts(run.right)) await io.stderr.write(`ewm: ${printable(doubt)}\n`);
  if (isWhole(run.right)) await io.stderr.write(`ewm: ${wholeText(run.right)}; ewm verify re-executes it\n`);
  return isWhole(run.right) ? EXIT.ok : EXIT.notProven;
}

function chartText(title: string, series: CurveEnvelope, columns: number, colour: ChartColour | undefined): string {
  const width = Math.min(columns, CHART_COLUMNS_MAX);
  const labelWidth = Math.max(...series.points(2).map((value) => formatDecimal(value).length));
  const points = series.points(chartColumns(width, labelWidth));
  return `\n${printable(title).slice(0, columns)}\n${chartLines(points, { width, height: CHART_ROWS, colour }).join('\n')}\n`;
}

async function showCalls(calls: readonly Row[], found: number, columns: number, io: Io): Promise<void> {
  if (found === 0) return;
  await io.stdout.write('\n');
  const table = makeTable(['call', 'asked', 'ok', 'source', 'answer'], io.stdout);
  // What is left beside the narrow columns and the gaps.
  const width = Math.floor((columns - 26) / 2);
  for (const row of calls) await table.row(callCells(row, width));
  await table.flush();
  if (found > calls.length) await io.stdout.write(`and ${String(found - calls.length)} more calls; ewm report shows them\n`);
}

function showJson(run: OpenedRun): object {
  const { figures, chain, opening, seal, spent, unfinished } = run;
  const amount = (value: Decimal | undefined): string | null => (value === undefined ? null : formatDecimal(value));
  const { maxDrawdown, maxExposure, times } = figures;
  return {
    ok: isWhole(run),
    run_id: opening?.['run_id'] ?? null,
    inputs: opening?.['inputs'] ?? null,
    unfinished,
    sealed: chain.sealed,
    chain: { rows: chain.rows, broken: chain.broken ?? null },
    head_hash: chain.headHash ?? null,
    receipt: receiptJson(run.receipt),
    result: seal === undefined ? null : { ok: seal['ok'], error: seal['error'], final_state: seal['final_state'] },
    ...(run.world === undefined
      ? {}
      : { world: { ...run.world, fuelMost: undefined, fuel_most: run.world.fuelMost ?? null, refusals: undefined } }),
    steps: run.world?.steps ?? figures.steps,
    first_time: times.first ?? null,
    last_time: times.last ?? null,
    decisions: run.world?.decisions ?? figures.decisions,
    refusals: Object.fromEntries(run.world?.refusals ?? figures.refusals),
    fills: figures.fills,
    fees: amount(figures.fees),
    turnover: amount(figures.turnover),
    start_equity: amount(figures.startEquity),
    final_equity: amount(figures.finalEquity),
    return: amount(returnShare(figures)),
    max_drawdown:
      maxDrawdown === undefined
        ? null
        : {
            share: amount(drawdownShare(maxDrawdown)),
            peak_step: maxDrawdown.peakStep,
            peak_time: times.peak ?? null,
            trough_step: maxDrawdown.step,
            trough_time: times.trough ?? null,
          },
    final_exposure: amount(figures.finalExposure),
    max_exposure:
      maxExposure === undefined ? null : { value: amount(maxExposure.value), step: maxExposure.step, time: times.maxExposure ?? null },
    ...Object.fromEntries(PERFORMANCE_FIGURES.map((row) => [row.name, amount(row.of(figures))])),
    steps_per_year: amount(figures.measures.stepsPerYear),
    open_trips: figures.measures.roundTrips.open,
    budget: limitsOf(opening ?? {}, spent).map((limit) => ({ limiter: limit.limiter, max: limit.max, spent: limit.spent })),
  };
}

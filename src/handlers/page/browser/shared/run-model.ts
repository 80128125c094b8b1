/**
 * A run as the views need it: rows of its tape by what they are, and the figures that follow from them. Invariant: nothing here comes from
 * `run.json`, so what is shown is what the tape says; a row that cannot be read is left out, and the proof names it.
 */
import { isLeft } from 'fp-ts/Either';
import type { BudgetState } from '../../../../domain/budget/budget';
import { decimalFromJson } from '../../../../domain/decimal/decimal';
import type { DerivedFill } from '../../../../domain/report/derived-ledger';
import { type Figures, makeFigureReader, type SeriesPoint } from '../../../../domain/report/figures';
import type { PageRun } from '../../../../domain/report/page-data';
import { makeCallReader } from '../../../../domain/report/calls';
import { makeSegmentReader, type SegmentEntry } from '../../../../domain/report/segments';
import { makeSpending } from '../../../../domain/report/spending';
import type { Row } from '../../../../domain/tape/chain';
import type { TradingCosts } from '../../../../domain/world/market/costs';
import type { UnpackedRun } from './unpack';
import { readWorld, type WorldModel } from './world-model';

export interface PageLine {
  /** 0-based row of the tape, also where rows are left out before it. */
  readonly index: number;
  readonly text: string;
  /** Nothing where the line holds no JSON object. */
  readonly row: Row | undefined;
}

/** A step of any world. */
export interface Entry {
  readonly rowIndex: number;
  readonly row: Row;
  readonly point: { readonly step: number; readonly decision: string; readonly time: string | undefined };
}

export interface StepEntry extends Entry {
  readonly point: SeriesPoint;
}

export interface CallEntry {
  readonly rowIndex: number;
  readonly row: Row;
}

/** What was spent once a row was written; rows that cost nothing are left out. */
export interface SpendingPoint {
  readonly row: Row;
  readonly rowIndex: number;
  readonly spent: BudgetState;
}

export interface RunModel {
  readonly page: PageRun;
  readonly unpacked: UnpackedRun;
  readonly lines: readonly PageLine[];
  readonly run: Row | undefined;
  readonly seal: Row | undefined;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Of a market. */
  readonly steps: readonly StepEntry[];
  /** Of a run in a world file. */
  readonly world: WorldModel | undefined;
  readonly calls: readonly CallEntry[];
  readonly fills: readonly DerivedFill[];
  readonly spending: readonly SpendingPoint[];
  /** Of a session; none of any other run. */
  readonly segments: readonly SegmentEntry[];
  readonly figures: Figures;
  readonly symbols: readonly string[];
}

export function readRun(page: PageRun, unpacked: UnpackedRun): RunModel {
  const indexOf = rowNumbers(page);
  const lines = unpacked.lines.map((text, at) => ({ index: indexOf(at), text, row: parseRow(text) }));
  const rows = lines.flatMap(({ row, index }) => (row === undefined ? [] : [{ row, rowIndex: index }]));
  const run = rows.find(({ row }) => row['type'] === 'run')?.row;
  const reader = makeFigureReader(costsOf(page));
  const spending = makeSpending();
  const callReader = makeCallReader();
  const segments = makeSegmentReader();
  const [steps, calls, spent]: [StepEntry[], CallEntry[], SpendingPoint[]] = [[], [], []];
  let last: BudgetState | undefined;
  for (const { row, rowIndex } of rows) {
    const point = reader.next(row);
    // World time only moves forward; rows that stand elsewhere are named by the proof, and cannot be drawn.
    if (point !== undefined && point.step > (steps.at(-1)?.point.step ?? -1)) steps.push({ row, rowIndex, point });
    const call = callReader.next(row);
    if (call !== undefined) calls.push({ row: call, rowIndex });
    segments.next(row, rowIndex);
    const now = spending.next(row);
    if (now !== last && last !== undefined) spent.push({ row, rowIndex, spent: now });
    last = now;
  }
  return {
    page,
    unpacked,
    lines,
    run,
    seal: rows.findLast(({ row }) => row['type'] === 'seal')?.row,
    inputs: record(run?.['inputs']),
    steps,
    world: readWorld(page, run, rows),
    calls,
    fills: steps.flatMap(({ point }) => point.fills),
    spending: spent,
    segments: segments.segments(),
    figures: reader.figures(),
    symbols: [...(steps[0]?.point.prices.keys() ?? [])],
  };
}

/** The steps that are here, whatever the world. */
export function entriesOf({ steps, world }: RunModel): readonly Entry[] {
  return world?.entries ?? steps;
}

/** The number of the segment that a row is in; 0 before the first that was resumed. */
export function segmentAt({ segments }: Pick<RunModel, 'segments'>, rowIndex: number): number {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle]?.rowIndex ?? 0) <= rowIndex) low = middle + 1;
    else high = middle;
  }
  return segments[low - 1]?.seq ?? 0;
}

/** Where the rows of a page stand in the file. */
function rowNumbers({ sample }: PageRun): (at: number) => number {
  if (sample === null) return (at) => at;
  const numbers = sample.ranges.flatMap(([first, count]) => Array.from({ length: count }, (_, offset) => first + offset));
  return (at) => numbers[at] ?? sample.rows_total + at - numbers.length;
}

function parseRow(text: string): Row | undefined {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : undefined;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The costs of the policy in the page, whose digest the proof compares with that in the run row. */
export function costsOf({ files }: PageRun): TradingCosts {
  const costs = record(record(parseJson(files['policy.json'] ?? ''))['costs']);
  const [fee, slippage] = [decimalFromJson(costs['fee_bps']), decimalFromJson(costs['slippage_bps'])];
  return { fee_bps: isLeft(fee) ? 0n : fee.right, ...(isLeft(slippage) ? {} : { slippage_bps: slippage.right }) };
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text or a number as it is written; anything else as JSON. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? '' : JSON.stringify(value);
}

/** Positions before a step, from the initial state and the changes since; nothing where rows with changes are left out. */
export function positionsBefore(model: RunModel, entry: StepEntry): ReadonlyMap<string, string> | undefined {
  if (fillsAreCounted(model)) return undefined;
  const positions = new Map(
    Object.entries(record(record(model.inputs['initial_state'])['positions'])).map(([symbol, quantity]) => [symbol, text(quantity)]),
  );
  for (const { row } of model.steps) {
    if (row === entry.row) break;
    applyChanges(positions, row);
  }
  return positions;
}

/** Whether fills are so many that they are counted by bucket, and their rows are not all here. */
export function fillsAreCounted({ page: { sample } }: RunModel): boolean {
  return sample !== null && sample.marks !== null;
}

/** A position of zero is absent. */
export function applyChanges(positions: Map<string, string>, row: Row): void {
  for (const [symbol, change] of Object.entries(record(record(row['state_delta'])['positions']))) {
    const after = text(record(change)['after']);
    if (after === '0') positions.delete(symbol);
    else positions.set(symbol, after);
  }
}

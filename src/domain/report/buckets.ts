/**
 * The rows that hold an extreme of a drawn series, found in one pass over steps whose number is not known. Invariants: of every bucket both
 * extremes of every series are held; memory is bounded by the number of buckets and by bytes, whatever the number of steps.
 */
import { assert } from '../assert';
import type { Decimal } from '../decimal/decimal';
import { compareDrawdowns, type Drawdown } from './drawdown';
import type { SeriesPoint } from './figures';
import type { BucketMarks } from './page-data';

/** A line of the tape, copied: a piece of a text would keep the whole text. */
export interface HeldLine {
  /** 0-based row of the tape. */
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Buckets a page is drawn from; at most so many, and at least half of that once there are enough steps. */
export const BUCKETS_MAX = 1_000;
/** What the extremes of all buckets may hold. Unit: bytes of tape. */
export const EXTREME_BYTES_MAX = 9_000_000;
/** Symbols whose extremes are held, the first in canonical order: a row of a thousand prices is an extreme of one of them at nearly every step. */
export const SAMPLED_SYMBOLS_MAX = 16;
/** So that the first merge comes no sooner than a page would hold the whole tape. Unit: steps. */
const FIRST_BUCKET_STEPS = 10;

interface Extreme {
  readonly value: Decimal;
  readonly line: HeldLine;
}

interface DeepExtreme {
  readonly value: Drawdown;
  readonly line: HeldLine;
  /** The row of its peak, where that is in the same bucket; in another one it is the extreme of equity there. */
  readonly peak: HeldLine | undefined;
}

interface Bucket {
  readonly firstStep: number;
  steps: number;
  /** Lowest and highest of each series in turn. */
  lows: Extreme[];
  highs: Extreme[];
  /** The deepest drawdown; the shallowest is where equity is highest. */
  deep: DeepExtreme;
  /** The highest equity so far, of the whole run, where its row is in this bucket. */
  peak: HeldLine | undefined;
  buys: Record<string, number>;
  sells: Record<string, number>;
  rejected: number;
}

export interface Buckets {
  readonly next: (point: SeriesPoint, hold: () => HeldLine) => void;
  readonly lines: () => readonly HeldLine[];
  readonly marks: () => readonly BucketMarks[];
  readonly bucketSteps: () => number;
}

export interface BucketLimits {
  readonly buckets: number;
  readonly bytes: number;
}

export function makeBuckets(
  limits: BucketLimits = { buckets: BUCKETS_MAX, bytes: EXTREME_BYTES_MAX },
  firstSteps: number = FIRST_BUCKET_STEPS,
): Buckets {
  let closed: Bucket[] = [];
  let closedBytes = 0;
  let open: Bucket | undefined;
  let bucketSteps = firstSteps;
  let symbols: readonly string[] | undefined;

  function seriesOf(point: SeriesPoint): readonly Decimal[] {
    symbols ??= [...point.prices.keys()].slice(0, SAMPLED_SYMBOLS_MAX);
    const { equity, cash, exposure } = point.after;
    return [equity, cash, exposure, ...symbols.map((symbol) => point.prices.get(symbol) ?? 0n)];
  }

  function close(bucket: Bucket): void {
    closed.push(bucket);
    closedBytes += bytesOf(bucket);
    while (closed.length > 1 && (closed.length >= limits.buckets || closedBytes > limits.bytes)) {
      // An odd one at the end stays open: every bucket but the last holds the same number of steps.
      const odd = closed.length % 2 === 1 ? closed.pop() : undefined;
      closed = pairs(closed);
      bucketSteps *= 2;
      closedBytes = closed.reduce((total, held) => total + bytesOf(held), 0);
      if (odd === undefined) continue;
      // The rest fitted before this one came, so nothing is joined after it.
      assert(open === undefined, 'one bucket at most is left over');
      open = odd;
    }
  }

  return {
    next: (point, hold) => {
      const values = seriesOf(point);
      if (open === undefined) open = makeBucket(point, values, hold());
      else widen(open, point, values, hold);
      count(open, point);
      if (open.steps < bucketSteps) return;
      const full = open;
      open = undefined;
      close(full);
    },
    lines: () => [...closed, ...(open === undefined ? [] : [open])].flatMap(linesOf),
    marks: () => [...closed, ...(open === undefined ? [] : [open])].map(marksOf),
    bucketSteps: () => bucketSteps,
  };
}

function makeBucket(point: SeriesPoint, values: readonly Decimal[], line: HeldLine): Bucket {
  const extremes = values.map((value) => ({ value, line }));
  const peak = point.drawdown.peakStep === point.step ? line : undefined;
  const deep = { value: point.drawdown, line, peak };
  return { firstStep: point.step, steps: 1, lows: extremes, highs: [...extremes], deep, peak, buys: {}, sells: {}, rejected: 0 };
}

/** The first of equals stays. */
function widen(bucket: Bucket, point: SeriesPoint, values: readonly Decimal[], hold: () => HeldLine): void {
  bucket.steps += 1;
  for (let k = 0; k < values.length; k += 1) {
    const value = values[k] ?? 0n;
    if (value < (bucket.lows[k]?.value ?? value)) bucket.lows[k] = { value, line: hold() };
    if (value > (bucket.highs[k]?.value ?? value)) bucket.highs[k] = { value, line: hold() };
  }
  const { drawdown } = point;
  if (drawdown.peakStep === point.step) bucket.peak = hold();
  if (compareDrawdowns(drawdown, bucket.deep.value) > 0) bucket.deep = { value: drawdown, line: hold(), peak: bucket.peak };
}

function count(bucket: Bucket, { fills, decision }: SeriesPoint): void {
  for (const { side, symbol } of fills) {
    const marks = side === 'BUY' ? bucket.buys : bucket.sells;
    marks[symbol] = (Object.hasOwn(marks, symbol) ? (marks[symbol] ?? 0) : 0) + 1;
  }
  if (decision === 'REJECTED') bucket.rejected += 1;
}

/** Neighbours two by two; their number is even. */
function pairs(buckets: readonly Bucket[]): Bucket[] {
  const merged: Bucket[] = [];
  for (let k = 0; k + 1 < buckets.length; k += 2) {
    const [a, b] = [buckets[k], buckets[k + 1]];
    if (a !== undefined && b !== undefined) merged.push(merge(a, b));
  }
  return merged;
}

function merge(a: Bucket, b: Bucket): Bucket {
  return {
    firstStep: a.firstStep,
    steps: a.steps + b.steps,
    lows: a.lows.map((low, k) => ((b.lows[k]?.value ?? low.value) < low.value ? (b.lows[k] ?? low) : low)),
    highs: a.highs.map((high, k) => ((b.highs[k]?.value ?? high.value) > high.value ? (b.highs[k] ?? high) : high)),
    deep: compareDrawdowns(b.deep.value, a.deep.value) > 0 ? withPeakOf(a, b.deep) : a.deep,
    peak: b.peak ?? a.peak,
    buys: sum(a.buys, b.buys),
    sells: sum(a.sells, b.sells),
    rejected: a.rejected + b.rejected,
  };
}

/** Where the peak of the second half's drawdown was an extreme of the first half, it now has to be held by name. */
function withPeakOf(a: Bucket, deep: DeepExtreme): DeepExtreme {
  return deep.peak === undefined && a.peak !== undefined ? { ...deep, peak: a.peak } : deep;
}

function sum(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const total: Record<string, number> = { ...a };
  for (const [symbol, more] of Object.entries(b)) total[symbol] = (Object.hasOwn(total, symbol) ? (total[symbol] ?? 0) : 0) + more;
  return total;
}

function linesOf({ lows, highs, deep }: Bucket): readonly HeldLine[] {
  const held = [...[...lows, ...highs, deep].map(({ line }) => line), ...(deep.peak === undefined ? [] : [deep.peak])];
  return [...new Map(held.map((line) => [line.index, line])).values()];
}

function bytesOf(bucket: Bucket): number {
  return linesOf(bucket).reduce((bytes, line) => bytes + line.bytes.length, 0);
}

function marksOf({ firstStep, steps, buys, sells, rejected }: Bucket): BucketMarks {
  return { first_step: firstStep, steps, buys, sells, rejected };
}

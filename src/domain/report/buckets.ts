/**
 * The rows that hold an extreme of a drawn series, found in one pass over steps whose number is not known. Invariants: of every bucket both
 * extremes of every series are held; memory is bounded by the number of buckets and by bytes, whatever the number of steps.
 */
import { assert } from '../assert';
import type { Decimal } from '../decimal/decimal';
import { compareDrawdowns, type Drawdown } from './drawdown';
import type { SeriesPoint } from './figures';
import type { BucketMarks } from './page-data';
import type { WorldPoint } from './world-figures';

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
  /** Lowest and highest of each series in turn; nothing where the bucket has no value of it. */
  lows: (Extreme | undefined)[];
  highs: (Extreme | undefined)[];
  /** The deepest drawdown; the shallowest is where equity is highest. Nothing in a world without equity. */
  deep: DeepExtreme | undefined;
  /** The highest equity so far, of the whole run, where its row is in this bucket. */
  peak: HeldLine | undefined;
  buys: Record<string, number>;
  sells: Record<string, number>;
  rejected: number;
}

/** A step of a market, or of a world file with the values of its lines. */
export type SampledPoint = SeriesPoint | WorldPoint;

export interface Buckets {
  readonly next: (point: SampledPoint, hold: () => HeldLine) => void;
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

  function seriesOf(point: SampledPoint): readonly (Decimal | undefined)[] {
    if (!('prices' in point)) return point.values;
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

function makeBucket(point: SampledPoint, values: readonly (Decimal | undefined)[], line: HeldLine): Bucket {
  const extremes = values.map((value) => (value === undefined ? undefined : { value, line }));
  const drawdown = drawdownOf(point);
  const peak = drawdown?.peakStep === point.step ? line : undefined;
  const deep = drawdown === undefined ? undefined : { value: drawdown, line, peak };
  return { firstStep: point.step, steps: 1, lows: extremes, highs: [...extremes], deep, peak, buys: {}, sells: {}, rejected: 0 };
}

function drawdownOf(point: SampledPoint): Drawdown | undefined {
  return 'drawdown' in point ? point.drawdown : undefined;
}

/** The first of equals stays. */
function widen(bucket: Bucket, point: SampledPoint, values: readonly (Decimal | undefined)[], hold: () => HeldLine): void {
  bucket.steps += 1;
  for (let k = 0; k < values.length; k += 1) {
    const value = values[k];
    if (value === undefined) continue;
    const [low, high] = [bucket.lows[k], bucket.highs[k]];
    if (low === undefined || value < low.value) bucket.lows[k] = { value, line: hold() };
    if (high === undefined || value > high.value) bucket.highs[k] = { value, line: hold() };
  }
  const drawdown = drawdownOf(point);
  if (drawdown === undefined || bucket.deep === undefined) return;
  if (drawdown.peakStep === point.step) bucket.peak = hold();
  if (compareDrawdowns(drawdown, bucket.deep.value) > 0) bucket.deep = { value: drawdown, line: hold(), peak: bucket.peak };
}

function count(bucket: Bucket, point: SampledPoint): void {
  for (const { side, symbol } of 'fills' in point ? point.fills : []) {
    const marks = side === 'BUY' ? bucket.buys : bucket.sells;
    marks[symbol] = (Object.hasOwn(marks, symbol) ? (marks[symbol] ?? 0) : 0) + 1;
  }
  if (point.decision === 'REJECTED') bucket.rejected += 1;
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
    lows: merged(a.lows, b.lows, (value, than) => value < than),
    highs: merged(a.highs, b.highs, (value, than) => value > than),
    deep: deeper(a, b),
    peak: b.peak ?? a.peak,
    buys: sum(a.buys, b.buys),
    sells: sum(a.sells, b.sells),
    rejected: a.rejected + b.rejected,
  };
}

function merged(
  a: readonly (Extreme | undefined)[],
  b: readonly (Extreme | undefined)[],
  beyond: (value: Decimal, than: Decimal) => boolean,
): (Extreme | undefined)[] {
  return (a.length < b.length ? b : a).map((_, k) => {
    const [first, second] = [a[k], b[k]];
    return first === undefined || (second !== undefined && beyond(second.value, first.value)) ? second : first;
  });
}

function deeper(a: Bucket, b: Bucket): DeepExtreme | undefined {
  if (a.deep === undefined || b.deep === undefined) return a.deep ?? b.deep;
  return compareDrawdowns(b.deep.value, a.deep.value) > 0 ? withPeakOf(a, b.deep) : a.deep;
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
  const held = [...lows, ...highs, deep, ...(deep?.peak === undefined ? [] : [{ line: deep.peak }])];
  return [...new Map(held.flatMap((extreme) => (extreme === undefined ? [] : [[extreme.line.index, extreme.line]]))).values()];
}

function bytesOf(bucket: Bucket): number {
  return linesOf(bucket).reduce((bytes, line) => bytes + line.bytes.length, 0);
}

function marksOf({ firstStep, steps, buys, sells, rejected }: Bucket): BucketMarks {
  return { first_step: firstStep, steps, buys, sells, rejected };
}

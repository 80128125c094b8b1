/**
 * Prices on their way from the rows of a file to steps in order of time, in columns of numbers: 32 bytes a price. A run of them is sorted and,
 * when it is full, set down as bytes, so that the memory an import takes does not grow with the file.
 */
import type { Decimal } from '../decimal/decimal';

/** Sorted together; more than a run is merged. Unit: records. */
export const RUN_RECORDS = 262_144;
/** One record set down: seconds, nanoseconds, symbol, line, price in two parts. Unit: bytes. */
export const RECORD_BYTES = 32;

/** Records by column; the first `length` count. */
export interface RecordRun {
  length: number;
  /** Since 1970, or the number of the row in a file without times. */
  readonly seconds: Float64Array;
  readonly nanos: Uint32Array;
  readonly symbol: Uint32Array;
  readonly line: Uint32Array;
  /** A price of 0 is none: a gap. */
  readonly low: BigUint64Array;
  readonly high: Uint32Array;
}

const HIGH_SHIFT = 64n;
const LOW_LIMIT = 1n << HIGH_SHIFT;

export function makeRun(capacity: number): RecordRun {
  return {
    length: 0,
    seconds: new Float64Array(capacity),
    nanos: new Uint32Array(capacity),
    symbol: new Uint32Array(capacity),
    line: new Uint32Array(capacity),
    low: new BigUint64Array(capacity),
    high: new Uint32Array(capacity),
  };
}

export function addRecord(run: RecordRun, seconds: number, nanos: number, symbol: number, line: number, price: Decimal): void {
  const at = run.length;
  run.seconds[at] = seconds;
  run.nanos[at] = nanos;
  run.symbol[at] = symbol;
  run.line[at] = line;
  run.low[at] = price;
  run.high[at] = price < LOW_LIMIT ? 0 : small(price >> HIGH_SHIFT);
  run.length = at + 1;
}

export function priceAt(run: RecordRun, at: number): Decimal {
  const low = run.low[at] ?? 0n;
  const high = run.high[at] ?? 0;
  return high === 0 ? low : (BigInt(high) << HIGH_SHIFT) | low;
}

/** By time, symbol and line. */
export function compareRecords(a: RecordRun, i: number, b: RecordRun, k: number): number {
  return (
    (a.seconds[i] ?? 0) - (b.seconds[k] ?? 0) ||
    (a.nanos[i] ?? 0) - (b.nanos[k] ?? 0) ||
    (a.symbol[i] ?? 0) - (b.symbol[k] ?? 0) ||
    (a.line[i] ?? 0) - (b.line[k] ?? 0)
  );
}

export function copyRecord(from: RecordRun, at: number, to: RecordRun): void {
  const end = to.length;
  to.seconds[end] = from.seconds[at] ?? 0;
  to.nanos[end] = from.nanos[at] ?? 0;
  to.symbol[end] = from.symbol[at] ?? 0;
  to.line[end] = from.line[at] ?? 0;
  to.low[end] = from.low[at] ?? 0n;
  to.high[end] = from.high[at] ?? 0;
  to.length = end + 1;
}

/** The same run when it is in order already, as most files are. */
export function sortedRun(run: RecordRun): RecordRun {
  if (isSorted(run)) return run;
  const order = new Uint32Array(run.length);
  for (let at = 0; at < order.length; at += 1) order[at] = at;
  order.sort((a, b) => compareRecords(run, a, run, b));
  const sorted = makeRun(run.length);
  for (const at of order) copyRecord(run, at, sorted);
  return sorted;
}

export function runBytes(run: RecordRun): Uint8Array {
  const bytes = new Uint8Array(run.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < run.length; at += 1) {
    const offset = at * RECORD_BYTES;
    view.setFloat64(offset, run.seconds[at] ?? 0);
    view.setUint32(offset + 8, run.nanos[at] ?? 0);
    view.setUint32(offset + 12, run.symbol[at] ?? 0);
    view.setUint32(offset + 16, run.line[at] ?? 0);
    view.setBigUint64(offset + 20, run.low[at] ?? 0n);
    view.setUint32(offset + 28, run.high[at] ?? 0);
  }
  return bytes;
}

/** Adds the records that were set down; a whole number of them. */
export function addRunBytes(bytes: Uint8Array, run: RecordRun): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0; offset < bytes.length; offset += RECORD_BYTES) {
    const at = run.length;
    run.seconds[at] = view.getFloat64(offset);
    run.nanos[at] = view.getUint32(offset + 8);
    run.symbol[at] = view.getUint32(offset + 12);
    run.line[at] = view.getUint32(offset + 16);
    run.low[at] = view.getBigUint64(offset + 20);
    run.high[at] = view.getUint32(offset + 28);
    run.length = at + 1;
  }
}

function isSorted(run: RecordRun): boolean {
  for (let at = 1; at < run.length; at += 1) if (compareRecords(run, at - 1, run, at) > 0) return false;
  return true;
}

/** What is left of a price above 64 bits: prices end at 10^18, which is 2^87 units. */
function small(value: bigint): number {
  let number = 0;
  for (const digit of value.toString()) number = number * 10 + (digit.charCodeAt(0) - 48);
  return number;
}

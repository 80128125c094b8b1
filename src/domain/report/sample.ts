/**
 * What a page holds of a tape, chosen in one pass: all of it, or of a long one the rows that drawing and proving need most. Invariants: memory
 * does not grow with the steps; no extreme of a drawn series, no fill and no refusal is lost without being counted.
 */
import { formatDecimal } from '../decimal/decimal';
import type { Row } from '../tape/chain';
import { type BucketLimits, BUCKETS_MAX, EXTREME_BYTES_MAX, type HeldLine, makeBuckets, type SampledPoint } from './buckets';
import type { Figures } from './figures';
import { type TapeSample, WHOLE_TAPE_STEPS_MAX } from './page-data';
import type { WorldFigures } from './world-figures';

export interface SampleLimits {
  /** A tape of at most so many steps and bytes is held whole. */
  readonly wholeSteps: number;
  readonly wholeBytes: number;
  readonly buckets: BucketLimits;
  /** Steps held at either end. */
  readonly ends: number;
  /** Rows of steps that were approved or refused; with more than this (or more bytes) they are counted instead. */
  readonly decided: number;
  readonly decidedBytes: number;
  /** Bytes of the rows that are no steps. */
  readonly otherBytes: number;
}

export const SAMPLE_LIMITS: SampleLimits = {
  wholeSteps: WHOLE_TAPE_STEPS_MAX,
  wholeBytes: 14_000_000,
  buckets: { buckets: BUCKETS_MAX, bytes: EXTREME_BYTES_MAX },
  ends: 50,
  decided: 5_000,
  decidedBytes: 6_000_000,
  otherBytes: 6_000_000,
};

export interface TapeLine {
  /** As it stands, with its newline. */
  readonly text: string;
  readonly row: Row | undefined;
}

export interface TapeSelection {
  readonly next: (line: TapeLine, index: number, point: SampledPoint | undefined) => void;
  /** The lines in the order of the tape, and what stands in for the others. */
  readonly end: (figures: Figures, world?: WorldFigures) => { readonly lines: readonly Uint8Array[]; readonly sample: TapeSample | null };
}

export function makeTapeSelection(limits: SampleLimits = SAMPLE_LIMITS): TapeSelection {
  const encoder = new TextEncoder();
  const buckets = makeBuckets(limits.buckets);
  const head: HeldLine[] = [];
  const tail: (HeldLine | undefined)[] = [];
  const others = makeBounded(Infinity, limits.otherBytes);
  const decided = makeBounded(limits.decided, limits.decidedBytes);
  let whole: Uint8Array[] | undefined = [];
  let wholeBytes = 0;
  let opening: HeldLine | undefined;
  let seal: HeldLine | undefined;
  let rows = 0;
  let steps = 0;

  function next({ text, row }: TapeLine, index: number, point: SampledPoint | undefined): void {
    rows += 1;
    let held: HeldLine | undefined;
    const hold = (): HeldLine => (held ??= { index, bytes: encoder.encode(text) });
    if (point !== undefined) steps += 1;
    if (whole !== undefined) {
      const { bytes } = hold();
      wholeBytes += bytes.length;
      whole.push(bytes);
      if (steps > limits.wholeSteps || wholeBytes > limits.wholeBytes) whole = undefined;
    }
    if (point === undefined) {
      if (index === 0) opening = hold();
      else if (row?.['type'] === 'seal') seal = hold();
      else if (row?.['type'] !== 'checkpoint') others.add(hold());
      return;
    }
    buckets.next(point, hold);
    if (head.length < limits.ends) head.push(hold());
    if (limits.ends > 0) tail[steps % limits.ends] = hold();
    if (point.decision === 'APPROVED' || point.decision === 'REJECTED') decided.add(hold());
  }

  function end(figures: Figures, world?: WorldFigures): { readonly lines: readonly Uint8Array[]; readonly sample: TapeSample | null } {
    if (whole !== undefined) return { lines: whole, sample: null };
    const marked = decided.overflowed();
    const ends = [opening, ...head, ...tail, seal].filter((line) => line !== undefined);
    const chosen = [...buckets.lines(), ...ends, ...others.lines(), ...(marked ? [] : decided.lines())];
    const lines = [...new Map(chosen.map((line) => [line.index, line])).values()].sort((a, b) => a.index - b.index);
    const { maxDrawdown, fills, fees } = figures;
    const sample: TapeSample = {
      rows_total: rows,
      steps_total: steps,
      ranges: rangesOf(lines),
      bucket_steps: buckets.bucketSteps(),
      fills: fills.BUY + fills.SELL,
      fees: formatDecimal(fees),
      max_drawdown: maxDrawdown === undefined ? null : { peak_step: maxDrawdown.peakStep, trough_step: maxDrawdown.step },
      marks: marked ? buckets.marks() : null,
      ...(world === undefined ? {} : { world: { actions: world.actions, fuel: world.fuel } }),
    };
    return { lines: lines.map(({ bytes }) => bytes), sample };
  }

  return { next, end };
}

/** For a reader that wants the figures alone. */
export const NO_SELECTION: TapeSelection = { next: () => undefined, end: () => ({ lines: [], sample: null }) };

interface Bounded {
  readonly add: (line: HeldLine) => void;
  readonly lines: () => readonly HeldLine[];
  readonly overflowed: () => boolean;
}

/** Keeps what comes until there is too much of it. */
function makeBounded(linesMax: number, bytesMax: number): Bounded {
  const lines: HeldLine[] = [];
  let bytes = 0;
  let overflowed = false;
  return {
    add: (line) => {
      overflowed ||= lines.length >= linesMax || bytes + line.bytes.length > bytesMax;
      if (overflowed) return;
      lines.push(line);
      bytes += line.bytes.length;
    },
    lines: () => lines,
    overflowed: () => overflowed,
  };
}

function rangesOf(lines: readonly HeldLine[]): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  for (const { index } of lines) {
    const last = ranges.at(-1);
    if (last !== undefined && index === last[0] + last[1]) last[1] += 1;
    else ranges.push([index, 1]);
  }
  return ranges;
}

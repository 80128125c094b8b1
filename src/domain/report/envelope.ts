/**
 * A series drawn in few columns: of each stretch of it the lowest and the highest value, in the order in which they came. Invariants: no extreme
 * is lost; memory does not grow with the series, whose length need not be known.
 */
import type { Decimal } from '../decimal/decimal';

/** Stretches held at most, more than any terminal has columns. */
const STRETCHES_MAX = 1_024;

interface Stretch {
  readonly low: Decimal;
  readonly high: Decimal;
  readonly lowFirst: boolean;
  readonly count: number;
}

export interface CurveEnvelope {
  readonly add: (value: Decimal) => void;
  /** At most `pointsMax` values (2 or more) from the first to the last stretch. */
  readonly points: (pointsMax: number) => readonly Decimal[];
}

export function makeEnvelope(): CurveEnvelope {
  let stretches: Stretch[] = [];
  let open: Stretch | undefined;
  let length = 1;
  return {
    add: (value) => {
      const one = { low: value, high: value, lowFirst: true, count: 1 };
      open = open === undefined ? one : join(open, one);
      if (open.count < length) return;
      stretches.push(open);
      open = undefined;
      if (stretches.length < STRETCHES_MAX) return;
      stretches = joined(stretches, STRETCHES_MAX / 2);
      length *= 2;
    },
    points: (pointsMax) => {
      const all = open === undefined ? stretches : [...stretches, open];
      if (all.length <= pointsMax && all.every(({ count }) => count === 1)) return all.map(({ low }) => low);
      return joined(all, Math.floor(pointsMax / 2)).flatMap(({ low, high, lowFirst }) => (lowFirst ? [low, high] : [high, low]));
    },
  };
}

/** Neighbours joined into at most so many stretches, of lengths as equal as can be. */
function joined(stretches: readonly Stretch[], max: number): Stretch[] {
  const made: Stretch[] = [];
  const wanted = Math.max(1, Math.min(max, stretches.length));
  for (let k = 0; k < wanted; k += 1) {
    const [from, to] = [Math.floor((k * stretches.length) / wanted), Math.floor(((k + 1) * stretches.length) / wanted)];
    const part = stretches.slice(from, to);
    if (part.length > 0) made.push(part.reduce(join));
  }
  return made;
}

/** The first of equals counts. */
function join(a: Stretch, b: Stretch): Stretch {
  const [newLow, newHigh] = [b.low < a.low, b.high > a.high];
  const lowFirst = newLow === newHigh ? (newLow ? b.lowFirst : a.lowFirst) : newHigh;
  return { low: newLow ? b.low : a.low, high: newHigh ? b.high : a.high, lowFirst, count: a.count + b.count };
}

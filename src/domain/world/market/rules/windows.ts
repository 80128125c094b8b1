/**
 * What rules may know of the prices of one symbol. A rule asks for windows when it is made and keeps no history of its own, so how far a
 * strategy looks back is what was asked for here. Invariant: the cost of a step does not depend on the length of a window.
 */
import { assert } from '../../../assert';
import { type Decimal, divHalfEven } from '../../../decimal/decimal';
import { COUNT_MAX } from '../../../limits';

/** Windows are asked for before the first price. Each answers about the prices up to and including the one observed last. */
export interface Windows {
  readonly price: () => Decimal;
  /** How many prices were observed, exact up to the longest window asked for. */
  readonly count: () => number;
  /** Sum of the last `steps` prices, and of their squares; of all while there are fewer. */
  readonly sum: (steps: number) => () => Decimal;
  readonly squares: (steps: number) => () => bigint;
  /** The highest and the lowest of the `steps` prices before the present one; of fewer while there are fewer, 0 while there is none. */
  readonly highestBefore: (steps: number) => () => Decimal;
  readonly lowestBefore: (steps: number) => () => Decimal;
  /**
   * Exponential mean with weight 2 / (steps + 1), rounded half-even at each price; begins as the mean of the first `steps` prices and is 0
   * before. It depends on every price since the first.
   */
  readonly exponential: (steps: number) => () => Decimal;
  /**
   * Wilder's means of rises and of falls: the mean of the first `steps` changes, then (mean x (steps - 1) + change) / steps, each rounded
   * half-even; nothing before. They depend on every price since the first.
   */
  readonly changes: (steps: number) => () => MeanChanges | undefined;
}

export interface MeanChanges {
  readonly rise: Decimal;
  readonly fall: Decimal;
}

export interface ObservedWindows extends Windows {
  readonly observe: (price: Decimal) => void;
  /** How many prices before the present one the windows reach; `WHOLE_PAST` where one depends on them all. Unit: steps. */
  readonly lookback: () => number;
}

/** A lookback longer than any market: from the first step on. Unit: steps. */
export const WHOLE_PAST = COUNT_MAX;

/** Takes a price in, and lets go of the one that leaves the window (0 while the window fills). */
interface Rolling {
  readonly steps: number;
  readonly roll: (entering: Decimal, leaving: Decimal) => void;
}

export function makeWindows(): ObservedWindows {
  const rolling: Rolling[] = [];
  const slots: Decimal[] = [];
  const recursive: ((price: Decimal) => void)[] = [];
  let longest = 1;
  let next = 0;
  let price: Decimal = 0n;

  /** The price observed `steps` observations ago; 0 where there were fewer. */
  function back(steps: number): Decimal {
    if (steps > slots.length) return 0n;
    const index = next - steps;
    return slots[index < 0 ? index + longest : index] ?? 0n;
  }

  function add(window: Rolling): void {
    assert(slots.length === 0, 'windows are asked for before the first price');
    if (window.steps > longest) longest = window.steps;
    rolling.push(window);
  }

  function remember(next: (price: Decimal) => void): void {
    assert(slots.length === 0, 'windows are asked for before the first price');
    recursive.push(next);
  }

  /** Candidates for the extreme of a window, each better than all that came after it: the first is the one. */
  function extremeBefore(steps: number, beats: (a: Decimal, b: Decimal) => boolean): () => Decimal {
    const candidates: { readonly at: number; readonly price: Decimal }[] = [];
    let first = 0;
    let seen = 0;
    let extreme: Decimal = 0n;
    add({
      steps: steps + 1,
      roll: (entering) => {
        extreme = candidates[first]?.price ?? 0n;
        while (candidates.length > first && !beats(candidates.at(-1)?.price ?? 0n, entering)) candidates.pop();
        candidates.push({ at: seen, price: entering });
        seen += 1;
        if ((candidates[first]?.at ?? 0) < seen - steps) first += 1;
        // What was passed is let go of in one piece, so that a step costs the same whatever the window.
        if (first > 1_024 && first * 2 > candidates.length) {
          candidates.splice(0, first);
          first = 0;
        }
      },
    });
    return () => extreme;
  }

  return {
    price: () => price,
    count: () => slots.length,
    sum: (steps) => {
      let sum = 0n;
      add({
        steps,
        roll: (entering, leaving) => {
          sum += entering - leaving;
        },
      });
      return () => sum;
    },
    squares: (steps) => {
      let squares = 0n;
      add({
        steps,
        roll: (entering, leaving) => {
          squares += entering * entering - leaving * leaving;
        },
      });
      return () => squares;
    },
    highestBefore: (steps) => extremeBefore(steps, (a, b) => a > b),
    lowestBefore: (steps) => extremeBefore(steps, (a, b) => a < b),
    exponential: (steps) => {
      const n = BigInt(steps);
      let seen = 0;
      let mean = 0n;
      let sum = 0n;
      remember((entering) => {
        seen += 1;
        if (seen > steps) {
          mean = divHalfEven(mean * (n - 1n) + 2n * entering, n + 1n);
          return;
        }
        sum += entering;
        if (seen === steps) mean = divHalfEven(sum, n);
      });
      return () => mean;
    },
    changes: (steps) => {
      const n = BigInt(steps);
      let seen = 0;
      let last = 0n;
      let [rise, fall] = [0n, 0n];
      remember((entering) => {
        const change = entering - last;
        last = entering;
        seen += 1;
        if (seen === 1) return;
        const [up, down] = change > 0n ? [change, 0n] : [0n, -change];
        if (seen > steps + 1) {
          rise = divHalfEven(rise * (n - 1n) + up, n);
          fall = divHalfEven(fall * (n - 1n) + down, n);
          return;
        }
        rise += up;
        fall += down;
        if (seen === steps + 1) [rise, fall] = [divHalfEven(rise, n), divHalfEven(fall, n)];
      });
      return () => (seen > steps ? { rise, fall } : undefined);
    },
    observe: (entering) => {
      for (const window of rolling) window.roll(entering, back(window.steps));
      for (const next of recursive) next(entering);
      // The ring grows as prices come, so that a long window over a short market costs what the market costs.
      if (slots.length < longest) slots.push(entering);
      else slots[next] = entering;
      next = next + 1 === longest ? 0 : next + 1;
      price = entering;
    },
    lookback: () => (recursive.length > 0 ? WHOLE_PAST : longest - 1),
  };
}

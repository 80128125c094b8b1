/**
 * What rules may know of the prices of one symbol. A rule asks for windows when it is made and keeps no history of its own, so how far a
 * strategy looks back is what was asked for here. Invariant: the cost of a step does not depend on the length of a window.
 */
import { assert } from '../../../assert';
import type { Decimal } from '../../../decimal/decimal';

/** Windows are asked for before the first price. Each answers about the prices up to and including the one observed last. */
export interface Windows {
  readonly price: () => Decimal;
  /** How many prices were observed, exact up to the longest window asked for. */
  readonly count: () => number;
  /** Sum of the last `steps` prices, and of their squares; of all while there are fewer. */
  readonly sum: (steps: number) => () => Decimal;
  readonly squares: (steps: number) => () => bigint;
}

export interface ObservedWindows extends Windows {
  readonly observe: (price: Decimal) => void;
  /** How many prices before the present one the windows reach. Unit: steps. */
  readonly lookback: () => number;
}

/** Takes a price in, and lets go of the one that leaves the window (0 while the window fills). */
interface Rolling {
  readonly steps: number;
  readonly roll: (entering: Decimal, leaving: Decimal) => void;
}

export function makeWindows(): ObservedWindows {
  const rolling: Rolling[] = [];
  const slots: Decimal[] = [];
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
    observe: (entering) => {
      for (const window of rolling) window.roll(entering, back(window.steps));
      // The ring grows as prices come, so that a long window over a short market costs what the market costs.
      if (slots.length < longest) slots.push(entering);
      else slots[next] = entering;
      next = next + 1 === longest ? 0 : next + 1;
      price = entering;
    },
    lookback: () => longest - 1,
  };
}

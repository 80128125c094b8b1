/**
 * What the steps of a run come to, for whoever has them: rows of a tape, or the transitions of a run as it goes. Both give the same figures.
 * Invariant: exact until they are shown; memory does not grow with the steps.
 */
import type { Decimal } from '../decimal/decimal';
import { compareDrawdowns, type Drawdown, makeDrawdowns } from './drawdown';
import { makePerformance, type Performance } from './performance';
import type { TripFill } from './round-trips';
import type { Amounts } from './step-point';

/** All of `Figures` but the refusals, which only a reader of rows needs. */
export interface Sums {
  readonly steps: number;
  readonly decisions: { readonly APPROVED: number; readonly REJECTED: number; readonly HOLD: number };
  readonly fills: { readonly BUY: number; readonly SELL: number };
  readonly fees: Decimal;
  /** Sum of the notionals. */
  readonly turnover: Decimal;
  /** Before the first step, at its prices; nothing where no step was taken. */
  readonly startEquity: Decimal | undefined;
  readonly finalEquity: Decimal | undefined;
  readonly finalCash: Decimal | undefined;
  readonly finalExposure: Decimal | undefined;
  readonly maxExposure: { readonly value: Decimal; readonly step: number } | undefined;
  /** The deepest, and of equals the first; nothing where equity never fell. */
  readonly maxDrawdown: Drawdown | undefined;
  readonly measures: Performance;
}

export interface SummedStep {
  readonly step: number;
  readonly decision: string;
  readonly before: Amounts;
  readonly after: Amounts;
  readonly time: () => string | undefined;
  readonly symbols: Iterable<string>;
  readonly priceOf: (symbol: string) => Decimal | undefined;
}

export interface SumsReader {
  readonly next: (step: SummedStep, fills: readonly TripFill[], universe: readonly string[]) => Drawdown;
  readonly sums: () => Sums;
}

export function makeSums(): SumsReader {
  const drawdowns = makeDrawdowns();
  const decisions: Record<'APPROVED' | 'REJECTED' | 'HOLD', number> = { APPROVED: 0, REJECTED: 0, HOLD: 0 };
  const measures = makePerformance();
  const sides = { BUY: 0, SELL: 0 };
  let steps = 0;
  let fees = 0n;
  let turnover = 0n;
  let start: Amounts | undefined;
  let end: Amounts | undefined;
  let maxExposure: Sums['maxExposure'];
  let maxDrawdown: Drawdown | undefined;

  return {
    next: (summed, fills, universe) => {
      const { step, decision, before, after } = summed;
      steps += 1;
      if (decision === 'APPROVED' || decision === 'REJECTED' || decision === 'HOLD') decisions[decision] += 1;
      for (const fill of fills) {
        sides[fill.side] += 1;
        fees += fill.fee;
        turnover += fill.notional;
      }
      if (start === undefined) {
        start = before;
        drawdowns.next(step, before.equity);
      }
      end = after;
      measures.next(summed, fills, universe);
      const { equity, exposure } = after;
      if (maxExposure === undefined || exposure > maxExposure.value) maxExposure = { value: exposure, step };
      const drawdown = drawdowns.next(step, equity);
      if (drawdown.equity < drawdown.peak && (maxDrawdown === undefined || compareDrawdowns(drawdown, maxDrawdown) > 0))
        maxDrawdown = drawdown;
      return drawdown;
    },
    sums: () => ({
      steps,
      decisions: { ...decisions },
      fills: { ...sides },
      fees,
      turnover,
      startEquity: start?.equity,
      finalEquity: end?.equity,
      finalCash: end?.cash,
      finalExposure: end?.exposure,
      maxExposure,
      maxDrawdown,
      measures: measures.measures(),
    }),
  };
}

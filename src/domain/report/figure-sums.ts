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
  /** When the steps were that the figures name, as the market tells it; nothing where it tells no times. */
  readonly times: FigureTimes;
  /** The deepest, and of equals the first; nothing where equity never fell. */
  readonly maxDrawdown: Drawdown | undefined;
  readonly measures: Performance;
}

export interface FigureTimes {
  readonly first: string | undefined;
  readonly last: string | undefined;
  readonly maxExposure: string | undefined;
  readonly peak: string | undefined;
  readonly trough: string | undefined;
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
  const unknown = (): undefined => undefined;
  let peak: SummedStep['time'] = unknown;
  let times = { first: peak, last: peak, maxExposure: peak, peak, trough: peak };

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
        times = { ...times, first: summed.time };
        peak = summed.time;
        drawdowns.next(step, before.equity);
      }
      end = after;
      times.last = summed.time;
      measures.next(summed, fills, universe);
      const { equity, exposure } = after;
      if (maxExposure === undefined || exposure > maxExposure.value) {
        maxExposure = { value: exposure, step };
        times.maxExposure = summed.time;
      }
      const drawdown = drawdowns.next(step, equity);
      if (drawdown.peakStep === step) peak = summed.time;
      if (drawdown.equity < drawdown.peak && (maxDrawdown === undefined || compareDrawdowns(drawdown, maxDrawdown) > 0)) {
        maxDrawdown = drawdown;
        times = { ...times, peak, trough: summed.time };
      }
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
      times: {
        first: times.first(),
        last: times.last(),
        maxExposure: times.maxExposure(),
        peak: times.peak(),
        trough: times.trough(),
      },
      measures: measures.measures(),
    }),
  };
}

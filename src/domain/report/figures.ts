/**
 * The figures of a run, from the rows of its tape and nothing else. Invariant: exact until they are shown; memory does not grow with the rows,
 * so a reader of any tape and the program inside a page use the same.
 */
import { isRecord } from '../codec/codec';
import type { Decimal } from '../decimal/decimal';
import type { Row } from '../tape/chain';
import type { Costs } from '../world/market/costs';
import { makeDerivedLedger, type DerivedFill } from './derived-ledger';
import { compareDrawdowns, type Drawdown, makeDrawdowns } from './drawdown';
import { makePerformance, type Performance } from './performance';
import { makeRefusals, type Refusals } from './refusals';
import { share, stepPoint, type StepPoint } from './step-point';

export interface Figures {
  readonly steps: number;
  readonly decisions: { readonly APPROVED: number; readonly REJECTED: number; readonly HOLD: number };
  /** Refused steps by the code of the verifier. */
  readonly refusals: ReturnType<Refusals['counts']>;
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

/** What one step adds to the charts. */
export interface SeriesPoint extends StepPoint {
  readonly drawdown: Drawdown;
  readonly fills: readonly DerivedFill[];
}

export interface FigureReader {
  /** The next row, from the run row on; the point of a step. */
  readonly next: (row: Row) => SeriesPoint | undefined;
  readonly figures: () => Figures;
}

export function makeFigureReader(costs: Costs): FigureReader {
  const ledger = makeDerivedLedger(costs);
  const drawdowns = makeDrawdowns();
  const decisions: Record<'APPROVED' | 'REJECTED' | 'HOLD', number> = { APPROVED: 0, REJECTED: 0, HOLD: 0 };
  const refusals = makeRefusals();
  const measures = makePerformance();
  const sides = { BUY: 0, SELL: 0 };
  let steps = 0;
  let fees = 0n;
  let turnover = 0n;
  let first: StepPoint | undefined;
  let last: StepPoint | undefined;
  let maxExposure: Figures['maxExposure'];
  let maxDrawdown: Drawdown | undefined;
  let peakTime: string | undefined;
  let times: FigureTimes = { first: undefined, last: undefined, maxExposure: undefined, peak: undefined, trough: undefined };

  return {
    next: (row) => {
      const fills = ledger.next(row);
      const point = stepPoint(row);
      if (point === undefined) return undefined;
      steps += 1;
      refusals.addRow(row);
      if (point.decision === 'APPROVED' || point.decision === 'REJECTED' || point.decision === 'HOLD') decisions[point.decision] += 1;
      for (const fill of fills) {
        sides[fill.side] += 1;
        fees += fill.fee;
        turnover += fill.notional;
      }
      if (first === undefined) {
        first = point;
        times = { ...times, first: point.time };
        peakTime = point.time;
        drawdowns.next(point.step, point.before.equity);
      }
      last = point;
      measures.next(
        {
          time: point.time,
          equityBefore: point.before.equity,
          equityAfter: point.after.equity,
          exposureAfter: point.after.exposure,
          symbols: point.prices.keys(),
          priceOf: (symbol) => point.prices.get(symbol),
        },
        fills,
        isRecord(row['signals']) ? Object.keys(row['signals']) : [],
      );
      const { equity, exposure } = point.after;
      if (maxExposure === undefined || exposure > maxExposure.value) {
        maxExposure = { value: exposure, step: point.step };
        times = { ...times, maxExposure: point.time };
      }
      const drawdown = drawdowns.next(point.step, equity);
      if (drawdown.peakStep === point.step) peakTime = point.time;
      if (drawdown.equity < drawdown.peak && (maxDrawdown === undefined || compareDrawdowns(drawdown, maxDrawdown) > 0)) {
        maxDrawdown = drawdown;
        times = { ...times, peak: peakTime, trough: point.time };
      }
      return { ...point, drawdown, fills };
    },
    figures: () => ({
      steps,
      decisions: { ...decisions },
      refusals: refusals.counts(),
      fills: { ...sides },
      fees,
      turnover,
      startEquity: first?.before.equity,
      finalEquity: last?.after.equity,
      finalCash: last?.after.cash,
      finalExposure: last?.after.exposure,
      maxExposure,
      maxDrawdown,
      times: { ...times, last: last?.time },
      measures: measures.measures(),
    }),
  };
}

/** Final less start equity, as a share of the start: for display. Nothing where there was no equity to begin with. */
export function returnShare({ startEquity, finalEquity }: Figures): Decimal | undefined {
  return startEquity === undefined || finalEquity === undefined || startEquity === 0n
    ? undefined
    : share(finalEquity - startEquity, startEquity);
}

/**
 * The figures of a run, from the rows of its tape and nothing else. Invariant: exact until they are shown; memory does not grow with the rows,
 * so a reader of any tape and the program inside a page use the same.
 */
import { isRecord } from '../codec/codec';
import type { Decimal } from '../decimal/decimal';
import type { Row } from '../tape/chain';
import type { TradingCosts } from '../world/market/costs';
import { makeDerivedLedger, type DerivedFill } from './derived-ledger';
import type { Drawdown } from './drawdown';
import { makeSums, type Sums } from './figure-sums';
import { makeRefusals, type Refusals } from './refusals';
import { share, stepPoint, type StepPoint } from './step-point';

export interface Figures extends Sums {
  /** Refused steps by the code of the verifier. */
  readonly refusals: ReturnType<Refusals['counts']>;
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

export function makeFigureReader(costs: TradingCosts): FigureReader {
  const ledger = makeDerivedLedger(costs);
  const refusals = makeRefusals();
  const sums = makeSums();
  return {
    next: (row) => {
      const fills = ledger.next(row);
      const point = stepPoint(row);
      if (point === undefined) return undefined;
      refusals.addRow(row);
      const { prices, time } = point;
      const summed = { ...point, time: () => time, symbols: prices.keys(), priceOf: (symbol: string) => prices.get(symbol) };
      const drawdown = sums.next(summed, fills, isRecord(row['signals']) ? Object.keys(row['signals']) : []);
      return { ...point, drawdown, fills };
    },
    figures: () => ({ ...sums.sums(), refusals: refusals.counts() }),
  };
}

/** Final less start equity, as a share of the start: for display. Nothing where there was no equity to begin with. */
export function returnShare({ startEquity, finalEquity }: Sums): Decimal | undefined {
  return startEquity === undefined || finalEquity === undefined || startEquity === 0n
    ? undefined
    : share(finalEquity - startEquity, startEquity);
}

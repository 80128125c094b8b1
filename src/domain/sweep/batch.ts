/** Cells one after the other, wherever they are taken: in this thread, in one of a pool, or in a function. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { canonical } from '../canonical/canonical';
import type { Problem } from '../codec/problem';
import { prepareCell, takeCell } from './cell';
import { makeCellMarket, type MarketBytes } from './market';
import type { SweepPlan } from './plan';

/** Cells `[from, until)`. */
export interface Batch {
  readonly from: number;
  readonly until: number;
}

/** The rows of a batch, or the first cell that cannot be run. */
export type BatchResult = Either<CellProblem, readonly string[]>;

export interface CellProblem {
  readonly cell: number;
  readonly point: string;
  readonly problems: readonly Problem[];
}

export type TakeBatch = (batch: Batch) => Promise<BatchResult>;

export function makeTakeBatch(plan: SweepPlan, bytes: MarketBytes): TakeBatch {
  const market = makeCellMarket(bytes);
  return async ({ from, until }) => {
    const rows: string[] = [];
    for (let index = from; index < until; index += 1) {
      const cell = plan.cellAt(index);
      const prepared = prepareCell(cell, market);
      const row = isLeft(prepared) ? prepared : await takeCell(cell, prepared.right, market.symbols);
      if (isLeft(row)) return left({ cell: index, point: canonical(cell.point), problems: row.left });
      rows.push(row.right);
    }
    return right(rows);
  };
}

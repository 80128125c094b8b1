/** Batches of cells, taken here or by a pool of threads, and handed back in their order. Invariant: no more is held than the threads work on. */
import { isLeft } from 'fp-ts/Either';
import { join } from 'node:path';
import { type BatchResult, type CellProblem, makeTakeBatch, type TakeBatch } from '../../../domain/sweep/batch';
import { factsOf, type MarketBytes } from '../../../domain/sweep/market';
import { planSweep, type SweepPlan } from '../../../domain/sweep/plan';
import type { SweepSpec } from '../../../domain/sweep/spec';

/** What a thread is started with; the market is shared and not copied. */
export interface WorkerData {
  readonly spec: SweepSpec;
  readonly market: MarketBytes;
}

/** In a thread: the spec was planned before, over the very same market. */
export function takeBatchOf({ spec, market }: WorkerData): TakeBatch {
  const plan = planSweep(spec, factsOf(market));
  if (isLeft(plan)) throw new Error('a spec that was planned is planned again');
  return makeTakeBatch(plan.right, market);
}

export interface Cells {
  readonly take: TakeBatch;
  readonly close: () => Promise<void>;
}

/** Built from `sweep-worker.ts`, into the same directory as this file. */
const WORKER_FILE = 'sweep-worker.cjs';

export async function startCells(plan: SweepPlan, market: MarketBytes, jobs: number): Promise<Cells> {
  if (jobs === 1) return { take: makeTakeBatch(plan, market), close: () => Promise.resolve() };
  const { default: Pool } = await import('piscina');
  const workerData: WorkerData = { spec: plan.spec, market };
  const filename = join(__dirname, WORKER_FILE);
  const pool = new Pool({ filename, name: 'takeBatch', minThreads: jobs, maxThreads: jobs, workerData });
  return { take: (batch) => pool.run(batch) as Promise<BatchResult>, close: () => pool.destroy() };
}

/** Steps of a batch at most, about: it is worth a message, and Ctrl-C does not wait for more. */
const BATCH_STEPS_MAX = 20_000;
const BATCH_CELLS_MAX = 256;
/** What is left is shared among so many batches a thread: large ones first, small ones last, so that no thread waits for another at the end. */
const BATCHES_LEFT = 4;

/** Cells `[from, until)` in order, as many batches at a time as keep the threads busy. `onRows` says false to stop. */
export async function takeInOrder(
  cells: Cells,
  plan: SweepPlan,
  from: number,
  jobs: number,
  onRows: (rows: readonly string[]) => Promise<boolean>,
): Promise<CellProblem | undefined> {
  const { granted, stepsGranted } = plan;
  const most = Math.min(BATCH_CELLS_MAX, Math.floor((BATCH_STEPS_MAX * granted) / Math.max(1, stepsGranted)));
  const running: Promise<BatchResult>[] = [];
  let next = from;
  const start = (): void => {
    while (next < granted && running.length < (jobs === 1 ? 1 : 3 * jobs)) {
      const until = next + Math.max(1, Math.min(most, Math.floor((granted - next) / (BATCHES_LEFT * jobs))));
      running.push(cells.take({ from: next, until }));
      next = until;
    }
  };
  for (;;) {
    start();
    const result = await running.shift();
    if (result === undefined) return undefined;
    if (isLeft(result)) {
      await Promise.allSettled(running);
      return result.left;
    }
    if (await onRows(result.right)) continue;
    await Promise.allSettled(running);
    return undefined;
  }
}

/** What a run of steps would take: the run itself, with no limit in the way and nothing that is kept. docs/spec.md section 8. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { MarketInput } from '../../ports/market-input';
import type { RunWriter } from '../../ports/run-files';
import { limitless, type Quoted } from '../episode/quote';
import type { RunError, RunRequest } from './prepare';
import { run } from './run';

export type Handled = RunRequest & Required<Pick<RunRequest, 'handler'>>;

export function unlimited(request: Handled): Handled {
  return { ...request, handler: { ...request.handler, budget: limitless(request.handler.budget) } };
}

/** A run of steps asks nothing of the outside, so the least is the most: what the run takes that nothing limits. */
export async function quoteSteps(request: Handled, market: MarketInput, scratch: RunWriter): Promise<Either<RunError, Quoted>> {
  const done = await run(unlimited(request), market, scratch);
  if (isLeft(done)) return done;
  const { budgetState } = done.right.summary;
  return right({ least: budgetState, most: budgetState });
}

/**
 * The time of a session that is limited by it: from its creation on, over all its requests, by the clock of whoever takes one.
 * A `clock` row with the instant stands behind the row that opens the tape, and before each call and each grant. docs/spec.md section 9.
 */
import { type Breaker, chargeElapsed } from '../budget/breaker';
import type { BudgetExceeded } from '../budget/budget';
import { hasNoWorld, type SessionInputs } from './inputs';
import { clockRow } from './rows';
import type { SessionEpisode } from './session-world';

/** Whether its budget limits time. The root of a day makes no calls: its limit is one for those it grants to. */
export function isTimed(inputs: SessionInputs): boolean {
  return inputs.budget.max_wall_ms !== undefined && !hasNoWorld(inputs);
}

/** Milliseconds, never fewer than 0: the clocks of two machines may differ. */
export function elapsedMs(began: number, at: number): number {
  return Math.max(0, at - began);
}

/** Puts the instant on the tape and charges the time until then. */
export function tick(episode: SessionEpisode<unknown>, { budget }: SessionInputs, began: number, at: number): BudgetExceeded | undefined {
  episode.append(clockRow(at));
  return chargeElapsed(episode.breaker, budget, elapsedMs(began, at));
}

/** Whether the time of a child fits into what is left of its parent's: refused where it does not. */
export function reserveTime(breaker: Breaker, given: { readonly max_wall_ms?: number }, elapsed: number): BudgetExceeded | undefined {
  return given.max_wall_ms === undefined ? undefined : breaker.preflight({ wall_ms: elapsed + given.max_wall_ms });
}

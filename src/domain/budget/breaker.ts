/**
 * The breaker: every act reserves its cost here first. docs/spec.md section 5.
 * Invariants: what is spent never exceeds the budget, not for an instant; after the first refusal nothing more is granted.
 */
import { assert } from '../assert';
import { type Budget, type BudgetExceeded, type BudgetState, type Dimension, DIMENSIONS, LIMITER_OF, NOTHING_SPENT } from './budget';

export interface Breaker {
  /**
   * Charges `amount` before the act. Answers the refusal, or nothing when granted. Synchronous, so parallel work cannot slip
   * between check and count. Once it has refused, it answers that first refusal for ever.
   */
  readonly reserve: (dimension: Dimension, amount: number) => BudgetExceeded | undefined;
  /** Whether all of these can be granted together: charges nothing, but latches like `reserve` when one cannot. */
  readonly preflight: (costs: Partial<BudgetState>) => BudgetExceeded | undefined;
  readonly state: () => BudgetState;
  readonly refusal: () => BudgetExceeded | undefined;
}

/** Charges several dimensions for one act, all or none: an act that is refused in one of them costs nothing in the others. */
export function reserveAll(breaker: Breaker, costs: Partial<BudgetState>): BudgetExceeded | undefined {
  const refused = breaker.preflight(costs);
  if (refused !== undefined) return refused;
  for (const dimension of DIMENSIONS) breaker.reserve(dimension, costs[dimension] ?? 0);
  return undefined;
}

/** `spent` continues an earlier count, for a verifier that starts at a checkpoint. */
export function makeBreaker(budget: Budget, spent: BudgetState = NOTHING_SPENT): Breaker {
  const state: Record<Dimension, number> = { ...spent };
  let refusal: BudgetExceeded | undefined;

  function check(dimension: Dimension, amount: number): BudgetExceeded | undefined {
    assert(Number.isSafeInteger(amount) && amount >= 0, 'a reservation is a whole number of 0 or more');
    if (refusal !== undefined) return refusal;
    const limiter = LIMITER_OF[dimension];
    // Compared by what is left, so that a huge amount cannot overflow past the limit.
    if (amount <= budget[limiter] - state[dimension]) return undefined;
    refusal = {
      code: 'budget_exceeded',
      limiter,
      message: `${limiter} is ${String(budget[limiter])}: ${String(state[dimension])} spent, ${String(amount)} more asked for`,
      requested: amount,
      budgets: { budget, budget_state: { ...state } },
    };
    return refusal;
  }

  return {
    reserve: (dimension, amount) => {
      const refused = check(dimension, amount);
      if (refused === undefined) state[dimension] += amount;
      return refused;
    },
    preflight: (costs) => {
      for (const dimension of DIMENSIONS) {
        const refused = check(dimension, costs[dimension] ?? 0);
        if (refused !== undefined) return refused;
      }
      return undefined;
    },
    state: () => ({ ...state }),
    refusal: () => refusal,
  };
}

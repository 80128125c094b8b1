/** The ceilings of a deployment: a budget above one is refused whole, before anything runs. docs/spec.md section 5. */
import { type Budget, DIMENSIONS, LIMITER_OF, NOTHING_SPENT } from '../../../domain/budget/budget';
import type { BudgetAboveCeiling } from '../contract/errors';

export function aboveCeiling(budget: Budget, ceilings: Budget): BudgetAboveCeiling | undefined {
  for (const dimension of DIMENSIONS) {
    const limiter = LIMITER_OF[dimension];
    if (budget[limiter] <= ceilings[limiter]) continue;
    return {
      code: 'budget_above_ceiling',
      limiter,
      message: `${limiter} of ${String(budget[limiter])} is above the ceiling of ${String(ceilings[limiter])} here; nothing was run`,
      requested: budget[limiter],
      budgets: { budget, budget_state: NOTHING_SPENT },
    };
  }
  return undefined;
}

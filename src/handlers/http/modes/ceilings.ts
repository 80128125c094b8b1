/** The ceilings of a deployment: a budget above one is refused whole, before anything runs. docs/spec.md section 5. */
import { type Budget, metersOf, nothingSpent } from '../../../domain/budget/budget';
import { COUNT_MAX } from '../../../domain/limits';
import type { BudgetAboveCeiling } from '../contract/errors';

export function aboveCeiling(budget: Budget, ceilings: Budget): BudgetAboveCeiling | undefined {
  const limits = new Map(metersOf(budget).map(({ limiter, max }) => [limiter, max]));
  for (const { limiter, max: ceiling } of metersOf(ceilings)) {
    // A limit that is not named is none.
    const requested = limits.get(limiter);
    if (requested !== undefined && requested <= ceiling) continue;
    const what = requested === undefined ? `no ${limiter} is asked for, which` : `${limiter} of ${String(requested)}`;
    return {
      code: 'budget_above_ceiling',
      limiter,
      message: `${what} is above the ceiling of ${String(ceiling)} here; nothing was run`,
      requested: requested ?? COUNT_MAX,
      budgets: { budget, budget_state: nothingSpent(budget) },
    };
  }
  return undefined;
}

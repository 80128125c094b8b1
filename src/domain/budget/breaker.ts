/**
 * The breaker: every act reserves its cost here first. docs/spec.md sections 5 and 9.
 * Invariants: what is spent never exceeds the budget, not for an instant; after the first refusal nothing more is granted.
 */
import { assert } from '../assert';
import { type Budget, type BudgetExceeded, type BudgetState, type Costs, costOf, type Meter, metersOf, spentState } from './budget';
import type { Dimension } from './dimensions';

export interface Breaker {
  /**
   * Charges `amount` before the act. Answers the refusal, or nothing when granted. Synchronous, so parallel work cannot slip
   * between check and count. Once it has refused, it answers that first refusal for ever.
   */
  readonly reserve: (dimension: Dimension, amount: number) => BudgetExceeded | undefined;
  /** Charges several dimensions for one act, all or none: an act that is refused in one of them costs nothing in the others. */
  readonly reserveAll: (costs: Costs) => BudgetExceeded | undefined;
  /** Whether all of these can be granted together: charges nothing, but latches like `reserve` when one cannot. */
  readonly preflight: (costs: Costs) => BudgetExceeded | undefined;
  /**
   * Gives back what an act was charged above what it reports to have used. `actual` above `reserved` changes nothing: a settlement only lowers.
   * Only for dimensions whose use an act reports (docs/spec.md section 9), and for what a sealed child did not use of its grant.
   */
  readonly charge: (reserved: Costs, actual: Costs) => void;
  readonly state: () => BudgetState;
  readonly refusal: () => BudgetExceeded | undefined;
}

/** `spent` and `refused` continue an episode that was counted elsewhere: a verifier at a checkpoint, a session's next request. */
export function makeBreaker(budget: Budget, spent: Costs = {}, refused?: BudgetExceeded): Breaker {
  const meters = metersOf(budget, spent).map((meter) => ({ ...meter }));
  const byDimension = new Map(meters.map((meter) => [meter.dimension, meter]));
  let refusal = refused;

  function check(meter: Meter, amount: number): BudgetExceeded | undefined {
    assert(Number.isSafeInteger(amount) && amount >= 0, 'a reservation is a whole number of 0 or more');
    // Compared by what is left, so that a huge amount cannot overflow past the limit.
    if (amount <= (meter.row.kind === 'sum' ? meter.max - meter.spent : meter.max)) return undefined;
    const { limiter, max } = meter;
    const why =
      meter.row.kind === 'sum' ? `${String(meter.spent)} spent, ${String(amount)} more asked for` : `${String(amount)} asked for at once`;
    refusal = {
      code: 'budget_exceeded',
      limiter,
      message: `${limiter} is ${String(max)}: ${why}`,
      requested: amount,
      budgets: { budget, budget_state: spentState(meters) },
    };
    return refusal;
  }

  function preflight(costs: Costs): BudgetExceeded | undefined {
    if (refusal !== undefined) return refusal;
    for (const meter of meters) {
      const refused = check(meter, costOf(meter, costs));
      if (refused !== undefined) return refused;
    }
    return undefined;
  }

  return {
    reserve: (dimension, amount) => {
      if (refusal !== undefined) return refusal;
      const meter = byDimension.get(dimension);
      if (meter === undefined) return undefined;
      const refused = check(meter, amount);
      if (refused === undefined) charge(meter, amount);
      return refused;
    },
    reserveAll: (costs) => {
      const refused = preflight(costs);
      if (refused !== undefined) return refused;
      for (const meter of meters) charge(meter, costOf(meter, costs));
      return undefined;
    },
    preflight,
    charge: (reserved, actual) => {
      for (const meter of meters) {
        // A peak stays where it was: the act did reach it, or was let go up to it.
        if (meter.row.kind === 'peak') continue;
        const unused = Math.max(0, costOf(meter, reserved) - costOf(meter, actual));
        assert(unused <= meter.spent, 'a settlement gives back no more than was charged');
        meter.spent -= unused;
      }
    },
    state: () => spentState(meters),
    refusal: () => refusal,
  };
}

function charge(meter: { spent: number; readonly row: Meter['row'] }, amount: number): void {
  meter.spent = meter.row.kind === 'sum' ? meter.spent + amount : Math.max(meter.spent, amount);
}

/**
 * The limit on time: it is not spent by acts, it passes. Charges the milliseconds since the episode began, however late it is never more than
 * the limit; answers the refusal where that has passed. docs/spec.md section 9.
 */
export function chargeElapsed(breaker: Breaker, { max_wall_ms }: Budget, elapsedMs: number): BudgetExceeded | undefined {
  if (max_wall_ms === undefined) return undefined;
  breaker.reserve('wall_ms', Math.min(elapsedMs, max_wall_ms));
  return elapsedMs > max_wall_ms ? breaker.reserve('wall_ms', elapsedMs) : undefined;
}

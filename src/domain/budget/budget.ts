/** Budgets: the limits of an episode, what has been spent of each, and the refusal that names the limiter. docs/spec.md sections 5 and 9. */
import {
  type Dimension,
  DIMENSION_NAMES,
  type DimensionRow,
  DIMENSIONS,
  type OptionalDimension,
  REQUIRED,
  REQUIRED_NAMES,
  type RequiredDimension,
} from './dimensions';

export type LimiterFor<D extends Dimension> = (typeof DIMENSIONS)[D]['limiter'];

/** Limits in the units of their dimensions. An optional one that is absent limits nothing. */
export type Budget = {
  readonly [D in RequiredDimension as LimiterFor<D>]: number;
} & {
  readonly [D in OptionalDimension as LimiterFor<D>]?: number;
} & {
  /** Calls of single tools, by name. */
  readonly tools?: Readonly<Record<string, number>>;
};

/** What has been spent, or reserved to be spent at once: of each dimension that the budget limits. */
export type BudgetState = { readonly [D in RequiredDimension]: number } & { readonly [D in OptionalDimension]?: number } & {
  readonly tools?: Readonly<Record<string, number>>;
};

/** What an act takes. A dimension that the budget does not limit is not counted. */
export type Costs = { readonly [D in Dimension]?: number } & { readonly tools?: Readonly<Record<string, number>> };

export type Limiter = LimiterFor<Dimension> | `tools.${string}`;

type RequiredLimits = Readonly<Record<LimiterFor<RequiredDimension>, number>>;

function requiredLimits(value: 'fallback' | 'ceiling'): RequiredLimits {
  return Object.fromEntries(REQUIRED_NAMES.map((name) => [REQUIRED[name].limiter, REQUIRED[name][value]])) as RequiredLimits;
}

/** What a request that says nothing may do. */
export const DEFAULT_BUDGET = requiredLimits('fallback');

/** What a deployment that says nothing allows: small, and models off. */
export const CEILINGS = requiredLimits('ceiling');

/** Of a budget without optional limits. */
export const NOTHING_SPENT = Object.fromEntries(REQUIRED_NAMES.map((name) => [name, 0])) as Readonly<Record<RequiredDimension, number>>;

/** One limit that a budget sets, whatever shape it has there. */
export interface Meter {
  readonly limiter: Limiter;
  readonly max: number;
  readonly spent: number;
  readonly row: DimensionRow;
  /** Absent where the limit is on one tool. */
  readonly dimension?: Dimension;
  readonly tool?: string;
}

/** The limits of a budget in the order in which they are checked, with what was spent of each. */
export function metersOf(budget: Partial<Budget>, spent: Costs = {}): readonly Meter[] {
  const meters: Meter[] = DIMENSION_NAMES.flatMap((dimension): readonly Meter[] => {
    const row = DIMENSIONS[dimension];
    const max = budget[row.limiter];
    return max === undefined ? [] : [{ limiter: row.limiter, max, spent: costOf({ dimension }, spent), row, dimension }];
  });
  for (const [tool, max] of Object.entries(budget.tools ?? {})) {
    const limiter: Limiter = `tools.${tool}`;
    const row: DimensionRow = { ...DIMENSIONS.tool_calls, limiter, noun: `calls of ${tool}`, label: tool };
    meters.push({ limiter, max, spent: costOf({ tool }, spent), row, tool });
  }
  return meters;
}

/** What costs have for this meter. */
export function costOf({ dimension, tool }: { readonly [K in 'dimension' | 'tool']?: Meter[K] | undefined }, costs: Costs): number {
  if (dimension !== undefined) return costs[dimension] ?? 0;
  // A tool may be called `constructor`.
  return costs.tools !== undefined && tool !== undefined && Object.hasOwn(costs.tools, tool) ? (costs.tools[tool] ?? 0) : 0;
}

/** Of each dimension that the budget limits, nothing. */
export function nothingSpent(budget: Budget): BudgetState {
  return spentState(metersOf(budget));
}

/** The counts of meters, in the shape of a budget state. */
export function spentState(meters: readonly Pick<Meter, 'dimension' | 'tool' | 'spent'>[]): BudgetState {
  const state: Record<string, number> = {};
  const tools: Record<string, number> = {};
  let limitsTools = false;
  for (const { dimension, tool, spent } of meters) {
    if (dimension !== undefined) state[dimension] = spent;
    else if (tool !== undefined) {
      tools[tool] = spent;
      limitsTools = true;
    }
  }
  return { ...NOTHING_SPENT, ...state, ...(limitsTools ? { tools } : {}) };
}

/** The refusal of a breaker: the same object on the tape, in `run.json`, over HTTP and from the library. */
export type BudgetExceeded = {
  readonly code: 'budget_exceeded';
  readonly limiter: Limiter;
  readonly message: string;
  readonly requested: number;
  readonly budgets: { readonly budget: Budget; readonly budget_state: BudgetState };
};

/** The smallest limit that would have let the refused act pass. Worked out from the refusal, so that no recorded byte changes. */
export function neededLimit({ limiter, requested, budgets }: BudgetExceeded): number {
  const meter = metersOf(budgets.budget, budgets.budget_state).find((one) => one.limiter === limiter);
  return meter === undefined || meter.row.kind === 'peak' ? requested : meter.spent + requested;
}

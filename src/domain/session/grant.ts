/** A budget taken out of another one: what a grant costs its giver. docs/spec.md section 8. */
import { type Budget, type Costs, metersOf } from '../budget/budget';
import type { Problem } from '../codec/problem';
import type { SessionError } from './errors';
import { CHILDREN_OPEN_MAX } from './limits';

/** Every limit of the child in full; a peak is held by each alone, so it costs nothing. */
export function grantCosts(given: Budget): Costs {
  const costs: Record<string, number> = {};
  const tools: Record<string, number> = {};
  for (const { dimension, tool, max, row } of metersOf(given)) {
    if (row.kind === 'peak') continue;
    if (dimension !== undefined) costs[dimension] = max;
    else if (tool !== undefined) tools[tool] = max;
  }
  return { ...costs, ...(Object.keys(tools).length > 0 ? { tools } : {}) };
}

/** A guarded run outside that holds a part of a session's budget: `guard-` and its run id. */
export function guardHolder(runId: string): string {
  return `${GUARD}${runId}`;
}

export function isGuardHolder(child: string): boolean {
  return child.startsWith(GUARD);
}

const GUARD = 'guard-';

/** What a grant costs its giver by who holds it: acts of an agent take no steps of a world, so a guard is granted none. */
export function costsGranted({ child, budget }: { readonly child: string; readonly budget: Budget }): Costs {
  return isGuardHolder(child) ? { ...grantCosts(budget), steps: 0 } : grantCosts(budget);
}

/** The limits of the giver that the receiver has to name too, and not above: else its acts would not be bound by them. */
export function missingLimits(giver: Budget, given: Budget): readonly { readonly limiter: string; readonly max: number }[] {
  const named = new Map(metersOf(given).map((meter) => [meter.limiter, meter.max]));
  return metersOf(giver).filter(({ limiter, max, row }) => {
    const requested = named.get(limiter);
    return requested === undefined || (row.kind === 'peak' && requested > max);
  });
}

/** The same, of a request. */
export function missingProblems(giver: Budget, given: Budget): readonly Problem[] {
  return missingLimits(giver, given).map(({ limiter, max }) => ({
    pointer: `/budget/${limiter.replace('.', '/')}`,
    message: `the parent is limited by it: a child has to name it, too, with at most ${String(max)}`,
  }));
}

export const TOO_MANY_CHILDREN: SessionError = {
  _tag: 'InvalidSession',
  problems: [{ pointer: '', message: `${String(CHILDREN_OPEN_MAX)} children are open: close one, and reclaim what it did not use` }],
};

/** What was spent of what was granted. */
export function chargedOf({ tools, ...counts }: Costs, spent: Costs): Costs {
  const of = <K extends string>(wanted: Partial<Record<K, number>>, from: Partial<Record<K, number>>): Record<string, number> =>
    Object.fromEntries((Object.keys(wanted) as K[]).map((key) => [key, from[key] ?? 0]));
  const { tools: spentTools = {}, ...spentCounts } = spent;
  return { ...of(counts, spentCounts), ...(tools === undefined ? {} : { tools: of(tools, spentTools) }) };
}

/** Whether every count is at most the other's. */
export function within({ tools: spentTools = {}, ...spent }: Costs, { tools = {}, ...granted }: Costs): boolean {
  const most = (counts: Readonly<Record<string, number>>, limits: Readonly<Record<string, number>>): boolean =>
    Object.entries(counts).every(([key, count]) => count <= (limits[key] ?? 0));
  return most(spent, granted) && most(spentTools, tools);
}

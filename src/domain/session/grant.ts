/** A budget taken out of another one: what a grant costs its giver. docs/spec.md section 8. */
import { type Budget, type Costs, metersOf } from '../budget/budget';

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

/** The limits of the giver that the receiver has to name too, and not above: else its acts would not be bound by them. */
export function missingLimits(giver: Budget, given: Budget): readonly { readonly limiter: string; readonly max: number }[] {
  const named = new Map(metersOf(given).map((meter) => [meter.limiter, meter.max]));
  return metersOf(giver).filter(({ limiter, max, row }) => {
    const requested = named.get(limiter);
    return requested === undefined || (row.kind === 'peak' && requested > max);
  });
}

/** What was spent of what was granted. */
export function chargedOf({ tools, ...counts }: Costs, spent: Costs): Costs {
  const of = <K extends string>(wanted: Partial<Record<K, number>>, from: Partial<Record<K, number>>): Record<string, number> =>
    Object.fromEntries((Object.keys(wanted) as K[]).map((key) => [key, from[key] ?? 0]));
  const { tools: spentTools = {}, ...spentCounts } = spent;
  return { ...of(counts, spentCounts), ...(tools === undefined ? {} : { tools: of(tools, spentTools) }) };
}

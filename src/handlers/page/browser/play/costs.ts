/** Amounts of a budget, as the API writes them: `{steps: 3, tools: {execute: 1}}`, and its limits, `{max_steps: 3, ...}`. */
import { DIMENSION_NAMES, DIMENSIONS } from '../../../../domain/budget/dimensions';
import { grouped } from '../shared/format';
import { record } from '../shared/run-model';

export interface Amount {
  /** `steps`, `tools.execute`. */
  readonly name: string;
  readonly count: number;
}

/** In the order in which they are written; what is no count is left out. */
export function amountsOf(costs: unknown, prefix = ''): readonly Amount[] {
  const { tools, ...counts } = record(costs);
  return [
    ...Object.entries(counts).flatMap(([name, count]) => amount(name.startsWith(prefix) ? name.slice(prefix.length) : name, count)),
    ...Object.entries(record(tools)).flatMap(([tool, count]) => amount(`tools.${tool}`, count)),
  ];
}

function amount(name: string, count: unknown): readonly Amount[] {
  return typeof count === 'number' ? [{ name, count }] : [];
}

/** `3 steps, 1 tool calls`, without what is 0. */
export function amountsText(costs: unknown): string {
  const used = amountsOf(costs).filter(({ count }) => count !== 0);
  return used.length === 0 ? 'nothing' : used.map(({ name, count }) => `${grouped(String(count))} ${words(name)}`).join(', ');
}

export function words(name: string): string {
  return name.startsWith('tools.') ? `calls of ${name.slice('tools.'.length)}` : name.replaceAll('_', ' ');
}

/** A peak is not divided among children: each may reach it. */
export function isPeak(name: string): boolean {
  const dimension = DIMENSION_NAMES.find((known) => known === name);
  return dimension !== undefined && DIMENSIONS[dimension].kind === 'peak';
}

/** Sweeps of one symbol for tests of what is made from their rows: plans, rows that no run left, and what a page holds of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { factsOf, type MarketBytes } from '../../src/domain/sweep/market';
import { makePageReader, type SweepPageContent } from '../../src/domain/sweep/page-reader';
import { planSweep, type SweepPlan } from '../../src/domain/sweep/plan';
import { decodeSweep } from '../../src/domain/sweep/spec';
import { makeSummary } from '../../src/domain/sweep/summary';
import { valueOfRight } from './task';

const STRATEGY = JSON.parse(readFileSync(join(__dirname, '../../examples/strategies/sma_crossover.json'), 'utf8')) as {
  readonly rules: readonly { readonly symbol: string }[];
};

/** Prices of one symbol that go up and down, a day a step. */
export function marketOf(steps: number): MarketBytes {
  const lines = Array.from({ length: steps }, (_, step) => {
    const time = new Date(Date.UTC(2020, 0, 1 + step)).toISOString().slice(0, 10);
    return `{"prices":{"AAPL":"${String(100 + ((step * 37) % 23))}"},"time":"${time}"}\n`;
  });
  const starts = lines.reduce<number[]>((ends, line) => [...ends, (ends.at(-1) ?? 0) + line.length], [0]);
  return { symbols: ['AAPL'], lines: new TextEncoder().encode(lines.join('')), starts: Float64Array.from(starts) };
}

export function sweepPlanOf(market: MarketBytes, members: object): SweepPlan {
  const spec = decodeSweep({
    name: 'paged',
    strategy: { ...STRATEGY, universe: { symbols: ['AAPL'] }, rules: STRATEGY.rules.filter(({ symbol }) => symbol === 'AAPL') },
    ...members,
  });
  return valueOfRight(planSweep(valueOfRight(spec), factsOf(market)));
}

export const axis = (name: string, pointer: string, to: number, from = 1): object => ({
  name,
  pointers: [pointer],
  values: { from, to, step: 1 },
});
export const FEE = '/policy/costs/fee_bps';
export const SHORT = '/strategy/rules/0/short_window';
export const LONG = '/strategy/rules/0/long_window';

export function pageOf(plan: SweepPlan, market: MarketBytes, rows: readonly string[]): SweepPageContent {
  const summary = makeSummary(plan);
  if (!rows.every((row) => summary.next(row))) throw new Error('rows of a sweep are in order');
  const reader = makePageReader(plan, market, summary.summary().json);
  for (const row of rows) reader.next(row);
  return reader.content();
}

/** A row that no run left: a plan of many cells is no place to run them all. */
export function madeUpRow({ cellAt }: SweepPlan, index: number, sharpe: string): string {
  const { point, window } = cellAt(index);
  const row = { cell: index, point, window, run_id: `run-${String(index)}`, inputs: {}, head_hash: 'x', ok: true, stopped_by: null };
  return JSON.stringify({ ...row, figures: { sharpe }, moments: null });
}

/** The budget of a request. A limit that nothing here counts is refused, so that nobody relies on it. */
import type { Budget } from '../../../domain/budget/budget';
import { budgetCodec } from '../../../domain/budget/budget-codec';
import { type OptionalDimension, OPTIONAL } from '../../../domain/budget/dimensions';
import { failure, success } from 'io-ts';
import { type Codec, makeCodec, refinedCodec } from '../../../domain/codec/codec';

/** Time needs an episode that keeps its beginning; the others are of worlds that are files. */
export const NOTHING_COUNTS = 'nothing that this API runs is counted by it: leave it out';
const OF_ENGINES: readonly OptionalDimension[] = ['fuel', 'world_memory_bytes', 'state_bytes'];

export const requestBudgetCodec = budgetWithout(['wall_ms', ...OF_ENGINES]);

/** Of a session, which may be in a world file. */
export const sessionBudgetCodec = budgetWithout(['wall_ms']);

/** What a budget names that only the engine of a world file counts. */
export function engineLimitsIn(budget: Budget): readonly string[] {
  return OF_ENGINES.map((name) => OPTIONAL[name].limiter).filter((limiter) => budget[limiter] !== undefined);
}

function budgetWithout(names: readonly OptionalDimension[]): Codec<Budget> {
  return refinedCodec(budgetCodec, (budget) =>
    names.flatMap((name) => {
      const { limiter } = OPTIONAL[name];
      return budget[limiter] === undefined ? [] : [{ path: [limiter], message: NOTHING_COUNTS }];
    }),
  );
}
/** `true`: what the request would take, at the least and at the most; nothing is done and nothing is charged. */
export const quoteCodec: Codec<boolean> = makeCodec('quote', { type: 'boolean' }, (value, context) =>
  typeof value === 'boolean' ? success(value) : failure(value, context, 'expected true or false'),
);

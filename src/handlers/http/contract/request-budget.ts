/** The budget of a request. A limit that nothing here counts is refused, so that nobody relies on it. */
import type { Budget } from '../../../domain/budget/budget';
import { budgetCodec } from '../../../domain/budget/budget-codec';
import { type OptionalDimension, OPTIONAL } from '../../../domain/budget/dimensions';
import { failure, success } from 'io-ts';
import { type Codec, makeCodec, refinedCodec } from '../../../domain/codec/codec';

/** Time needs an episode that keeps its beginning, as a session does; the others are of worlds that are files. */
export const NOTHING_COUNTS = 'nothing that this API runs is counted by it: leave it out';
const OF_ENGINES: readonly OptionalDimension[] = ['fuel', 'world_memory_bytes', 'state_bytes'];

const UNCOUNTED: readonly OptionalDimension[] = ['wall_ms', ...OF_ENGINES];

export const requestBudgetCodec: Codec<Budget> = refinedCodec(budgetCodec, (budget) =>
  UNCOUNTED.flatMap((name) => {
    const { limiter } = OPTIONAL[name];
    return budget[limiter] === undefined ? [] : [{ path: [limiter], message: NOTHING_COUNTS }];
  }),
);

/** What a budget names that only the engine of a world file counts. */
export function engineLimitsIn(budget: Budget): readonly string[] {
  return OF_ENGINES.map((name) => OPTIONAL[name].limiter).filter((limiter) => budget[limiter] !== undefined);
}

/** `true`: what the request would take, at the least and at the most; nothing is done and nothing is charged. */
export const quoteCodec: Codec<boolean> = makeCodec('quote', { type: 'boolean' }, (value, context) =>
  typeof value === 'boolean' ? success(value) : failure(value, context, 'expected true or false'),
);

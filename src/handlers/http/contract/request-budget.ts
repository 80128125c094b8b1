/** The budget of a request. A limit that nothing here counts is refused, so that nobody relies on it. */
import type { Budget } from '../../../domain/budget/budget';
import { budgetCodec } from '../../../domain/budget/budget-codec';
import { type OptionalDimension, OPTIONAL } from '../../../domain/budget/dimensions';
import { failure, success } from 'io-ts';
import { type Codec, makeCodec, refinedCodec } from '../../../domain/codec/codec';

/** Time needs an episode that keeps its beginning; the others are of worlds that are files. */
const NOT_COUNTED: readonly OptionalDimension[] = ['wall_ms', 'fuel', 'world_memory_bytes', 'state_bytes'];

export const requestBudgetCodec: Codec<Budget> = refinedCodec(budgetCodec, (budget) =>
  NOT_COUNTED.flatMap((name) => {
    const { limiter } = OPTIONAL[name];
    return budget[limiter] === undefined ? [] : [{ path: [limiter], message: 'nothing that this API runs is counted by it: leave it out' }];
  }),
);

/** `true`: what the request would take, at the least and at the most; nothing is done and nothing is charged. */
export const quoteCodec: Codec<boolean> = makeCodec('quote', { type: 'boolean' }, (value, context) =>
  typeof value === 'boolean' ? success(value) : failure(value, context, 'expected true or false'),
);

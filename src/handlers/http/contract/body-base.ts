/** The body of a base request. */
import { isLeft, right } from 'fp-ts/Either';
import { type Budget, DEFAULT_BUDGET } from '../../../domain/budget/budget';
import { quoteCodec, requestBudgetCodec } from './request-budget';
import { countCodec, objectCodec } from '../../../domain/codec/codec';
import { type Decode, decodeWith } from './body';
import { decodeDocuments, type BodyDocuments, worldFields } from './body-world';

export const baseBodyCodec = objectCodec('base request', {
  description: 'Run a strategy over a market, step by step. No tool, no model, no memory.',
  required: {},
  optional: worldFields,
  defaulted: { budget: requestBudgetCodec, steps: countCodec(1), quote: quoteCodec },
  defaults: { budget: DEFAULT_BUDGET, steps: 1, quote: false },
});

export interface BaseRequest extends BodyDocuments {
  readonly budget: Budget;
  /** What it would take is all that is asked. */
  readonly quote: boolean;
  readonly steps: number;
}

export const decodeBaseBody: Decode<BaseRequest> = (body) => {
  const decoded = decodeWith(baseBodyCodec, body);
  if (isLeft(decoded)) return decoded;
  const { budget, steps, quote } = decoded.right;
  const documents = decodeDocuments(decoded.right);
  return isLeft(documents) ? documents : right({ budget, steps, quote, ...documents.right });
};

/** The body of a memory request. */
import { type Budget, DEFAULT_BUDGET } from '../../../domain/budget/budget';
import { quoteCodec, requestBudgetCodec } from './request-budget';
import { objectCodec } from '../../../domain/codec/codec';
import { memoryRequestsCodec } from '../../../domain/run/request-codecs';
import type { MemoryOperation } from '../../../ports/memory';
import { type Decode, decodeWith } from './body';

export const memoryBodyCodec = objectCodec('memory request', {
  description: 'Put, get and clear values. The whole list is checked against the budget first.',
  required: {},
  defaulted: { budget: requestBudgetCodec, requests: memoryRequestsCodec, quote: quoteCodec },
  defaults: { budget: DEFAULT_BUDGET, requests: [], quote: false },
});

export interface MemoryRequest {
  readonly budget: Budget;
  /** What it would take is all that is asked. */
  readonly quote: boolean;
  readonly requests: readonly MemoryOperation[];
}

export const decodeMemoryBody: Decode<MemoryRequest> = (body) => decodeWith(memoryBodyCodec, body);

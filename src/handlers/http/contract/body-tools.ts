/** The body of a tools request. */
import { isLeft, right } from 'fp-ts/Either';
import { type Budget, DEFAULT_BUDGET } from '../../../domain/budget/budget';
import { quoteCodec, requestBudgetCodec } from './request-budget';
import { objectCodec } from '../../../domain/codec/codec';
import type { ToolCall } from '../../../domain/agent/tool';
import { planCodec } from '../../../domain/run/request-codecs';
import { DEFAULT_PLAN } from '../../../domain/agent/tools';
import { type Decode, decodeWith } from './body';
import { decodeDocuments, type BodyDocuments, worldFields } from './body-world';

export const toolsBodyCodec = objectCodec('tools request', {
  description:
    'Take a plan of tool calls. Each takes a step and a tool call of the budget; without a plan: price context, evaluate, simulate.',
  required: {},
  optional: worldFields,
  defaulted: { budget: requestBudgetCodec, tool_plan: planCodec, quote: quoteCodec },
  defaults: { budget: DEFAULT_BUDGET, tool_plan: DEFAULT_PLAN, quote: false },
});

export interface ToolsRequest extends BodyDocuments {
  readonly budget: Budget;
  /** What it would take is all that is asked. */
  readonly quote: boolean;
  readonly plan: readonly ToolCall[];
}

export const decodeToolsBody: Decode<ToolsRequest> = (body) => {
  const decoded = decodeWith(toolsBodyCodec, body);
  if (isLeft(decoded)) return decoded;
  const { budget, tool_plan: plan, quote } = decoded.right;
  const documents = decodeDocuments(decoded.right);
  return isLeft(documents) ? documents : right({ budget, plan, quote, ...documents.right });
};

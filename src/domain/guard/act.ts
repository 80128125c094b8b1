/**
 * One act of an agent as the guard sees it: what it is about to send, and the most that it can take of each limit. docs/spec.md section 9.
 * Invariant: what is reserved is worked out from the row of the act, the price table and the budget alone, so a verifier works out the same.
 */
import { type Either, left, right } from 'fp-ts/Either';
import type { Unbounded } from '../agent/stop';
import type { Budget, BudgetState, Costs } from '../budget/budget';
import { utf8Length } from '../bytes';
import { canonical, type Json } from '../canonical/canonical';
import { sha256Hex } from '../hash';
import { CALL_BYTES_MAX } from '../limits';
import { type ModelPrice, type ModelPriceTable, priceOf, toolPriceOf, type Usage, usedCost, worstCost } from '../budget/prices';

/** `digest`: of what is sent and what comes back the tape holds SHA-256 and length, and not a word of it. */
export type RecordLevel = 'digest' | 'full';

/** What was sent, or came back. Unit: UTF-8 bytes of its canonical JSON. */
export type Content = { readonly sha256: string; readonly bytes: number; readonly content?: Json };

export type GuardedAct =
  | { readonly kind: 'tool'; readonly name: string; readonly request: Content }
  | {
      readonly kind: 'model';
      /** The model that is asked, as the price table names it. */
      readonly name: string;
      readonly request: Content;
      /** The request's own maximum; null where it names none. */
      readonly maxOutputTokens: number | null;
      /** A tighter bound than the bytes of the request; null where its bytes are no bound, because it names content that is elsewhere. */
      readonly maxInputTokens?: number | null;
    };

export function contentOf(value: Json, record: RecordLevel): Content {
  const text = canonical(value);
  const bytes = utf8Length(text);
  const held = record === 'full' && bytes <= CALL_BYTES_MAX;
  return { sha256: sha256Hex(text), bytes, ...(held ? { content: value } : {}) };
}

/** The most that an act can take, or why nobody can say. Only what the budget limits is worked out. */
export function reservationOf(act: GuardedAct, budget: Budget, prices: ModelPriceTable, spent: BudgetState): Either<Unbounded, Costs> {
  const refuse = (code: Unbounded['code'], limiter: Unbounded['limiter'], message: string): Either<Unbounded, Costs> =>
    left({ code, limiter, message, budgets: { budget, budget_state: spent } });
  if (act.kind === 'tool') {
    const costs: Costs = { tool_calls: 1, ...(budget.tools === undefined ? {} : { tools: { [act.name]: 1 } }) };
    if (budget.max_cost_microusd === undefined) return right(costs);
    const price = toolPriceOf(prices, act.name);
    return price === undefined
      ? refuse('unpriced', 'max_cost_microusd', unpriced('tool', act.name, prices))
      : right({ ...costs, cost_microusd: price });
  }
  const { max_input_tokens, max_output_tokens, max_cost_microusd } = budget;
  const costed = max_cost_microusd !== undefined;
  const input = act.maxInputTokens === undefined ? act.request.bytes : act.maxInputTokens;
  const output = act.maxOutputTokens;
  if (input === null && (costed || max_input_tokens !== undefined)) {
    const what = 'the request names content that is elsewhere (a URL), so its bytes do not bound its tokens: name the most it can be';
    return refuse('unbounded', max_input_tokens === undefined ? 'max_cost_microusd' : 'max_input_tokens', what);
  }
  if (output === null && (costed || max_output_tokens !== undefined)) {
    const what = `the request to ${act.name} names no maximum of output tokens, so nothing bounds its answer: set one`;
    return refuse('unbounded', max_output_tokens === undefined ? 'max_cost_microusd' : 'max_output_tokens', what);
  }
  const price = priceOf(prices, act.name);
  if (costed && price === undefined) return refuse('unpriced', 'max_cost_microusd', unpriced('model', act.name, prices));
  return right({
    model_calls: 1,
    ...(max_input_tokens === undefined ? {} : { input_tokens: input ?? 0 }),
    ...(max_output_tokens === undefined ? {} : { output_tokens: output ?? 0 }),
    ...(costed && price !== undefined ? { cost_microusd: worstCost(price, input ?? 0, output ?? 0) } : {}),
  });
}

function unpriced(what: string, name: string, { as_of }: ModelPriceTable): string {
  return `the price table of ${as_of} has no ${what} ${name}, and a price nobody knows has no bound: add it to the prices`;
}

/** What an act took by its own report: never more than was reserved for it. */
export function chargedCosts(reserved: Costs, name: string, usage: Usage | undefined, prices: ModelPriceTable): Costs {
  if (usage === undefined) return reserved;
  const used = reportedCosts(name, usage, prices);
  const charged: { [dimension: string]: number } = {};
  for (const dimension of REPORTED) {
    const most = reserved[dimension];
    if (most !== undefined) charged[dimension] = Math.min(most, used[dimension] ?? most);
  }
  return { ...reserved, ...charged };
}

/** The dimension in which an act reports more than it was said to be able to take; nothing where none is. */
export function brokenBound(reserved: Costs, name: string, usage: Usage | undefined, prices: ModelPriceTable): BrokenBound | undefined {
  if (usage === undefined) return undefined;
  const used = reportedCosts(name, usage, prices);
  for (const dimension of REPORTED) {
    const [most, reported] = [reserved[dimension], used[dimension]];
    if (most !== undefined && reported !== undefined && reported > most) return { dimension, most, reported };
  }
  return undefined;
}

export interface BrokenBound {
  readonly dimension: (typeof REPORTED)[number];
  readonly most: number;
  readonly reported: number;
}

/** What a model call reports about itself. */
const REPORTED = ['input_tokens', 'output_tokens', 'cost_microusd'] as const;

function reportedCosts(name: string, usage: Usage, prices: ModelPriceTable): Costs {
  const price: ModelPrice | undefined = priceOf(prices, name);
  return {
    input_tokens: usage.input_tokens,
    output_tokens: usage.output_tokens,
    ...(price === undefined ? {} : { cost_microusd: usedCost(price, usage) }),
  };
}

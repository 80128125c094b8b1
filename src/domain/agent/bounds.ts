/** The most that a call takes of tokens and money: what nobody can say is refused before it is sent. docs/spec.md section 9. */
import { type Either, left, right } from 'fp-ts/Either';
import type { Budget, Costs } from '../budget/budget';
import type { Unbounded } from './stop';

/** Micro-dollars that a call of a tool costs at the most; nothing where no price is known. */
export type ToolPrice = (tool: string) => number | undefined;

/** Of a call that leaves the process: others cost no money, and ask no model. `costs`: without the money. */
export function boundedCosts(
  name: string,
  costs: Costs,
  { max_input_tokens, max_output_tokens, max_cost_microusd }: Budget,
  priceOf: ToolPrice,
): Either<Omit<Unbounded, 'budgets'>, Costs> {
  const asksModel = (costs.model_calls ?? 0) > 0;
  const limiter = max_input_tokens !== undefined ? 'max_input_tokens' : max_output_tokens !== undefined ? 'max_output_tokens' : undefined;
  if (asksModel && limiter !== undefined) {
    const message = `what an agent makes of ${name} is its own, so nothing bounds its tokens: leave ${limiter} out to allow it`;
    return left({ code: 'unbounded', limiter, message });
  }
  if (max_cost_microusd === undefined) return right(costs);
  const price = priceOf(name);
  if (price !== undefined) return right({ ...costs, cost_microusd: price });
  const message = `no price table says what ${name} costs, and a price nobody knows has no bound: name it in the prices`;
  return left({ code: 'unpriced', limiter: 'max_cost_microusd', message });
}

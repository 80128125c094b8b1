/** Budgets: the five limits of an invocation, what has been spent of each, and the refusal that names the limiter. docs/spec.md section 5. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { countCodec, type Decoded, objectCodec } from '../codec/codec';
import { type Problem, problemsOf } from '../codec/problem';

const LIMIT_DEFAULTS = { max_steps: 1, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 };
const spendable = countCodec(0);

export const budgetCodec = objectCodec('budget', {
  description: 'Limits of one invocation. The defaults allow one step and nothing else.',
  required: {},
  defaulted: {
    max_steps: countCodec(1),
    max_tool_calls: spendable,
    max_model_calls: spendable,
    max_memory_ops: spendable,
    max_memory_bytes: spendable,
  },
  defaults: LIMIT_DEFAULTS,
});

export type Budget = Decoded<typeof budgetCodec>;
export type Limiter = keyof Budget;

export const DEFAULT_BUDGET: Budget = LIMIT_DEFAULTS;

/** What has been spent, or reserved to be spent at once. Units: steps, calls, calls, operations, bytes. */
export type BudgetState = {
  readonly steps: number;
  readonly tool_calls: number;
  readonly model_calls: number;
  readonly memory_ops: number;
  readonly memory_bytes: number;
};

export type Dimension = keyof BudgetState;

export const NOTHING_SPENT: BudgetState = { steps: 0, tool_calls: 0, model_calls: 0, memory_ops: 0, memory_bytes: 0 };

export const LIMITER_OF: Readonly<Record<Dimension, Limiter>> = {
  steps: 'max_steps',
  tool_calls: 'max_tool_calls',
  model_calls: 'max_model_calls',
  memory_ops: 'max_memory_ops',
  memory_bytes: 'max_memory_bytes',
};

/** In the order in which they are named and checked. */
export const DIMENSIONS = ['steps', 'tool_calls', 'model_calls', 'memory_ops', 'memory_bytes'] as const satisfies readonly Dimension[];

/** The refusal of a breaker: the same object on the tape, in `run.json`, over HTTP and from the library. */
export type BudgetExceeded = {
  readonly code: 'budget_exceeded';
  readonly limiter: Limiter;
  readonly message: string;
  readonly requested: number;
  readonly budgets: { readonly budget: Budget; readonly budget_state: BudgetState };
};

export function decodeBudget(value: unknown): Either<readonly Problem[], Budget> {
  const decoded = budgetCodec.decode(value);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
}

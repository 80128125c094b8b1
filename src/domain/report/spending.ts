/**
 * What the rows of a tape took from the budget, row by row. Invariant: the last of it equals the seal's `budget_state`; a page that shows both
 * shows a difference.
 */
import type { Budget, BudgetState, Dimension, Limiter } from '../budget/budget';
import { canonical, type Json } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import type { Row } from '../tape/chain';

export interface Spending {
  /** What was spent up to and with this row. The same object as before where the row is free. */
  readonly next: (row: Row) => BudgetState;
}

export function makeSpending(): Spending {
  let spent: BudgetState = { steps: 0, tool_calls: 0, model_calls: 0, memory_ops: 0, memory_bytes: 0 };
  let planned = false;
  return {
    next: (row) => {
      const costs = costsOf(row, planned);
      if (row['type'] === 'run') planned = isRecord(row['inputs']) && row['inputs']['mode'] === 'agentcore-tools';
      if (costs !== undefined) spent = add(spent, costs);
      return spent;
    },
  };
}

/** `planned`: the steps of a tool plan are its calls, and a committed step is part of one. */
function costsOf(row: Row, planned: boolean): Partial<BudgetState> | undefined {
  switch (row['type']) {
    case 'step':
      return planned ? undefined : { steps: 1 };
    case 'tool':
      return { steps: 1, tool_calls: 1 };
    case 'model':
      return { model_calls: 1 };
    case 'memory':
      return { memory_ops: 1, memory_bytes: requestBytes(row) + answerBytes(row) };
    case 'seal':
      // The step that ended the run for its worth was charged and has no row.
      return isRecord(row['error']) && row['error']['code'] === 'out_of_range' ? { steps: 1 } : undefined;
    default:
      return undefined;
  }
}

function requestBytes({ op, key, value }: Row): number {
  return bytesOf({ op: op ?? null, key: key ?? null, ...(value === undefined ? {} : { value }) });
}

/** A value that did not fit was withheld, and is not paid for. */
function answerBytes({ result }: Row): number {
  if (!isRecord(result) || result['found'] !== true || result['withheld'] === true) return 0;
  const { value } = result;
  const { bytes } = result;
  if (value !== undefined) return bytesOf(value);
  return typeof bytes === 'number' ? bytes : 0;
}

function bytesOf(value: Json): number {
  return new TextEncoder().encode(canonical(value)).length;
}

function add(spent: BudgetState, costs: Partial<BudgetState>): BudgetState {
  return {
    steps: spent.steps + (costs.steps ?? 0),
    tool_calls: spent.tool_calls + (costs.tool_calls ?? 0),
    model_calls: spent.model_calls + (costs.model_calls ?? 0),
    memory_ops: spent.memory_ops + (costs.memory_ops ?? 0),
    memory_bytes: spent.memory_bytes + (costs.memory_bytes ?? 0),
  };
}

export interface Limit {
  readonly limiter: Limiter;
  readonly dimension: Dimension;
  readonly max: number;
}

const LIMITS: readonly (readonly [Dimension, Limiter])[] = [
  ['steps', 'max_steps'],
  ['tool_calls', 'max_tool_calls'],
  ['model_calls', 'max_model_calls'],
  ['memory_ops', 'max_memory_ops'],
  ['memory_bytes', 'max_memory_bytes'],
];

/** The limits that the run row names. */
export function limitsOf(runRow: Row): readonly Limit[] {
  const inputs = runRow['inputs'];
  const budget = isRecord(inputs) && isRecord(inputs['budget']) ? (inputs['budget'] as Partial<Budget>) : {};
  return LIMITS.flatMap(([dimension, limiter]) =>
    typeof budget[limiter] === 'number' ? [{ dimension, limiter, max: budget[limiter] }] : [],
  );
}

export interface Trip {
  readonly limiter: string;
  /** What the act that was refused would have cost. */
  readonly requested: number;
  readonly message: string;
}

/** Which breaker ended the run, as its seal says; nothing where none did. */
export function tripOf(seal: Row): Trip | undefined {
  const { error } = seal;
  if (!isRecord(error) || error['code'] !== 'budget_exceeded') return undefined;
  const { limiter, requested, message } = error;
  return { limiter: textOf(limiter), requested: typeof requested === 'number' ? requested : 0, message: textOf(message) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

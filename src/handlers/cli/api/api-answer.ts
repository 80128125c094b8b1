/** Reading an answer of the API that may be of any version, or of something else that listens there: nothing is taken for granted. */
import { isLeft } from 'fp-ts/Either';
import { metersOf } from '../../../domain/budget/budget';
import { budgetStateCodec, fullBudgetCodec } from '../../../domain/budget/budget-codec';
import { isRecord } from '../../../domain/codec/codec';
import type { ApiAnswer } from './api-client';

/** What stands at a path of keys and indices; `undefined` where it ends early. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (typeof key === 'number') return Array.isArray(inner) ? (inner as readonly unknown[])[key] : undefined;
    return isRecord(inner) ? inner[key] : undefined;
  }, value);
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export interface Spent {
  readonly dimension: string;
  readonly limiter: string;
  readonly budget: number;
  readonly spent: number;
}

/** Budget against spend of an answer, dimension by dimension; nothing where either is missing. */
export function spentOf(json: unknown): readonly Spent[] | undefined {
  const budget = fullBudgetCodec.decode(at(json, 'budget'));
  const state = budgetStateCodec.decode(at(json, 'budget_state'));
  if (isLeft(budget) || isLeft(state)) return undefined;
  return metersOf(budget.right, state.right).map(({ limiter, dimension = limiter, max, spent }) => ({
    dimension,
    limiter,
    budget: max,
    spent,
  }));
}

export function memoryIsDisabled(answer: ApiAnswer): boolean {
  return answer.status === 200 && at(answer.json, 'message') === 'memory disabled';
}

/** `422 budget_exceeded max_steps`, for a person. */
export function briefly(answer: ApiAnswer): string {
  const code = textAt(answer.json, 'error', 'code');
  const limiter = textAt(answer.json, 'error', 'limiter');
  const message = textAt(answer.json, 'error', 'message') ?? textAt(answer.json, 'message');
  return [String(answer.status), code, limiter, message === undefined ? undefined : `(${message})`]
    .filter((part) => part !== undefined)
    .join(' ');
}

/** A refusal as an error: what a tool answers to a model, and what ends a loop. Its `refusal` is the object that the tape and the API have. */
import type { RunStop } from '../../domain/agent/stop';

export interface GuardRefused extends Error {
  readonly name: 'GuardRefused';
  /** Serialisable as it stands: `budget_exceeded`, `unbounded`, `unpriced`, or why the tape takes no more. */
  readonly refusal: RunStop;
  /** For frameworks that ask: the same again is refused again. */
  readonly isRetryable: false;
}

export function guardRefused(refusal: RunStop): GuardRefused {
  return Object.assign(new Error(refusal.message), { name: 'GuardRefused', refusal, isRetryable: false } as const);
}

const CAUSES_MAX = 8;

/** The refusal behind an error, however deep a framework has wrapped it; nothing where none is. */
export function refusalOf(error: unknown, depth: number = CAUSES_MAX): RunStop | undefined {
  if (typeof error !== 'object' || error === null || depth === 0) return undefined;
  if ('refusal' in error && 'name' in error && error.name === 'GuardRefused') return error.refusal as RunStop;
  for (const member of ['cause', 'lastError', 'error', 'originalError'] as const) {
    const inner = refusalOf((error as Readonly<Record<string, unknown>>)[member], depth - 1);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** What a budget lets the engine of a world have: its limits, or the defaults where it names none. docs/spec.md section 14. */
import { type Either, left, right } from 'fp-ts/Either';
import type { Budget } from '../../budget/budget';
import {
  STATE_BYTES_DEFAULT,
  STATE_BYTES_MOST,
  WORLD_MEMORY_BYTES_DEFAULT,
  WORLD_MEMORY_BYTES_LEAST,
  WORLD_MEMORY_BYTES_MOST,
} from './limits';

export interface WorldLimits {
  readonly memoryBytes: number;
  readonly stateBytes: number;
}

/** The dimensions that an engine takes. */
export const ENGINE_LIMITERS = ['max_fuel', 'max_world_memory_bytes', 'max_state_bytes'] as const;
export type EngineLimiter = (typeof ENGINE_LIMITERS)[number];

export interface LimitMistake {
  readonly limiter: EngineLimiter;
  readonly message: string;
}

export function worldLimits(budget: Pick<Budget, EngineLimiter>): Either<readonly LimitMistake[], WorldLimits> {
  const memoryBytes = budget.max_world_memory_bytes ?? WORLD_MEMORY_BYTES_DEFAULT;
  const stateBytes = budget.max_state_bytes ?? STATE_BYTES_DEFAULT;
  const mistakes = [
    ...outside('max_world_memory_bytes', memoryBytes, WORLD_MEMORY_BYTES_LEAST, WORLD_MEMORY_BYTES_MOST),
    ...outside('max_state_bytes', stateBytes, 1, STATE_BYTES_MOST),
  ];
  return mistakes.length > 0 ? left(mistakes) : right({ memoryBytes, stateBytes });
}

function outside(limiter: EngineLimiter, value: number, least: number, most: number): readonly LimitMistake[] {
  if (value >= least && value <= most) return [];
  return [{ limiter, message: `${String(value)}: the engine takes ${String(least)} to ${String(most)}` }];
}

/** Memory: JSON values by key that outlive an invocation. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Json } from '../domain/canonical/canonical';
import type { Deadline } from './clock';
import type { CallFailure, DependencyFailed, Source } from './dependency';

/** The operations are shaped as the budget charges them: the bytes of one are those of the canonical `{op, key, value}`. */
export interface MemoryPut {
  readonly op: 'memory_put';
  /** Any well-formed text of 1 character or more. Keys that differ never meet. */
  readonly key: string;
  readonly value: Json;
}

export interface MemoryGet {
  readonly op: 'memory_get';
  readonly key: string;
}

export interface MemoryClear {
  readonly op: 'memory_clear';
  readonly key: string;
}

export type MemoryOperation = MemoryPut | MemoryGet | MemoryClear;

/** The most requests of one operation, whatever the key holds. */
export const MEMORY_REQUESTS_MAX = 50;

/** The memory answered, and its answer does not show yet what was written here before: nothing may be concluded from it. Asking later may. */
export interface StaleRead extends Omit<DependencyFailed, '_tag' | 'httpStatus'> {
  readonly _tag: 'StaleRead';
  readonly effect: 'none';
}

/**
 * Ordering: an operation that was awaited is before the next one. Consistency: of two puts to a key the later one wins; AWS states no
 * read-after-write for events, so what others wrote is seen when the service lists it, and what this process wrote in the last minute is seen
 * or the read is stale. Every operation costs one `memory_op`, however many requests it takes; none is ever repeated by itself.
 */
export interface Memory {
  readonly source: Source;

  /**
   * `operationId` names this one put of one run: a put that is sent again under the same id takes effect once. Removes the values before it.
   * Cost: two requests, and one for each value that it removes. When it fails with effect `unknown` the value may be there.
   */
  readonly put: (operation: MemoryPut, operationId: string, deadline: Deadline) => TaskEither<CallFailure, void>;

  /** The value, or `undefined` where there is none. Cost: a request; more where the service's pages are empty or in no order. */
  readonly get: (operation: MemoryGet, deadline: Deadline) => TaskEither<StaleRead | CallFailure, Json | undefined>;

  /**
   * Afterwards a get finds nothing, values that the service does not list yet included; clearing nothing is fine. Cost: that of a get, and a
   * request per value. When it fails, older values may be gone but the newest one stands, so a get answers what it did before or, with effect
   * `unknown`, nothing.
   */
  readonly clear: (operation: MemoryClear, deadline: Deadline) => TaskEither<StaleRead | CallFailure, void>;
}

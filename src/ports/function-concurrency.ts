/** How many requests at a time a function of a deployment may answer: none holds it off. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Deadline } from './clock';
import type { CallFailure } from './dependency';

export interface FunctionConcurrency {
  /** What is reserved for a function; null where it shares what the account has. Reads after write. Cost: one request. */
  readonly read: (name: string, deadline: Deadline) => TaskEither<CallFailure, number | null>;
  /** Reserves it, or gives the reservation back (null). Idempotent; what runs is not ended. Cost: one request, sent once. */
  readonly reserve: (name: string, reserved: number | null, deadline: Deadline) => TaskEither<CallFailure, void>;
}

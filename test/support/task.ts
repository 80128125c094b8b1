/** Runs a port's answer in a test and says which side was expected. */
import { type Either, isLeft } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Deadline } from '../../src/ports/clock';

export async function rightOf<E, A>(task: TaskEither<E, A>): Promise<A> {
  const outcome = await task();
  if (isLeft(outcome)) throw new Error(`expected success, got ${JSON.stringify(outcome.left)}`);
  return outcome.right;
}

export async function leftOf<E, A>(task: TaskEither<E, A>): Promise<E> {
  const outcome = await task();
  if (isLeft(outcome)) return outcome.left;
  throw new Error(`expected a failure, got ${JSON.stringify(outcome.right)}`);
}

export function valueOfRight<A>(outcome: Either<unknown, A>): A {
  if (isLeft(outcome)) throw new Error(`expected success, got ${JSON.stringify(outcome.left)}`);
  return outcome.right;
}

export const passedDeadline: Deadline = { remainingMs: () => 0 };

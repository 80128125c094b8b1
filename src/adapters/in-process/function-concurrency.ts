/** Reserved concurrency of functions that are names: for tests. */
import { type Either, left, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import type { FunctionConcurrency } from '../../ports/function-concurrency';
import { isOver } from './clock';

const SERVICE = 'in process';

/** `functions`: what is reserved at first, by name; null: nothing. */
export function makeInProcessConcurrency(functions: Readonly<Record<string, number | null>>): FunctionConcurrency {
  const reserved = new Map(Object.entries(functions));
  const at = <A>(operation: string, name: string, deadline: Deadline, act: () => A): Promise<Either<CallFailure, A>> => {
    if (isOver(deadline)) return Promise.resolve(left({ _tag: 'DeadlineExceeded', service: SERVICE, operation, effect: 'none' }));
    if (reserved.has(name)) return Promise.resolve(right(act()));
    return Promise.resolve(
      left({ _tag: 'DependencyFailed', service: SERVICE, operation, reason: `no function ${name}`, httpStatus: 404, effect: 'none' }),
    );
  };
  return {
    read: (name, deadline) => () => at('read', name, deadline, () => reserved.get(name) ?? null),
    reserve: (name, amount, deadline) => () =>
      at('reserve', name, deadline, () => {
        reserved.set(name, amount);
      }),
  };
}

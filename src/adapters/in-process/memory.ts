/** Memory held by this process, for as long as it lives: what the local server remembers between two requests. */
import { left, right } from 'fp-ts/Either';
import { canonical, type Json } from '../../domain/canonical/canonical';
import { sha256Hex } from '../../domain/hash';
import type { Deadline } from '../../ports/clock';
import type { DeadlineExceeded } from '../../ports/dependency';
import type { Memory, MemoryOperation } from '../../ports/memory';
import { isOver } from './clock';

export function makeInProcessMemory(): Memory {
  // As text, so that a value which the caller changes later is not changed here.
  const values = new Map<string, string>();
  const done = new Set<string>();
  return {
    source: 'local',
    put: (operation, operationId, deadline) => () => {
      const late = over(operation, deadline);
      if (late !== undefined) return Promise.resolve(left(late));
      const token = sha256Hex(canonical([operationId, operation.key, operation.value]));
      if (!done.has(token)) values.set(operation.key, canonical(operation.value));
      done.add(token);
      return Promise.resolve(right(undefined));
    },
    get: (operation, deadline) => () => {
      const late = over(operation, deadline);
      if (late !== undefined) return Promise.resolve(left(late));
      const text = values.get(operation.key);
      return Promise.resolve(right(text === undefined ? undefined : (JSON.parse(text) as Json)));
    },
    clear: (operation, deadline) => () => {
      const late = over(operation, deadline);
      if (late !== undefined) return Promise.resolve(left(late));
      values.delete(operation.key);
      return Promise.resolve(right(undefined));
    },
  };
}

function over(operation: MemoryOperation, deadline: Deadline): DeadlineExceeded | undefined {
  return isOver(deadline) ? { _tag: 'DeadlineExceeded', service: 'memory', operation: operation.op, effect: 'none' } : undefined;
}

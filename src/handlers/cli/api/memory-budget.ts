/** What smoke test and demo want of memory: the budget they send (`MEMORY_MAX_OPS`, `MEMORY_MAX_BYTES`), and whether it must be on. */
import { type Either, left, right } from 'fp-ts/Either';
import { type ApiProblem, misconfigured } from './api-problem';
import type { Environment } from '../../config';
import { variable } from '../shared/environment';

export type MemoryBudget = { readonly max_memory_ops: number; readonly max_memory_bytes: number };

export interface MemoryWish {
  readonly budget: MemoryBudget;
  /** `ENABLE_AGENTCORE_MEMORY=1` beside the command: a deployment without memory is then a failure. */
  readonly expected: boolean;
}

const DEFAULTS = { MEMORY_MAX_OPS: 2, MEMORY_MAX_BYTES: 1_024 } as const;

export function readMemoryWish(env: Environment): Either<ApiProblem, MemoryWish> {
  const ops = count(env, 'MEMORY_MAX_OPS');
  const bytes = count(env, 'MEMORY_MAX_BYTES');
  if (ops._tag === 'Left') return ops;
  if (bytes._tag === 'Left') return bytes;
  return right({ budget: { max_memory_ops: ops.right, max_memory_bytes: bytes.right }, expected: env['ENABLE_AGENTCORE_MEMORY'] === '1' });
}

function count(env: Environment, name: keyof typeof DEFAULTS): Either<ApiProblem, number> {
  const text = variable(env, name);
  if (text === undefined) return right(DEFAULTS[name]);
  return /^[0-9]{1,9}$/.test(text)
    ? right(Number(text))
    : left(misconfigured(`${name} is ${JSON.stringify(text)}: expected an integer of 0 or more`));
}

export const MEMORY_HELP = [
  'Memory is off at this API: a memory request is answered "memory disabled" and nothing is called.',
  '  To switch it on, set ENABLE_AGENTCORE_MEMORY=1 where the API runs:  ENABLE_AGENTCORE_MEMORY=1 make serve',
  '  (on AWS: apply Terraform with memory on).',
  '  MEMORY_MAX_OPS    operations of one request: there the ceiling (10 when unset), beside this command what it asks for (2 when unset)',
  '  MEMORY_MAX_BYTES  bytes sent and received by one request: there the ceiling (65536), beside this command what it asks for (1024)',
  '',
].join('\n');

/** The smoke test of each mode: a success, a trip of each breaker that guards it, a bad request, and the proof of what was written. */
import { randomUUID } from 'node:crypto';
import { isLeft } from 'fp-ts/Either';
import { at, briefly, memoryIsDisabled } from './api-answer';
import type { ApiAnswer } from './api-client';
import type { MemoryBudget } from './memory-budget';
import { request, badRequest, proven, type Smoke, succeeded, success, trip } from './smoke-check';

export async function smokeBase(smoke: Smoke): Promise<void> {
  const first = await success(smoke, 'one step, the default budget', {});
  await request(smoke, 'the same request again', {}, 'the same run_id and head_hash', (again) => {
    const same = (['run_id', 'head_hash'] as const).every(
      (key) => at(again.json, key) !== undefined && at(again.json, key) === at(first?.json, key),
    );
    return same ? undefined : briefly(again);
  });
  const tripped = await trip(smoke, 'five steps, two allowed', { steps: 5, budget: { max_steps: 2 } }, 'max_steps');
  await badRequest(smoke, { budget: { max_steps: 0 } }, '/budget/max_steps');
  await proven(smoke, 'one step, the default budget', first);
  await proven(smoke, 'five steps, two allowed', tripped);
}

export async function smokeTools(smoke: Smoke): Promise<void> {
  const plan = await success(smoke, 'the default plan of three calls', { budget: { max_steps: 3, max_tool_calls: 3 } });
  const steps = await trip(smoke, 'three calls, one step allowed', { budget: { max_steps: 1, max_tool_calls: 3 } }, 'max_steps');
  const calls = await trip(smoke, 'three calls, one tool call allowed', { budget: { max_steps: 3, max_tool_calls: 1 } }, 'max_tool_calls');
  const goal = {
    tool_plan: [{ name: 'propose_plan', args: { goal: 'hold' } }],
    budget: { max_steps: 1, max_tool_calls: 1, max_model_calls: 0 },
  };
  await trip(smoke, 'a planner, no model call allowed', goal, 'max_model_calls');
  await badRequest(smoke, { tool_plan: [{ args: {} }] }, '/tool_plan/0/name');
  await proven(smoke, 'the default plan of three calls', plan);
  await proven(smoke, 'three calls, one step allowed', steps);
  await proven(smoke, 'three calls, one tool call allowed', calls);
}

/** AWS states no read-after-write for memory events, so a value may take a moment to be seen. */
const READS_MAX = 5;
const BETWEEN_READS_MS = 1_000;

/** `true` when the memory is switched off, which the answer says and nothing was called. */
export async function smokeMemory(smoke: Smoke, budget: MemoryBudget): Promise<boolean> {
  const key = `smoke/${randomUUID()}`;
  const value = { kept: 'between two invocations' };
  const put = await request(
    smoke,
    'put a value',
    { requests: [{ op: 'memory_put', key, value }], budget },
    '200, ok, nothing spent beyond the budget',
    (answer) => (memoryIsDisabled(answer) ? undefined : succeeded(answer)),
  );
  if (put !== undefined && memoryIsDisabled(put)) return true;

  const get = await readBack(smoke, 'get it in another invocation', key, value, budget);
  const other = { op: 'memory_put', key, value: { kept: 'by mistake' } };
  const ops = await trip(
    smoke,
    'two puts, one operation allowed',
    { requests: [other, other], budget: { ...budget, max_memory_ops: 1 } },
    'max_memory_ops',
  );
  const bytes = await trip(
    smoke,
    'a put, 8 bytes allowed',
    { requests: [other], budget: { ...budget, max_memory_bytes: 8 } },
    'max_memory_bytes',
  );
  await nothingSpent(smoke, [ops, bytes]);
  await readBack(smoke, 'the refused puts changed nothing', key, value, budget);
  await badRequest(smoke, { requests: [{ op: 'memory_guess', key }], budget }, '/requests/0/op');
  await success(smoke, 'clear it', { requests: [{ op: 'memory_clear', key }], budget });
  await proven(smoke, 'put a value', put);
  await proven(smoke, 'get it in another invocation', get);
  await proven(smoke, 'two puts, one operation allowed', ops);
  return false;
}

async function readBack(smoke: Smoke, check: string, key: string, value: object, budget: MemoryBudget): Promise<ApiAnswer | undefined> {
  const body = { requests: [{ op: 'memory_get', key }], budget };
  for (let read = 1; read < READS_MAX; read += 1) {
    const early = await smoke.api.post(smoke.path, body);
    if (isLeft(early) || at(early.right.json, 'results', 0, 'result', 'found') !== false) break;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_READS_MS));
  }
  return request(smoke, check, body, 'the value that was put', (answer) => {
    const wrong = succeeded(answer);
    if (wrong !== undefined) return wrong;
    const found = at(answer.json, 'results', 0, 'result', 'value');
    return JSON.stringify(found) === JSON.stringify(value) ? undefined : `the value ${JSON.stringify(found)}`;
  });
}

async function nothingSpent(smoke: Smoke, refused: readonly (ApiAnswer | undefined)[]): Promise<void> {
  const spent = refused.map((answer) => at(answer?.json, 'budget_state', 'memory_ops'));
  const result = { check: 'a refused list sent nothing', expected: 'budget_state.memory_ops 0' };
  await smoke.report(spent.every((ops) => ops === 0) ? { ...result, ok: true } : { ...result, ok: false, found: JSON.stringify(spent) });
}

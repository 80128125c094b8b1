/** Guarded runs for tests: acts of an agent that is a script, on a tape in memory. */
import { isLeft, right } from 'fp-ts/Either';
import { makeMemoryRunWriter, type RunFileBytes } from '../../src/adapters/in-process/run-files';
import { type Budget, DEFAULT_BUDGET } from '../../src/domain/budget/budget';
import { type GuardedAct, contentOf, type RecordLevel } from '../../src/domain/guard/act';
import { guardId, type GuardRun, makeGuardRun } from '../../src/domain/guard/guard';
import type { ModelPriceTable } from '../../src/domain/budget/prices';
import type { GuardInputs } from '../../src/domain/run/inputs';
import type { RunWriter } from '../../src/ports/run-files';

export const TEST_PRICES: ModelPriceTable = {
  as_of: '2026-11-01',
  models: [
    { ids: ['m'], input: 3_000_000, output: 15_000_000, cache_read: 300_000, cache_write: 6_000_000, source: 'made up' },
    {
      ids: ['long'],
      input: 1_000_000,
      output: 2_000_000,
      source: 'made up',
      long: { above_input_tokens: 50, input: 2_000_000, output: 4_000_000 },
    },
  ],
  tools: { '*': 0, search: 10_000 },
};

export interface TestGuard {
  readonly guard: GuardRun;
  /** What the run left. */
  readonly closed: () => Promise<RunFileBytes>;
}

export interface TestGuardOptions {
  readonly budget: Partial<Budget>;
  readonly record?: RecordLevel;
  readonly elapsedMs?: () => number;
  readonly parent?: GuardInputs['parent'];
  readonly name?: string;
  readonly writer?: RunWriter;
}

export function testGuard(options: TestGuardOptions): TestGuard {
  const { budget, record = 'digest', elapsedMs = () => 0, parent = null, name = 'test' } = options;
  const memory = makeMemoryRunWriter();
  const guard = makeGuardRun(
    { name, budget: { ...DEFAULT_BUDGET, ...budget }, prices: TEST_PRICES, record, parent },
    { open: () => Promise.resolve(right(options.writer ?? memory)), elapsedMs, durable: true },
  );
  return {
    guard,
    closed: async () => {
      const finished = await guard.close();
      if (isLeft(finished)) throw new Error(JSON.stringify(finished.left));
      return memory.files();
    },
  };
}

export function modelAct(
  request: string,
  maxOutputTokens: number | null = 10,
  more: Partial<Extract<GuardedAct, { kind: 'model' }>> = {},
): GuardedAct {
  return { kind: 'model', name: 'm', request: contentOf(request, 'digest'), maxOutputTokens, ...more };
}

export function toolAct(name: string): GuardedAct {
  return { kind: 'tool', name, request: contentOf([], 'digest') };
}

/** A run with a row of every kind, in every dimension: what the golden holds. */
export async function everyKindOfAct(): Promise<RunFileBytes> {
  let nowMs = 0;
  const budget = {
    max_tool_calls: 4,
    max_model_calls: 3,
    max_input_tokens: 500,
    max_output_tokens: 400,
    max_cost_microusd: 50_000,
    max_wall_ms: 60_000,
    tools: { search: 1 },
  };
  const { guard, closed } = testGuard({ name: 'golden', budget, record: 'full', elapsedMs: () => nowMs });
  const sent = async (act: GuardedAct, takesMs: number, outcome?: Parameters<GuardRun['end']>[1]): Promise<void> => {
    const begun = await guard.begin(act);
    nowMs += takesMs;
    if (!isLeft(begun) && outcome !== undefined) guard.end(begun.right, outcome);
  };
  const ask = (text: string, maxOutputTokens: number): GuardedAct => ({
    kind: 'model',
    name: 'm',
    request: contentOf({ messages: [{ role: 'user', content: text }] }, 'full'),
    maxOutputTokens,
  });
  const call = (name: string, args: string): GuardedAct => ({ kind: 'tool', name, request: contentOf([args], 'full') });
  const answered = { ok: true, result: contentOf('use the tool | with care', 'full') };
  await sent(ask('What does it cost, in µ$?', 100), 1_200, {
    ...answered,
    usage: { input_tokens: 31, output_tokens: 12, cache_read_tokens: 4, cache_write_tokens: 0 },
  });
  await sent(call('search', 'prices'), 300, { ok: true, result: contentOf({ hits: [1, 2] }, 'full') });
  await sent(ask('And now?', 100), 9_000, {
    ok: false,
    error: { code: 'act_failed', message: 'AbortError: the stream was cut off', effect: 'unknown' },
  });
  const given = {
    ...DEFAULT_BUDGET,
    ...budget,
    max_tool_calls: 1,
    max_model_calls: 0,
    max_input_tokens: 0,
    max_output_tokens: 0,
    max_cost_microusd: 0,
    tools: { search: 0 },
  };
  const child = await guard.grant('nested', given);
  if (isLeft(child)) throw new Error(JSON.stringify(child.left));
  guard.refund(guardId(child.right), 'f'.repeat(64), { steps: 0, tool_calls: 0 });
  // Not ended when the guard is closed.
  await sent(call('write', 'a file'), 50);
  await sent(call('search', 'again'), 0);
  await sent(ask('One more', 10), 0);
  return closed();
}

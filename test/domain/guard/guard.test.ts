/** The guard: what it lets through, what it leaves, and that it can be proved. */
import fc from 'fast-check';
import { isLeft, left } from 'fp-ts/Either';
import { makeMemoryRunReader, makeMemoryRunWriter } from '../../../src/adapters/in-process/run-files';
import { type Budget, metersOf } from '../../../src/domain/budget/budget';
import { contentOf } from '../../../src/domain/guard/act';
import type { GuardRun } from '../../../src/domain/guard/guard';
import type { Usage } from '../../../src/domain/budget/prices';
import { verify } from '../../../src/domain/run/verify';
import { modelAct, testGuard, toolAct } from '../../support/guard-runs';
import { linesOf, rowsOf, RUNS, seeded, verdictOn } from '../../support/harness';
import { valueOfRight } from '../../support/task';

const USED: Usage = { input_tokens: 3, output_tokens: 2 };

async function begun(guard: GuardRun, act: Parameters<GuardRun['begin']>[0]): Promise<number> {
  return valueOfRight(await guard.begin(act));
}

async function refusal(guard: GuardRun, act: Parameters<GuardRun['begin']>[0]): Promise<unknown> {
  const outcome = await guard.begin(act);
  return isLeft(outcome) ? outcome.left : undefined;
}

describe('an act', () => {
  it('is on the tape before it is sent, and settled by its report after it', async () => {
    const { guard, closed } = testGuard({
      budget: { max_model_calls: 2, max_input_tokens: 100, max_output_tokens: 50, max_cost_microusd: 5_000 },
    });
    const index = await begun(guard, modelAct('hello'));
    // 7 bytes of JSON at the price of a cache that takes them in, and 10 tokens of answer: 42 + 150.
    expect(guard.state()).toMatchObject({ model_calls: 1, input_tokens: 7, output_tokens: 10, cost_microusd: 192 });
    guard.end(index, { ok: true, result: contentOf('hi', 'digest'), usage: { ...USED, cache_write_tokens: 0 } });
    expect(guard.state()).toMatchObject({ model_calls: 1, input_tokens: 3, output_tokens: 2, cost_microusd: 39 });
    const files = await closed();
    expect(rowsOf(linesOf(files, 'tape.jsonl')).map(({ type }) => type)).toEqual(['run', 'intent', 'model', 'seal']);
    expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven', summary: { error: null, acts: 1 } });
  });

  it('stays charged in full where no report comes, or one that is cut off', async () => {
    const { guard, closed } = testGuard({ budget: { max_model_calls: 3, max_output_tokens: 30 } });
    guard.end(await begun(guard, modelAct('a')), { ok: false, error: { code: 'act_failed', message: 'AbortError', effect: 'unknown' } });
    await begun(guard, modelAct('b'));
    const files = await closed();
    expect(guard.state()).toMatchObject({ model_calls: 2, output_tokens: 20 });
    expect(rowsOf(linesOf(files, 'tape.jsonl')).filter(({ type }) => type === 'model')).toMatchObject([
      { ok: false },
      { ok: false, usage: null },
    ]);
    expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven' });
  });

  it('that reports more than it could take has broken its bound: nothing follows, and the state is as it was', async () => {
    const { guard, closed } = testGuard({ budget: { max_model_calls: 5, max_output_tokens: 50 } });
    guard.end(await begun(guard, modelAct('a')), { ok: true, usage: { input_tokens: 1, output_tokens: 11 } });
    expect(guard.state()).toMatchObject({ output_tokens: 10 });
    expect(await refusal(guard, modelAct('b'))).toMatchObject({ code: 'unbounded', limiter: 'max_output_tokens' });
    expect(await verdictOn(await closed())).toMatchObject({ _tag: 'Proven', summary: { error: { code: 'unbounded' } } });
  });
});

describe('a refusal', () => {
  it.each<[string, Partial<Budget>, Parameters<GuardRun['begin']>[0], unknown]>([
    [
      'no maximum of output',
      { max_model_calls: 1, max_output_tokens: 5 },
      modelAct('a', null),
      { code: 'unbounded', limiter: 'max_output_tokens' },
    ],
    [
      'no maximum of output, in money',
      { max_model_calls: 1, max_cost_microusd: 5 },
      modelAct('a', null),
      { code: 'unbounded', limiter: 'max_cost_microusd' },
    ],
    [
      'content elsewhere',
      { max_model_calls: 1, max_input_tokens: 5 },
      modelAct('a', 1, { maxInputTokens: null }),
      { code: 'unbounded', limiter: 'max_input_tokens' },
    ],
    [
      'a model without a price',
      { max_model_calls: 1, max_cost_microusd: 5 },
      modelAct('a', 1, { name: 'new' }),
      { code: 'unpriced', limiter: 'max_cost_microusd' },
    ],
    [
      'too dear a tool',
      { max_tool_calls: 1, max_cost_microusd: 9_999 },
      toolAct('search'),
      { code: 'budget_exceeded', limiter: 'max_cost_microusd', requested: 10_000 },
    ],
    [
      'a tool of which no call is left',
      { max_tool_calls: 9, tools: { search: 0 } },
      toolAct('search'),
      { code: 'budget_exceeded', limiter: 'tools.search', requested: 1 },
    ],
    [
      'no model call at all, which is the default',
      {},
      modelAct('a'),
      { code: 'budget_exceeded', limiter: 'max_model_calls', requested: 1 },
    ],
  ])('of %s: the act is not begun, nothing is charged, and it is proved', async (_name, budget, act, expected) => {
    const { guard, closed } = testGuard({ budget });
    const refused = await refusal(guard, act);
    expect(refused).toMatchObject(expected as object);
    expect(JSON.parse(JSON.stringify(refused))).toEqual(refused);
    expect(guard.state()).toMatchObject({ model_calls: 0, tool_calls: 0 });
    // It latched: what would have been granted alone is not.
    expect(await refusal(guard, toolAct('other'))).toEqual(refused);
    const files = await closed();
    expect(rowsOf(linesOf(files, 'tape.jsonl')).map(({ type }) => type)).toEqual(['run', 'stop', 'stop', 'seal']);
    expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven', summary: { error: expected } });
  });

  it('of time: an act that is begun too late, or ends too late', async () => {
    for (const late of ['begin', 'end'] as const) {
      let nowMs = 5;
      const { guard, closed } = testGuard({ budget: { max_tool_calls: 9, max_wall_ms: 10 }, elapsedMs: () => nowMs });
      const index = await begun(guard, toolAct('a'));
      if (late === 'begin') guard.end(index, { ok: true });
      nowMs = 12;
      if (late === 'end') guard.end(index, { ok: false, error: { code: 'act_failed', message: 'TimeoutError', effect: 'unknown' } });
      expect(await refusal(guard, toolAct('b'))).toMatchObject({ code: 'budget_exceeded', limiter: 'max_wall_ms', requested: 12 });
      expect(guard.state().wall_ms).toBeLessThanOrEqual(10);
      expect(await verdictOn(await closed())).toMatchObject({ _tag: 'Proven', summary: { error: { limiter: 'max_wall_ms' } } });
    }
  });

  it('is on the tape once for each act, and not more than 1,000 times', async () => {
    const { guard, closed } = testGuard({ budget: {} });
    for (let act = 0; act < 1_010; act += 1) await guard.begin(toolAct('a'));
    const files = await closed();
    expect(linesOf(files, 'tape.jsonl')).toHaveLength(1_002);
    expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven' });
  });
});

describe('it fails closed', () => {
  it('does not begin an act whose intent cannot be written, nor any after it', async () => {
    const memory = makeMemoryRunWriter();
    let broken = false;
    const writer = {
      ...memory,
      sync: () => () =>
        Promise.resolve(
          broken ? left({ _tag: 'Unwritable', path: 'x', reason: 'no space' } as const) : ({ _tag: 'Right', right: undefined } as const),
        ),
    };
    const { guard } = testGuard({ budget: { max_tool_calls: 9 }, writer });
    await begun(guard, toolAct('a'));
    broken = true;
    const refused = { code: 'dependency_failed', service: 'tape', effect: 'none' };
    expect(await refusal(guard, toolAct('b'))).toMatchObject(refused);
    broken = false;
    expect(await refusal(guard, toolAct('c'))).toMatchObject(refused);
    expect(await guard.close()).toMatchObject({ _tag: 'Left', left: { _tag: 'Unwritable' } });
    expect(memory.files()).toEqual({});
  });

  it('begins nothing once it is closed, and an act that is late is not recorded', async () => {
    const { guard, closed } = testGuard({ budget: { max_tool_calls: 9 } });
    const index = await begun(guard, toolAct('a'));
    const racing = guard.begin(toolAct('b'));
    const files = await closed();
    guard.end(index, { ok: true });
    expect(await refusal(guard, toolAct('c'))).toMatchObject({ code: 'dependency_failed' });
    expect(isLeft(await racing)).toBe(true);
    expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven' });
  });
});

describe('a grant', () => {
  it('is taken out of its giver, and what is left of it comes back with the head of the child', async () => {
    const { guard, closed } = testGuard({ budget: { max_tool_calls: 5, max_output_tokens: 100, max_model_calls: 3 } });
    const given = { max_steps: 1, max_tool_calls: 3, max_model_calls: 1, max_memory_ops: 0, max_memory_bytes: 0, max_output_tokens: 60 };
    const granted = valueOfRight(await guard.grant('nested', given));
    expect(guard.state()).toMatchObject({ tool_calls: 3, output_tokens: 60 });
    const child = testGuard({ budget: granted.budget, name: granted.name, parent: granted.parent });
    child.guard.end(await begun(child.guard, toolAct('a')), { ok: true });
    const childFiles = await child.closed();
    guard.refund(child.guard.runId, 'head', child.guard.state());
    guard.refund(child.guard.runId, 'head', { tool_calls: 0 });
    expect(guard.state()).toMatchObject({ tool_calls: 1, output_tokens: 0 });
    const files = await closed();
    expect(rowsOf(linesOf(files, 'tape.jsonl')).map(({ type }) => type)).toEqual(['run', 'grant', 'refund', 'seal']);
    expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven' });
    expect(await verdictOn(childFiles)).toMatchObject({ _tag: 'Proven' });
  });

  it('that is not covered is refused and latches; one that leaves a limit out is no grant', async () => {
    const { guard, closed } = testGuard({ budget: { max_tool_calls: 2, max_output_tokens: 10 } });
    const given = { max_steps: 1, max_tool_calls: 3, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 };
    expect(await guard.grant('a', given)).toMatchObject({ left: { _tag: 'MissingLimits', missing: [{ limiter: 'max_output_tokens' }] } });
    expect(await guard.grant('a', { ...given, max_output_tokens: 1 })).toMatchObject({ left: { limiter: 'max_tool_calls' } });
    expect(await verdictOn(await closed())).toMatchObject({ _tag: 'Proven', summary: { error: { limiter: 'max_tool_calls' } } });
  });
});

describe('a tape that says something else is not proven', () => {
  it.each<[string, (line: string) => string]>([
    ['a usage that is too low', (line) => line.replace('"output_tokens":2', '"output_tokens":1')],
    ['a request that is shorter than its content', (line) => line.replace('"bytes":7', '"bytes":6')],
    ['a content that is another', (line) => line.replace('"content":"hello"', '"content":"hallo"')],
    ['costs that are lower', (line) => line.replace('"costs":{"input_tokens":7', '"costs":{"input_tokens":5')],
    ['an outcome of another act', (line) => (line.includes('"type":"model"') ? line.replace('"index":0', '"index":3') : line)],
  ])('%s', async (_name, forge) => {
    const { guard, closed } = testGuard({ budget: { max_model_calls: 2, max_input_tokens: 100 }, record: 'full' });
    const act = { ...modelAct('hello'), request: contentOf('hello', 'full') };
    guard.end(await begun(guard, act), { ok: true, usage: USED, result: contentOf('hi', 'full') });
    const files = await closed();
    expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven' });
    const tape = linesOf(files, 'tape.jsonl').map((line) => forge(line));
    expect(tape).not.toEqual(linesOf(files, 'tape.jsonl'));
    const forged = { ...files, 'tape.jsonl': new TextEncoder().encode(`${tape.join('\n')}\n`) };
    expect(valueOfRight(await verify(makeMemoryRunReader(forged)))).toMatchObject({ _tag: 'NotProven' });
  });
});

// ---- Any schedule of acts that run side by side ----

interface Scheduled {
  readonly kind: 'tool' | 'model';
  readonly tool: 'a' | 'b';
  readonly bytes: number;
  readonly maxOutput: number;
  readonly used: { readonly input: number; readonly output: number } | null;
  readonly attempts: number;
  readonly beginAt: number;
  readonly takes: number;
}

const scheduled: fc.Arbitrary<Scheduled> = fc.record({
  kind: fc.constantFrom('tool', 'model'),
  tool: fc.constantFrom('a', 'b'),
  bytes: fc.integer({ min: 0, max: 30 }),
  maxOutput: fc.integer({ min: 0, max: 30 }),
  used: fc.option(fc.record({ input: fc.integer({ min: 0, max: 30 }), output: fc.integer({ min: 0, max: 30 }) })),
  attempts: fc.integer({ min: 1, max: 3 }),
  beginAt: fc.integer({ min: 0, max: 5 }),
  takes: fc.integer({ min: 0, max: 5 }),
});

const limits: fc.Arbitrary<Partial<Budget>> = fc.record(
  {
    max_tool_calls: fc.integer({ min: 0, max: 8 }),
    max_model_calls: fc.integer({ min: 0, max: 8 }),
    max_input_tokens: fc.integer({ min: 0, max: 120 }),
    max_output_tokens: fc.integer({ min: 0, max: 120 }),
    max_cost_microusd: fc.integer({ min: 0, max: 3_000 }),
    tools: fc.record({ a: fc.integer({ min: 0, max: 4 }) }),
  },
  { requiredKeys: ['max_tool_calls', 'max_model_calls'] },
);

it('whatever runs side by side: what was sent never exceeds the budget, not for an instant, and the run is proved', async () => {
  await fc.assert(
    fc.asyncProperty(limits, fc.array(scheduled, { maxLength: 12 }), async (budget, acts) => {
      const { guard, closed } = testGuard({ budget });
      // What really went out, counted by the provider and not by the guard.
      const sent = { tool_calls: 0, model_calls: 0, output_tokens: 0, a: 0 };
      const turn = async (turns: number): Promise<void> => {
        for (let at = 0; at < turns; at += 1) await Promise.resolve();
      };
      const within = (): void => {
        for (const { spent, max, limiter } of metersOf({ ...budget }, guard.state())) {
          if (spent > max) throw new Error(`${limiter}: ${String(spent)} of ${String(max)}`);
        }
        if (sent.tool_calls > (budget.max_tool_calls ?? 0) || sent.model_calls > (budget.max_model_calls ?? 0)) throw new Error('sent');
        if (budget.max_output_tokens !== undefined && sent.output_tokens > budget.max_output_tokens) throw new Error('tokens');
        if (budget.tools !== undefined && sent.a > (budget.tools['a'] ?? 0)) throw new Error('tool a');
      };
      await Promise.all(
        acts.map(async ({ kind, tool, bytes, maxOutput, used, attempts, beginAt, takes }) => {
          await turn(beginAt);
          for (let attempt = 0; attempt < attempts; attempt += 1) {
            const act = kind === 'tool' ? toolAct(tool) : modelAct('x'.repeat(bytes), maxOutput);
            const begin = await guard.begin(act);
            within();
            if (isLeft(begin)) return;
            sent.tool_calls += kind === 'tool' ? 1 : 0;
            sent.model_calls += kind === 'model' ? 1 : 0;
            sent.a += kind === 'tool' && tool === 'a' ? 1 : 0;
            // A provider keeps to the maximum that it was given, and may fall silent about what it used.
            const output = Math.min(used?.output ?? maxOutput, maxOutput);
            sent.output_tokens += kind === 'model' ? output : 0;
            within();
            await turn(takes);
            if (used === null) continue;
            const usage = { input_tokens: Math.min(used.input, bytes), output_tokens: output };
            guard.end(begin.right, kind === 'tool' ? { ok: true } : { ok: true, usage });
            within();
          }
        }),
      );
      within();
      const files = await closed();
      const verdict = await verdictOn(files);
      expect(verdict).toMatchObject({ _tag: 'Proven' });
    }),
    seeded(RUNS.whole * 5),
  );
});

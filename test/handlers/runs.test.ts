/** Runs through the handlers: one identity whichever way they are asked for, nothing new when repeated, and proof of what is stored. */
import { isLeft } from 'fp-ts/Either';
import thresholdDemo from '../../examples/strategies/threshold_demo.json';
import tradingPath from '../../examples/fixtures/trading_path.json';
import { makeScriptedCodeInterpreter } from '../../src/adapters/in-process/code-interpreter';
import { makeMarketDocument } from '../../src/adapters/in-process/market-document';
import { makeScriptedPlanner } from '../../src/adapters/in-process/planner';
import { makeMemoryRunWriter } from '../../src/adapters/in-process/run-files';
import { DEFAULT_BUDGET } from '../../src/domain/budget/budget';
import { marketPathCodec } from '../../src/domain/market/market-path';
import { filesOf } from '../../src/domain/run/modes';
import { run } from '../../src/domain/run/run';
import type { HttpMode } from '../../src/handlers/http/contract/response';
import type { ApiResponse } from '../../src/handlers/http/contract/response';
import { answerOf, sendEvent, contextOf, invoke, makeTestHandler, provenHead, storedFiles, type TestHandler } from '../support/handlers';
import { expectRight } from '../support/harness';
import { httpEvent } from '../support/http-events';

const BUDGET = { max_steps: 100, max_tool_calls: 10, max_model_calls: 2, max_memory_ops: 10, max_memory_bytes: 10_000 };
const call = (name: string, args: object = { step: 0 }): { readonly name: string; readonly args: object } => ({ name, args });
const buy = (quantity: number): object => ({ step: 0, actions: [{ type: 'PlaceBuy', symbol: 'AAPL', quantity }] });
const put = { op: 'memory_put', key: 'note', value: { text: 'ünï', list: [1, null, true] } };
const get = { op: 'memory_get', key: 'note' };

interface Scenario {
  readonly name: string;
  readonly mode: HttpMode;
  readonly body: object;
  readonly expected: object;
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'defaults',
    mode: 'agentcore-base',
    body: {},
    expected: { ok: true, steps: 1, final_state: { cash: '900.14', positions: { AAPL: '1' } } },
  },
  {
    name: 'all steps',
    mode: 'agentcore-base',
    body: { steps: 5, budget: { max_steps: 5 } },
    expected: { ok: true, steps: 5, budget_state: { steps: 5 } },
  },
  {
    name: 'too few steps',
    mode: 'agentcore-base',
    body: { steps: 5, budget: { max_steps: 2 } },
    expected: { steps: 2, error: { code: 'budget_exceeded', limiter: 'max_steps', requested: 1 } },
  },
  {
    name: 'inline documents',
    mode: 'agentcore-base',
    body: { market: tradingPath, strategy: thresholdDemo, policy: { costs: { fee_bps: 10 } }, initial_state: { cash: '250' } },
    expected: { ok: true },
  },
  {
    name: 'default plan, no budget',
    mode: 'agentcore-tools',
    body: {},
    expected: { error: { code: 'budget_exceeded', limiter: 'max_tool_calls' }, results: [] },
  },
  {
    name: 'default plan',
    mode: 'agentcore-tools',
    body: { budget: { max_steps: 3, max_tool_calls: 3 } },
    expected: { ok: true, results: [{ ok: true }, { ok: true }, { ok: true }] },
  },
  {
    name: 'executed',
    mode: 'agentcore-tools',
    body: { budget: BUDGET, tool_plan: [call('evaluate_strategy'), call('execute')] },
    expected: { ok: true, steps: 1, final_state: { cash: '900.14' } },
  },
  {
    name: 'rejected',
    mode: 'agentcore-tools',
    body: { budget: BUDGET, tool_plan: [call('simulate_and_verify', buy(100)), call('execute')] },
    expected: { error: { code: 'simulation_rejected', index: 0 } },
  },
  {
    name: 'an unknown tool',
    mode: 'agentcore-tools',
    body: { budget: BUDGET, tool_plan: [call('constructor')] },
    expected: { error: { code: 'tool_failed', tool: 'constructor' } },
  },
  {
    name: 'scripted tools',
    mode: 'agentcore-tools',
    body: {
      budget: BUDGET,
      tool_plan: [call('execute_code', { language: 'python', code: 'print(1)' }), call('propose_plan', { goal: 'grow' }), call('execute')],
    },
    expected: { ok: true, budget_state: { tool_calls: 3, model_calls: 1 } },
  },
  { name: 'no request', mode: 'agentcore-memory', body: {}, expected: { ok: true, results: [] } },
  {
    name: 'put and get',
    mode: 'agentcore-memory',
    body: { budget: BUDGET, requests: [put, get] },
    expected: { ok: true, results: [{ ok: true }, { ok: true, result: { found: true, value: put.value } }] },
  },
  {
    name: 'too many',
    mode: 'agentcore-memory',
    body: { budget: { ...BUDGET, max_memory_ops: 1 }, requests: [put, get] },
    expected: { error: { code: 'budget_exceeded', limiter: 'max_memory_ops', requested: 2 }, results: [] },
  },
  {
    name: 'a value that does not fit',
    mode: 'agentcore-memory',
    body: { budget: { ...BUDGET, max_memory_bytes: 125 }, requests: [put, get] },
    expected: { error: { code: 'budget_exceeded', limiter: 'max_memory_bytes' } },
  },
];

function handlerOf(mode: HttpMode): TestHandler {
  return makeTestHandler(
    mode,
    {},
    mode === 'agentcore-tools' ? { interpreter: makeScriptedCodeInterpreter(), planner: makeScriptedPlanner() } : {},
  );
}

async function overHttp(
  { handle, mode }: TestHandler,
  body: object,
): Promise<{ readonly status: number; readonly answer: ApiResponse; readonly text: string }> {
  const path = `/agentcore/${mode.slice('agentcore-'.length)}`;
  const { status, text } = await sendEvent(handle, httpEvent({ path, body: JSON.stringify(body) }));
  return { status, text, answer: answerOf(mode, JSON.parse(text)) };
}

describe.each(SCENARIOS.map((scenario) => [`${scenario.mode} ${scenario.name}`, scenario] as const))(
  '%s',
  (_title, { mode, body, expected }) => {
    it('answers what it should, and stores what proves it', async () => {
      const test = handlerOf(mode);
      const { status, answer } = await overHttp(test, body);
      expect(answer).toMatchObject(expected);
      expect([answer.ok, status]).toEqual([answer.error === undefined, answer.error === undefined ? 200 : 422]);
      expect(answer.artifact_dir).toBe(`artifacts/${answer.run_id ?? ''}`);
      expect(await provenHead(test.artifacts, answer)).toBe(answer.head_hash);
      expect(test.puts.map(({ key }) => key)).toEqual(filesOf(mode).map((file) => `${answer.artifact_dir ?? ''}/${file}`));
      expect(test.puts.at(-1)).toMatchObject({ contentType: 'application/json' });
    });

    it('answers a direct invocation the same, and stores the same', async () => {
      const [http, direct] = [handlerOf(mode), handlerOf(mode)];
      const { answer } = await overHttp(http, body);
      expect(await invoke(direct, body)).toEqual(answer);
      expect(direct.puts).toEqual(http.puts);
    });

    it('writes nothing new when it is repeated', async () => {
      const test = handlerOf(mode);
      const { text } = await overHttp(test, body);
      const before = await storedFiles(test.artifacts, mode, test.puts[0]?.key.split('/').slice(0, 2).join('/') ?? '');
      // A memory remembers its first run: the same put again is the same operation.
      expect((await overHttp(test, body)).text).toBe(text);
      expect(await storedFiles(test.artifacts, mode, test.puts[0]?.key.split('/').slice(0, 2).join('/') ?? '')).toEqual(before);
      expect(new Set(test.puts.map(({ key }) => key)).size).toBe(filesOf(mode).length);
    });
  },
);

it('is the run of the use case: same id, same head, same bytes', async () => {
  const test = makeTestHandler('agentcore-base');
  const answer = await invoke(test, { steps: 5, budget: { max_steps: 5 } });
  const market = marketPathCodec.decode(tradingPath);
  if (isLeft(market)) throw new Error('the example is a market');
  const writer = makeMemoryRunWriter();
  const handler = { mode: 'agentcore-base', budget: { ...DEFAULT_BUDGET, max_steps: 5 }, invocation: null } as const;
  const outcome = await run(
    { strategy: thresholdDemo, policy: {}, initialState: {}, steps: 5, handler },
    makeMarketDocument(market.right),
    writer,
  );
  if (isLeft(outcome)) throw new Error(outcome.left._tag);
  expect(outcome.right.summary).toMatchObject({ runId: answer.run_id, headHash: answer.head_hash });
  const stored = Object.fromEntries(test.puts.map(({ key, bytes }) => [key.split('/').at(-1) ?? '', Buffer.from(bytes).toString()]));
  expect(stored).toEqual(Object.fromEntries(Object.entries(writer.files()).map(([file, bytes]) => [file, Buffer.from(bytes).toString()])));
});

it('names an example or writes it out: the same run', async () => {
  const named = await invoke(makeTestHandler('agentcore-base'), { market: 'trading_path', strategy: 'threshold_demo' });
  const inline = await invoke(makeTestHandler('agentcore-base'), { market: tradingPath, strategy: thresholdDemo });
  expect(inline).toEqual(named);
  expect(await invoke(makeTestHandler('agentcore-base'), {})).toEqual(named);
});

describe('what is remembered', () => {
  it('is there in another invocation, which is another run', async () => {
    const test = makeTestHandler('agentcore-memory');
    const first = await invoke(test, { budget: BUDGET, requests: [put] }, contextOf('request-1'));
    const second = await invoke(test, { budget: BUDGET, requests: [get] }, contextOf('request-2'));
    const third = await invoke(test, { budget: BUDGET, requests: [get] }, contextOf('request-3'));
    expect(second.results).toMatchObject([{ result: { found: true, value: put.value } }]);
    expect(new Set([first.run_id, second.run_id, third.run_id]).size).toBe(3);
    for (const answer of [first, second, third]) expect(await provenHead(test.artifacts, answer)).toBe(answer.head_hash);
  });

  it('is left to decision.json where it is too long for an answer of Lambda', async () => {
    const ceilings = { max_steps: 1, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 10, max_memory_bytes: 10_000_000 };
    const test = makeTestHandler('agentcore-memory', { ceilings });
    const long = { op: 'memory_put', key: 'k', value: 'v'.repeat(900_000) };
    const gets = Array.from({ length: 7 }, () => ({ op: 'memory_get', key: 'k' }));
    const answer = await invoke(test, { budget: { max_memory_ops: 8, max_memory_bytes: 10_000_000 }, requests: [long, ...gets] });
    expect(answer).toMatchObject({ ok: true, results: null, budget_state: { memory_ops: 8 } });
    expect(JSON.stringify(answer).length).toBeLessThan(10_000);
    expect(test.puts.find(({ key }) => key.endsWith('/decision.json'))?.bytes.length).toBeGreaterThan(6_000_000);
  });

  it('is not touched by a list that the budget does not cover', async () => {
    const test = makeTestHandler('agentcore-memory');
    await invoke(test, { budget: { ...BUDGET, max_memory_bytes: 100 }, requests: [put, put] });
    expect(test.memoryCalls).toEqual([]);
  });
});

describe('tools that are not enabled', () => {
  it.each(['execute_code', 'propose_plan'])('%s is a failed call, and a proof of one', async (tool) => {
    const test = makeTestHandler('agentcore-tools');
    const args = tool === 'execute_code' ? { language: 'python', code: '1' } : { goal: 'grow' };
    const answer = await invoke(test, { budget: BUDGET, tool_plan: [call(tool, args)] });
    expect(answer).toMatchObject({ ok: false, error: { code: 'tool_failed', tool, message: `${tool} is not enabled in this deployment` } });
    expect(await provenHead(test.artifacts, answer)).toBe(answer.head_hash);
  });
});

it('a call with several unknown arguments is told in one order, whatever theirs, and is a proof of a failed call', async () => {
  const test = makeTestHandler('agentcore-tools');
  const answer = await invoke(test, { budget: BUDGET, tool_plan: [call('execute', { step: 0, zeta: { b: 1, a: 2 }, alpha: 1 })] });
  expect(answer.error?.message).toMatch(/alpha.*zeta/);
  expect(await provenHead(test.artifacts, answer)).toBe(answer.head_hash);
});

describe('artifacts', () => {
  it('that are others than those of the run are a conflict', async () => {
    const test = makeTestHandler('agentcore-base');
    const clean = await invoke(makeTestHandler('agentcore-base'), {});
    await test.artifacts.put(
      { key: `artifacts/${clean.run_id ?? ''}/tape.jsonl`, bytes: Buffer.from('forged\n'), contentType: 'application/jsonl' },
      { remainingMs: () => Infinity },
    )();
    const { status, answer } = await overHttp(test, {});
    expect(status).toBe(409);
    expect(answer).toMatchObject({
      ok: false,
      artifact_dir: null,
      run_id: clean.run_id,
      error: { code: 'artifact_conflict', key: `artifacts/${clean.run_id ?? ''}/tape.jsonl` },
    });
    // What was stored beside the conflict is what the run would have stored; nothing says that it finished.
    const stored = expectRight(await test.artifacts.list(`artifacts/${clean.run_id ?? ''}/`, { remainingMs: () => Infinity })());
    expect(stored).toContain('market.jsonl');
    expect(stored).not.toContain('run.json');
  });
});

describe('the clock', () => {
  /** A market of many lines, so that the engine asks for the time between two batches of it. */
  const long = {
    symbols: ['A'],
    steps: Array.from({ length: 5_000 }, (_, index) => ({ A: 1 + (index % 7), time: `step ${String(index)}` })),
  };
  const strategy = {
    ...thresholdDemo,
    universe: { symbols: ['A'] },
    rules: [{ type: 'threshold_price', symbol: 'A', buy_below: 2, sell_above: 6 }],
  };
  const body = { market: long, strategy, steps: 5_000, budget: { max_steps: 5_000 } };
  const ceilings = { max_steps: 5_000, max_tool_calls: 10, max_model_calls: 0, max_memory_ops: 10, max_memory_bytes: 1_000 };

  it('that leaves no time for a first step leaves nothing', async () => {
    const test = makeTestHandler('agentcore-base');
    const result = await sendEvent(test.handle, httpEvent({ body: '{}' }), contextOf('r', 3_249));
    expect(result.status).toBe(504);
    expect(answerOf('agentcore-base', JSON.parse(result.text))).toMatchObject({
      error: { code: 'deadline_exceeded' },
      artifact_dir: null,
      budget_state: { steps: 0 },
    });
    expect(test.puts).toEqual([]);
  });

  it('that stops a run leaves a proof of its part, beside the place of the whole', async () => {
    const test = makeTestHandler('agentcore-base', { ceilings });
    let asked = 0;
    const answer = await invoke(
      test,
      body,
      contextOf('r', () => (asked++ < 1 ? 29_000 : 3_000)),
    );
    expect(answer).toMatchObject({ ok: false, error: { code: 'deadline_exceeded' } });
    expect(answer.steps).toBeGreaterThan(0);
    expect(answer.artifact_dir).toBe(`artifacts/${answer.run_id ?? ''}-stopped-${String(answer.head_hash).slice(0, 16)}`);
    expect(await provenHead(test.artifacts, answer)).toBe(answer.head_hash);
    const whole = await invoke(test, body);
    expect(whole).toMatchObject({ ok: true, run_id: answer.run_id, steps: 5_000 });
    expect(await provenHead(test.artifacts, whole)).toBe(whole.head_hash);
  });

  it.each(['agentcore-tools', 'agentcore-memory'] as const)('that has no time for a call of %s makes none', async (mode) => {
    const test = makeTestHandler(mode);
    const plan = mode === 'agentcore-tools' ? {} : { requests: [put] };
    const answer = await invoke(test, { budget: BUDGET, ...plan }, contextOf('r', 5_000));
    expect(answer).toMatchObject({ error: { code: 'deadline_exceeded' }, results: [], budget_state: { tool_calls: 0, memory_ops: 0 } });
    expect(test.memoryCalls).toEqual([]);
    expect(await provenHead(test.artifacts, answer)).toBe(answer.head_hash);
  });

  it('that runs out while storing is told', async () => {
    const test = makeTestHandler('agentcore-memory');
    let asked = 0;
    const answer = await invoke(
      test,
      { budget: BUDGET, requests: [put] },
      contextOf('r', () => (asked++ < 6 ? 29_000 : 200)),
    );
    expect(answer).toMatchObject({
      ok: false,
      artifact_dir: null,
      error: { code: 'deadline_exceeded' },
      budget_state: { memory_ops: 1 },
      results: [{ ok: true }],
    });
  });
});

/** Tokens and money in a session: what its price table names is charged, and what nobody can bound is refused before it is sent. docs/spec.md section 9. */
import { isLeft } from 'fp-ts/Either';
import { makeMemoryArtifactStore } from '../../../src/adapters/in-process/artifact-store';
import { makeManualClock, noDeadline } from '../../../src/adapters/in-process/clock';
import { makeScriptedCodeInterpreter } from '../../../src/adapters/in-process/code-interpreter';
import { makeMarketDocument } from '../../../src/adapters/in-process/market-document';
import { makeScriptedPlanner } from '../../../src/adapters/in-process/planner';
import { makeInProcessSessionLog } from '../../../src/adapters/in-process/session-log';
import type { ToolCall } from '../../../src/domain/agent/tool';
import { decodeBudget } from '../../../src/domain/budget/budget-codec';
import { decodePrices } from '../../../src/domain/budget/prices';
import { marketPathCodec } from '../../../src/domain/market/market-path';
import type { SessionAnswer } from '../../../src/domain/session/answer';
import { callSession, createSession, forkSession, type Quote, quoteSession } from '../../../src/domain/session/verbs';
import { makeSessionContext } from '../../../src/domain/session/worlds';
import { expectRight } from '../../support/harness';

const TIMES = { work: noDeadline, storing: noDeadline };
const LIMITS = { max_steps: 9, max_tool_calls: 9, max_model_calls: 3 };
const PRICES = { as_of: '2026-11-01', models: [], tools: { execute_code: 300, propose_plan: 50 } };
const STEP: ToolCall = { name: 'execute', args: { actions: [] } };
const CODE: ToolCall = { name: 'execute_code', args: { language: 'python', code: 'print(1)' } };
const PLAN: ToolCall = { name: 'propose_plan', args: { goal: 'grow' } };

async function open(
  limits: object,
  prices?: object,
): Promise<{ readonly sent: string[]; readonly play: Play; readonly created: SessionAnswer }> {
  const sent: string[] = [];
  const interpreter = makeScriptedCodeInterpreter();
  const context = makeSessionContext({
    log: makeInProcessSessionLog(),
    documents: makeMemoryArtifactStore(),
    clock: makeManualClock(1_000_000),
    outside: {
      interpreter: {
        ...interpreter,
        open: (run) => {
          const session = interpreter.open(run);
          return {
            ...session,
            execute: (...act) => {
              sent.push(act[1]);
              return session.execute(...act);
            },
          };
        },
      },
      planner: makeScriptedPlanner(),
    },
  });
  const market = makeMarketDocument(expectRight(marketPathCodec.decode({ symbols: ['A'], steps: [{ A: 1 }, { A: 2 }, { A: 3 }] })));
  const documents = {
    strategy: {
      metadata: { name: 'x', version: '1', description: '' },
      universe: { symbols: ['A'] },
      sizing: { order_qty: 1, max_position_qty_per_symbol: 5 },
      rules: [{ type: 'threshold_price', symbol: 'A', buy_below: 1, sell_above: 9 }],
    },
    policy: {},
    initialState: {},
  };
  const budget = expectRight(decodeBudget({ ...LIMITS, ...limits }));
  const table = prices === undefined ? undefined : expectRight(decodePrices(prices));
  const created = expectRight(await createSession(context, { name: 'n', documents, market, budget, prices: table }, noDeadline));
  const { session_id: session } = created;
  return {
    sent,
    created,
    play: {
      call: async (head, calls) => expectRight(await callSession(context, { session, head, calls }, TIMES)),
      quote: async (calls) => expectRight(await quoteSession(context, session, calls, noDeadline)),
      fork: async (head, given) => forkSession(context, { session, head, budget: expectRight(decodeBudget(given)) }, TIMES),
      // As another process finds it.
      again: async (head, calls) => {
        const fresh = makeSessionContext({ ...context });
        return expectRight(await callSession(fresh, { session, head, calls }, TIMES));
      },
    },
  };
}

interface Play {
  readonly call: (head: string, calls: readonly ToolCall[]) => Promise<SessionAnswer>;
  readonly again: (head: string, calls: readonly ToolCall[]) => Promise<SessionAnswer>;
  readonly quote: (calls: readonly ToolCall[]) => Promise<Quote>;
  readonly fork: (head: string, budget: object) => ReturnType<typeof forkSession>;
}

test('a call costs what the price table of the session says, and the one that the rest cannot pay is not sent', async () => {
  const { created, play, sent } = await open({ max_cost_microusd: 700 }, PRICES);
  const quoted = await play.quote([STEP, CODE, PLAN]);
  expect(quoted).toMatchObject({ fits: true, least: { cost_microusd: 300 }, most: { cost_microusd: 350 } });
  const first = await play.call(created.head, [STEP, CODE, PLAN]);
  expect(first.budget_state).toMatchObject({ steps: 3, model_calls: 1, cost_microusd: 350 });
  const second = await play.again(first.head, [CODE, CODE]);
  expect(second.error).toMatchObject({ code: 'budget_exceeded', limiter: 'max_cost_microusd', requested: 300 });
  expect(second.budget_state).toMatchObject({ steps: 4, cost_microusd: 650 });
  expect(sent).toHaveLength(2);
});

test.each([
  ['money without a price table', { max_cost_microusd: 700 }, undefined, CODE, 'unpriced', 'max_cost_microusd'],
  [
    'money and a table that does not name the tool',
    { max_cost_microusd: 700 },
    { ...PRICES, tools: {} },
    CODE,
    'unpriced',
    'max_cost_microusd',
  ],
  ['tokens that come back', { max_output_tokens: 700 }, PRICES, PLAN, 'unbounded', 'max_output_tokens'],
  ['tokens that go out', { max_input_tokens: 700, max_output_tokens: 700 }, undefined, PLAN, 'unbounded', 'max_input_tokens'],
] as const)('%s: refused before it is sent, and the session goes on', async (_what, limits, prices, call, code, limiter) => {
  const { created, play, sent } = await open(limits, prices);
  const quoted = await play.quote([STEP, call, STEP]);
  expect(quoted).toMatchObject({ fits: false, most: { steps: 1 }, refused: { index: 1, code, limiter } });
  const refused = await play.call(created.head, [STEP, call, STEP]);
  expect(refused.error).toMatchObject({ code, limiter, budgets: { budget_state: { steps: 1, model_calls: 0 } } });
  expect(refused.results).toHaveLength(1);
  expect(sent).toEqual([]);
  expect(await play.again(created.head, [STEP, call, STEP])).toMatchObject({ repeated: true, error: { code, limiter } });
  const next = await play.again(refused.head, [STEP]);
  expect(next).toMatchObject({ ok: true, budget_state: { steps: 2 } });
});

test('a call that nobody can bound is free where nothing limits what it takes', async () => {
  const { created, play } = await open({});
  expect((await play.call(created.head, [CODE, PLAN])).ok).toBe(true);
});

test('a fork has the prices of its parent', async () => {
  const { created, play } = await open({ max_cost_microusd: 700 }, PRICES);
  const forked = await play.fork(created.head, { max_steps: 1, max_tool_calls: 1, max_cost_microusd: 300 });
  expect(isLeft(forked)).toBe(false);
  expect(expectRight(forked).budget_state).toMatchObject({ cost_microusd: 300 });
});

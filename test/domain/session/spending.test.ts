/** What the page draws of a session's budget: row by row, with grants, refunds and acts that were written ahead, it is what the session says was spent. */
import { isLeft } from 'fp-ts/Either';
import { makeMemoryArtifactStore } from '../../../src/adapters/in-process/artifact-store';
import { makeManualClock, noDeadline } from '../../../src/adapters/in-process/clock';
import { makeMarketDocument } from '../../../src/adapters/in-process/market-document';
import { makeInProcessMemory } from '../../../src/adapters/in-process/memory';
import { makeInProcessSessionLog } from '../../../src/adapters/in-process/session-log';
import { decodeBudget } from '../../../src/domain/budget/budget-codec';
import { decodePrices } from '../../../src/domain/budget/prices';
import { marketPathCodec } from '../../../src/domain/market/market-path';
import { makeSegmentReader } from '../../../src/domain/report/segments';
import { makeSpending } from '../../../src/domain/report/spending';
import type { SessionAnswer } from '../../../src/domain/session/answer';
import { makeSessionContext } from '../../../src/domain/session/worlds';
import { callSession, closeSession, createSession, forkSession, reclaimSession } from '../../../src/domain/session/verbs';
import type { Row } from '../../../src/domain/tape/chain';
import { expectRight } from '../../support/harness';

const TIMES = { work: noDeadline, storing: noDeadline };
const LIMITS = {
  max_steps: 30,
  max_tool_calls: 30,
  max_memory_ops: 5,
  max_memory_bytes: 1_000,
  max_cost_microusd: 500,
  tools: { execute: 9 },
};
const PRICES = expectRight(decodePrices({ as_of: '2026-11-01', models: [], tools: { memory_put: 120 } }));

test('row by row, what was spent is what the session says, refunds included', async () => {
  const log = makeInProcessSessionLog();
  const context = makeSessionContext({
    log,
    documents: makeMemoryArtifactStore(),
    clock: makeManualClock(1_000_000),
    outside: { memory: makeInProcessMemory() },
  });
  const market = makeMarketDocument(expectRight(marketPathCodec.decode({ symbols: ['A'], steps: [{ A: 1 }, { A: 2 }, { A: 3 }] })));
  const strategy = {
    metadata: { name: 'x', version: '1', description: '' },
    universe: { symbols: ['A'] },
    sizing: { order_qty: 1, max_position_qty_per_symbol: 5 },
    rules: [{ type: 'threshold_price', symbol: 'A', buy_below: 1, sell_above: 9 }],
  };
  const policy = { policy_id: 'p', risk_limits: { max_leverage: 2, max_position_pct: 0.8, max_position_value: 5000 } };
  const documents = { strategy, policy, initialState: { cash: 1000, positions: {} } };
  const budget = expectRight(decodeBudget(LIMITS));
  const answers: SessionAnswer[] = [];
  const next = (answer: SessionAnswer): { readonly session: string; readonly head: string } => {
    answers.push(answer);
    return { session: answer.session_id, head: answer.head };
  };
  let at = next(expectRight(await createSession(context, { name: 'n', documents, market, budget, prices: PRICES }, noDeadline)));
  const call = async (...calls: { readonly name: string; readonly args: Record<string, string | never[]> }[]): Promise<void> => {
    at = next(expectRight(await callSession(context, { ...at, calls }, TIMES)));
  };
  await call({ name: 'execute', args: { actions: [] } }, { name: 'get_price_context', args: {} });
  await call({ name: 'memory_put', args: { key: 'k', value: 'v' } }, { name: 'execute', args: { actions: [] } });
  const child = expectRight(decodeBudget({ max_steps: 6, max_tool_calls: 6, max_cost_microusd: 200, tools: { execute: 2 } }));
  const forked = expectRight(await forkSession(context, { ...at, budget: child }, TIMES));
  at = next(forked);
  const { session_id: session = '', head = '' } = forked.child ?? {};
  const used = expectRight(await callSession(context, { session, head, calls: [{ name: 'execute', args: { actions: [] } }] }, TIMES));
  expectRight(await closeSession(context, { session, head: used.head }, TIMES));
  at = next(expectRight(await reclaimSession(context, { ...at, child: session }, TIMES)));
  next(expectRight(await closeSession(context, at, TIMES)));

  const spending = makeSpending();
  const reader = makeSegmentReader();
  let rows = 0;
  const seen = new Map<string, unknown>();
  for (let seq = 0; ; seq += 1) {
    const read = await log.read({ session: at.session, seq }, noDeadline)();
    if (isLeft(read)) break;
    for (const line of Buffer.from(read.right).toString().trimEnd().split('\n')) {
      const row = JSON.parse(line) as Row;
      reader.next(row, rows);
      rows += 1;
      seen.set(`${String(seq)}-${typeof row['hash'] === 'string' ? row['hash'] : ''}`, spending.next(row));
      if (row['type'] === 'seal') expect(spending.next({})).toEqual(row['budget_state']);
    }
  }
  for (const { head, budget_state: state } of answers) expect(seen.get(head)).toEqual(state);
  expect(answers.at(-1)?.budget_state).toMatchObject({ steps: 4, cost_microusd: 120, tools: { execute: 3 } });
  // The same rows, as the page lists them.
  const segments = reader.segments();
  expect(segments.map(({ seq, step, acts }) => [seq, step, acts.map((act) => act.kind).join(' ')])).toEqual([
    [1, 0, 'call call'],
    [2, 1, 'intent'],
    [3, 1, 'call call'],
    [4, 2, 'grant'],
    [5, 2, 'refund'],
    [6, 2, 'seal'],
  ]);
  expect(segments[1]?.request).toBe(segments[2]?.request);
  expect(segments[3]?.acts).toMatchObject([{ child: session, costs: { steps: 6, tools: { execute: 2 } } }]);
  expect(segments[4]?.acts).toMatchObject([{ child: session, costs: { steps: -5, tools: { execute: -1 } } }]);
});

/** Sessions: played over several requests, repeated, forked, closed; every answer follows from what is stored. */

import { makeMemoryArtifactStore } from '../../../src/adapters/in-process/artifact-store';
import { makeManualClock, noDeadline } from '../../../src/adapters/in-process/clock';
import { makeMarketDocument } from '../../../src/adapters/in-process/market-document';
import { makeInProcessMemory } from '../../../src/adapters/in-process/memory';
import { makeInProcessSessionLog } from '../../../src/adapters/in-process/session-log';
import type { Budget } from '../../../src/domain/budget/budget';
import { decodeBudget } from '../../../src/domain/budget/budget-codec';
import { marketPathCodec } from '../../../src/domain/market/market-path';
import type { SessionAnswer } from '../../../src/domain/session/answer';
import type { SessionContext, SessionPorts } from '../../../src/domain/session/context';
import { makeSessionContext } from '../../../src/domain/session/worlds';

import {
  callSession,
  closeSession,
  createSession,
  forkSession,
  observeSession,
  quoteSession,
  reclaimSession,
} from '../../../src/domain/session/verbs';
import { expectLeft, expectRight } from '../../support/harness';

const market = {
  symbols: ['AAPL', 'MSFT'],
  steps: [100, 99, 98, 97, 101, 103].map((price, step) => ({ time: `2026-01-0${String(step + 1)}`, AAPL: price, MSFT: 2 * price })),
};
const strategy = {
  metadata: { name: 'demo', version: '1', description: '' },
  universe: { symbols: ['AAPL'] },
  sizing: { order_qty: 1, max_position_qty_per_symbol: 5 },
  rules: [{ type: 'threshold_price', symbol: 'AAPL', buy_below: 99, sell_above: 103 }],
};
const policy = { policy_id: 'p', risk_limits: { max_leverage: 2, max_position_pct: 0.8, max_position_value: 5000 } };

function ports(): SessionPorts {
  return {
    log: makeInProcessSessionLog(),
    documents: makeMemoryArtifactStore(),
    clock: makeManualClock(1_000_000),
    outside: { memory: makeInProcessMemory() },
  };
}

function budgetOf(limits: object): Budget {
  return expectRight(decodeBudget(limits));
}

async function made(context: SessionContext, limits: object, name = 'one'): Promise<SessionAnswer> {
  const documents = { strategy, policy, initialState: { cash: 1000, positions: {} } };
  const request = { name, documents, market: makeMarketDocument(expectRight(marketPathCodec.decode(market))), budget: budgetOf(limits) };
  return expectRight(await createSession(context, request, noDeadline));
}

const call = (name: string, args: Record<string, never> | object = {}) => ({ name, args: args as Record<string, never> });

async function calls(
  context: SessionContext,
  { session_id: session, head }: SessionAnswer,
  ...list: ReturnType<typeof call>[]
): Promise<SessionAnswer> {
  return expectRight(await callSession(context, { session, head, calls: list }, NO_DEADLINES));
}

const NO_DEADLINES = { work: noDeadline, storing: noDeadline };
const GENEROUS = { max_steps: 100, max_tool_calls: 100, max_memory_ops: 10, max_memory_bytes: 10_000 };

describe('a session', () => {
  test('is played over several requests, by processes that share nothing but the store', async () => {
    const shared = ports();
    let answer = await made(makeSessionContext(shared), GENEROUS);
    expect(answer).toMatchObject({
      ok: true,
      step: 0,
      status: 'open',
      observation: { step: 0, time: '2026-01-01', prices: { AAPL: '100', MSFT: '200' } },
    });
    for (let step = 0; step < 6; step += 1) {
      answer = await calls(makeSessionContext(shared), answer, call('evaluate_strategy'), call('execute'));
      expect(answer).toMatchObject({ ok: true, step: step + 1, head: headAt(`^${String(step + 1)}-`) });
      expect(answer.results).toHaveLength(2);
    }
    expect(answer.observation).toBeNull();
    expect(answer.budget_state).toMatchObject({ steps: 12, tool_calls: 12 });
    expect(answer.remaining).toMatchObject({ steps: 88 });
    const { session_id: session, head } = answer;
    const closed = expectRight(await closeSession(makeSessionContext(shared), { session, head }, NO_DEADLINES));
    expect(closed).toMatchObject({ ok: true, status: 'sealed' });
    expect(expectRight(await observeSession(makeSessionContext(shared), session, 3, noDeadline))).toMatchObject({
      head: closed.head,
      status: 'sealed',
    });
    expect(
      expectLeft(await callSession(makeSessionContext(shared), { session, head: closed.head, calls: [call('execute')] }, NO_DEADLINES))
        ._tag,
    ).toBe('SessionSealed');
    // Closing again after a lost answer is the same answer.
    const again = expectRight(await closeSession(makeSessionContext(shared), { session, head }, NO_DEADLINES));
    expect(again).toEqual({ ...closed, repeated: true });
  });

  test('shows nothing behind the next step', async () => {
    const context = makeSessionContext(ports());
    const answer = await made(context, GENEROUS);
    for (const name of ['get_price_context', 'evaluate_strategy', 'simulate_and_verify', 'execute']) {
      // One behind the end says no more: how long the market is cannot be found out by asking.
      for (const step of [1, 10_000]) {
        const ahead = await calls(context, await now(context, answer), call(name, { step }));
        expect(ahead).toMatchObject({ ok: false, step: 0, error: { code: 'look_ahead', index: 0, tool: name } });
      }
    }
  });

  test('answers the very same request from the record, and another on an old head with the newest', async () => {
    const shared = ports();
    const first = await made(makeSessionContext(shared), GENEROUS);
    const second = await calls(makeSessionContext(shared), first, call('execute', { actions: [] }));
    const again = await calls(makeSessionContext(shared), first, call('execute', { actions: [] }));
    expect(again).toEqual({ ...second, repeated: true });
    const { session_id: session, head } = first;
    const moved = expectLeft(
      await callSession(makeSessionContext(shared), { session, head, calls: [call('get_price_context')] }, NO_DEADLINES),
    );
    expect(moved).toMatchObject({ _tag: 'HeadMoved', newest: { seq: 1 } });
    expect((await now(makeSessionContext(shared), first)).head).toBe(second.head);
  });

  test('asks the store for one segment and one create, and for less where this process knows more', async () => {
    const shared = ports();
    /** What a context asks for, those of one wait together. */
    const watched = (): { readonly context: SessionContext; readonly waits: () => readonly string[] } => {
      let waits: string[] = [];
      let now: string[] = [];
      const seen =
        <A extends readonly unknown[], R>(nameOf: (args: A) => string, act: (...args: A) => () => Promise<R>) =>
        (...args: A) =>
        async (): Promise<R> => {
          now.push(nameOf(args));
          // Everything that is asked for before the first answer comes is one wait.
          await new Promise((resolve) => setImmediate(resolve));
          if (now.length > 0) waits.push(now.sort().join(' '));
          now = [];
          return act(...args)();
        };
      const { log, documents } = shared;
      const context = makeSessionContext({
        ...shared,
        documents: { ...documents, get: seen(([key]) => key.slice(key.lastIndexOf('/') + 1), documents.get) },
        log: {
          ...log,
          create: seen(() => 'create', log.create),
          read: seen(() => 'read', log.read),
          newest: seen(() => 'list', log.newest),
        },
      });
      return {
        context,
        waits: () => {
          const told = waits;
          waits = [];
          return told;
        },
      };
    };
    const first = await made(makeSessionContext(shared), GENEROUS);
    const [one, other] = [watched(), watched()];
    const look = call('get_price_context');
    const second = await calls(one.context, first, look);
    expect(one.waits()).toEqual(['market.jsonl policy.json read session.json strategy.json', 'create']);
    const third = await calls(one.context, second, look);
    expect(one.waits()).toEqual(['create']);
    const fourth = await calls(other.context, third, look);
    other.waits();
    await calls(one.context, fourth, look);
    expect(one.waits()).toEqual(['read', 'create']);
    // A copy that has become old costs a list, and never a wrong answer.
    const seen = await now(other.context, first);
    expect([other.waits(), seen.head]).toEqual([['list', 'read'], headAt('^4-')]);
  });

  test('a budget that trips latches for the rest of its life, and is answered alike', async () => {
    const shared = ports();
    const first = await made(makeSessionContext(shared), { max_steps: 2, max_tool_calls: 5 });
    const tripped = await calls(
      makeSessionContext(shared),
      first,
      call('get_price_context'),
      call('get_price_context'),
      call('execute', { actions: [] }),
    );
    expect(tripped).toMatchObject({ ok: false, step: 0, error: { code: 'budget_exceeded', limiter: 'max_steps', requested: 1 } });
    expect(tripped.results).toHaveLength(2);
    const repeated = await calls(
      makeSessionContext(shared),
      first,
      call('get_price_context'),
      call('get_price_context'),
      call('execute', { actions: [] }),
    );
    expect(repeated).toEqual({ ...tripped, repeated: true });
    const later = await calls(makeSessionContext(shared), tripped, call('get_price_context'));
    expect(later).toMatchObject({ ok: false, head: tripped.head, error: tripped.error });
    const closed = expectRight(
      await closeSession(makeSessionContext(shared), { session: first.session_id, head: tripped.head }, NO_DEADLINES),
    );
    expect(closed.status).toBe('sealed');
  });

  test('acts outside are written ahead, and remembered', async () => {
    const shared = ports();
    const first = await made(makeSessionContext(shared), GENEROUS);
    const put = await calls(
      makeSessionContext(shared),
      first,
      call('memory_put', { key: 'k', value: { a: 1 } }),
      call('memory_get', { key: 'k' }),
      call('get_price_context'),
    );
    expect(put).toMatchObject({ ok: true, head: headAt('^3-') });
    expect(put.results?.[1]).toMatchObject({ op: 'memory_get', ok: true, result: { found: true, value: { a: 1 } } });
    expect(put.budget_state).toMatchObject({ memory_ops: 2, steps: 1 });
    const again = await calls(
      makeSessionContext(shared),
      first,
      call('memory_put', { key: 'k', value: { a: 1 } }),
      call('memory_get', { key: 'k' }),
      call('get_price_context'),
    );
    expect(again).toEqual({ ...put, repeated: true });
    expect(await now(makeSessionContext(shared), first)).toMatchObject({ head: put.head, budget_state: put.budget_state });
  });

  test('a fork takes its budget from its parent, and gives back what it did not use, once', async () => {
    const shared = ports();
    const context = makeSessionContext(shared);
    const first = await calls(context, await made(context, GENEROUS), call('execute', { actions: [] }));
    const budget = budgetOf({ max_steps: 10, max_tool_calls: 10 });
    const forked = expectRight(
      await forkSession(context, { session: first.session_id, head: first.head, name: 'child', budget }, NO_DEADLINES),
    );
    expect(forked.budget_state).toMatchObject({ steps: 11, tool_calls: 11 });
    const childId = String(forked.child?.session_id);
    let child = expectRight(await observeSession(makeSessionContext(shared), childId, 0, noDeadline));
    expect(child).toMatchObject({ step: 1, budget, observation: { step: 1 } });
    child = await calls(makeSessionContext(shared), child, call('execute', { actions: [] }), call('execute', { actions: [] }));
    expect(child).toMatchObject({ ok: true, step: 3 });
    expect(
      expectLeft(await reclaimSession(context, { session: first.session_id, head: forked.head, child: childId }, NO_DEADLINES))._tag,
    ).toBe('InvalidSession');
    expectRight(await closeSession(makeSessionContext(shared), { session: childId, head: child.head }, NO_DEADLINES));
    const reclaimed = expectRight(
      await reclaimSession(makeSessionContext(shared), { session: first.session_id, head: forked.head, child: childId }, NO_DEADLINES),
    );
    expect(reclaimed).toMatchObject({ ok: true, children: [], budget_state: { steps: 3, tool_calls: 3 } });
    const twice = await reclaimSession(
      makeSessionContext(shared),
      { session: first.session_id, head: reclaimed.head, child: childId },
      NO_DEADLINES,
    );
    expect(expectLeft(twice)).toMatchObject({ _tag: 'InvalidSession' });
  });

  test('a quote is what the calls then take', async () => {
    const context = makeSessionContext(ports());
    const first = await made(context, GENEROUS);
    const list = [call('evaluate_strategy'), call('execute'), call('execute', { actions: [] })];
    const quote = expectRight(await quoteSession(context, first.session_id, list, noDeadline));
    expect(quote).toMatchObject({ fits: true, needed: {}, head: first.head });
    const after = await calls(context, first, ...list);
    expect(quote.least).toEqual(quote.most);
    expect(after.budget_state).toEqual(quote.most);
  });
});

/** A head of this segment, for a matcher. */
function headAt(pattern: string): unknown {
  return expect.stringMatching(pattern);
}

async function now(context: SessionContext, { session_id: id }: SessionAnswer): Promise<SessionAnswer> {
  return expectRight(await observeSession(context, id, 0, noDeadline));
}

describe('an act whose maker never comes back', () => {
  test('keeps the session busy until its time is over, and is then ended, charged, its effect unknown', async () => {
    const shared = ports();
    const clock = makeManualClock(1_000);
    const first = await made(makeSessionContext({ ...shared, clock }), GENEROUS);
    // The process dies while the memory is at work: what it stored until then is the intent.
    const never: SessionPorts = {
      ...shared,
      clock,
      outside: { memory: { ...makeInProcessMemory(), put: () => () => new Promise(() => undefined) } },
    };
    const list = [call('get_price_context'), call('memory_put', { key: 'k', value: 1 }), call('execute', { actions: [] })];
    const lost = callSession(
      makeSessionContext(never),
      { session: first.session_id, head: first.head, calls: list },
      { work: noDeadline, storing: noDeadline },
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    void lost;
    const other = makeSessionContext({ ...shared, clock });
    const seen = await now(other, first);
    expect(seen).toMatchObject({ head: headAt('^1-'), budget_state: { steps: 1, memory_ops: 1 } });
    const again = (): ReturnType<typeof callSession> =>
      callSession(other, { session: first.session_id, head: first.head, calls: list }, NO_DEADLINES);
    const others = (): ReturnType<typeof callSession> =>
      callSession(other, { session: first.session_id, head: seen.head, calls: [call('get_price_context')] }, NO_DEADLINES);
    for (const busy of [await again(), await others()])
      expect(expectLeft(busy)).toMatchObject({ _tag: 'SessionBusy', retryAfterMs: 900_000 });
    clock.set(1_000 + 900_000);
    expect(expectLeft(await others())).toMatchObject({
      _tag: 'HeadMoved',
      newest: { seq: 2 },
      interrupted: { index: 1, tool: 'memory_put' },
    });
    const ended = expectRight(await again());
    expect(ended).toMatchObject({
      ok: false,
      repeated: true,
      step: 0,
      error: { code: 'dependency_failed', effect: 'unknown' },
      budget_state: { steps: 1, memory_ops: 1 },
    });
    expect(ended.results).toHaveLength(2);
    const after = await calls(other, ended, call('execute', { actions: [] }));
    expect(after).toMatchObject({ ok: true, step: 1 });
  });

  test('and comes back too late, changes nothing, and is told', async () => {
    const shared = ports();
    const clock = makeManualClock(1_000);
    const first = await made(makeSessionContext({ ...shared, clock }), GENEROUS);
    let release: () => void = () => undefined;
    const memory = makeInProcessMemory();
    const slow: SessionPorts = {
      ...shared,
      clock,
      outside: {
        memory: {
          ...memory,
          put:
            (...asked) =>
            async () => {
              await new Promise<void>((resolve) => {
                release = resolve;
              });
              return memory.put(...asked)();
            },
        },
      },
    };
    const list = [call('memory_put', { key: 'k', value: 1 })];
    const late = callSession(makeSessionContext(slow), { session: first.session_id, head: first.head, calls: list }, NO_DEADLINES);
    await new Promise((resolve) => setTimeout(resolve, 50));
    clock.set(2_000_000);
    const other = makeSessionContext({ ...shared, clock });
    const seen = await now(other, first);
    expectLeft(await callSession(other, { session: first.session_id, head: seen.head, calls: [call('execute')] }, NO_DEADLINES));
    release();
    expect(expectLeft(await late)).toMatchObject({ _tag: 'HeadMoved', newest: { seq: 2 }, unrecorded: 'memory_put' });
    expect((await now(other, first)).head).toMatch(/^2-/);
  });
});

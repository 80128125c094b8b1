/** The cap of a day: granted before anything is done, given back once, never more than the day has, whoever asks and whoever dies. */
import { isLeft } from 'fp-ts/Either';
import { makeMemoryArtifactStore } from '../../../src/adapters/in-process/artifact-store';
import { makeManualClock, noDeadline } from '../../../src/adapters/in-process/clock';
import { makeMarketDocument } from '../../../src/adapters/in-process/market-document';
import { makeMemoryRunReader, makeMemoryRunWriter, type MemoryRunWriter } from '../../../src/adapters/in-process/run-files';
import { makeInProcessSessionLog } from '../../../src/adapters/in-process/session-log';
import { type Budget, NOTHING_SPENT } from '../../../src/domain/budget/budget';
import { decodeBudget } from '../../../src/domain/budget/budget-codec';
import { marketPathCodec } from '../../../src/domain/market/market-path';
import type { SessionAnswer } from '../../../src/domain/session/answer';
import type { SessionContext, SessionPorts } from '../../../src/domain/session/context';
import { makeSessionContext, makeSessionWorlds } from '../../../src/domain/session/worlds';
import { documentKey } from '../../../src/domain/session/documents';
import { giveBack, takeFromDay } from '../../../src/domain/session/day';
import { DAY_GRANTS_OPEN_MAX } from '../../../src/domain/session/limits';
import { proveSession, type SessionDirectory } from '../../../src/domain/session/prove';
import { pullSession, type SessionSource } from '../../../src/domain/session/pull';
import { callSession, closeSession, createSession, forkSession, observeSession } from '../../../src/domain/session/verbs';
import { expectLeft, expectRight } from '../../support/harness';
import { makeTestHandler, invoke, contextOf } from '../../support/handlers';
import { right } from 'fp-ts/Either';

const DAY = 'day-2026-11-26';
const NOON_MS = 1_795_694_400_000;
const DAY_MS = 86_400_000;
const TIMES = { work: noDeadline, storing: noDeadline };

interface World {
  readonly clock: ReturnType<typeof makeManualClock>;
  /** A process: what it knows is its own, what is stored is everybody's. */
  readonly process: (dayBudget?: Partial<Budget>) => SessionContext;
}

function makeWorld(dayBudget: Partial<Budget>): World {
  const clock = makeManualClock(NOON_MS);
  const ports: SessionPorts = { log: makeInProcessSessionLog(), documents: makeMemoryArtifactStore(), clock, outside: {} };
  return { clock, process: (own = dayBudget) => makeSessionContext({ ...ports, dayBudget: own }) };
}

const budgetOf = (limits: object): Budget => expectRight(decodeBudget(limits));
const spentOf = async (context: SessionContext, day = DAY): Promise<number> =>
  expectRight(await observeSession(context, day, 0, noDeadline)).budget_state.steps;

async function create(context: SessionContext, steps: number, name: string): Promise<ReturnType<typeof createSession>> {
  const market = expectRight(marketPathCodec.decode({ symbols: ['A'], steps: [{ A: 1 }, { A: 2 }, { A: 3 }] }));
  const strategy = {
    metadata: { name: 'x', version: '1', description: '' },
    universe: { symbols: ['A'] },
    sizing: { order_qty: 1, max_position_qty_per_symbol: 5 },
    rules: [{ type: 'threshold_price', symbol: 'A', buy_below: 1, sell_above: 9 }],
  };
  const policy = { policy_id: 'p', risk_limits: { max_leverage: 2, max_position_pct: 0.8, max_position_value: 5000 } };
  const documents = { strategy, policy, initialState: { cash: 1000, positions: {} } };
  const budget = budgetOf({ max_steps: steps, max_tool_calls: steps });
  return createSession(context, { name, documents, market: makeMarketDocument(market), budget }, noDeadline);
}

const take = (context: SessionContext, child: string, steps: number): ReturnType<typeof takeFromDay> =>
  takeFromDay(context, { child, name: 'agentcore-base', budget: budgetOf({ max_steps: steps }) }, noDeadline);

const close = async (context: SessionContext, { session_id: session, head }: SessionAnswer): Promise<SessionAnswer> =>
  expectRight(await closeSession(context, { session, head }, TIMES));

describe('a session under the cap of a day', () => {
  test('takes its budget before it is there, and gives back at its end what it did not use', async () => {
    const { process } = makeWorld({ max_steps: 10 });
    const one = expectRight(await create(process(), 6, 'one'));
    expect(await spentOf(process())).toBe(6);
    const documents = process().documents;
    // The day has 4 left: nothing of the second session is there, and the day is as it was.
    const refused = expectLeft(await create(process(), 5, 'two'));
    expect(refused).toMatchObject({
      _tag: 'DayRefused',
      error: {
        code: 'budget_exceeded',
        limiter: 'max_steps',
        requested: 5,
        budgets: { budget: { max_steps: 10 }, budget_state: { steps: 6 } },
      },
    });
    expect(expectRight(await process().log.list('', noDeadline)()).sessions).toEqual([one.session_id, DAY].sort());
    // A smaller one is not kept out by it: nothing latched.
    expectRight(await create(process(), 4, 'two'));
    expect(await spentOf(process())).toBe(10);

    const looked = expectRight(
      await callSession(process(), { session: one.session_id, head: one.head, calls: [{ name: 'get_price_context', args: {} }] }, TIMES),
    );
    const closed = await close(process(), looked);
    expect(await spentOf(process())).toBe(5);
    // The very same request again: sealed once, given back once.
    expect(await close(process(), looked)).toMatchObject({ repeated: true, head: closed.head });
    expect(await spentOf(process())).toBe(5);
    expect(isLeft(await documents.get(documentKey(DAY, 'session.json'), noDeadline)())).toBe(false);
  });

  test('is the same session all day long, and another one the next day, with a day of its own', async () => {
    const { process, clock } = makeWorld({ max_steps: 10 });
    const one = expectRight(await create(process(), 3, 'one'));
    expect(expectRight(await create(process(), 3, 'one'))).toEqual(one);
    expect(await spentOf(process())).toBe(3);
    clock.set(NOON_MS + DAY_MS);
    const next = expectRight(await create(process(), 3, 'one'));
    expect(next.session_id).not.toBe(one.session_id);
    expect([await spentOf(process()), await spentOf(process(), 'day-2026-11-27')]).toEqual([3, 3]);
    // Closed tomorrow, it gives back to the day it took from.
    await close(process(), one);
    expect([await spentOf(process()), await spentOf(process(), 'day-2026-11-27')]).toEqual([0, 3]);
  });

  test('DAY_GRANTS_OPEN_MAX: more grants that are out at once are refused, and one that comes back makes room', async () => {
    const { process } = makeWorld({ max_steps: 2 * DAY_GRANTS_OPEN_MAX });
    const context = process();
    const first = expectRight(await take(context, 'request-0', 1));
    for (let grant = 1; grant < DAY_GRANTS_OPEN_MAX; grant += 1) expectRight(await take(context, `request-${String(grant)}`, 1));
    expect(isLeft(await take(context, 'request-one-more', 1))).toBe(true);
    expect(await spentOf(process())).toBe(DAY_GRANTS_OPEN_MAX);
    if (first === undefined) throw new Error('nothing was granted');
    expectRight(await giveBack(context, first, { head: 'h', spent: NOTHING_SPENT }, noDeadline));
    expectRight(await take(context, 'request-one-more', 1));
  });

  test('forks within its own grant, and nobody acts on the day itself', async () => {
    const { process } = makeWorld({ max_steps: 10 });
    const one = expectRight(await create(process(), 6, 'one'));
    const { session_id: session, head } = one;
    expectRight(await forkSession(process(), { session, head, budget: budgetOf({ max_steps: 2 }) }, TIMES));
    expect(await spentOf(process())).toBe(6);
    const day = expectRight(await observeSession(process(), DAY, 0, noDeadline));
    for (const act of [
      forkSession(process(), { session: DAY, head: day.head, name: 'day-2026-11-28', budget: budgetOf({ max_steps: 1 }) }, TIMES),
      closeSession(process(), { session: DAY, head: day.head }, TIMES),
      callSession(process(), { session: DAY, head: day.head, calls: [{ name: 'execute', args: {} }] }, TIMES),
    ])
      expect(expectLeft(await act)).toMatchObject({ _tag: 'InvalidSession' });
    expect(expectRight(await observeSession(process(), DAY, 0, noDeadline)).head).toBe(day.head);
  });

  test('leaves a day that proves itself with the sessions that it granted to', async () => {
    const { process } = makeWorld({ max_steps: 10 });
    const context = process();
    const one = expectRight(await create(context, 6, 'one'));
    await close(context, one);
    const grant = expectRight(await take(context, 'request-1', 2));
    if (grant === undefined) throw new Error('the day is capped');
    expectRight(await giveBack(context, grant, { head: 'h', spent: { ...NOTHING_SPENT, steps: 1 } }, noDeadline));
    const writers = new Map<string, MemoryRunWriter>();
    const source: SessionSource = {
      document: async (session, file) => {
        const read = await context.documents.get(documentKey(session, file), noDeadline)();
        return right(isLeft(read) ? undefined : Buffer.from(read.right).toString());
      },
      segment: async (session, seq) => {
        if (!/^(?:[0-9a-f]{32}|day-.*)$/.test(session)) return right(undefined);
        const read = await context.log.read({ session, seq }, noDeadline)();
        return right(isLeft(read) ? undefined : Buffer.from(read.right).toString());
      },
    };
    const writerAt = (path: readonly string[]) => {
      const writer = makeMemoryRunWriter();
      writers.set(path.join('/'), writer);
      return Promise.resolve(right(writer));
    };
    const pulled = expectRight(await pullSession(source, [DAY], writerAt, makeSessionWorlds()));
    expect(pulled.children.map(({ session }) => session)).toEqual([one.session_id]);
    const directory = (path: string): SessionDirectory => ({
      reader: makeMemoryRunReader(writers.get(path)?.files() ?? {}),
      below: () => Promise.resolve(right([])),
      child: (session) => Promise.resolve(writers.has(`${path}/${session}`) ? directory(`${path}/${session}`) : undefined),
    });
    const verdict = expectRight(await proveSession(directory(DAY), makeSessionWorlds()));
    expect(verdict).toMatchObject({
      _tag: 'Proven',
      proven: { session: DAY, sealed: false, children: [{ session: one.session_id, sealed: true }] },
    });
  });
});

describe('the day', () => {
  test('grants to many who ask at once exactly what it has', async () => {
    const { process } = makeWorld({ max_steps: 10 });
    const processes = [process(), process(), process()];
    const answers = await Promise.all(
      Array.from({ length: 15 }, (_, index) => take(processes[index % 3] as SessionContext, `request-${String(index)}`, 1)),
    );
    expect(answers.filter((one) => !isLeft(one))).toHaveLength(10);
    for (const one of answers) if (isLeft(one)) expect(one.left).toMatchObject({ _tag: 'DayRefused' });
    expect(await spentOf(process())).toBe(10);
  });

  test('keeps spent what a holder took that died, and takes back once from one that did not', async () => {
    const { process } = makeWorld({ max_steps: 10 });
    expectRight(await take(process(), 'request-dead', 4));
    const alive = expectRight(await take(process(), 'request-alive', 5));
    if (alive === undefined) throw new Error('the day is capped');
    const used = { head: 'h', spent: { ...NOTHING_SPENT, steps: 2 } };
    for (const context of [process(), process()]) expectRight(await giveBack(context, alive, used, noDeadline));
    expect(await spentOf(process())).toBe(6);
    expect(expectRight(await observeSession(process(), DAY, 0, noDeadline)).children).toEqual(['request-dead']);
  });

  test('keeps the budget it began with, and a lower one that is set later holds at once', async () => {
    const { process } = makeWorld({ max_steps: 10 });
    expectRight(await take(process(), 'request-1', 4));
    expect(expectLeft(await take(process({ max_steps: 5 }), 'request-2', 2))).toMatchObject({
      error: { budgets: { budget: { max_steps: 5 } } },
    });
    expect(expectLeft(await take(process({ max_steps: 50 }), 'request-3', 7))).toMatchObject({
      error: { budgets: { budget: { max_steps: 10 } } },
    });
    // An optional limit of the day has to be named by whoever asks.
    expect(expectLeft(await take(process({ max_cost_microusd: 5 }), 'request-4', 1))).toMatchObject({
      error: { limiter: 'max_cost_microusd' },
    });
  });
});

describe('a request under the cap of a day', () => {
  test('takes its budget, gives back what the run did not use, and is refused before anything is done', async () => {
    const dayBudget = { max_steps: 5 };
    const day = { log: makeInProcessSessionLog(), documents: makeMemoryArtifactStore(), clock: makeManualClock(NOON_MS) };
    const handler = makeTestHandler('agentcore-base', { dayBudget }, { day });
    const ask = (steps: number, max: number, id: string): ReturnType<typeof invoke> =>
      invoke(handler, { steps, budget: { max_steps: max } }, contextOf(id));
    const first = await ask(2, 5, 'a');
    expect(first).toMatchObject({ ok: true, budget_state: { steps: 2 } });
    const context = makeSessionContext({ ...day, outside: {}, dayBudget });
    expect(await spentOf(context)).toBe(2);
    const stored = handler.puts.length;
    const refused = await ask(1, 4, 'b');
    expect(refused).toMatchObject({
      ok: false,
      run_id: null,
      error: {
        code: 'budget_exceeded',
        limiter: 'max_steps',
        scope: 'day',
        requested: 4,
        needed: 6,
        budgets: { budget_state: { steps: 2 } },
      },
    });
    expect(handler.puts).toHaveLength(stored);
    // What cannot be read takes nothing.
    expect(await invoke(handler, { nonsense: 1 })).toMatchObject({ error: { code: 'invalid_request' } });
    expect(await spentOf(makeSessionContext({ ...day, outside: {}, dayBudget }))).toBe(2);
    expect(await ask(3, 3, 'c')).toMatchObject({ ok: true });
    expect(await ask(1, 1, 'd')).toMatchObject({ error: { scope: 'day' } });
  });
});

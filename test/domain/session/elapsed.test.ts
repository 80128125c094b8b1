/** Sessions whose budget limits time: counted from creation on, over all requests, and held to what the tape says. */
import { makeMemoryArtifactStore } from '../../../src/adapters/in-process/artifact-store';
import { makeManualClock, noDeadline } from '../../../src/adapters/in-process/clock';
import { makeMarketDocument } from '../../../src/adapters/in-process/market-document';
import { makeInProcessMemory } from '../../../src/adapters/in-process/memory';
import { makeInProcessSessionLog } from '../../../src/adapters/in-process/session-log';
import { decodeBudget } from '../../../src/domain/budget/budget-codec';
import { marketPathCodec } from '../../../src/domain/market/market-path';
import type { SessionAnswer } from '../../../src/domain/session/answer';
import { makeSegmentChain } from '../../../src/domain/session/chain';
import { openSession, type SessionContext } from '../../../src/domain/session/context';
import { callSession, closeSession, createSession, forkSession, observeSession, quoteSession } from '../../../src/domain/session/verbs';
import { makeSessionContext } from '../../../src/domain/session/worlds';
import { linkRow, type Row } from '../../../src/domain/tape/chain';
import { expectRight } from '../../support/harness';

const NO_DEADLINES = { work: noDeadline, storing: noDeadline };
const BEGAN = 1_800_000_000_000;
const LIMITS = { max_steps: 50, max_tool_calls: 50, max_memory_ops: 9, max_memory_bytes: 9_000, max_wall_ms: 1_000 };
const look = { name: 'get_price_context', args: {} };

const world = () => ({
  documents: {
    strategy: {
      metadata: { name: 'demo', version: '1', description: '' },
      universe: { symbols: ['AAPL'] },
      sizing: { order_qty: 1, max_position_qty_per_symbol: 5 },
      rules: [{ type: 'threshold_price', symbol: 'AAPL', buy_below: 99, sell_above: 103 }],
    },
    policy: { policy_id: 'p', risk_limits: {} },
    initialState: { cash: 1000, positions: {} },
  },
  market: makeMarketDocument(
    expectRight(marketPathCodec.decode({ symbols: ['AAPL'], steps: [100, 99, 98, 97].map((AAPL) => ({ AAPL })) })),
  ),
});

/** A store, a clock, and processes that share nothing else. */
function made() {
  const manual = makeManualClock(BEGAN);
  const clock = {
    nowMs: manual.nowMs,
    advance: (ms: number) => {
      manual.set(manual.nowMs() + ms);
    },
  };
  const ports = { log: makeInProcessSessionLog(), documents: makeMemoryArtifactStore(), clock, outside: { memory: makeInProcessMemory() } };
  const context = (): SessionContext => makeSessionContext(ports);
  const create = async (limits: object = LIMITS): Promise<SessionAnswer> =>
    expectRight(await createSession(context(), { name: 'one', ...world(), budget: expectRight(decodeBudget(limits)) }, noDeadline));
  const calls = async ({ session_id: session, head }: SessionAnswer, ...list: { name: string; args: object }[]): Promise<SessionAnswer> =>
    expectRight(await callSession(context(), { session, head, calls: list as never }, NO_DEADLINES));
  const texts = async (session: string): Promise<string[]> => {
    const found: string[] = [];
    for (let seq = 0; ; seq += 1) {
      const read = await ports.log.read({ session, seq }, noDeadline)();
      if (read._tag === 'Left') return found;
      found.push(new TextDecoder().decode(read.right));
    }
  };
  const prove = async (session: string, segments?: readonly string[]) => {
    const chain = makeSegmentChain(expectRight(await openSession(context(), session, noDeadline)));
    for (const text of segments ?? (await texts(session))) {
      const pushed = await chain.push(text);
      if (pushed._tag === 'Left') return pushed.left;
    }
    return 'proven';
  };
  return { clock, context, create, calls, texts, prove };
}

const rowsOf = (text: string): Row[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);

const lastHash = (text: string): string => rowsOf(text).at(-1)?.['hash'] as string;

describe('a session that is limited in time', () => {
  test('counts from its creation on, over all requests, in whatever process', async () => {
    const { clock, create, calls, prove } = made();
    const first = await create();
    expect(first).toMatchObject({ budget: { max_wall_ms: 1_000 }, budget_state: { wall_ms: 0 }, remaining: { wall_ms: 1_000 } });
    clock.advance(400);
    // The same body is the same session: it began when it was made first.
    expect(await create()).toMatchObject({ session_id: first.session_id, budget_state: { wall_ms: 0 } });
    const second = await calls(first, look);
    expect(second).toMatchObject({ ok: true, budget_state: { wall_ms: 400 }, remaining: { wall_ms: 600 } });
    clock.advance(600);
    const third = await calls(second, look);
    expect(third).toMatchObject({ ok: true, budget_state: { wall_ms: 1_000 } });
    clock.advance(1);
    const late = await calls(third, look, look);
    const error = { code: 'budget_exceeded', limiter: 'max_wall_ms', requested: 1_001 };
    expect(late).toMatchObject({ ok: false, results: [], error, budget_state: { tool_calls: 2, wall_ms: 1_000 } });
    expect(await prove(first.session_id)).toBe('proven');
  });

  test('latches: nothing runs behind it, and it can be closed and proven', async () => {
    const { clock, context, create, calls, prove, texts } = made();
    const first = await create();
    clock.advance(5_000);
    const late = await calls(first, look);
    expect(late).toMatchObject({ error: { limiter: 'max_wall_ms', requested: 5_000 }, budget_state: { tool_calls: 0 } });
    const { session_id: session, head } = late;
    expect(await calls(late, look)).toMatchObject({ ok: false, error: { limiter: 'max_wall_ms', requested: 5_000 }, head });
    expect(expectRight(await closeSession(context(), { session, head }, NO_DEADLINES))).toMatchObject({ status: 'sealed' });
    expect(await prove(session)).toBe('proven');
    const last = rowsOf((await texts(session)).at(-1) ?? '').at(-1);
    expect(last).toMatchObject({ type: 'seal', ok: false, error: { limiter: 'max_wall_ms' }, budget_state: { wall_ms: 1_000 } });
  });

  test('a clock that goes back takes nothing back', async () => {
    const { clock, create, calls, prove } = made();
    const first = await create();
    clock.advance(700);
    const second = await calls(first, look);
    clock.advance(-900);
    expect(await calls(second, look)).toMatchObject({ ok: true, budget_state: { wall_ms: 700 } });
    expect(await prove(first.session_id)).toBe('proven');
  });

  test('an act outside is announced with the time it began at, and its outcome needs no clock', async () => {
    const { clock, create, calls, prove, texts } = made();
    const first = await create();
    clock.advance(10);
    const put = { name: 'memory_put', args: { key: 'k', value: 'v' } };
    const answer = await calls(first, put, look);
    expect(answer).toMatchObject({ ok: true, budget_state: { memory_ops: 1, wall_ms: 10 } });
    const types = (await texts(first.session_id)).map((text) => rowsOf(text).map(({ type }) => type));
    expect(types).toEqual([
      ['run', 'clock'],
      ['resume', 'clock', 'intent'],
      ['resume', 'memory', 'clock', 'tool'],
    ]);
    expect(await prove(first.session_id)).toBe('proven');
  });

  test('a child has no more time than is left', async () => {
    const { clock, context, create, prove } = made();
    const { session_id: session, head } = await create();
    clock.advance(600);
    const fork = async (max_wall_ms: number, at: string) =>
      expectRight(
        await forkSession(
          context(),
          { session, head: at, name: String(max_wall_ms), budget: expectRight(decodeBudget({ max_wall_ms })) },
          NO_DEADLINES,
        ),
      );
    const forked = await fork(400, head);
    expect(forked).toMatchObject({ ok: true, budget_state: { wall_ms: 600, steps: 1 } });
    expect(expectRight(await observeSession(context(), forked.child?.session_id ?? '', 0, noDeadline))).toMatchObject({
      remaining: { wall_ms: 400 },
    });
    expect(await fork(401, forked.head)).toMatchObject({ ok: false, error: { limiter: 'max_wall_ms', requested: 1_001 } });
    expect(await prove(session)).toBe('proven');
    expect(await prove(forked.child?.session_id ?? '')).toBe('proven');
  });

  test('a quote says what has passed', async () => {
    const { clock, context, create } = made();
    const { session_id } = await create();
    const quote = async () => expectRight(await quoteSession(context(), session_id, [look] as never, noDeadline));
    clock.advance(250);
    expect(await quote()).toMatchObject({ fits: true, least: { wall_ms: 250 }, most: { wall_ms: 250 }, needed: {} });
    clock.advance(1_000);
    expect(await quote()).toMatchObject({ fits: false, needed: { max_wall_ms: 1_250 } });
  });

  test.each<[string, (rows: Row[]) => Row[]]>([
    ['without its clock', (rows) => rows.filter(({ type }) => type !== 'clock')],
    ['with an earlier beginning', (rows) => rows.map((row) => (row['began'] === undefined ? row : { ...row, began: BEGAN + 400 }))],
    ['with an instant that is none', (rows) => rows.map((row) => (row['type'] === 'clock' ? { ...row, at: 'now' } : row))],
    ['with one instant for two calls', (rows) => rows.filter(({ type }, row) => type !== 'clock' || row === 1)],
  ])('is not proven %s, its chain made whole again', async (_what, forge) => {
    const { clock, create, calls, prove, texts } = made();
    const first = await create();
    clock.advance(400);
    const { session_id } = await calls(first, look, look);
    const [opening = '', segment = ''] = await texts(session_id);
    let head = lastHash(opening);
    const relinked = forge(rowsOf(segment)).map(({ hash: _hash, prev_hash: _prev, ...row }) => {
      const link = linkRow(row, head);
      head = link.hash;
      return link.line;
    });
    expect(await prove(session_id, [opening, segment])).toBe('proven');
    expect(await prove(session_id, [opening, relinked.join('')])).not.toBe('proven');
  });

  test('one that is not limited has no clock, and takes none', async () => {
    const { create, calls, texts, prove } = made();
    const { max_wall_ms: _none, ...limits } = LIMITS;
    const { session_id } = await calls(await create(limits), look);
    const [opening = '', segment = ''] = await texts(session_id);
    expect(`${opening}${segment}`).not.toContain('"clock"');
    const [resume, ...rest] = rowsOf(segment);
    let head = lastHash(opening);
    const relinked = [resume, { type: 'clock', at: BEGAN }, ...rest].map((row) => {
      const { hash: _hash, prev_hash: _prev, ...members } = row as Row;
      const link = linkRow(members, head);
      head = link.hash;
      return link.line;
    });
    expect(await prove(session_id, [opening, relinked.join('')])).toMatchObject({
      row: 1,
      expected: 'no clock: the budget limits no time',
    });
  });
});

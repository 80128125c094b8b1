/** The report of a session: its segments, grants and refunds, and an act of which nobody knows what became of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { makeFilesystemArtifactStore } from '../../src/adapters/filesystem/artifact-store';
import { makeFilesystemSessionLog } from '../../src/adapters/filesystem/session-log';
import { makeManualClock, noDeadline } from '../../src/adapters/in-process/clock';
import { makeMarketDocument } from '../../src/adapters/in-process/market-document';
import { makeInProcessMemory } from '../../src/adapters/in-process/memory';
import { decodeBudget } from '../../src/domain/budget/budget-codec';
import { marketPathCodec } from '../../src/domain/market/market-path';
import type { SessionAnswer } from '../../src/domain/session/answer';
import { callSession, closeSession, createSession, forkSession, observeSession, reclaimSession } from '../../src/domain/session/verbs';
import { makeSessionContext } from '../../src/domain/session/worlds';
import { EXIT } from '../../src/handlers/cli/shared/exit-codes';
import { ewm } from '../support/built-cli';
import { expectLeft, expectRight } from '../support/harness';
import { violationsOf } from './axe';
import { describeInBrowser, launch, textOf, visit } from './chromium';

const TIMES = { work: noDeadline, storing: noDeadline };
const LIMITS = { max_steps: 30, max_tool_calls: 30, max_memory_ops: 5, max_memory_bytes: 1_000 };
const STEP = { name: 'execute', args: { actions: [] } };
const PUT = { name: 'memory_put', args: { key: 'k', value: 'v' } };

let directory = '';
let browser: Browser;

/** Three steps, an act whose maker never comes back, a fork that is closed and taken back, a close. */
async function played(): Promise<{ readonly session: string; readonly child: string }> {
  const clock = makeManualClock(1_000);
  const stores = { log: makeFilesystemSessionLog({ directory }), documents: makeFilesystemArtifactStore({ directory }), clock };
  const context = makeSessionContext({ ...stores, outside: { memory: makeInProcessMemory() } });
  const dead = makeSessionContext({
    ...stores,
    outside: { memory: { ...makeInProcessMemory(), put: () => () => new Promise(() => undefined) } },
  });
  const market = makeMarketDocument(
    expectRight(marketPathCodec.decode({ symbols: ['A'], steps: Array.from({ length: 9 }, (_, step) => ({ A: 10 + step })) })),
  );
  const strategy = {
    metadata: { name: 'x', version: '1', description: '' },
    universe: { symbols: ['A'] },
    sizing: { order_qty: 1, max_position_qty_per_symbol: 5 },
    rules: [{ type: 'threshold_price', symbol: 'A', buy_below: 1, sell_above: 99 }],
  };
  const documents = { strategy, policy: {}, initialState: { cash: 1000, positions: {} } };
  const budget = expectRight(decodeBudget(LIMITS));
  const made = expectRight(await createSession(context, { name: 'shown', documents, market, budget }, noDeadline));
  const session = made.session_id;
  const call = async (head: string, ...calls: (typeof STEP | typeof PUT)[]): Promise<SessionAnswer> =>
    expectRight(await callSession(context, { session, head, calls }, TIMES));
  const { head } = await call((await call(made.head, STEP)).head, STEP, PUT);
  void callSession(dead, { session, head, calls: [STEP, PUT] }, TIMES);
  let newest = head;
  while (newest === head) ({ head: newest } = expectRight(await observeSession(context, session, 0, noDeadline)));
  clock.set(1_000_000_000);
  expectLeft(await callSession(context, { session, head: newest, calls: [STEP] }, TIMES));
  const ended = expectRight(await observeSession(context, session, 0, noDeadline));
  const part = expectRight(decodeBudget({ max_steps: 6, max_tool_calls: 6 }));
  const forked = expectRight(await forkSession(context, { session, head: ended.head, budget: part }, TIMES));
  const child = forked.child?.session_id ?? '';
  const below = expectRight(await callSession(context, { session: child, head: forked.child?.head ?? '', calls: [STEP] }, TIMES));
  expectRight(await closeSession(context, { session: child, head: below.head }, TIMES));
  const back = expectRight(await reclaimSession(context, { session, head: forked.head, child }, TIMES));
  expectRight(await closeSession(context, { session, head: back.head }, TIMES));
  return { session, child };
}

describeInBrowser('the report of a session', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ewm-session-report-'));
    browser = await launch();
  });
  afterAll(async () => {
    await browser.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('draws segments, grants, refunds and unknown effects', async () => {
    const { session, child } = await played();
    const out = join(directory, 'pulled');
    expect((await ewm(['session', 'pull', session, '--data', directory, '--out', out])).exit).toBe(EXIT.ok);
    expect((await ewm(['verify', out])).exit).toBe(EXIT.ok);
    const file = join(directory, 'page.html');
    expect(await ewm(['report', out, '--out', file])).toMatchObject({ exit: EXIT.ok });
    const { page, complaints, close } = await visit(browser, file);
    expect(await page.getAttribute('#proof-result', 'data-state')).toBe('proven');

    const segments = await textOf(page, '#segments');
    expect(segments).toContain('8 segments, of 6 requests, 1 grant, 1 refund, 1 act of unknown effect.');
    const rows = await page.locator('#segments-table tbody tr').allTextContents();
    expect(rows.map((row) => row.replace(/\s+/g, ' '))).toHaveLength(8);
    expect(rows[2]).toContain('memory_put');
    expect(rows[4]).toContain('memory_put: effect unknown');
    expect(rows[5]).toContain(`granted to ${child.slice(0, 12)}: 6 steps, 6 tool calls`);
    expect(rows[6]).toContain(`back from ${child.slice(0, 12)}: 5 steps, 5 tool calls`);
    expect(rows[7]).toContain('sealed');
    // Both segments of one request name it.
    const digests = await page.locator('#segments-table tbody code').allTextContents();
    expect(digests[1]).toBe(digests[2]);
    expect(digests[0]).not.toBe(digests[1]);

    expect(await page.locator('#calls-table .badge', { hasText: 'effect unknown' }).count()).toBe(1);
    await page.selectOption('#calls-table-choice-1', 'effect unknown');
    expect(await page.locator('#calls-table tbody tr').count()).toBe(1);
    // Four calls and one of the child: what was granted, without what came back.
    expect(await textOf(page, '#budget')).toContain('4 of 30 steps');
    expect(await textOf(page, '#budget-chart')).toContain('segment (▲ grant, ▼ refund, ■ unknown effect)');
    expect(await textOf(page, '#market-chart')).toContain('Segment');
    expect(await violationsOf(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });
});

/**
 * The built local server, killed (SIGKILL) at random instants under load: every answer that was given is in the record, the next request works, and
 * nothing is left that only a person can clean. EWM_KILLS says how often, EWM_SEED when.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Served, serveBuilt } from '../support/built-cli';
import { pick, randomOf } from './random';

const KILLS = Number(process.env['EWM_KILLS'] ?? 200);
const SEED = Number(process.env['EWM_SEED'] ?? 1);
const PLAYERS = 3;

interface Acknowledged {
  readonly status: number;
  readonly body: {
    readonly session_id?: string;
    readonly head?: string;
    readonly repeated?: true;
    readonly results?: unknown;
    readonly error?: { readonly code: string; readonly retry_after_ms?: number };
  };
}

interface Answered {
  readonly session: string;
  readonly request: object;
  readonly head: string | undefined;
  readonly results: string;
}

async function send(url: string, path: string, body?: object): Promise<Acknowledged | undefined> {
  try {
    const response = await fetch(`${url}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: response.status, body: (await response.json()) as Acknowledged['body'] };
  } catch {
    // The server is gone.
    return undefined;
  }
}

const CALLS = [
  { name: 'execute', args: { actions: [] } },
  { name: 'get_price_context', args: {} },
  { name: 'memory_put', args: { key: 'k', value: 1 } },
] as const;
/** Wide enough that no round comes to its end. */
const BUDGET = { max_steps: 10_000, max_tool_calls: 10_000, max_memory_ops: 10_000, max_memory_bytes: 1_000_000 };
const CEILINGS = { MEMORY_MAX_OPS: '10000', MEMORY_MAX_BYTES: '1000000' };

/** And long enough. */
const WORLD = {
  market: { symbols: ['A'], steps: Array.from({ length: 5_000 }, () => ({ A: 100 })) },
  strategy: {
    metadata: { name: 'none', version: '1', description: '' },
    universe: { symbols: ['A'] },
    sizing: { order_qty: 1, max_position_qty_per_symbol: 9 },
    rules: [{ type: 'threshold_price', symbol: 'A', buy_below: 1 }],
  },
};

test(`${String(KILLS)} kills lose nothing that was answered`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ewm-kills-'));
  const random = randomOf(SEED);
  const busy = new Map<string, number>();
  let answers = 0;
  let server: Served = await serveBuilt(directory, CEILINGS);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const made = await send(server.url, '/sessions', { ...WORLD, name: `round ${String(kill)}`, budget: BUDGET });
    expect([made?.status, made?.body.error]).toEqual([201, undefined]);
    const session = made?.body.session_id ?? '';
    const answered: Answered[] = [];
    const { url } = server;
    const players = Array.from({ length: PLAYERS }, async () => {
      for (;;) {
        const seen = await send(url, `/sessions/${session}`);
        if (seen === undefined) return;
        // Concurrency 1: the server turns away what it has no hand for.
        if (seen.status === 503) continue;
        const request = { head: seen.body.head, calls: [pick(random, CALLS), pick(random, CALLS)] };
        const told = await send(url, `/sessions/${session}/calls`, request);
        if (told === undefined) return;
        if (told.status === 200) answered.push({ session, request, head: told.body.head, results: JSON.stringify(told.body.results) });
        else expect([409, 422, 503]).toContain(told.status);
      }
    });
    // Somewhere within the load: a machine that is busy has had its answers, too.
    const enough = 1 + random(4);
    for (let waitedMs = 0; answered.length < enough && waitedMs < 3_000; waitedMs += 2) await sleep(2);
    await sleep(random(20));
    await server.stop('SIGKILL');
    await Promise.all(players);
    answers += answered.length;

    server = await serveBuilt(directory, CEILINGS);
    for (const { request, head, results } of answered) {
      const again = await send(server.url, `/sessions/${session}/calls`, request);
      expect([again?.status, again?.body.head, JSON.stringify(again?.body.results), again?.body.repeated]).toEqual([
        200,
        head,
        results,
        true,
      ]);
    }
    const seen = await send(server.url, `/sessions/${session}`);
    const next = await send(server.url, `/sessions/${session}/calls`, { head: seen?.body.head, calls: [CALLS[1]] });
    // An act may have been under way: others wait until its maker cannot be at work any more.
    if (next?.body.error?.code === 'session_busy') busy.set(session, Date.now() + (next.body.error.retry_after_ms ?? 0));
    else expect([next?.status, next?.body.error?.code]).toEqual(next?.status === 409 ? [409, 'head_moved'] : [200, undefined]);
  }
  for (const [session, untilMs] of [...busy].slice(-3)) {
    await sleep(Math.max(0, untilMs - Date.now()) + 50);
    for (let attempt = 0, status: number | undefined; status !== 200; attempt += 1) {
      expect(attempt).toBeLessThan(3);
      const seen = await send(server.url, `/sessions/${session}`);
      ({ status } = (await send(server.url, `/sessions/${session}/calls`, { head: seen?.body.head, calls: [CALLS[1]] })) ?? {
        status: undefined,
      });
    }
  }
  await server.stop('SIGTERM');
  const left = (await readdir(directory, { recursive: true })).filter((name) => /\.(partial|tmp|lock)|~$/.test(name));
  await rm(directory, { recursive: true, force: true });
  process.stdout.write(`${String(answers)} answers over ${String(KILLS)} kills, ${String(busy.size)} sessions busy behind one\n`);
  expect(left).toEqual([]);
  expect(answers).toBeGreaterThan(KILLS);
});

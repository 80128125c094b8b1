/** The commands of the README's section on the stop switch, on real processes: a server under load, stopped by another process, and let go on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ewm, type Served, serveBuilt } from '../support/built-cli';

const PLAYERS = 4;
/** Acts outside a request: enough that a stop finds requests at work. */
const CALLS_EACH = 60;
const BUDGET = { max_steps: 100_000, max_tool_calls: 100_000, max_memory_ops: 100_000, max_memory_bytes: 10_000_000 };
const CEILINGS = {
  ENABLE_AGENTCORE_MEMORY: '1',
  EWM_MAX_STEPS: '100000',
  EWM_MAX_TOOL_CALLS: '100000',
  MEMORY_MAX_OPS: '100000',
  MEMORY_MAX_BYTES: '10000000',
};

interface Told {
  readonly status: number;
  readonly sentMs: number;
  readonly body: {
    readonly ok: boolean;
    readonly session_id: string;
    readonly head: string;
    readonly results?: readonly { readonly ok: boolean }[];
    readonly error?: { readonly code: string; readonly who: string | null; readonly why: string };
  };
}

let directory: string;
let server: Served;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-stop-e2e-'));
  server = await serveBuilt(directory, CEILINGS);
});
afterAll(async () => {
  await server.stop('SIGTERM');
  await rm(directory, { recursive: true, force: true });
});

async function send(path: string, body?: object): Promise<Told> {
  const sentMs = performance.now();
  const response = await fetch(`${server.url}${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: response.status, sentMs, body: (await response.json()) as Told['body'] };
}

const puts = Array.from({ length: CALLS_EACH }, (_, index) => ({ name: 'memory_put', args: { key: 'k', value: index } }));

it('stops a server under load: no act begins afterwards, what ran says so and is proven, and resume lets it go on', async () => {
  const made = await send('/sessions', { name: 'load', budget: BUDGET });
  expect(made.status).toBe(201);
  const session = `/sessions/${made.body.session_id}`;
  const told: Told[] = [];
  let over = false;
  const players = Array.from({ length: PLAYERS }, async (_, player) => {
    while (!over) {
      if (player === 0) {
        const seen = await send(session);
        if (seen.status === 200) told.push(await send(`${session}/calls`, { head: seen.body.head, calls: puts }));
      } else if (player === 1) {
        told.push(await send('/agentcore/memory', { budget: BUDGET, requests: puts.map(({ args }) => ({ op: 'memory_put', ...args })) }));
      } else {
        const plan = Array.from({ length: 20 }, () => ({ name: 'execute_code', args: { language: 'python', code: '1' } }));
        told.push(await send('/agentcore/tools', { budget: BUDGET, tool_plan: plan }));
      }
    }
  });
  const acted = (): number => told.filter(({ status }) => status === 200).length;
  for (let waitedMs = 0; acted() < 5 && waitedMs < 20_000; waitedMs += 5) await new Promise((done) => setTimeout(done, 5));
  expect(acted()).toBeGreaterThanOrEqual(5);

  const stopped = await ewm(['stop', '--reason', 'the bill runs away', '--who', 'ops', '--data', directory]);
  const stoppedMs = performance.now();
  expect(stopped).toMatchObject({ exit: 0, err: '' });
  const before = told.length;
  for (let waitedMs = 0; told.length < before + 20 && waitedMs < 20_000; waitedMs += 5) await new Promise((done) => setTimeout(done, 5));
  over = true;
  await Promise.all(players);

  const late = told.filter(({ sentMs, status, body }) => sentMs > stoppedMs && (status !== 503 || body.error !== undefined));
  expect(late.length).toBeGreaterThan(5);
  for (const { status, body } of late) {
    expect([status, body.ok, body.error?.code, body.error?.who, body.error?.why]).toEqual([
      503,
      false,
      'stopped_by_operator',
      'ops',
      'the bill runs away',
    ]);
    // Nothing was begun, so nothing has results.
    expect(body.results ?? []).toEqual([]);
  }
  // What was at work then ended before its next act, or was done by then.
  for (const { body } of told) {
    if (body.error?.code !== 'stopped_by_operator' || body.results === undefined) continue;
    expect(body.results.at(-1)?.ok).toBe(false);
    expect(body.results.slice(0, -1).every(({ ok }) => ok)).toBe(true);
  }

  const status = await ewm(['status', '--data', directory]);
  expect(status).toMatchObject({ exit: 3, out: expect.stringContaining('stopped by ops') as string });
  // Looking is not acting: what was done can be fetched and proven while everything is stopped.
  const pulled = join(directory, 'pulled');
  expect(await ewm(['session', 'pull', made.body.session_id, '--api', server.url, '--out', pulled])).toMatchObject({ exit: 0 });
  expect(await ewm(['verify', pulled, '--open'])).toMatchObject({ exit: 0 });
  expect(
    await ewm(['run', '--market', 'x.csv', '--strategy', 'y.json', '--out', join(directory, 'run'), '--data', directory]),
  ).toMatchObject({
    exit: 3,
    err: expect.stringContaining('stopped by ops') as string,
  });

  expect(await ewm(['resume', '--data', directory])).toMatchObject({ exit: 0 });
  const seen = await send(session);
  const next = await send(`${session}/calls`, { head: seen.body.head, calls: puts.slice(0, 2) });
  expect([next.status, next.body.results?.map(({ ok }) => ok)]).toEqual([200, [true, true]]);
}, 120_000);

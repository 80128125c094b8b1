/** Agents in several processes under one cap: each guard takes its budget from a session and gives back what it did not use. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ended, type Ended, ewm, serveBuilt } from '../support/built-cli';

const AGENT = join(__dirname, '../support/session-agent.mjs');
const LIBRARY = pathToFileURL(join(__dirname, '../../dist/library/index.mjs')).href;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'session-guard-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

interface Told {
  readonly sent: number;
  readonly refusal?: { readonly code: string; readonly limiter?: string; readonly message: string };
  readonly run?: string;
}

async function agent(options: object): Promise<Told> {
  const child = spawn(process.execPath, [AGENT, LIBRARY, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const { out, err } = await ended(child);
  if (err !== '') throw new Error(err);
  return JSON.parse(out) as Told;
}

/** What is read of an answer. */
interface Json {
  readonly session_id: string;
  readonly head: string;
  readonly budget_state: object;
  readonly child?: { readonly session_id: string };
}

const json = ({ out }: Ended): Json => JSON.parse(out) as Json;

async function session(place: readonly string[], budget: object): Promise<string> {
  const made = await ewm(['session', 'create', ...place, '--json', '--budget', JSON.stringify(budget)]);
  return json(made).session_id;
}

const spent = async (id: string, place: readonly string[]): Promise<unknown> =>
  json(await ewm(['session', 'show', id, ...place, '--json'])).budget_state;

async function pulled(id: string, place: readonly string[], guards: Readonly<Record<string, string>>): Promise<string> {
  const out = join(home, 'pulled');
  expect((await ewm(['session', 'pull', id, ...place, '--out', out])).err).toBe('');
  for (const [run, directory] of Object.entries(guards)) cpSync(directory, join(out, 'children', `guard-${run}`), { recursive: true });
  return out;
}

it('holds six processes to the cap of one session, on this machine', async () => {
  const place = ['--data', join(home, 'data')];
  const id = await session(place, { max_tool_calls: 20, max_cost_microusd: 1_000 });
  const told = await Promise.all(
    Array.from({ length: 6 }, (_, at) =>
      agent({
        session: { id, data: join(home, 'data') },
        name: `agent ${String(at)}`,
        budget: { max_tool_calls: 3, max_cost_microusd: 30 },
        tape: join(home, `run-${String(at)}`),
        calls: at,
        crash: at === 1,
      }),
    ),
  );
  // The agents ask for 0 to 5 calls, and have 3 each; the one that died gave nothing back.
  expect(told.map(({ sent }) => sent)).toEqual([0, 1, 2, 3, 3, 3]);
  expect(told.map(({ refusal }) => refusal?.limiter)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    'max_tool_calls',
    'max_tool_calls',
  ]);
  expect(await spent(id, place)).toMatchObject({ tool_calls: 0 + 3 + 2 + 3 + 3 + 3, cost_microusd: 140, steps: 0 });

  const left = told.map(({ run = '' }, at) => [run, join(home, `run-${String(at)}`)] as const).filter((_, at) => at !== 1);
  const runs: Readonly<Record<string, string>> = Object.fromEntries(left);
  const out = await pulled(id, place, runs);
  const proof = await ewm(['verify', out, '--open']);
  expect(proof).toMatchObject({ exit: 0, err: '' });
  expect(proof.out).toContain('(agent 5): proven');
  expect(proof.out).toContain('(agent 1): not here; charged in full');

  // A refund that no run stands behind, and one whose run is not what was granted, are not proven.
  const [first = '', second = ''] = Object.keys(runs);
  rmSync(join(out, 'children', `guard-${first}`), { recursive: true });
  expect(await ewm(['verify', out, '--open'])).toMatchObject({
    exit: 1,
    out: expect.stringContaining(`put its run directory at children/guard-${first}`) as string,
  });
  cpSync(join(home, 'run-5'), join(out, 'children', `guard-${first}`), { recursive: true });
  expect(await ewm(['verify', out, '--open'])).toMatchObject({ exit: 1, out: expect.stringContaining('the guarded run guard-') as string });
  rmSync(join(out, 'children', `guard-${first}`), { recursive: true });
  cpSync(runs[first] ?? '', join(out, 'children', `guard-${first}`), { recursive: true });
  const tape = join(out, 'children', `guard-${second}`, 'tape.jsonl');
  writeFileSync(tape, readFileSync(tape, 'utf8').replace('"ok":true', '"ok":false'));
  expect(await ewm(['verify', out, '--open'])).toMatchObject({
    exit: 1,
    out: expect.stringContaining(`guard-${second}, tape.jsonl, row`) as string,
  });
}, 60_000);

it('is the same over the API, and what the session cannot grant is refused before anything is sent', async () => {
  const served = await serveBuilt(join(home, 'data'), { EWM_MAX_TOOL_CALLS: '100' });
  try {
    const place = ['--api', served.url];
    const id = await session(place, { max_tool_calls: 7 });
    const ask = (at: number, calls: number): Promise<Told> =>
      agent({
        session: { id, api: served.url },
        name: `agent ${String(at)}`,
        budget: { max_tool_calls: 3 },
        tape: join(home, `run-${String(at)}`),
        calls,
      });
    const told = await Promise.all([ask(0, 3), ask(1, 1)]);
    expect(told).toMatchObject([{ sent: 3 }, { sent: 1 }]);
    expect(await spent(id, place)).toMatchObject({ tool_calls: 4 });
    expect(await ask(2, 3)).toMatchObject({ sent: 3 });
    const refused = await ask(3, 1);
    expect(refused).toMatchObject({ sent: 0, refusal: { code: 'budget_exceeded', limiter: 'max_tool_calls', requested: 3 } });
    expect(existsSync(join(home, 'run-3'))).toBe(false);
    expect(await spent(id, place)).toMatchObject({ tool_calls: 7 });
    const runs = [...told, { run: await spentRuns(2) }].map(({ run }, at) => [run ?? '', join(home, `run-${String(at)}`)] as const);
    const out = await pulled(id, place, Object.fromEntries(runs));
    expect((await ewm(['verify', out, '--open'])).out).toContain('proven so far');
  } finally {
    await served.stop('SIGTERM');
  }

  async function spentRuns(at: number): Promise<string> {
    const text = await Promise.resolve(readFileSync(join(home, `run-${String(at)}`, 'run.json'), 'utf8'));
    return (JSON.parse(text) as { readonly run_id: string }).run_id;
  }
}, 60_000);

it('says what is wrong with the session', async () => {
  const place = ['--data', join(home, 'data')];
  const id = await session(place, { max_tool_calls: 5, max_cost_microusd: 100 });
  const ask = (more: object): Promise<Told> =>
    agent({
      session: { id, data: join(home, 'data') },
      name: 'a',
      budget: { max_tool_calls: 1 },
      tape: join(home, 'run'),
      calls: 1,
      ...more,
    });
  expect(await ask({})).toMatchObject({
    sent: 0,
    refusal: { message: expect.stringMatching(/max_cost_microusd.*name it, too, with at most 100/) as string },
  });
  const absent = '0'.repeat(32);
  expect(await ask({ session: { id: absent, data: home } })).toMatchObject({
    refusal: { message: expect.stringContaining(`no session ${absent}`) as string },
  });
  expect(await ask({ session: { id, api: 'http://127.0.0.1:9' } })).toMatchObject({
    refusal: { message: expect.stringContaining('no answer') as string },
  });
  expect(await spent(id, place)).toMatchObject({ tool_calls: 0 });
}, 60_000);

it('gives nothing back beyond what was granted', async () => {
  const served = await serveBuilt(join(home, 'data'));
  try {
    const id = await session(['--api', served.url], { max_tool_calls: 7 });
    const post = async (verb: string, body: object): Promise<Json> => {
      const answer = await fetch(`${served.url}/sessions/${id}/${verb}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return (await answer.json()) as Json;
    };
    const { head: opened } = (await (await fetch(`${served.url}/sessions/${id}`)).json()) as { readonly head: string };
    const guard = { record: 'digest', prices_sha256: 'a'.repeat(64) };
    const granted = await post('fork', { head: opened, name: 'a', budget: { max_tool_calls: 3 }, guard });
    expect(granted).toMatchObject({ ok: true, budget_state: { tool_calls: 3, steps: 0 } });
    const child = granted.child?.session_id ?? '';
    const state = { steps: 0, tool_calls: 1, model_calls: 0, memory_ops: 0, memory_bytes: 0 };
    const terms = { ...guard, name: 'a', granted_at: opened, sealed: 'b'.repeat(64), spent: state };
    const head = granted.head;
    const more = await post('reclaim', { head, child, guard: { ...terms, budget: { max_tool_calls: 7 } } });
    expect(more).toMatchObject({ error: { code: 'invalid_request', message: expect.stringContaining('not what was granted') as string } });
    const above = await post('reclaim', {
      head,
      child,
      guard: { ...terms, budget: { max_tool_calls: 3 }, spent: { ...state, tool_calls: 4 } },
    });
    expect(above).toMatchObject({
      error: { code: 'invalid_request', message: expect.stringContaining('more than what was granted') as string },
    });
    const back = await post('reclaim', { head, child, guard: { ...terms, budget: { max_tool_calls: 3 } } });
    expect(back).toMatchObject({ ok: true, budget_state: { tool_calls: 1 }, children: [] });
    const again = await post('reclaim', { head: back.head, child, guard: { ...terms, budget: { max_tool_calls: 3 } } });
    expect(again).toMatchObject({ error: { code: 'invalid_request', message: expect.stringContaining('given back before') as string } });
  } finally {
    await served.stop('SIGTERM');
  }
}, 60_000);

import { isLeft } from 'fp-ts/Either';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoCommand } from '../../src/handlers/cli/api/demo-command';
import type { DemoMode } from '../../src/handlers/cli/api/demo-stories';
import { type ApiMode, smokeCommand, type SmokeOptions } from '../../src/handlers/cli/api/smoke-command';
import { composeServer } from '../../src/handlers/compose-server';
import type { Environment } from '../../src/handlers/config';
import { SERVER_LIMITS } from '../../src/handlers/server/limits';
import { type RunningServer, startServer } from '../../src/handlers/server/server';
import { captureIo } from '../support/captured-io';
import { startHttpStub, type StubRequest } from '../support/http-stub';

let directory = '';
let on: RunningServer;
let off: RunningServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-smoke-test-'));
  on = await serve('on', { ENABLE_AGENTCORE_MEMORY: '1' });
  off = await serve('off', {});
});

afterAll(async () => {
  await on.stop();
  await off.stop();
  await rm(directory, { recursive: true, force: true });
});

async function serve(name: string, env: Environment): Promise<RunningServer> {
  const note = (): void => undefined;
  const parts = await composeServer(join(directory, name), env, note)();
  if (isLeft(parts)) throw new Error(JSON.stringify(parts.left));
  const server = await startServer({ ...parts.right.deps, limits: SERVER_LIMITS, note }, '127.0.0.1', 0);
  if ('_tag' in server) throw new Error(server.message);
  return server;
}

interface Summary {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function smoke(mode: ApiMode, env: Environment, options: Partial<SmokeOptions> = {}): Promise<Summary> {
  const { io, out, err } = captureIo();
  const exit = await smokeCommand(mode, { json: false, ...options }, io, env);
  return { exit, out: out(), err: err() };
}

async function demo(mode: DemoMode, env: Environment, json = false): Promise<Summary> {
  const { io, out, err } = captureIo();
  const exit = await demoCommand(mode, json, io, env);
  return { exit, out: out(), err: err() };
}

describe('the smoke test', () => {
  it.each(['base', 'tools', 'memory'] as const)('of %s holds against the local server, and proves what it wrote', async (mode) => {
    const { exit, out } = await smoke(mode, { EWM_API_URL: on.url });
    expect(out).not.toContain('FAILED');
    expect(out).toMatch(new RegExp(`smoke ${mode}: all [0-9]+ checks hold\n$`));
    expect(out.match(/verify the artifacts of/g)?.length).toBeGreaterThanOrEqual(2);
    expect(exit).toBe(0);
  });

  it('of sessions holds against the local server, and proves the session and its child', async () => {
    const { exit, out } = await smoke('sessions', { EWM_API_URL: on.url });
    expect(out).not.toContain('FAILED');
    expect(out).toMatch(/pull the session and its child, and verify them.*\nsmoke sessions: all 13 checks hold\n$/);
    expect(exit).toBe(0);
  });

  it('of memory leaves nothing in it, and can be taken again', async () => {
    expect((await smoke('memory', { EWM_API_URL: on.url })).exit).toBe(0);
  });

  it('says that memory is off: a failure only where it was expected to be on', async () => {
    const without = await smoke('memory', { EWM_API_URL: off.url });
    expect(without.exit).toBe(0);
    expect(without.out).toContain('NOT TESTED: memory is disabled');
    expect(without.err).toContain('ENABLE_AGENTCORE_MEMORY=1');
    const wanted = await smoke('memory', { EWM_API_URL: off.url, ENABLE_AGENTCORE_MEMORY: '1' });
    expect(wanted.exit).toBe(1);
    expect(wanted.out).toContain('FAILED  memory is on');
    expect(JSON.parse((await smoke('memory', { EWM_API_URL: off.url }, { json: true })).out)).toMatchObject({
      ok: true,
      memory_disabled: true,
    });
  });

  it('fails where nothing answers, and where nobody says what to call', async () => {
    expect(await smoke('base', { EWM_API_URL: 'http://127.0.0.1:9' })).toMatchObject({
      exit: 1,
      out: expect.stringContaining('nothing listens there') as string,
    });
    expect(await smoke('base', { EWM_API_URL: 'nonsense' })).toMatchObject({
      exit: 2,
      err: expect.stringContaining('expected a URL') as string,
    });
    expect(await smoke('memory', { EWM_API_URL: on.url, MEMORY_MAX_OPS: '-1' })).toMatchObject({
      exit: 2,
      err: expect.stringContaining('MEMORY_MAX_OPS') as string,
    });
    expect(JSON.parse((await smoke('base', { EWM_API_URL: 'nonsense' }, { json: true })).out)).toMatchObject({
      ok: false,
      error: { code: 'misconfigured' },
    });
  });

  it('reads the artifacts from a directory when it is given one, and proves what stands there', async () => {
    const artifacts = join(directory, 'on');
    expect((await smoke('base', { EWM_API_URL: on.url }, { artifacts })).exit).toBe(0);
    const missing = await smoke('base', { EWM_API_URL: on.url }, { artifacts: join(directory, 'nowhere') });
    expect(missing.exit).toBe(1);
    expect(missing.out).toContain('"NotFound"');
  });

  it('fails when an artifact was changed after it was written', async () => {
    const server = await serve('changed', {});
    await smoke('base', { EWM_API_URL: server.url });
    for (const run of await readdir(join(directory, 'changed', 'artifacts'))) {
      const tape = join(directory, 'changed', 'artifacts', run, 'tape.jsonl');
      await writeFile(tape, (await readFile(tape, 'utf8')).replace('"99.86"', '"99.87"'));
    }
    const summary = await smoke('base', { EWM_API_URL: server.url });
    await server.stop();
    expect(summary.exit).toBe(1);
    expect(summary.out).toMatch(/FAILED {2}.*: expected 200, ok.*artifact_conflict/);
    expect(summary.out).toMatch(/FAILED {2}verify the artifacts of/);
  });
});

/** The local server behind a stub that changes what comes back: what the smoke test must notice. */
async function lying(
  change: (path: string, answer: Record<string, unknown>) => { readonly status?: number; readonly answer: unknown },
): Promise<Summary> {
  const upstream = new Map<string, { readonly status: number; readonly text: string }>();
  const key = (request: StubRequest): string => `${request.segments.join('/')} ${request.body.toString()}`;
  const stub = await startHttpStub({
    answer: (request) => {
      const real = upstream.get(key(request)) ?? { status: 404, text: '{}' };
      const path = `/${request.segments.join('/')}`;
      if (!path.startsWith('/agentcore'))
        return { status: real.status, headers: { 'content-type': 'application/json' }, chunks: [real.text] };
      const { status, answer } = change(path, JSON.parse(real.text) as Record<string, unknown>);
      return { status: status ?? real.status, headers: { 'content-type': 'application/json' }, chunks: [JSON.stringify(answer)] };
    },
    refuse: () => ({ status: 500 }),
  });
  // What the smoke test of base sends, asked beforehand: a stub answers at once.
  const bodies = [{}, { steps: 5, budget: { max_steps: 2 } }, { budget: { max_steps: 0 } }];
  for (const body of bodies) {
    const text = JSON.stringify(body);
    const real = await fetch(`${off.url}/agentcore/base`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text });
    upstream.set(`agentcore/base ${text}`, { status: real.status, text: await real.text() });
  }
  upstream.set('health ', { status: 200, text: '{}' });
  const summary = await smoke('base', { EWM_API_URL: stub.url }, { artifacts: join(directory, 'off') });
  await stub.close();
  return summary;
}

describe('an API that does not keep its word', () => {
  it('is told from one that does', async () => {
    expect((await lying((_path, answer) => ({ answer }))).exit).toBe(0);
  });

  it.each<[string, (answer: Record<string, unknown>) => { readonly status?: number; readonly answer: unknown }, RegExp]>([
    [
      'overspends',
      (answer) => ({ answer: { ...answer, budget_state: { ...(answer['budget_state'] as object), steps: 99 } } }),
      /found steps 99 of/,
    ],
    [
      'refuses with another status',
      (answer) => (answer['ok'] === true ? { answer } : { status: 400, answer }),
      /five steps.*found 400 budget_exceeded max_steps/,
    ],
    [
      'names another limiter',
      (answer) => ({ answer: { ...answer, error: { ...(answer['error'] as object), limiter: 'max_tool_calls' } } }),
      /found 422 budget_exceeded max_tool_calls/,
    ],
    [
      'claims another head',
      (answer) => ({ answer: { ...answer, head_hash: '0'.repeat(64) } }),
      /verify the artifacts.*found proven, but it is run/,
    ],
    ['has no artifacts', (answer) => ({ answer: { ...answer, artifact_dir: null } }), /found no artifacts to verify/],
    ['says nothing of budgets', (answer) => ({ answer: { ...answer, budget: null } }), /found an answer without budget and budget_state/],
    ['answers something else', () => ({ answer: [] }), /found 200/],
  ])('is found out: it %s', async (_what, change, expected) => {
    const { exit, out } = await lying((_path, answer) => change(answer));
    expect(exit).toBe(1);
    expect(out).toMatch(expected);
  });
});

describe('the demo', () => {
  it.each([
    ['base', 'max_steps'],
    ['tools', 'max_tool_calls'],
    ['memory', 'max_memory_bytes'],
  ] as const)('of %s tells of a budget that is too small, what to raise, and of one that suffices', async (mode, limiter) => {
    const { exit, out } = await demo(mode, { EWM_API_URL: on.url });
    expect(exit).toBe(0);
    expect(out).toContain(`error.limiter  ${limiter}`);
    expect(out).toMatch(new RegExp(`What to raise: ${limiter}, to [0-9]+`));
    expect(out).toMatch(/200, ok/);
    expect(out).toMatch(
      new RegExp(`Next:\n {3}curl -s ${on.url}/runs/[0-9a-f]{32}/report.md\n {3}ewm verify \\S+\n {3}make smoke-agentcore-${mode}\n$`),
    );
  });

  it('of sessions plays one, repeats a request, and trips its budget', async () => {
    const { exit, out } = await demo('sessions', { EWM_API_URL: on.url });
    expect(exit).toBe(0);
    expect(out).toMatch(/201, ok\n {3}session {8}[0-9a-f]{32}\n/);
    expect(out).toContain('repeated       true');
    expect(out).toContain('error.limiter  max_steps');
    expect(out).toMatch(new RegExp(`Next:\n {3}ewm session pull [0-9a-f]{32} --api ${on.url} --out \\S+\n {3}ewm session verify`));
  });

  it('says how to switch memory on where it is off', async () => {
    const { exit, out } = await demo('memory', { EWM_API_URL: off.url });
    expect(exit).toBe(0);
    for (const word of ['ENABLE_AGENTCORE_MEMORY=1', 'MEMORY_MAX_OPS', 'MEMORY_MAX_BYTES']) expect(out).toContain(word);
  });

  it('fails, and says so, where enough is not enough', async () => {
    const { exit, out } = await demo('memory', { EWM_API_URL: on.url, MEMORY_MAX_OPS: '1', MEMORY_MAX_BYTES: '10' });
    expect(exit).toBe(1);
    expect(out).toContain('error.limiter  max_memory_bytes');
    expect(out).toContain('not what this story expected');
  });

  it('gives the whole exchange as JSON', async () => {
    const { out } = await demo('base', { EWM_API_URL: on.url }, true);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      acts: [{ status: 422, response: { error: { limiter: 'max_steps' } } }, { status: 200 }],
    });
  });
});

import { isLeft } from 'fp-ts/Either';
import http from 'node:http';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeMemoryArtifactStore } from '../../src/adapters/in-process/artifact-store';
import { noDeadline } from '../../src/adapters/in-process/clock';
import { makeScriptedCodeInterpreter } from '../../src/adapters/in-process/code-interpreter';
import { makeScriptedPlanner } from '../../src/adapters/in-process/planner';
import { silentTelemetry } from '../../src/adapters/in-process/telemetry';
import { serveCommand } from '../../src/handlers/cli/api/serve-command';
import { composeServer } from '../../src/handlers/compose-server';
import { decodeHandlerConfig } from '../../src/handlers/config';
import { FUNCTIONS } from '../../src/handlers/compose-http';
import { gatewayEvent } from '../../src/handlers/server/event';
import type { Invoke } from '../../src/handlers/server/function';
import { allowedHost } from '../../src/handlers/server/gate';
import { SERVER_LIMITS, type ServerLimits } from '../../src/handlers/server/limits';
import { pageRoute } from '../../src/handlers/server/runs';
import { type RunningServer, startServer, type ServerDeps } from '../../src/handlers/server/server';
import { captureIo } from '../support/captured-io';
import { call, post, raw } from '../support/http-call';
import { rightOf } from '../support/task';

const SHORT: ServerLimits = { bodyBytesMax: 1_000, requestTimeoutMs: 400, functionTimeoutMs: 300, lingerMs: 200 };

let directory = '';
let notes: string[] = [];
const running: RunningServer[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-server-'));
  notes = [];
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await rm(directory, { recursive: true, force: true });
});

const note = (what: string): void => {
  notes.push(what);
};

async function real(env: Readonly<Record<string, string>> = {}): Promise<Omit<ServerDeps, 'limits' | 'note'>> {
  const parts = await composeServer(directory, env, note)();
  if (isLeft(parts)) throw new Error(JSON.stringify(parts.left));
  return parts.right.deps;
}

async function serve(change: Partial<ServerDeps> = {}, host = '127.0.0.1', allowHosts: readonly string[] = []): Promise<string> {
  const server = await startServer({ ...(await real()), limits: SERVER_LIMITS, note, ...change }, host, 0, allowHosts);
  if ('_tag' in server) throw new Error(server.message);
  running.push(server);
  return server.url;
}

/** A function that waits until it is let go, and says when it began. */
function gated(): { readonly invoke: Invoke; readonly began: Promise<void>; readonly letGo: () => void } {
  let letGo = (): void => undefined;
  let begin = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const began = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const invoke: Invoke = async () => {
    begin();
    await gate;
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: '{"slow":true}' };
  };
  return {
    invoke,
    began,
    letGo: () => {
      letGo();
    },
  };
}

const echo: Invoke = (event) =>
  Promise.resolve({ statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) });

describe('the routes', () => {
  it('answers the three modes and health with the handlers of AWS, and says that the rest is a stand-in', async () => {
    const url = await serve(await real({ ENABLE_AGENTCORE_MEMORY: '1' }));
    const health = await call(url, '/health');
    expect(health).toMatchObject({
      status: 200,
      json: {
        ok: true,
        mode: 'agentcore-base',
        ceilings: { max_model_calls: 10 },
        enabled: { memory: true, code_interpreter: true, planner: true },
        local: { planner: 'scripted planner: asks no model' },
      },
    });
    expect(await call(url, '/openapi.json')).toMatchObject({ status: 200, json: { openapi: '3.1.0' } });
    expect(health.json).toMatchObject({
      local: { code_interpreter: 'scripted code interpreter: runs no code', memory: 'in this process, and gone with it' },
    });
    expect(await post(url, '/agentcore/base', {})).toMatchObject({ status: 200, json: { ok: true, mode: 'agentcore-base' } });
    const plan = { budget: { max_steps: 3, max_tool_calls: 3 } };
    expect(await post(url, '/agentcore/tools', plan)).toMatchObject({ status: 200, json: { ok: true, mode: 'agentcore-tools' } });
    const put = { requests: [{ op: 'memory_put', key: 'k', value: 1 }], budget: { max_memory_ops: 1, max_memory_bytes: 100 } };
    expect(await post(url, '/agentcore/memory', put)).toMatchObject({ status: 200, json: { ok: true, results: [{ ok: true }] } });
  });

  it('asks its scripted planner without being told that it may', async () => {
    const url = await serve();
    const plan = {
      budget: { max_steps: 1, max_tool_calls: 1, max_model_calls: 1 },
      tool_plan: [{ name: 'propose_plan', args: { goal: 'grow' } }],
    };
    expect(await post(url, '/agentcore/tools', plan)).toMatchObject({ status: 200, json: { ok: true, budget_state: { model_calls: 1 } } });
    expect(await call(url, '/health')).toMatchObject({ json: { enabled: { memory: false, code_interpreter: true, planner: true } } });
  });

  it('serves below a base path, and a listed origin, but its own pages to no other page', async () => {
    const app = 'https://app.example';
    const url = await serve(await real({ EWM_BASE_PATH: '/v1', EWM_CORS_ORIGINS: app }));
    expect(await call(url, '/v1/health')).toMatchObject({ status: 200, json: { local: {} } });
    expect(await call(url, '/health')).toMatchObject({ status: 200 });
    const from = (origin: string, method = 'POST'): Parameters<typeof call>[2] => ({
      method,
      headers: { 'content-type': 'application/json', origin },
      ...(method === 'POST' ? { body: '{}' } : {}),
    });
    expect(await call(url, '/v1/agentcore/base', from(app))).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-origin': app },
    });
    expect(await call(url, '/agentcore/base', from(app, 'OPTIONS'))).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-methods': 'POST, OPTIONS' },
    });
    expect(await call(url, '/agentcore/base', from('https://other.example'))).toMatchObject({ status: 403 });
    expect(await call(url, '/runs', from(app, 'GET'))).toMatchObject({ status: 403 });
  });

  it('has memory off unless it is switched on, as on AWS', async () => {
    const url = await serve();
    const put = { requests: [{ op: 'memory_put', key: 'k', value: 1 }], budget: { max_memory_ops: 1, max_memory_bytes: 100 } };
    expect(await post(url, '/agentcore/memory', put)).toMatchObject({ status: 200, json: { ok: true, message: 'memory disabled' } });
  });

  it('answers a deterministic request the same again and writes nothing new', async () => {
    const url = await serve();
    const first = await post(url, '/agentcore/base', { steps: 3, budget: { max_steps: 3 } });
    const before = await readdir(directory, { recursive: true });
    expect((await post(url, '/agentcore/base', { steps: 3, budget: { max_steps: 3 } })).text).toBe(first.text);
    expect(await readdir(directory, { recursive: true })).toEqual(before);
  });

  it('leaves the bytes that a direct invocation of the handler leaves', async () => {
    const url = await serve();
    const config = decodeHandlerConfig({});
    if (isLeft(config)) throw new Error(config.left.join());
    const artifacts = makeMemoryArtifactStore();
    const ports = {
      artifacts,
      interpreter: makeScriptedCodeInterpreter(),
      planner: makeScriptedPlanner(),
      telemetry: silentTelemetry,
      openApi: () => '{}',
    };
    const plan = [
      { name: 'evaluate_strategy', args: { step: 0 } },
      { name: 'execute', args: { step: 0 } },
    ];
    const requests = [
      ['agentcore-base', '/agentcore/base', { steps: 5, budget: { max_steps: 3 } }],
      ['agentcore-tools', '/agentcore/tools', { tool_plan: plan, budget: { max_steps: 2, max_tool_calls: 2 } }],
    ] as const;
    for (const [mode, path, body] of requests) {
      const direct = await FUNCTIONS[mode](config.right, ports)(body, { awsRequestId: 'another', getRemainingTimeInMillis: () => 29_000 });
      expect((await post(url, path, body)).json).toEqual(direct);
      const folder = `${(direct as { artifact_dir: string }).artifact_dir}/`;
      for (const file of await rightOf(artifacts.list(folder, noDeadline))) {
        expect(await readFile(join(directory, folder, file))).toEqual(Buffer.from(await rightOf(artifacts.get(folder + file, noDeadline))));
      }
    }
  });

  it('knows no other path and no other method', async () => {
    const url = await serve();
    for (const path of ['/agentcore', '/agentcore/base/', '/agentcore/Base', '/favicon.ico'])
      expect(await call(url, path)).toMatchObject({ status: 404 });
    expect(await call(url, '/agentcore/base')).toMatchObject({ status: 405, headers: { allow: 'POST, OPTIONS' } });
    expect(await post(url, '/health', {})).toMatchObject({ status: 405 });
    expect(await post(url, '/runs', {})).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect(await call(url, '/runs', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it('says on every answer that it is not to be sniffed or kept', async () => {
    const url = await serve();
    for (const path of ['/health', '/runs', '/nowhere']) {
      expect((await call(url, path)).headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'content-type': 'application/json',
      });
    }
  });
});

describe('the event', () => {
  const received = { requestId: 'id', nowMs: Date.UTC(2024, 1, 29, 3, 4, 5), routeKey: 'POST /agentcore/base' };

  it('is the payload 2.0 of API Gateway', async () => {
    const url = await serve({ functions: { 'agentcore-base': echo } });
    const headers = { 'Content-Type': 'application/json', 'X-Two': ['a', 'b'], Cookie: 'c=1; d=2', 'User-Agent': 'test' };
    const { json } = await call(url, '/agentcore/base?a=1&a=2&b=%2F', { method: 'POST', headers, body: '{"é":1}' });
    expect(json).toMatchObject({
      version: '2.0',
      routeKey: 'POST /agentcore/base',
      rawPath: '/agentcore/base',
      rawQueryString: 'a=1&a=2&b=%2F',
      queryStringParameters: { a: '1,2', b: '/' },
      cookies: ['c=1', 'd=2'],
      headers: { 'content-type': 'application/json', 'x-two': 'a,b', 'user-agent': 'test' },
      requestContext: {
        stage: '$default',
        http: { method: 'POST', path: '/agentcore/base', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      },
      body: '{"é":1}',
      isBase64Encoded: false,
    });
  });

  it.each([
    ['application/octet-stream', 'plain', true],
    ['', 'plain', true],
    ['application/json', Buffer.from([0xff, 0xfe]), true],
    ['text/plain; charset=utf-8', 'plain', false],
    ['application/problem+json', '{}', false],
  ])('holds a body of type %p as text only when it is text', (type, body, encoded) => {
    const headers = type === '' ? {} : { 'content-type': [type] };
    const bytes = Buffer.from(body);
    const event = gatewayEvent(
      { method: 'POST', url: '/agentcore/base', headers, body: bytes, protocol: 'HTTP/1.1', sourceIp: '::1' },
      received,
    );
    expect(event.isBase64Encoded).toBe(encoded);
    expect(Buffer.from(event.body ?? '', encoded ? 'base64' : 'utf8')).toEqual(bytes);
    expect(event.requestContext.time).toBe('29/Feb/2024:03:04:05 +0000');
  });
});

describe('a function', () => {
  it('C05: runs one request at a time: another one is answered as a throttled Lambda, and other functions are not touched', async () => {
    const slow = gated();
    const url = await serve({ functions: { 'agentcore-base': slow.invoke, 'agentcore-tools': echo } });
    const first = post(url, '/agentcore/base', {});
    await slow.began;
    const refused = await Promise.all([post(url, '/agentcore/base', {}), post(url, '/agentcore/base', {}), call(url, '/health')]);
    for (const answer of refused)
      expect(answer).toMatchObject({ status: 503, json: { message: 'Service Unavailable' }, headers: { 'retry-after': '1' } });
    expect(await post(url, '/agentcore/tools', {})).toMatchObject({ status: 200 });
    slow.letGo();
    expect(await first).toMatchObject({ status: 200, json: { slow: true } });
    expect(await post(url, '/agentcore/base', {})).toMatchObject({ status: 200 });
  });

  it('is given up when it takes too long, and is not begun again while it still runs', async () => {
    const slow = gated();
    const url = await serve({ functions: { 'agentcore-base': slow.invoke }, limits: SHORT });
    expect(await post(url, '/agentcore/base', {})).toMatchObject({ status: 503 });
    expect(notes).toContain('the function did not answer within 300 ms');
    expect(await post(url, '/agentcore/base', {})).toMatchObject({ status: 503 });
    slow.letGo();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await post(url, '/agentcore/base', {})).toMatchObject({ status: 200 });
  });

  it('that throws, or answers what is no answer, is a 500 that tells nothing', async () => {
    const answers: readonly Invoke[] = [
      () => Promise.reject(new Error('a secret')),
      () => Promise.resolve(undefined),
      () => Promise.resolve({ statusCode: 'ok' }),
      () => Promise.resolve({ statusCode: 200, body: { an: 'object' } }),
    ];
    let next = 0;
    const url = await serve({ functions: { 'agentcore-base': (event, context) => (answers[next++] ?? echo)(event, context) } });
    for (const _ of answers)
      expect(await post(url, '/agentcore/base', {})).toMatchObject({ status: 500, json: { message: 'Internal Server Error' } });
    expect(notes.join('\n')).toContain('a secret');
  });

  it('may answer bytes, and a bare body', async () => {
    const answers = [{ statusCode: 201, headers: { 'X-Kind': 'b' }, body: 'AP8=', isBase64Encoded: true }, { bare: true }];
    const url = await serve({ functions: { 'agentcore-base': () => Promise.resolve(answers.shift()) } });
    expect(await post(url, '/agentcore/base', {})).toMatchObject({ status: 201, headers: { 'x-kind': 'b', 'content-length': '2' } });
    expect(await post(url, '/agentcore/base', {})).toMatchObject({ status: 200, json: { bare: true } });
  });
});

describe('a body', () => {
  const functions = { 'agentcore-base': echo };

  it('that is declared too long is refused before it is read, and the connection ends', async () => {
    const url = await serve({ functions, limits: SHORT });
    const answer = await raw(url, 'POST /agentcore/base HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(answer).toContain('{"message":"Request Entity Too Large"}');
  });

  it('that is too long without having said so is refused, and its sender gets to read that', async () => {
    const url = await serve({ functions, limits: SHORT });
    const chunk = `400\r\n${'x'.repeat(1024)}\r\n`;
    const answer = await raw(url, 'POST /agentcore/base HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n', [
      chunk,
      chunk,
      chunk,
      '0\r\n\r\n',
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(await post(url, '/agentcore/base', {})).toMatchObject({ status: 200 });
  });

  it('that is announced with 100-continue is asked for only when it fits', async () => {
    const url = await serve({ functions, limits: SHORT });
    const head = (length: number): string =>
      `POST /agentcore/base HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n` +
      `Content-Length: ${String(length)}\r\n\r\n`;
    expect(await raw(url, head(1001))).toMatch(/^HTTP\/1\.1 413 /);
    expect(await raw(url, head(2), ['{}'])).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
  });

  it('of ten megabytes is refused by the handler in its own words, a little more by the server', async () => {
    const url = await serve();
    const headers = { 'content-type': 'application/json' };
    const full = Buffer.alloc(SERVER_LIMITS.bodyBytesMax, ' ');
    expect(await call(url, '/agentcore/base', { method: 'POST', headers, body: full })).toMatchObject({
      status: 413,
      json: { error: { code: 'payload_too_large' } },
    });
    const over = Buffer.alloc(SERVER_LIMITS.bodyBytesMax + 1, ' ');
    expect(await call(url, '/agentcore/base', { method: 'POST', headers, body: over })).toMatchObject({
      status: 413,
      json: { message: 'Request Entity Too Large' },
    });
  });

  it('that does not come is not waited for', async () => {
    const url = await serve({ functions, limits: SHORT });
    const answer = await raw(url, 'POST /agentcore/base HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('whose sender goes away calls nothing', async () => {
    let calls = 0;
    const url = await serve({ functions: { 'agentcore-base': () => Promise.resolve({ statusCode: 200, body: String((calls += 1)) }) } });
    await new Promise<void>((resolve) => {
      const socket = net.connect(Number(new URL(url).port), '127.0.0.1', () => {
        socket.write('POST /agentcore/base HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc', () => socket.destroy());
      });
      socket.on('close', () => {
        resolve();
      });
    });
    expect(await post(url, '/agentcore/base', {})).toMatchObject({ status: 200, text: '1' });
  });
});

describe('the runs', () => {
  it('are listed, the newest first, with what stopped them', async () => {
    const url = await serve();
    const first = await post(url, '/agentcore/base', {});
    await post(url, '/agentcore/base', { steps: 2, budget: { max_steps: 1 } });
    const runs = {
      runs: [
        { ok: false, limiter: 'max_steps', decisions: { APPROVED: 1, HOLD: 0, REJECTED: 0 } },
        { ok: true, limiter: null },
      ],
      total: 2,
    };
    const listed = await call(url, '/runs');
    expect(listed).toMatchObject({ status: 200, json: runs });
    expect(listed.json).toHaveProperty('runs.1.run_id', (first.json as { run_id: string }).run_id);
    expect(listed.json).toHaveProperty('runs.1.mode', 'agentcore-base');
  });

  it('are a bounded list: a hundred, and how many there are', async () => {
    const url = await serve();
    for (let index = 0; index < 103; index += 1) {
      const folder = join(directory, 'artifacts', index.toString(16).padStart(32, '0'));
      await mkdir(folder, { recursive: true });
      await writeFile(
        join(folder, 'run.json'),
        JSON.stringify({ run_id: 'x', mode: 'agentcore-base', ok: true, error: null, decisions: {} }),
      );
      await utimes(join(folder, 'run.json'), index, index);
    }
    const { runs, total } = (await call(url, '/runs')).json as { runs: { artifact_dir: string }[]; total: number };
    expect([runs.length, total]).toEqual([100, 103]);
    expect(runs[0]?.artifact_dir).toBe(`artifacts/${(102).toString(16).padStart(32, '0')}`);
  });

  it('do not hold what is not a run', async () => {
    const url = await serve();
    expect((await call(url, '/runs')).json).toEqual({ runs: [], total: 0 });
    await mkdir(join(directory, 'artifacts', 'half', 'run.json'), { recursive: true });
    await mkdir(join(directory, 'artifacts', 'empty'));
    await mkdir(join(directory, 'artifacts', 'broken'));
    await writeFile(join(directory, 'artifacts', 'broken', 'run.json'), 'not JSON');
    await writeFile(join(directory, 'artifacts', 'file'), '');
    expect((await call(url, '/runs')).json).toMatchObject({ runs: [] });
  });

  it('give their files, each with its type', async () => {
    const url = await serve();
    const { run_id: runId } = (await post(url, '/agentcore/base', {})).json as { run_id: string };
    const types = { 'run.json': 'application/json', 'tape.jsonl': 'application/jsonl', 'report.md': 'text/markdown; charset=utf-8' };
    for (const [file, type] of Object.entries(types)) {
      expect(await call(url, `/runs/${runId}/${file}`)).toMatchObject({
        status: 200,
        headers: { 'content-type': type, 'x-content-type-options': 'nosniff' },
      });
    }
    expect((await call(url, `/runs/${runId}/run.json`)).json).toMatchObject({ run_id: runId });
    expect(await call(url, `/runs/${runId}/memory.json`)).toMatchObject({ status: 404 });
  });

  it('lead nowhere else', async () => {
    const url = await serve();
    const { run_id: runId } = (await post(url, '/agentcore/base', {})).json as { run_id: string };
    await writeFile(join(directory, 'secret'), 'secret');
    await symlink(join(directory, 'secret'), join(directory, 'artifacts', runId, 'memory.json'));
    await rm(join(directory, 'artifacts', runId, 'report.md'));
    await symlink('/etc/passwd', join(directory, 'artifacts', runId, 'report.md'));
    const paths = [
      `/runs/${runId}/../../secret`,
      `/runs/${runId}/..%2f..%2fsecret`,
      `/runs/${runId}/%2e%2e/secret`,
      `/runs/../../etc/passwd`,
      `/runs/${runId}//etc/passwd`,
      `/runs/${runId}/run.json/`,
      `/runs/${runId}/run.json%00`,
      `/runs/${runId}/.writing-x`,
      `/runs/${runId}/RUN.JSON`,
      `/runs/${runId.toUpperCase()}x/run.json`,
      `/runs/${runId}\\run.json`,
      `/runs/${runId}-stopped-../run.json`,
      `/runs/${runId}`,
      '/runs/',
      '/runs/constructor/run.json',
    ];
    for (const path of paths) expect(await call(url, path)).toMatchObject({ status: 404 });
    // A link that somebody put there leads out of the directory: refused, and its target is not shown.
    const linked = await call(url, `/runs/${runId}/report.md`);
    expect(linked.status).toBe(503);
    expect(linked.text).not.toContain('root');
  });

  it('of a stopped part have a folder of their own', () => {
    const id = 'a'.repeat(32);
    expect(pageRoute(`/runs/${id}-stopped-${'b'.repeat(16)}/run.json`, '')).toEqual({
      _tag: 'File',
      source: '/runs',
      folder: `${id}-stopped-${'b'.repeat(16)}`,
      file: 'run.json',
    });
    expect(pageRoute(`/runs/${id}-stopped-b/run.json`, '')).toBeUndefined();
  });
});

describe('other people', () => {
  it('cannot use a browser on this machine to get in', async () => {
    const url = await serve();
    expect(await call(url, '/runs', { headers: { Host: 'evil.example' } })).toMatchObject({ status: 421 });
    expect(await call(url, '/runs', { headers: { Host: 'evil.example:3000' } })).toMatchObject({ status: 421 });
    expect(await post(url, '/agentcore/base', {}, { headers: { Origin: 'https://evil.example' } })).toMatchObject({ status: 403 });
    expect(await post(url, '/agentcore/base', {}, { headers: { Origin: 'null' } })).toMatchObject({ status: 403 });
    for (const host of ['localhost', 'localhost:3000', '127.0.0.1:1', '[::1]:3000'])
      expect(await call(url, '/health', { headers: { Host: host } })).toMatchObject({ status: 200 });
    expect(await call(url, '/health', { headers: { Host: 'localhost:1', Origin: 'http://localhost:1' } })).toMatchObject({ status: 200 });
  });
});

describe('a server that other machines reach', () => {
  it('answers to the names that it was given, and to no other', async () => {
    const url = (await serve({}, '0.0.0.0', ['ewm.example', '[fe80::1]'])).replace('0.0.0.0', '127.0.0.1');
    for (const host of ['ewm.example', 'EWM.example:3000', '[fe80::1]:80', 'localhost'])
      expect(await call(url, '/health', { headers: { Host: host } })).toMatchObject({ status: 200 });
    for (const host of ['evil.example', 'ewm.example.evil.example', 'xewm.example', '10.0.0.1']) {
      const refused = await call(url, '/runs', { headers: { Host: host } });
      expect([host, refused.status]).toEqual([host, 421]);
    }
    // Under its own name, a page of another origin stays out.
    const headers = { Host: 'ewm.example', Origin: 'http://evil.example' };
    expect(await post(url, '/agentcore/base', {}, { headers })).toMatchObject({ status: 403 });
  });

  it.each([
    ['ewm.example', 'ewm.example'],
    ['EWM', 'ewm'],
    ['192.168.1.5', '192.168.1.5'],
    ['fe80::1', '[fe80::1]'],
    ['[FE80::1]', '[fe80::1]'],
    ['ewm.example:3000', undefined],
    ['http://ewm.example', undefined],
    ['*', undefined],
    ['', undefined],
    ['-a', undefined],
  ])('--allow-host %s', (text, expected) => {
    expect(allowedHost(text)).toBe(expected);
  });

  it('does not start without a name', async () => {
    const { io, err, out } = captureIo();
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'ewm.example'])
      expect(await serveCommand({ port: 0, host, json: true, data: directory }, io, {})).toBe(2);
    expect(err()).toContain('--host 0.0.0.0 can be reached from other machines');
    expect(err()).toContain('--allow-host ewm.example');
    expect(JSON.parse(out().split('\n')[0] ?? '')).toMatchObject({ ok: false, error: { code: 'no_allowed_host' } });
  });
});

describe('the end', () => {
  it('finishes what runs and refuses what is new', async () => {
    const slow = gated();
    const url = await serve({ functions: { 'agentcore-base': slow.invoke } });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
    const first = post(url, '/agentcore/base', {});
    await slow.began;
    let stopped = false;
    const stop = running
      .splice(0)[0]
      ?.stop()
      .then(() => {
        stopped = true;
      });
    await expect(call(url, '/runs', { agent })).rejects.toThrow('ECONNREFUSED');
    expect(stopped).toBe(false);
    slow.letGo();
    expect(await first).toMatchObject({ status: 200, json: { slow: true }, headers: { connection: 'close' } });
    await stop;
    expect(stopped).toBe(true);
    agent.destroy();
  });

  it('refuses a request on a connection that was there before', async () => {
    const slow = gated();
    const url = await serve({ functions: { 'agentcore-base': slow.invoke } });
    const request = 'GET /runs HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
    let got = '';
    socket.on('data', (chunk) => (got += chunk.toString()));
    // Half of a second request is on its way when the stop comes, so the connection is not idle.
    socket.write(`POST /agentcore/base HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}${request.slice(0, 10)}`);
    await slow.began;
    const stop = running.splice(0)[0]?.stop();
    socket.write(request.slice(10));
    slow.letGo();
    await new Promise((resolve) => socket.once('close', resolve));
    await stop;
    expect(got).toMatch(/^HTTP\/1\.1 200 /);
    expect(got.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });
});

describe('ewm serve', () => {
  const options = { port: 0, host: '127.0.0.1', json: true };

  it('prints one line when it is ready, and exits 0 when it is told to stop', async () => {
    const { io, out, err, interrupt } = captureIo();
    const exit = serveCommand({ ...options, data: join(directory, 'a', 'b') }, io, {});
    while (!out().includes('\n')) await new Promise((resolve) => setTimeout(resolve, 5));
    const ready = JSON.parse(out()) as { ok: boolean; url: string; artifacts: string };
    expect(ready).toMatchObject({ ok: true, artifacts: join(directory, 'a', 'b', 'artifacts') });
    expect(await call(ready.url, '/health')).toMatchObject({ status: 200 });
    interrupt();
    expect(await exit).toBe(0);
    expect(err()).toContain('stopping');
    await expect(call(ready.url, '/health')).rejects.toThrow('ECONNREFUSED');
  });

  it('warns when other machines can reach it', async () => {
    const { io, err, out, interrupt } = captureIo();
    const exit = serveCommand({ ...options, host: '0.0.0.0', allowHost: ['ewm.example'], json: false, data: directory }, io, {});
    while (!out().includes('\n')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(err()).toContain('WARNING: 0.0.0.0 can be reached from other machines');
    expect(err()).toContain('planner: scripted planner: asks no model');
    interrupt();
    expect(await exit).toBe(0);
  });

  it('says which port is taken', async () => {
    const url = await serve();
    const { io, err, out } = captureIo();
    expect(await serveCommand({ ...options, port: Number(new URL(url).port), data: directory }, io, {})).toBe(2);
    expect(err()).toContain('the port is taken');
    expect(JSON.parse(out())).toMatchObject({ ok: false, error: { code: 'cannot_listen' } });
  });

  it.each([
    [
      'a file',
      async () => {
        await writeFile(join(directory, 'file'), '');
        return join(directory, 'file', 'data');
      },
    ],
    ['a place that cannot be made', () => Promise.resolve('/proc/ewm/data')],
  ])('says why its data cannot go to %s', async (_what, where) => {
    const { io, err } = captureIo();
    expect(await serveCommand({ ...options, data: await where() }, io, {})).toBe(4);
    expect(err()).toMatch(/cannot be written: a part of the path/);
  });

  it('says which variable it cannot read', async () => {
    const { io, err } = captureIo();
    expect(await serveCommand({ ...options, data: directory }, io, { EWM_MAX_STEPS: 'many' })).toBe(2);
    expect(err()).toContain('EWM_MAX_STEPS');
  });
});

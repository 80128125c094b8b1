/**
 * One act of a session over MCP beside the same act over plain HTTP: on the local server, and in the bundles of Lambda before a stand-in of S3. The
 * ways are taken in turn, each with a session of its own, so that a busy moment of the machine hits all of them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { mcpMessage } from '../../src/handlers/cli/api/mcp-message';
import { useStubEnvironment } from '../support/aws-environment';
import { call } from '../support/http-call';
import { JSON_TYPE, httpEvent } from '../support/http-events';
import { STUB_BUCKET } from '../support/s3-stub';

/** How much longer an act over MCP may take. */
export const MCP_BAR = 1.5;

const WARM_UP = 50;
const CEILINGS = { max_steps: 1_000_000, max_tool_calls: 1_000_000 };
const CEILINGS_SET = { EWM_MAX_STEPS: '1000000', EWM_MAX_TOOL_CALLS: '1000000' };
const LOOK = { name: 'get_price_context', args: {} };

export type Way = 'http' | 'mcp 2026' | 'mcp 2025';
/** Medians. Unit: ms. */
export type ActTimes = Readonly<Record<Way, number>>;

interface Request {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Sends one request, and gives the body of its answer. */
type Send = (request: Request) => Promise<string>;

interface Session {
  readonly session_id: string;
  readonly head: string;
}

const WAYS: Readonly<Record<Way, (session: Session) => Request>> = {
  http: ({ session_id: id, head }) => ({ path: `/sessions/${id}/calls`, headers: JSON_TYPE, body: { head, calls: [LOOK] } }),
  'mcp 2026': (session) => {
    const { headers, body } = mcpMessage('tools/call', actOf(session));
    return { path: '/mcp', headers: { ...JSON_TYPE, ...headers }, body };
  },
  'mcp 2025': (session) => ({
    path: '/mcp',
    headers: { ...JSON_TYPE, accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: actOf(session) },
  }),
};

function actOf({ session_id, head }: Session): { readonly name: string; readonly arguments: object } {
  return { name: 'world_act', arguments: { session_id, head, calls: [LOOK] } };
}

/** Over stateless HTTP the answer may come as the one event of a stream. */
function sessionIn(text: string): Session {
  const json = text.startsWith('{') ? text : (/^data: (.*)$/m.exec(text)?.[1] ?? '');
  const body = JSON.parse(json) as Partial<Session> & { readonly result?: { readonly structuredContent?: Partial<Session> } };
  const { session_id, head } = body.result?.structuredContent ?? body;
  if (session_id === undefined || head === undefined) throw new Error(`no act: ${text.slice(0, 500)}`);
  return { session_id, head };
}

async function inTurns(send: Send, acts: number): Promise<ActTimes> {
  const ways = Object.keys(WAYS) as Way[];
  const sessions = new Map<Way, Session>();
  for (const way of ways) {
    const body = { name: way, budget: CEILINGS };
    sessions.set(way, sessionIn(await send({ path: '/sessions', headers: JSON_TYPE, body })));
  }
  const times = new Map<Way, number[]>(ways.map((way) => [way, []]));
  for (let turn = 0; turn < WARM_UP + acts; turn += 1) {
    for (const way of ways) {
      const request = WAYS[way](sessions.get(way) as Session);
      const startedMs = performance.now();
      const text = await send(request);
      const tookMs = performance.now() - startedMs;
      if (turn >= WARM_UP) times.get(way)?.push(tookMs);
      sessions.set(way, sessionIn(text));
    }
  }
  return Object.fromEntries(ways.map((way) => [way, median(times.get(way) ?? [])])) as Record<Way, number>;
}

/** The built program in a process of its own, over one connection. */
export async function actsOnServer(acts: number): Promise<ActTimes> {
  const directory = mkdtempSync(join(tmpdir(), 'ewm-bench-mcp-'));
  const server = spawn(process.execPath, [join('dist', 'ewm.cjs'), 'serve', '--port', '0', '--json', '--data', directory], {
    env: { ...process.env, ...CEILINGS_SET },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
    const { url } = JSON.parse(line) as { readonly url: string };
    const send: Send = async ({ path, headers, body }) => {
      const { status, text } = await call(url, path, { method: 'POST', headers, body: JSON.stringify(body), agent });
      if (status > 201) throw new Error(`the server answered ${String(status)}: ${text}`);
      return text;
    };
    return await inTurns(send, acts);
  } finally {
    agent.destroy();
    server.kill('SIGTERM');
    await once(server, 'exit');
    rmSync(directory, { recursive: true, force: true });
  }
}

type LambdaHandler = (event: unknown, context: object) => Promise<{ readonly statusCode: number; readonly body: string }>;

/** The bundles themselves, in this process; the stand-in of S3 at `s3Url` has another. */
export async function actsInBundles(s3Url: string, acts: number): Promise<ActTimes> {
  useStubEnvironment({ AWS_ENDPOINT_URL_S3: s3Url });
  Object.assign(process.env, { EWM_ARTIFACT_BUCKET: STUB_BUCKET, EWM_S3_PATH_STYLE: '1', ...CEILINGS_SET });
  const load = createRequire(resolve('package.json'));
  const [mcp, sessions] = ['mcp', 'sessions'].map((name) => {
    const bundle = resolve('dist', 'lambda', name, 'index.js');
    // Composed once a process, with the S3 that it found then.
    Reflect.deleteProperty(load.cache, bundle);
    return (load(bundle) as { readonly handler: LambdaHandler }).handler;
  }) as [LambdaHandler, LambdaHandler];
  let requests = 0;
  const send: Send = async ({ path, headers, body }) => {
    requests += 1;
    const context = { awsRequestId: `request-${String(requests)}`, getRemainingTimeInMillis: () => 29_000 };
    const event = httpEvent({ path, headers, body: JSON.stringify(body) });
    const { statusCode: status, body: text } = await (path === '/mcp' ? mcp : sessions)(event, context);
    if (status > 201) throw new Error(`the function answered ${String(status)}: ${text}`);
    return text;
  };
  return quietly(() => inTurns(send, acts));
}

/** A function logs to stdout, as Lambda wants it. */
async function quietly<A>(act: () => Promise<A>): Promise<A> {
  const own = Object.getOwnPropertyDescriptor(process.stdout, 'write');
  process.stdout.write = () => true;
  try {
    return await act();
  } finally {
    if (own === undefined) Reflect.deleteProperty(process.stdout, 'write');
    else Object.defineProperty(process.stdout, 'write', own);
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

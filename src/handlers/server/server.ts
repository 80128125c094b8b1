/**
 * The local server: HTTP in, the handlers that run on Lambda behind it, one function a mode.
 * Invariants: no handler but that of MCP runs twice at a time; every request that began is answered before the server stops, or its time is up.
 */
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DescribeWorld } from '../../domain/run/read-page';
import type { Clock } from '../../ports/clock';
import { serviceOf, type Service } from '../http/contract/routes';
import { routePath } from '../http/edge/inbound';
import { declaresTooMuch, readBody } from './body';
import { gatewayEvent } from './event';
import { type Invoke, makeLocalFunction } from './function';
import { refuseForeign } from './gate';
import type { ServerLimits } from './limits';
import { makePages } from './pages';
import { jsonReply, NOT_FOUND, type Reply, SERVICE_UNAVAILABLE, TOO_LARGE } from './reply';
import { pageRoute, type RunCatalog } from './runs';
import type { SessionCatalog } from './sessions';

export interface ServerDeps {
  readonly functions: Readonly<Partial<Record<Service, Invoke>>>;
  /** The function that answers for the deployment, as on AWS: `/health` and `/openapi.json`. */
  readonly spokesman: Service;
  /** What may stand before every path; empty for nothing. */
  readonly basePath: string;
  /** Origins whose pages may use the API. */
  readonly corsOrigins: readonly string[];
  /** What stands in for what is remote on AWS; told by `/health` and by the list of runs. */
  readonly about: Readonly<Record<string, string>>;
  readonly catalog: RunCatalog;
  readonly sessions: SessionCatalog;
  /** What a world file says of itself, for the page of its run. */
  readonly describeWorld: DescribeWorld;
  readonly clock: Clock;
  readonly limits: ServerLimits;
  /** A line for whoever runs the server. */
  readonly note: (what: string) => void;
}

export interface RunningServer {
  readonly url: string;
  /** Refuses what is new, waits for what runs, and resolves when the last answer is sent. */
  readonly stop: () => Promise<void>;
}

export type ListenError = { readonly _tag: 'CannotListen'; readonly code: string; readonly message: string };

/** A client of MCP sends its next message before the last one is answered. Which of two acts comes first, the session decides. */
const MCP_AT_ONCE = 16;

const HEADERS_TIMEOUT_MS = 10_000;
const TIMEOUT_CHECK_MS = 1_000;

/** `allowHosts`: the names it is called by beside those of the loopback address; see `allowedHost`. */
export function startServer(
  deps: ServerDeps,
  host: string,
  port: number,
  allowHosts: readonly string[] = [],
): Promise<RunningServer | ListenError> {
  const { limits, note } = deps;
  const functions = new Map(
    Object.entries(deps.functions).map(([service, invoke]) => {
      const atOnce = service === 'mcp' ? MCP_AT_ONCE : 1;
      return [service, makeLocalFunction(invoke, limits.functionTimeoutMs, note, atOnce)];
    }),
  );
  const pages = makePages(deps);
  let stopping = false;

  /** Nothing where nobody is left to answer. */
  async function answer(request: http.IncomingMessage): Promise<Reply | undefined> {
    const { method = 'GET', url = '/' } = request;
    const [path = '', query = ''] = url.split('?');
    const service = serviceOf(routePath({ path }, deps.basePath));
    // A page whose origin is listed may use the API, and nothing else of this server.
    const { host: called, origin = '' } = request.headers;
    const listed = service !== undefined && deps.corsOrigins.includes(origin);
    const foreign = refuseForeign(called, listed ? undefined : request.headers.origin, allowHosts);
    if (foreign !== undefined) return foreign;
    if (stopping) return SERVICE_UNAVAILABLE;
    const route = pageRoute(path, query);
    if (route !== undefined) {
      if (method === 'GET' || method === 'HEAD') return pages(route);
      return jsonReply(405, { message: 'Method Not Allowed' }, { allow: 'GET, HEAD' });
    }
    const serving = functions.get(service === 'every' ? deps.spokesman : (service ?? ''));
    if (serving === undefined) return NOT_FOUND;
    const body = await readBody(request, limits.bodyBytesMax);
    if (body._tag !== 'Whole') return body._tag === 'TooLarge' ? TOO_LARGE : undefined;
    const received = { requestId: randomUUID(), nowMs: deps.clock.nowMs(), routeKey: `${method} ${path}` };
    const { headersDistinct: headers, httpVersion, socket } = request;
    const protocol = `HTTP/${httpVersion}`;
    const event = gatewayEvent({ method, url, headers, body: body.bytes, protocol, sourceIp: socket.remoteAddress ?? '' }, received);
    const reply = await serving.call(event);
    return routePath({ path }, deps.basePath) === '/health' && method === 'GET' && reply.status === 200
      ? withLocal(reply, deps.about)
      : reply;
  }

  function handle(request: http.IncomingMessage, response: http.ServerResponse): void {
    const startedMs = performance.now();
    answer(request).then(
      (reply) => {
        const outcome = reply === undefined ? 'gone' : String(reply.status);
        note(`${request.method ?? ''} ${printable(request.url ?? '')} ${outcome} ${String(Math.round(performance.now() - startedMs))} ms`);
        if (reply === undefined) response.destroy();
        else send(request, response, reply, stopping, limits.lingerMs);
      },
      (error: unknown) => {
        note(`a bug: ${String(error)}`);
        response.destroy();
      },
    );
  }

  const { requestTimeoutMs } = limits;
  const timeouts = { requestTimeout: requestTimeoutMs, headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs) };
  // Node looks for what has timed out every 30 seconds unless told otherwise.
  const server = http.createServer({ ...timeouts, connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, requestTimeoutMs) }, handle);
  server.on('checkContinue', (request: http.IncomingMessage, response: http.ServerResponse) => {
    // A client that asks first is refused before it sends ten megabytes.
    if (!declaresTooMuch(request, limits.bodyBytesMax)) response.writeContinue();
    handle(request, response);
  });

  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve({ _tag: 'CannotListen', code: error.code ?? '', message: error.message });
    });
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo;
      const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      resolve({
        url: `http://${shown}:${String(address.port)}`,
        stop: () => {
          stopping = true;
          return closed(server, requestTimeoutMs + limits.functionTimeoutMs);
        },
      });
    });
  });
}

function send(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { status, headers, body }: Reply,
  stopping: boolean,
  lingerMs: number,
): void {
  const unread = !request.complete;
  response.writeHead(status, { ...headers, 'content-length': String(body.length), ...(stopping || unread ? { connection: 'close' } : {}) });
  if (!unread) {
    response.end(body);
    return;
  }
  // A connection that is closed while its client still sends is reset, and the client may lose the answer. So the rest is read and dropped
  // for a while, with the answer already out.
  response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
    request.socket.destroySoon();
  };
  const timer = setTimeout(end, lingerMs);
  request.once('end', end).once('close', end).resume();
}

function closed(server: http.Server, patienceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.closeAllConnections();
    }, patienceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** The health of a function on AWS, and that this is not AWS. */
function withLocal({ status, headers, body }: Reply, about: ServerDeps['about']): Reply {
  const health = JSON.parse(Buffer.from(body).toString('utf8')) as object;
  return jsonReply(status, { ...health, local: about }, headers);
}

/** A path comes from anybody: nothing in it may drive the terminal. Node's parser has refused control characters already. */
function printable(url: string): string {
  return url.length > 200 ? `${url.slice(0, 200)}…` : url;
}

/**
 * `ewm mcp --api`: a client's stdin and stdout joined to `/mcp` of an API, local or on AWS; each message is signed where IAM decides who may call.
 * Invariants: stdout is the protocol and nothing else; each request is answered, and sent once.
 */
import { type JSONRPCMessage, SdkHttpError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { isLeft } from 'fp-ts/Either';
import { isRecord } from '../../../domain/codec/codec';
import { at, textAt } from '../api/api-answer';
import { type ApiClient, openApi } from '../api/api-client';
import type { Environment } from '../../config';
import { environment } from '../shared/environment';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, usageFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { stopSignal } from '../shared/stop-signal';
import { ended, givenUp } from './stdio-end';

export interface BridgeOptions {
  readonly api: string;
  /** The agent plane of this one; absent: the whole server. */
  readonly session?: string;
}

/** Options that say what a session is made of, or where it is. */
export function refuseBeside(options: readonly string[], io: Io): Promise<ExitCode> {
  const names = options.map((name) => `--${name}`).join(', ');
  return fail(
    io,
    false,
    usageFailure(`${names} cannot stand beside --api: make the session with ewm session create, and name it with --session`),
  );
}

/** For answers that are under way when the client is gone. Unit: ms. */
const STOP_GRACE_MS = 36_000;

export async function bridgeCommand({ api, session }: BridgeOptions, io: Io, env: Environment = environment()): Promise<ExitCode> {
  const opened = await openApi({ ...env, EWM_API_URL: api });
  if (isLeft(opened)) return fail(io, false, usageFailure(opened.left.message));
  const path = session === undefined ? '/mcp' : `/mcp/${encodeURIComponent(session)}`;
  const url = opened.right.target.url + path;
  const here = new StdioServerTransport(process.stdin, process.stdout);
  const there = new StreamableHTTPClientTransport(new URL(url), { fetch: fetchBy(opened.right, path) });
  const waiting = makeWaiting();

  const answer = async (message: JSONRPCMessage): Promise<void> => {
    const version = textAt(message, 'result', 'protocolVersion');
    // What was agreed with `initialize` goes with every later request; newer clients say it in each.
    if (version !== undefined && waiting.isHandshake(idOf(message))) there.setProtocolVersion(version);
    // Not by the transport: it sends nothing more once stdin has ended, and answers may be under way.
    await io.stdout.write(`${JSON.stringify(message)}\n`);
    waiting.answered(idOf(message));
  };
  there.onmessage = (message) => void answer(message);
  here.onmessage = (message) => {
    const id = 'method' in message ? idOf(message) : undefined;
    waiting.asked(id, message);
    there.send(message).catch(async (error: unknown) => {
      const { body, text } = whatWentWrong(error, url);
      await io.stderr.write(`ewm: ${text}\n`);
      if (id !== undefined) await answer(isRecord(body) ? ({ ...body, id } as JSONRPCMessage) : rpcError(id, text));
    });
  };
  here.onerror = (error) => void io.stderr.write(`ewm: ${error.message}\n`);
  const how = Promise.race([ended(process.stdin), givenUp(here), stopSignal(io, STOP_GRACE_MS).then(() => EXIT.ok)]);
  await there.start();
  await here.start();
  await io.stderr.write(`ewm: MCP over stdin and stdout, by way of ${url}\n`);
  const exit = await how;
  await waiting.drained();
  await Promise.all([there.close(), here.close()]);
  return exit;
}

/** By the API's own client: its trust, its proxies, its signature. Nothing is listened for: this server sends nothing by itself. */
function fetchBy(api: ApiClient, path: string): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return async (_url, { method = 'GET', body, headers } = {}) => {
    if (method !== 'POST' || typeof body !== 'string') return new Response(null, { status: 405 });
    const answer = await api.post(path, JSON.parse(body) as object, Object.fromEntries(new Headers(headers)));
    if (isLeft(answer)) throw new Error(answer.left.message);
    const { status, bytes, contentType } = answer.right;
    return new Response(bytes.length === 0 ? null : Buffer.from(bytes), { status, headers: { 'content-type': contentType } });
  };
}

/** An answer that is an error of the protocol goes on as it is; any other is told with where it came from, and what to do. */
function whatWentWrong(error: unknown, url: string): { readonly text: string; readonly body?: unknown } {
  if (!(error instanceof SdkHttpError)) return { text: error instanceof Error ? error.message : String(error) };
  const { status, data } = error;
  const body = parsed(typeof data.text === 'string' ? data.text : '');
  const message = textAt(body, 'error', 'message') ?? textAt(body, 'message') ?? 'no answer of this protocol';
  const hint = status === 403 ? ': these credentials may not call it (execute-api:Invoke on this path)' : '';
  return { text: `${String(status)} from ${url}: ${message}${hint}`, ...(at(body, 'jsonrpc') === '2.0' ? { body } : {}) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

type Id = string | number;

function idOf(message: JSONRPCMessage): Id | undefined {
  return 'id' in message ? message.id : undefined;
}

function rpcError(id: Id, message: string): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: -32603, message } };
}

/** Requests without an answer yet. */
function makeWaiting(): {
  readonly asked: (id: Id | undefined, message: JSONRPCMessage) => void;
  readonly isHandshake: (id: Id | undefined) => boolean;
  readonly answered: (id: Id | undefined) => void;
  readonly drained: () => Promise<void>;
} {
  const methods = new Map<Id, string>();
  let done: (() => void) | undefined;
  return {
    asked: (id, message) => {
      if (id !== undefined && 'method' in message) methods.set(id, message.method);
    },
    isHandshake: (id) => id !== undefined && methods.get(id) === 'initialize',
    answered: (id) => {
      if (id !== undefined) methods.delete(id);
      if (methods.size === 0) done?.();
    },
    drained: () =>
      methods.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            done = resolve;
          }),
  };
}

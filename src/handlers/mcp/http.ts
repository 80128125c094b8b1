/**
 * MCP over streamable HTTP: a POST is a message, and its answer is whole before it is sent. Stateless: a server is made for each request, so
 * any instance answers any of them, clients of 2025 included. `/mcp` is the whole server, `/mcp/{id}` the agent plane of one session.
 */
import { createMcpHandler } from '@modelcontextprotocol/server';
import { isRecord } from '../../domain/codec/codec';
import { isSessionId } from '../../domain/session/inputs';
import type { Act, Answer, AnswerBody, Call, Invocation } from '../http/edge/act';
import type { Served } from '../http/edge/handler';
import { makeMcpServer, type McpParts } from './server';
import { noSession, type Scope } from './scope';
import type { ToolBody } from './tool';

export function serveMcp(parts: McpParts): Served<'mcp'> {
  const all: Act = (call, invocation) => answerTo(parts, { plane: 'all' }, call, invocation);
  const agent: Act = (call, invocation) => {
    const { id = '' } = call.parameters;
    if (!isSessionId(id)) return Promise.resolve({ _tag: 'Answer', status: 404, body: refused(noSession(id)) });
    return answerTo(parts, { plane: 'agent', session: id }, call, invocation);
  };
  return { service: 'mcp', acts: { 'POST /mcp': all, 'POST /mcp/{id}': agent }, direct: notOverHttp, refused };
}

const notOverHttp: Act = () => {
  const error = { code: 'not_found', message: 'this function takes POST /mcp over HTTP; the one of sessions is invoked directly' } as const;
  return Promise.resolve({ _tag: 'Answer', status: 404, body: refused(error) });
};

function refused(error: NonNullable<AnswerBody['error']>): AnswerBody {
  return { ok: false, error };
}

/** Headers that the protocol reads. A credential is for whoever let the request in, and goes no further. */
const PROTOCOL_HEADER = /^(?:accept|content-type|mcp-[a-z0-9-]+)$/;

/** A batch would be as many acts in one invocation as fit a body: what one request can do, and cost, would have no bound. */
async function answerTo(parts: McpParts, scope: Scope, { headers, body }: Call, invocation: Invocation): Promise<Answer> {
  if (Array.isArray(body)) return rpcError(400, null, -32600, 'a request is one message: send those of a batch one by one');
  if (isRecord(body) && body['method'] === 'subscriptions/listen') return noSubscriptions(body['id']);
  let answered: ToolBody | undefined;
  const handler = createMcpHandler(() =>
    makeMcpServer(parts, {
      scope,
      invocation: () => invocation,
      onAnswer: (body) => {
        answered = body;
      },
    }),
  );
  const known = Object.entries(headers).filter(([name]) => PROTOCOL_HEADER.test(name));
  const request = new Request('http://localhost/mcp', { method: 'POST', headers: known, body: JSON.stringify(body) });
  const response = await handler.fetch(request, { parsedBody: body });
  const text = await response.text();
  await handler.close();
  const contentType = response.headers.get('content-type') ?? 'application/json';
  return {
    _tag: 'Answer',
    status: response.status,
    ...(answered === undefined ? {} : { body: answered }),
    document: { text, contentType },
  };
}

/** Nothing here changes by itself, and no answer stays open: a listener would wait for ever, and be paid for meanwhile. */
function noSubscriptions(id: unknown): Answer {
  return rpcError(404, id, -32601, 'Method not found: this server has nothing to subscribe to');
}

function rpcError(status: number, id: unknown, code: number, message: string): Answer {
  const text = JSON.stringify({
    jsonrpc: '2.0',
    id: typeof id === 'string' || typeof id === 'number' ? id : null,
    error: { code, message },
  });
  return { _tag: 'Answer', status, document: { text, contentType: 'application/json' } };
}

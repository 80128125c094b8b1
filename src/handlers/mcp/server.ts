/**
 * The MCP server: what the SDK is told of tools, resources and the prompt. Made anew for each connection, and for each request over HTTP:
 * it holds nothing, the protocol has no session, and the session of a world is an argument.
 */
import { McpServer, ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from '@modelcontextprotocol/server';
import { isLeft } from 'fp-ts/Either';
import type { Telemetry } from '../../ports/telemetry';
import type { ApiError } from '../http/contract/errors';
import type { SessionResponse } from '../http/contract/response';
import type { Invocation } from '../http/edge/act';
import type { Prove } from '../http/modes/session-proof';
import type { SessionContext } from '../../domain/session/context';
import { APP_EXTENSION, APP_MIME_TYPE, APP_OF_TOOL, APP_URI, appContent } from './app';
import { routeCaller, type SessionActs } from './call-route';
import { type CallParts, callTool, unknownTool } from './call';
import { instructions, PLAY_PROMPT, playText } from './guide';
import { readResource, resourcesOf, resourceTemplates } from './resources';
import type { Scope } from './scope';
import { inputSchema, isOn, type ToolBody, type WorldTool } from './tool';
import { TOOLS } from './tools';

export interface McpParts {
  readonly version: string;
  readonly acts: SessionActs;
  readonly sessions: SessionContext;
  readonly prove: Prove;
  readonly telemetry: Telemetry;
  /** The most that the arguments of a call may have. Unit: bytes of JSON. */
  readonly bodyBytesMax: number;
}

export interface Serving {
  readonly scope: Scope;
  /** Of the request that is being answered. */
  readonly invocation: () => Invocation;
  /** Hears what each tool answered. */
  readonly onAnswer?: (body: ToolBody) => void;
}

/** What there is does not change while a client looks at it, so there is nothing to subscribe to. */
const CAPABILITIES = {
  tools: { listChanged: false },
  resources: { listChanged: false, subscribe: false },
  prompts: { listChanged: false },
  extensions: { [APP_EXTENSION]: { mimeTypes: [APP_MIME_TYPE] } },
};

/** Sessions whose resources are on one page of the list. */
const SESSIONS_LISTED = 50;

export function makeMcpServer(parts: McpParts, { scope, invocation, onAnswer }: Serving): McpServer {
  const tools = TOOLS.filter((tool) => isOn(scope.plane, tool));
  const mcp = new McpServer(
    { name: 'executable-world-models', title: 'Executable World Models', version: parts.version },
    { capabilities: CAPABILITIES, instructions: instructions(scope) },
  );

  // The layer below it: arguments and answers have schemas of our codecs, and our codecs check them.
  const { server } = mcp;

  const calling = (): CallParts => {
    const now = invocation();
    const { prove, sessions, telemetry, bodyBytesMax } = parts;
    const context = { callRoute: routeCaller(parts.acts, now), prove, sessions, deadline: now.storing };
    return { scope, context, requestId: now.requestId, telemetry, bodyBytesMax };
  };

  server.setRequestHandler('tools/list', () => ({ tools: tools.map((tool) => toolOf(tool, scope)) }));

  server.setRequestHandler('tools/call', async ({ params: { name, arguments: given = {} } }) => {
    const tool = tools.find((known) => known.name === name);
    if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, unknownTool(name, tools));
    const { result, body } = await callTool(tool, given, calling());
    onAnswer?.(body);
    return result;
  });

  server.setRequestHandler('resources/list', async ({ params }) => {
    if (scope.session !== undefined) return { resources: [...resourcesOf(scope.session)] };
    const cursor = params?.cursor;
    const { body } = await calling().context.callRoute('GET /sessions', { query: cursor === undefined ? {} : { after: cursor } });
    const { sessions: listed, more: further, error } = (body ?? { ok: false }) as SessionResponse;
    if (listed === undefined) throw asProtocolError(error ?? { code: 'not_found', message: 'no sessions' });
    const page = listed.slice(0, SESSIONS_LISTED);
    const last = page.at(-1);
    const more = last !== undefined && (page.length < listed.length || further === true);
    return { resources: page.flatMap(resourcesOf), ...(more ? { nextCursor: last } : {}) };
  });

  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: scope.plane === 'agent' ? [] : [...resourceTemplates()],
  }));

  server.setRequestHandler('resources/read', async ({ params: { uri } }) => {
    if (uri === APP_URI) return { contents: [appContent()] };
    const read = await readResource(calling().context, scope, uri);
    if (read === undefined) throw new ResourceNotFoundError(uri);
    if (isLeft(read)) throw asProtocolError(read.left);
    return { contents: [{ uri, ...read.right }] };
  });

  server.setRequestHandler('prompts/list', () => ({ prompts: [promptOf()] }));

  server.setRequestHandler('prompts/get', ({ params: { name, arguments: given = {} } }) => {
    if (name !== PLAY_PROMPT.name) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `no prompt ${name.slice(0, 100)}; there is ${PLAY_PROMPT.name}`);
    }
    const text = playText(scope, given);
    return { description: PLAY_PROMPT.description, messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }] };
  });

  return mcp;
}

/** The same error object as everywhere, as the data of a protocol error. */
function asProtocolError(error: ApiError): ProtocolError {
  const code = error.code === 'invalid_request' ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
  return new ProtocolError(code, error.message, { error });
}

type JsonObjectSchema = { type: 'object' } & Record<string, unknown>;

function toolOf(
  tool: WorldTool,
  scope: Scope,
): {
  name: string;
  title: string;
  description: string;
  inputSchema: JsonObjectSchema;
  outputSchema: JsonObjectSchema;
  annotations: Record<string, boolean | string>;
  _meta?: Record<string, unknown>;
} {
  const { name, title, description, output, kind, hints } = tool;
  return {
    name,
    title,
    description,
    inputSchema: { ...inputSchema(tool, scope), type: 'object' },
    outputSchema: { ...output, type: 'object' },
    annotations: {
      title,
      readOnlyHint: kind === 'look',
      destructiveHint: hints.destructive,
      idempotentHint: hints.idempotent,
      openWorldHint: hints.openWorld,
    },
    ...(tool.report === true ? { _meta: APP_OF_TOOL } : {}),
  };
}

function promptOf(): {
  name: string;
  title: string;
  description: string;
  arguments: { name: string; description: string; required: boolean }[];
} {
  return { ...PLAY_PROMPT, arguments: PLAY_PROMPT.arguments.map((argument) => ({ ...argument })) };
}

/** One call of a tool: its arguments checked for form, its session found, its answer given the form of MCP. Invariant: nothing is thrown. */
import { isLeft } from 'fp-ts/Either';
import type { Telemetry } from '../../ports/telemetry';
import { internalError } from '../http/contract/errors';
import { answerOf } from '../http/edge/act';
import { valueFault } from '../http/edge/json-value';
import { standingOf } from './history';
import { resourcesOf } from './resources';
import { argumentsOf, type Scope, takeSession } from './scope';
import { type RouteAccess, bodyOf, type ToolBody, type WorldTool } from './tool';

export interface CallParts {
  readonly scope: Scope;
  readonly context: RouteAccess;
  readonly requestId: string;
  readonly telemetry: Telemetry;
  /** The most that arguments may have. Unit: bytes of JSON. */
  readonly bodyBytesMax: number;
}

/** What a client gets: the body as structured content, and the same as text for clients that read no other. */
export interface ToolResult {
  readonly [member: string]: unknown;
  readonly content: ({ type: 'text'; text: string } | ReportLink)[];
  readonly structuredContent: Record<string, unknown>;
  readonly isError?: true;
}

type ReportLink = { type: 'resource_link'; uri: string; name: string; title: string; mimeType: string };

export async function callTool(tool: WorldTool, given: unknown, parts: CallParts): Promise<{ result: ToolResult; body: ToolBody }> {
  const body = await bodyFrom(tool, given, parts);
  const answer = bodyOf(answerOf(body));
  const result: ToolResult = {
    content: [{ type: 'text', text: JSON.stringify(answer) }, ...(tool.report === true && answer.ok ? reportOf(answer) : [])],
    structuredContent: { ...answer },
    ...(answer.ok ? {} : { isError: true }),
  };
  return { result, body: answer };
}

/** A client that shows resources shows the report beside the answer. */
function reportOf({ session_id: session }: ToolBody): readonly ReportLink[] {
  if (typeof session !== 'string') return [];
  const found = resourcesOf(session).find(({ mimeType }) => mimeType === 'text/markdown');
  return found === undefined ? [] : [{ type: 'resource_link', ...found }];
}

async function bodyFrom(
  tool: WorldTool,
  given: unknown,
  { scope, context, requestId, telemetry, bodyBytesMax }: CallParts,
): Promise<ToolBody> {
  const fault = valueFault(given, bodyBytesMax);
  if (fault !== undefined) return { ok: false, error: fault };
  const args = argumentsOf(given);
  const found = tool.ofSession ? takeSession(scope, args) : undefined;
  if (found !== undefined && isLeft(found)) return { ok: false, error: found.left };
  const { session, rest } = found?.right ?? { session: '', rest: args };
  try {
    const body = await tool.call(context, session, rest);
    // A refusal that never came to the session says all the same what is left.
    return body.ok || session === '' || body['remaining'] !== undefined ? body : { ...body, ...(await standing(context, session)) };
  } catch (error) {
    telemetry.note('error', 'fault', {
      request_id: requestId,
      mode: 'mcp',
      tool: tool.name,
      name: error instanceof Error ? error.name : '',
    });
    return { ok: false, error: internalError(requestId) };
  }
}

async function standing({ callRoute }: RouteAccess, session: string): Promise<object> {
  const seen = bodyOf(await callRoute('GET /sessions/{id}', { parameters: { id: session } }));
  return seen.ok ? standingOf(seen) : {};
}

/** A call of a tool that is not there, or not shown. */
export function unknownTool(name: string, known: readonly Pick<WorldTool, 'name'>[]): string {
  const shown = name.slice(0, 100).toWellFormed();
  return `no tool ${shown}; there are ${known.map((tool) => tool.name).join(', ')}`;
}

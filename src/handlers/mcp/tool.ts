/** A tool of the MCP server: a value that says who sees it, what it takes and answers, and which requests it makes. */
import type { JsonSchema } from '../../domain/codec/codec';
import { isRecord } from '../../domain/codec/codec';
import type { Deadline } from '../../ports/clock';
import type { AnswerBody, Answer } from '../http/edge/act';
import type { Prove } from '../http/modes/session-proof';
import type { SessionContext } from '../../domain/session/context';
import type { CallRoute } from './call-route';
import type { Arguments, Plane, Scope } from './scope';

/** What a call works with. */
export interface RouteAccess {
  readonly callRoute: CallRoute;
  readonly prove: Prove;
  readonly sessions: SessionContext;
  readonly deadline: Deadline;
}

/** `look` changes nothing and is on every plane. */
export type Kind = 'look' | 'act' | 'control';

export interface WorldTool {
  /** With the prefix that a gateway puts before it, at most 64 characters. */
  readonly name: `world_${string}`;
  readonly title: string;
  readonly kind: Kind;
  /** For a model: what it does, what it costs, what is refused and why. */
  readonly description: string;
  /** Whether it is about a session that is there; `session_id` is then among its arguments. */
  readonly ofSession: boolean;
  /** Of the arguments, without `session_id`. */
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  readonly hints: { readonly destructive: boolean; readonly idempotent: boolean; readonly openWorld: boolean };
  /** Whether its answer points to the report of the session: what a person would want to see next. */
  readonly report?: true;
  /** `session` is empty for a tool that is about none. */
  readonly call: (context: RouteAccess, session: string, args: Arguments) => Promise<ToolBody>;
}

/** What a tool answers: a body of the API, or one of the same make. */
export type ToolBody = AnswerBody & Arguments;

export function isOn(plane: Plane, { kind }: Pick<WorldTool, 'kind'>): boolean {
  if (plane === 'all' || kind === 'look') return true;
  return plane === 'agent' ? kind === 'act' : kind === 'control';
}

/** The schema of the arguments as a client of this scope sees it. */
export function inputSchema(tool: Pick<WorldTool, 'input' | 'ofSession'>, scope: Scope): JsonSchema {
  if (!tool.ofSession) return tool.input;
  const { properties, required } = tool.input;
  const session: JsonSchema =
    scope.session === undefined
      ? { type: 'string', description: 'The id of the session, as world_create or world_fork told it.' }
      : { type: 'string', description: `The id of the session; ${scope.session} where it is left out.` };
  const needed = Array.isArray(required) ? (required as readonly string[]) : [];
  return {
    ...tool.input,
    properties: { session_id: session, ...(isRecord(properties) ? properties : {}) },
    required: scope.session === undefined ? ['session_id', ...needed] : needed,
  };
}

export function bodyOf({ body }: Answer): ToolBody {
  return (body ?? { ok: true }) as ToolBody;
}

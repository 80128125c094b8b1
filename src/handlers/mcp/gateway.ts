/**
 * The sessions function as a Lambda target of AgentCore Gateway: the event is the arguments of a tool, the client context names it, the bare
 * body goes back. Which of the tools a client of the gateway sees, the gateway's target says; the session is an argument.
 */
import type { Json } from '../../domain/canonical/canonical';
import { isRecord, type JsonSchema } from '../../domain/codec/codec';
import type { SessionContext } from '../../domain/session/context';
import type { Telemetry } from '../../ports/telemetry';
import { type Act, answerOf } from '../http/edge/act';
import type { Served } from '../http/edge/handler';
import type { Prove } from '../http/modes/session-proof';
import { routeCaller } from './call-route';
import { callTool, unknownTool } from './call';
import { inputSchema, type WorldTool } from './tool';
import { TOOLS } from './tools';

export interface GatewayParts {
  readonly served: Served<'sessions'>;
  readonly sessions: SessionContext;
  readonly prove: Prove;
  readonly telemetry: Telemetry;
  readonly bodyBytesMax: number;
}

/** The same function, whose direct invocations may be tools. */
export function withGatewayTools({ served, sessions, prove, telemetry, bodyBytesMax }: GatewayParts): Served<'sessions'> {
  const direct: Act = async (call, invocation) => {
    const { tool: name, requestId, storing } = invocation;
    if (name === undefined) return served.direct(call, invocation);
    const tool = TOOLS.find((known) => known.name === name);
    if (tool === undefined) return answerOf(served.refused({ code: 'not_found', message: unknownTool(name, TOOLS) }));
    const context = { callRoute: routeCaller(served.acts, invocation), prove, sessions, deadline: storing };
    const { body } = await callTool(tool, call.body, { scope: { plane: 'all' }, context, requestId, telemetry, bodyBytesMax });
    return answerOf(body);
  };
  return { ...served, direct };
}

/** The tools as a gateway's target is told them. Its schemas have types, members and items, and no more: what else is legal, the text says. */
export function gatewayTools(): Json {
  return TOOLS.map((tool) => ({ ...gatewayTool(tool) }));
}

export function gatewayTool(tool: WorldTool): { readonly name: string; readonly description: string; readonly inputSchema: JsonSchema } {
  return { name: tool.name, description: tool.description, inputSchema: gatewaySchema(inputSchema(tool, { plane: 'all' })) };
}

const KEPT = ['type', 'description'] as const;

function gatewaySchema(schema: JsonSchema): JsonSchema {
  const chosen = alternative(schema);
  const kept = Object.fromEntries(KEPT.flatMap((key) => (chosen[key] === undefined ? [] : [[key, chosen[key]]])));
  const { properties, items, required } = chosen;
  return {
    ...kept,
    type: typeof chosen['type'] === 'string' ? chosen['type'] : typeOf(chosen),
    ...(isRecord(properties)
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, gatewaySchema(inner as JsonSchema)])) }
      : {}),
    ...(isRecord(items) ? { items: gatewaySchema(items) } : {}),
    ...(Array.isArray(required) && required.length > 0 ? { required } : {}),
    ...described(chosen),
  };
}

/** Of several forms the one that every other can be written in: an amount as text, a document as an object. */
function alternative(schema: JsonSchema): JsonSchema {
  const forms = [schema['anyOf'], schema['oneOf']].find((list) => Array.isArray(list)) as readonly JsonSchema[] | undefined;
  if (forms === undefined || schema['type'] !== undefined) return schema;
  const form = forms.find(({ type }) => type === 'object') ?? forms.find(({ type }) => type === 'string') ?? forms[0];
  return form === undefined ? schema : { ...form, ...(schema['description'] === undefined ? {} : { description: schema['description'] }) };
}

function typeOf({ enum: values, const: value }: JsonSchema): string {
  const one = Array.isArray(values) ? (values[0] as Json) : value;
  return typeof one === 'string' || one === undefined ? 'string' : typeof one;
}

function described({ enum: values, const: value, description, oneOf }: JsonSchema): JsonSchema {
  const legal = Array.isArray(values) ? values : value === undefined ? [] : [value];
  const kinds = Array.isArray(oneOf) ? `One of ${(oneOf as readonly JsonSchema[]).map(signature).join(', ')}.` : '';
  const text = typeof description === 'string' ? description : '';
  const parts = [text, legal.length > 0 ? `Legal: ${legal.map(String).join(', ')}.` : '', kinds].filter((part) => part !== '');
  return parts.length === 0 ? {} : { description: parts.join(' ') };
}

/** A schema as one reads a type: `{head: string, step?: integer}`. */
function signature(schema: JsonSchema): string {
  const { type, enum: values, const: value, properties, items, required } = alternative(schema);
  if (value !== undefined) return JSON.stringify(value);
  if (Array.isArray(values)) return values.map((legal) => JSON.stringify(legal)).join(' | ');
  if (isRecord(items)) return `[${signature(items)}]`;
  if (isRecord(properties)) {
    const needed = Array.isArray(required) ? (required as readonly string[]) : [];
    const members = Object.entries(properties).map(
      ([name, inner]) => `${name}${needed.includes(name) ? '' : '?'}: ${signature(inner as JsonSchema)}`,
    );
    return `{${members.join(', ')}}`;
  }
  return typeof type === 'string' ? type : 'any JSON';
}

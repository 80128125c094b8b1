/**
 * Requests of the AgentCore data plane, checked as the service checks them. Members, their places on the wire and their types come from the
 * schemas of the SDK; lengths, patterns and ranges, which the SDK has none of, from the tables below. Source of the tables: the service
 * model 2024-02-28 in botocore 1.43.107. The SDK sends whatever it is given, so nothing else between us and the service looks at this.
 */
import * as sdk from '@aws-sdk/client-bedrock-agentcore';
import { NormalizedSchema } from '@smithy/core/schema';
import type { StubRequest } from './http-stub';

/** What is legal for one member. Lengths are those of texts (characters), lists (items) or maps (entries). */
interface Constraint {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  readonly oneOf?: readonly string[];
}

const MEMORY_ID: Constraint = {
  min: 12,
  pattern: /^(arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:memory\/)?[a-zA-Z][a-zA-Z0-9-_]{0,99}-[a-zA-Z0-9]{10}$/,
};
const ACTOR_ID: Constraint = {
  min: 1,
  max: 255,
  pattern: /^[a-zA-Z0-9][a-zA-Z0-9-_/]*(?::[a-zA-Z0-9-_/]+)*[a-zA-Z0-9-_/]*$/,
};
const SESSION_ID: Constraint = { min: 1, max: 100, pattern: /^[a-zA-Z0-9][a-zA-Z0-9-_]*$/ };
const EVENT_ID: Constraint = { pattern: /^[0-9]+#[a-fA-F0-9]+$/ };
const CLIENT_TOKEN: Constraint = { min: 33, max: 256, pattern: /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,256}$/ };
const INTERPRETER_ID: Constraint = { pattern: /^(aws\.codeinterpreter\.v1|[a-zA-Z][a-zA-Z0-9_]{0,47}-[a-zA-Z0-9]{10})$/ };
const CODE_SESSION_ID: Constraint = { pattern: /^[0-9a-zA-Z]{1,40}$/ };
const RUNTIME_SESSION_ID: Constraint = { min: 33, max: 256 };
const PAGE: Constraint = { min: 1, max: 100 };
const TRACE = {
  traceId: { max: 128 },
  // https://www.w3.org/TR/trace-context: version, trace id, parent id, flags; neither id is all zeroes.
  traceParent: { max: 128, pattern: /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/ },
} satisfies Record<string, Constraint>;
/** Operations of memory have no members for these, and take them all the same: a trace goes along with every call. */
const TRACE_HEADERS: Readonly<Record<string, Constraint>> = {
  traceparent: TRACE.traceParent,
  tracestate: { max: 512 },
  baggage: { max: 8_192 },
};
const EVENT_PLACE = { memoryId: MEMORY_ID, actorId: ACTOR_ID, sessionId: SESSION_ID };

/** By operation and path of members; `*` is any item or entry. An operation that is missing here is one that the stub does not know. */
const CONSTRAINTS: Readonly<Record<string, Readonly<Record<string, Constraint>>>> = {
  CreateEvent: {
    ...EVENT_PLACE,
    payload: { max: 100 },
    'payload.*.conversational.content.text': { min: 1, max: 100_000 },
    'payload.*.conversational.role': { oneOf: ['ASSISTANT', 'USER', 'TOOL', 'OTHER'] },
    'branch.name': { min: 1, max: 100, pattern: /^[a-zA-Z0-9][a-zA-Z0-9-_]*$/ },
    metadata: { max: 15 },
    'metadata.*.stringValue': { max: 256, pattern: /^[a-zA-Z0-9\s._:/=+@-]*$/ },
    extractionMode: { oneOf: ['SKIP'] },
  },
  GetEvent: { ...EVENT_PLACE, eventId: EVENT_ID },
  ListEvents: { ...EVENT_PLACE, maxResults: PAGE },
  DeleteEvent: { ...EVENT_PLACE, eventId: EVENT_ID },
  StartCodeInterpreterSession: {
    ...TRACE,
    codeInterpreterIdentifier: INTERPRETER_ID,
    name: { min: 1, max: 100 },
    sessionTimeoutSeconds: { min: 1, max: 28_800 },
    clientToken: CLIENT_TOKEN,
  },
  InvokeCodeInterpreter: {
    ...TRACE,
    codeInterpreterIdentifier: INTERPRETER_ID,
    sessionId: CODE_SESSION_ID,
    name: {
      oneOf: [
        ...['executeCode', 'executeCommand', 'readFiles', 'listFiles', 'removeFiles', 'writeFiles'],
        ...['startCommandExecution', 'getTask', 'stopTask'],
      ],
    },
    'arguments.code': { max: 100_000_000 },
    'arguments.language': { oneOf: ['python', 'javascript', 'typescript'] },
    'arguments.runtime': { oneOf: ['nodejs', 'deno', 'python'] },
  },
  StopCodeInterpreterSession: {
    ...TRACE,
    codeInterpreterIdentifier: INTERPRETER_ID,
    sessionId: CODE_SESSION_ID,
    clientToken: CLIENT_TOKEN,
  },
  InvokeAgentRuntime: {
    ...TRACE,
    traceState: { max: 512 },
    baggage: { max: 8_192 },
    runtimeSessionId: RUNTIME_SESSION_ID,
    accountId: { pattern: /^[0-9]{12}$/ },
    payload: { max: 100_000_000 },
  },
  StopRuntimeSession: { runtimeSessionId: RUNTIME_SESSION_ID, clientToken: CLIENT_TOKEN },
};

export interface Violation {
  readonly operation: string;
  /** Path of the member, such as `payload.0.blob`; empty for the request itself. */
  readonly member: string;
  readonly message: string;
}

export interface CheckedRequest {
  /** Such as `CreateEvent`; absent where no operation has this method and path. */
  readonly operation?: string;
  /** By their names in the model. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly violations: readonly Violation[];
}

type StaticOperation = readonly [9, string, string, { readonly http: readonly [string, string, number] }, () => unknown, () => unknown];

interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: readonly string[];
  readonly input: NormalizedSchema;
}

const OPERATIONS: readonly Operation[] = Object.keys(CONSTRAINTS).map((name) => {
  const [, , , traits, input] = (sdk as unknown as Readonly<Record<string, StaticOperation>>)[`${name}$`] ?? [];
  if (traits === undefined) throw new Error(`the SDK has no operation ${name}`);
  const [method, path] = traits.http;
  return { name, method, path: path.split('?')[0]?.split('/').slice(1) ?? [], input: NormalizedSchema.of(input as never) };
});

export function checkRequest(request: StubRequest): CheckedRequest {
  const operation = OPERATIONS.find(({ method, path }) => method === request.method && fits(path, request.segments));
  if (operation === undefined) {
    const message = `no operation has ${request.method} /${request.segments.join('/')}`;
    return { members: {}, violations: [{ operation: 'unknown', member: '', message }] };
  }
  const { name, input } = operation;
  const constraints = CONSTRAINTS[name] ?? {};
  const violations: Violation[] = [];
  const report = (member: string, message: string): void => {
    violations.push({ operation: name, member, message });
  };
  const members = membersOf(operation, request, report);
  const wanted = requiredOf(input);
  for (const [member, schema] of input.structIterator()) {
    const value = members[member];
    if (value === undefined) {
      // The SDK fills in tokens that are marked so; a service would make one of its own.
      if (wanted.includes(member)) report(member, 'required');
    } else checkValue(schema, value, member, member, constraints, report);
  }
  for (const [header, constraint] of Object.entries(TRACE_HEADERS)) {
    const value = request.headers[header];
    const message = value === undefined ? undefined : limitProblem(constraint, value);
    if (message !== undefined) report(header, message);
  }
  if (!/^AWS4-HMAC-SHA256 Credential=.*\/bedrock-agentcore\/aws4_request/.test(request.headers.authorization ?? ''))
    report('', 'not signed for bedrock-agentcore');
  return { operation: name, members, violations };
}

function fits(path: readonly string[], segments: readonly string[]): boolean {
  return path.length === segments.length && path.every((part, index) => isLabel(part) || part === segments[index]);
}

function isLabel(part: string): boolean {
  return part.startsWith('{');
}

type Report = (member: string, message: string) => void;

/** Label, query, header or body: where the schema says that a member is. */
function membersOf({ path, input }: Operation, { segments, query, headers, body }: StubRequest, report: Report): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  const inBody = new Set<string>();
  let payload: string | undefined;
  for (const [member, schema] of input.structIterator()) {
    const traits = schema.getMergedTraits();
    const { httpQuery, httpHeader } = traits as { readonly httpQuery?: string; readonly httpHeader?: string };
    if (traits.httpLabel) members[member] = segments[path.findIndex((part) => part === `{${member}}`)];
    else if (httpQuery !== undefined) members[member] = query.get(httpQuery) ?? undefined;
    else if (httpHeader !== undefined) members[member] = headers[httpHeader.toLowerCase()];
    else if (traits.httpPayload) payload = member;
    else inBody.add(member);
  }
  if (payload !== undefined) return { ...members, [payload]: body };
  if (body.length === 0) return members;
  const document = parsed(body);
  if (!isObject(document)) {
    report('', 'the body is not a JSON object');
    return members;
  }
  for (const [member, value] of Object.entries(document)) {
    if (!inBody.has(member)) report(member, 'not a member of the body');
    members[member] = value;
  }
  return members;
}

function checkValue(
  schema: NormalizedSchema,
  value: unknown,
  member: string,
  rule: string,
  constraints: Readonly<Record<string, Constraint>>,
  report: Report,
): void {
  const message = typeProblem(schema, value) ?? limitProblem(constraints[rule], value);
  if (message !== undefined) {
    report(member, message);
    return;
  }
  if (schema.isDocumentSchema() || schema.isBlobSchema()) return;
  if (schema.isListSchema()) {
    for (const [index, item] of (value as readonly unknown[]).entries())
      checkValue(schema.getValueSchema(), item, `${member}.${String(index)}`, `${rule}.*`, constraints, report);
  } else if (schema.isMapSchema()) {
    for (const [key, item] of Object.entries(value as object)) {
      if (!/^[a-zA-Z0-9\s._:/=+@-]{1,128}$/.test(key)) report(`${member}.${key}`, 'not a key of metadata');
      checkValue(schema.getValueSchema(), item, `${member}.${key}`, `${rule}.*`, constraints, report);
    }
  } else if (schema.isStructSchema()) {
    const fields = value as Readonly<Record<string, unknown>>;
    const known = new Map(schema.structIterator());
    for (const name of Object.keys(fields)) if (!known.has(name)) report(`${member}.${name}`, 'not a member');
    if (schema.isUnionSchema() && Object.keys(fields).length !== 1) report(member, 'a union has exactly one member');
    for (const name of requiredOf(schema)) if (fields[name] === undefined) report(`${member}.${name}`, 'required');
    for (const [name, field] of known) {
      if (fields[name] !== undefined) checkValue(field, fields[name], `${member}.${name}`, `${rule}.${name}`, constraints, report);
    }
  }
}

function typeProblem(schema: NormalizedSchema, value: unknown): string | undefined {
  if (schema.isDocumentSchema()) return undefined;
  if (schema.isBlobSchema()) return typeof value === 'string' || Buffer.isBuffer(value) ? undefined : 'expected bytes';
  if (schema.isListSchema()) return Array.isArray(value) ? undefined : 'expected a list';
  if (schema.isMapSchema() || schema.isStructSchema()) return isObject(value) ? undefined : 'expected an object';
  if (schema.isTimestampSchema()) return typeof value === 'number' && Number.isFinite(value) ? undefined : 'expected epoch seconds';
  if (schema.isNumericSchema()) return typeof value === 'number' && Number.isFinite(value) ? undefined : 'expected a number';
  if (schema.isBooleanSchema()) return typeof value === 'boolean' ? undefined : 'expected true or false';
  return typeof value === 'string' ? undefined : 'expected a text';
}

function limitProblem(constraint: Constraint | undefined, value: unknown): string | undefined {
  if (constraint === undefined) return undefined;
  const { min = 0, max = Infinity, pattern, oneOf } = constraint;
  const size = sizeOf(value);
  if (size < min || size > max) return `${String(size)} is not ${String(min)} to ${String(max)}`;
  if (pattern !== undefined && !(typeof value === 'string' && pattern.test(value))) return `does not match ${pattern.source}`;
  return oneOf === undefined || oneOf.includes(String(value)) ? undefined : `none of ${oneOf.join(', ')}`;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' || Array.isArray(value) || Buffer.isBuffer(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : 0;
}

/** The first so many members of a structure are its required ones: how many stands behind them in its schema. */
function requiredOf(schema: NormalizedSchema): readonly string[] {
  const [, , , , names, , required = 0] = schema.getSchema() as unknown as readonly [
    3,
    string,
    string,
    unknown,
    string[],
    unknown,
    number?,
  ];
  return names.slice(0, required);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

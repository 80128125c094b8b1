/**
 * The AgentCore data plane as far as the adapters use it, over its wire protocol: memory events, code interpreter sessions with the binary
 * event stream, runtime invocations. It checks lengths and patterns as the service does, because the SDK does not.
 */
import zlib from 'node:zlib';
import { type HttpStub, type Service, startHttpStub, type StubAnswer, type StubRequest } from './http-stub';

export const STUB_MEMORY_ID = 'ewm_stub-0123456789';
export const STUB_RUNTIME_ARN = 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-0123456789';
export const STUB_CODE_INTERPRETER_ID = 'aws.codeinterpreter.v1';

export interface StubEvent {
  readonly actorId: string;
  readonly sessionId: string;
  readonly eventId: string;
  readonly timestampMs: number;
  readonly payload: readonly unknown[];
}

export interface RuntimeReply {
  readonly contentType: string;
  readonly chunks: readonly (string | Buffer)[];
}

export interface AgentCoreStub extends HttpStub {
  /** In the order in which they were created. */
  readonly events: StubEvent[];
  /** Events a page; pages of the list besides come empty when `emptyPages` says so, as pages of a filtered list do. */
  readonly paging: { eventsMax: number; emptyPages: number; sameTokenForever: boolean; shuffled: boolean };
  /** The frames of the next programs, in turn; the last one is repeated. */
  readonly programs: (Buffer | string)[][];
  readonly openSessions: () => readonly string[];
  /** The replies of the next goals, in turn; the last one is repeated. */
  readonly replies: RuntimeReply[];
}

export async function startAgentCoreStub(): Promise<AgentCoreStub> {
  const state: State = {
    events: [],
    tokens: new Map(),
    paging: { eventsMax: 100, emptyPages: 0, sameTokenForever: false, shuffled: false },
    programs: [],
    replies: [],
    open: new Set(),
    started: 0,
  };
  const service: Service = { answer: (request) => route(state, request), refuse };
  const stub = await startHttpStub(service);
  return {
    ...stub,
    events: state.events,
    paging: state.paging,
    programs: state.programs,
    replies: state.replies,
    openSessions: () => [...state.open],
  };
}

interface State {
  events: StubEvent[];
  tokens: Map<string, string>;
  paging: AgentCoreStub['paging'];
  programs: (Buffer | string)[][];
  replies: RuntimeReply[];
  open: Set<string>;
  started: number;
}

function route(state: State, request: StubRequest): StubAnswer {
  const [head, id, ...rest] = request.segments;
  if (head === 'memories') {
    if (id !== STUB_MEMORY_ID) return refuse(404, 'ResourceNotFoundException', 'Memory not found');
    return memory(state, request, rest);
  }
  if (head === 'code-interpreters') {
    if (id !== STUB_CODE_INTERPRETER_ID) return refuse(404, 'ResourceNotFoundException', 'Code interpreter not found');
    return codeInterpreter(state, request, rest.join('/'));
  }
  if (head === 'runtimes' && id === STUB_RUNTIME_ARN && rest.join('/') === 'invocations') return runtime(state, request);
  return refuse(404, 'ResourceNotFoundException', 'no such path');
}

// ---- Memory ----

interface CreateEventBody {
  readonly actorId?: string;
  readonly sessionId?: string;
  readonly eventTimestamp?: number;
  readonly payload?: readonly unknown[];
  readonly clientToken?: string;
}

function memory(state: State, request: StubRequest, path: readonly string[]): StubAnswer {
  const [first, actorId = '', , sessionId = '', , eventId = ''] = path;
  if (request.method === 'POST' && first === 'events') return createEvent(state, JSON.parse(request.body.toString()) as CreateEventBody);
  const problem = idProblem(actorId, sessionId);
  if (problem !== undefined) return invalid(problem);
  if (request.method === 'POST') return listEvents(state, actorId, sessionId, JSON.parse(request.body.toString()) as ListEventsBody);
  const index = state.events.findIndex((event) => event.actorId === actorId && event.sessionId === sessionId && event.eventId === eventId);
  if (index < 0) return refuse(404, 'ResourceNotFoundException', 'Event not found');
  state.events.splice(index, 1);
  return json(200, { eventId });
}

function createEvent(state: State, body: CreateEventBody): StubAnswer {
  const { actorId = '', sessionId = '', eventTimestamp, payload, clientToken = '' } = body;
  const problem = idProblem(actorId, sessionId);
  if (problem !== undefined) return invalid(problem);
  if (typeof eventTimestamp !== 'number') return invalid('eventTimestamp');
  const [item] = payload ?? [];
  if (!Array.isArray(payload) || payload.length !== 1 || Object.keys(item as object).length !== 1) return invalid('payload');
  const timestampMs = Math.round(eventTimestamp * 1000);
  const eventId = state.tokens.get(clientToken) ?? `${String(timestampMs).padStart(19, '0')}#${hash(clientToken)}`;
  if (!state.tokens.has(clientToken)) state.events.push({ actorId, sessionId, eventId, timestampMs, payload });
  state.tokens.set(clientToken, eventId);
  return json(201, { event: wireEvent({ actorId, sessionId, eventId, timestampMs, payload }, true) });
}

interface ListEventsBody {
  readonly includePayloads?: boolean;
  readonly maxResults?: number;
  readonly nextToken?: string;
}

function listEvents(state: State, actorId: string, sessionId: string, body: ListEventsBody): StubAnswer {
  const { includePayloads = false, maxResults = 20, nextToken = '0' } = body;
  if (maxResults < 1 || maxResults > 100) return invalid('maxResults');
  const { paging } = state;
  const events = state.events.filter((event) => event.actorId === actorId && event.sessionId === sessionId);
  // Newest first is what the live service was seen to do; nothing promises it.
  events.sort((a, b) => (a.eventId < b.eventId ? 1 : -1));
  if (paging.shuffled) events.sort((a, b) => (hash(a.eventId) < hash(b.eventId) ? 1 : -1));
  if (paging.sameTokenForever) return json(200, { events: [], nextToken: 'again' });
  const page = Number(nextToken);
  const first = (page - paging.emptyPages) * Math.min(paging.eventsMax, maxResults);
  const shown = page < paging.emptyPages ? [] : events.slice(first, first + Math.min(paging.eventsMax, maxResults));
  const more = page < paging.emptyPages || first + shown.length < events.length;
  return json(200, { events: shown.map((event) => wireEvent(event, includePayloads)), ...(more ? { nextToken: String(page + 1) } : {}) });
}

function wireEvent(event: StubEvent, includePayload: boolean): Record<string, unknown> {
  const { actorId, sessionId, eventId, timestampMs, payload } = event;
  const head = { memoryId: STUB_MEMORY_ID, actorId, sessionId, eventId, eventTimestamp: timestampMs / 1000 };
  return includePayload ? { ...head, payload } : head;
}

function idProblem(actorId: string, sessionId: string): string | undefined {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9\-_/:]{0,254}$/.test(actorId)) return 'actorId';
  return /^[a-zA-Z0-9][a-zA-Z0-9\-_]{0,99}$/.test(sessionId) ? undefined : 'sessionId';
}

// ---- Code interpreter ----

function codeInterpreter(state: State, request: StubRequest, path: string): StubAnswer {
  if (request.method === 'PUT' && path === 'sessions/start') {
    const { sessionTimeoutSeconds = 900 } = JSON.parse(request.body.toString()) as { sessionTimeoutSeconds?: number };
    if (!Number.isInteger(sessionTimeoutSeconds) || sessionTimeoutSeconds < 1 || sessionTimeoutSeconds > 28_800)
      return invalid('sessionTimeoutSeconds');
    state.started += 1;
    const sessionId = `SESSION${String(state.started).padStart(4, '0')}`;
    state.open.add(sessionId);
    return json(200, { codeInterpreterIdentifier: STUB_CODE_INTERPRETER_ID, sessionId, createdAt: '2025-11-24T00:00:00Z' });
  }
  if (request.method === 'PUT' && path === 'sessions/stop') {
    const sessionId = request.query.get('sessionId') ?? '';
    if (!state.open.delete(sessionId)) return refuse(404, 'ResourceNotFoundException', 'no such session');
    return json(200, { codeInterpreterIdentifier: STUB_CODE_INTERPRETER_ID, sessionId, lastUpdatedAt: '2025-11-24T00:00:01Z' });
  }
  const sessionId = String(request.headers['x-amzn-code-interpreter-session-id']);
  if (!state.open.has(sessionId)) return refuse(404, 'ResourceNotFoundException', 'no such session');
  return {
    status: 200,
    headers: { 'content-type': 'application/vnd.amazon.eventstream', 'x-amzn-code-interpreter-session-id': sessionId },
    chunks: next(state.programs) ?? [],
  };
}

export interface StubResult {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode?: number;
}

/** The frame of a program's result, as `executeCode` sends it. */
export function resultFrame({ stdout = '', stderr = '', exitCode = 0 }: StubResult): Buffer {
  return rawResultFrame({
    content: [{ type: 'text', text: stdout }],
    structuredContent: { stdout, stderr, exitCode, executionTime: 12.5 },
    isError: exitCode !== 0,
  });
}

export function rawResultFrame(result: unknown): Buffer {
  return frame({ ':message-type': 'event', ':event-type': 'result', ':content-type': 'application/json' }, result);
}

/** An exception inside the stream; `type` is the member's name, such as `throttlingException`. */
export function exceptionFrame(type: string, body: unknown): Buffer {
  return frame({ ':message-type': 'exception', ':exception-type': type, ':content-type': 'application/json' }, body);
}

export function frame(headers: Readonly<Record<string, string>>, payload: unknown): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => headerBytes(name, value)));
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + head.length + body.length, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(zlib.crc32(prelude.subarray(0, 8)), 8);
  const message = Buffer.concat([prelude, head, body]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(zlib.crc32(message), 0);
  return Buffer.concat([message, checksum]);
}

const STRING_TYPE = 7;

function headerBytes(name: string, value: string): Buffer {
  const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)];
  const length = Buffer.alloc(2);
  length.writeUInt16BE(valueBytes.length, 0);
  return Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, Buffer.from([STRING_TYPE]), length, valueBytes]);
}

// ---- Runtime ----

function runtime(state: State, request: StubRequest): StubAnswer {
  const sessionId = String(request.headers['x-amzn-bedrock-agentcore-runtime-session-id'] ?? '');
  if (sessionId.length < 33 || sessionId.length > 256) return invalid('runtimeSessionId');
  const reply = next(state.replies);
  if (reply === undefined) return refuse(500, 'InternalServerException', 'nothing to reply');
  return {
    status: 200,
    headers: { 'content-type': reply.contentType, 'x-amzn-bedrock-agentcore-runtime-session-id': sessionId },
    chunks: reply.chunks,
  };
}

// ---- Shared ----

function next<T>(script: T[]): T | undefined {
  return script.length > 1 ? script.shift() : script[0];
}

function json(status: number, body: unknown): StubAnswer {
  const text = JSON.stringify(body);
  return { status, headers: { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }, chunks: [text] };
}

function invalid(field: string): StubAnswer {
  return json400({
    message: `field ${field} is not valid`,
    reason: 'FieldValidationFailed',
    fieldList: [{ name: field, message: 'see the model' }],
  });
}

function json400(body: unknown): StubAnswer {
  return { ...json(400, body), headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'ValidationException' } };
}

function refuse(status: number, type: string, message: string): StubAnswer {
  return { ...json(status, { message }), headers: { 'content-type': 'application/json', 'x-amzn-errortype': type } };
}

function hash(text: string): string {
  return zlib.crc32(text).toString(16).padStart(8, '0');
}

/**
 * The AgentCore data plane as far as the adapters use it, over its wire protocol: memory events, code interpreter sessions with the binary
 * event stream, runtime sessions. Every request is checked against the service's shapes, because the SDK does not: `agentcore-shapes.ts`.
 */
import zlib from 'node:zlib';
import { checkRequest, type Violation } from './agentcore-shapes';
import { type Fault, type HttpStub, type Service, startHttpStub, type StubAnswer, type StubRequest } from './http-stub';

export const STUB_MEMORY_ID = 'ewm_stub-0123456789';
export const STUB_RUNTIME_ARN = 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-0123456789';
export const STUB_CODE_INTERPRETER_ID = 'aws.codeinterpreter.v1';

export interface StubEvent {
  readonly actorId: string;
  readonly sessionId: string;
  readonly eventId: string;
  readonly timestampMs: number;
  readonly payload: readonly unknown[];
  readonly metadata?: unknown;
}

export interface RuntimeReply {
  readonly contentType: string;
  readonly chunks: readonly (string | Buffer)[];
}

export interface AgentCoreStub extends HttpStub {
  /** In the order in which they were created, deleted ones not among them. */
  readonly events: StubEvent[];
  /** Events a page; pages of the list besides come empty when `emptyPages` says so, as pages of a filtered list do. */
  readonly paging: {
    eventsMax: number;
    emptyPages: number;
    sameTokenForever: boolean;
    shuffled: boolean;
    /** The last event of a page stands on the next one, too. */
    duplicates: boolean;
  };
  /** How long a listing does not show what was created, and still shows what was deleted. `nowMs` is the clock by which that is told. */
  readonly lag: { createdMs: number; deletedMs: number; nowMs: () => number };
  /** A client token that comes again with another timestamp: `ignored` answers the event that is there, `refused` says that they differ. */
  readonly tokens: { repeated: 'ignored' | 'refused' };
  /** The frames of the next programs, in turn; the last one is repeated. */
  readonly programs: (Buffer | string)[][];
  /** Before each frame of a program, and each piece of a reply. Unit: milliseconds. */
  readonly pace: { chunkMs: number };
  /** Sessions that were started and not stopped, of the code interpreter if nothing else is said. */
  readonly openSessions: (kind?: StubSession['kind']) => readonly string[];
  /** Sessions of both kinds in the order in which they were started, with what was asked of each. */
  readonly sessions: readonly StubSession[];
  /** The replies of the next goals, in turn; the last one is repeated. */
  readonly replies: RuntimeReply[];
  /** Every request that the service would have refused, since the stub was started. */
  readonly violations: readonly Violation[];
  /** How often each operation was asked for, since the stub was started. */
  readonly operations: ReadonlyMap<string, number>;
  /** Forgets the sessions of both kinds: an id that a run makes is free again. */
  readonly forgetSessions: () => void;
  /** Forgets the events of all memories, and that there were any. */
  readonly forgetEvents: () => void;
  /** Fails every call of an operation from now on; none when no fault is given. */
  readonly failOperation: (operation: string, fault?: Fault) => void;
}

export interface StubSession {
  readonly kind: 'code' | 'planner';
  readonly id: string;
  calls: number;
  stopped: boolean;
}

export async function startAgentCoreStub(): Promise<AgentCoreStub> {
  const state: State = {
    events: [],
    deleted: [],
    created: new Map(),
    paging: { eventsMax: 100, emptyPages: 0, sameTokenForever: false, shuffled: false, duplicates: false },
    lag: { createdMs: 0, deletedMs: 0, nowMs: () => performance.now() },
    tokens: { repeated: 'ignored' },
    programs: [],
    pace: { chunkMs: 0 },
    replies: [],
    sessions: [],
    violations: [],
    operations: new Map(),
    faults: new Map(),
  };
  const service: Service = {
    answer: (request) => route(state, request),
    refuse,
    faultOf: (request) => (state.faults.size === 0 ? undefined : state.faults.get(checkRequest(request).operation ?? '')),
  };
  const stub = await startHttpStub(service);
  const { events, paging, lag, tokens, programs, pace, replies, sessions, violations, operations } = state;
  return {
    ...stub,
    ...{ events, paging, lag, tokens, programs, pace, replies, sessions, violations, operations },
    openSessions: (kind = 'code') => sessions.filter((session) => session.kind === kind && !session.stopped).map(({ id }) => id),
    forgetSessions: () => {
      sessions.length = 0;
    },
    forgetEvents: () => {
      events.length = 0;
      state.deleted.length = 0;
      state.created.clear();
    },
    failOperation: (operation, fault) => {
      if (fault === undefined) state.faults.delete(operation);
      else state.faults.set(operation, fault);
    },
  };
}

interface Deleted {
  readonly event: StubEvent;
  readonly atMs: number;
}

interface State {
  readonly events: StubEvent[];
  readonly deleted: Deleted[];
  /** By event id: when it was made, with which token and content. */
  readonly created: Map<string, { readonly atMs: number; readonly token: string; readonly content: string; readonly event: StubEvent }>;
  readonly paging: AgentCoreStub['paging'];
  readonly lag: AgentCoreStub['lag'];
  readonly tokens: AgentCoreStub['tokens'];
  readonly programs: (Buffer | string)[][];
  readonly pace: AgentCoreStub['pace'];
  readonly replies: RuntimeReply[];
  readonly sessions: StubSession[];
  readonly violations: Violation[];
  readonly operations: Map<string, number>;
  readonly faults: Map<string, Fault>;
}

function route(state: State, request: StubRequest): StubAnswer {
  const { operation = 'unknown', members, violations } = checkRequest(request);
  state.operations.set(operation, (state.operations.get(operation) ?? 0) + 1);
  state.violations.push(...violations);
  const [violation] = violations;
  if (violation !== undefined) return invalid(violation.member, violation.message);
  switch (operation) {
    case 'CreateEvent':
      return ofMemory(members) ?? createEvent(state, members as unknown as CreateEventInput);
    case 'ListEvents':
      return ofMemory(members) ?? listEvents(state, members as unknown as ListEventsInput);
    case 'DeleteEvent':
      return ofMemory(members) ?? deleteEvent(state, members as unknown as EventPlace & { readonly eventId: string });
    case 'StartCodeInterpreterSession':
      return ofInterpreter(members) ?? startCodeSession(state);
    case 'InvokeCodeInterpreter':
      return ofInterpreter(members) ?? runProgram(state, String(members['sessionId']));
    case 'StopCodeInterpreterSession':
      return ofInterpreter(members) ?? stopCodeSession(state, String(members['sessionId']));
    case 'InvokeAgentRuntime':
      return ofRuntime(members) ?? invokeRuntime(state, String(members['runtimeSessionId']));
    case 'StopRuntimeSession':
      return ofRuntime(members) ?? stopRuntimeSession(state, String(members['runtimeSessionId']));
    default:
      return refuse(404, 'ResourceNotFoundException', 'no such path');
  }
}

type Members = Readonly<Record<string, unknown>>;

// ---- Memory ----

interface EventPlace {
  readonly actorId: string;
  readonly sessionId: string;
}

interface CreateEventInput extends EventPlace {
  readonly eventTimestamp: number;
  readonly payload: readonly unknown[];
  readonly metadata?: unknown;
  readonly clientToken?: string;
}

function ofMemory({ memoryId }: Members): StubAnswer | undefined {
  const known = memoryId === STUB_MEMORY_ID || memoryId === `arn:aws:bedrock-agentcore:us-east-1:123456789012:memory/${STUB_MEMORY_ID}`;
  return known ? undefined : refuse(404, 'ResourceNotFoundException', 'Memory not found');
}

function createEvent(state: State, input: CreateEventInput): StubAnswer {
  const { actorId, sessionId, eventTimestamp, payload, metadata, clientToken = '' } = input;
  const timestampMs = Math.round(eventTimestamp * 1000);
  const content = JSON.stringify([actorId, sessionId, timestampMs, payload, metadata]);
  const [known] = [...state.created].find(([, { token }]) => token === clientToken) ?? [];
  if (known !== undefined && state.tokens.repeated === 'refused' && state.created.get(known)?.content !== content) {
    return json400({ message: 'the token was used with other parameters', reason: 'IdempotentParameterMismatchException' });
  }
  const eventId = known ?? `${String(timestampMs).padStart(19, '0')}#${hash(clientToken)}`;
  const event = { actorId, sessionId, eventId, timestampMs, payload, metadata };
  if (known === undefined) {
    state.events.push(event);
    state.created.set(eventId, { atMs: state.lag.nowMs(), token: clientToken, content, event });
  }
  return json(201, { event: wireEvent(state.created.get(eventId)?.event ?? event, true) });
}

interface ListEventsInput extends EventPlace {
  readonly includePayloads?: boolean;
  readonly maxResults?: number;
  readonly nextToken?: string;
}

function listEvents(
  state: State,
  { actorId, sessionId, includePayloads = false, maxResults = 20, nextToken = '0' }: ListEventsInput,
): StubAnswer {
  const { paging, lag } = state;
  const isOld = (atMs: number, lagMs: number): boolean => lag.nowMs() - atMs >= lagMs;
  const settled = state.events.filter(({ eventId }) => isOld(state.created.get(eventId)?.atMs ?? -Infinity, lag.createdMs));
  const lingering = state.deleted.filter(({ atMs }) => !isOld(atMs, lag.deletedMs)).map(({ event }) => event);
  const events = [...settled, ...lingering].filter((event) => event.actorId === actorId && event.sessionId === sessionId);
  // Newest first is what the live service was seen to do; nothing promises it.
  events.sort((a, b) => (a.eventId < b.eventId ? 1 : -1));
  if (paging.shuffled) events.sort((a, b) => (hash(a.eventId) < hash(b.eventId) ? 1 : -1));
  if (paging.sameTokenForever) return json(200, { events: [], nextToken: 'again' });
  const page = Number(nextToken);
  const size = Math.min(paging.eventsMax, maxResults);
  const first = (page - paging.emptyPages) * size;
  const shown = page < paging.emptyPages ? [] : events.slice(paging.duplicates ? Math.max(0, first - 1) : first, first + size);
  const more = page < paging.emptyPages || first + size < events.length;
  return json(200, { events: shown.map((event) => wireEvent(event, includePayloads)), ...(more ? { nextToken: String(page + 1) } : {}) });
}

function deleteEvent(state: State, { actorId, sessionId, eventId }: EventPlace & { readonly eventId: string }): StubAnswer {
  const index = state.events.findIndex((event) => event.actorId === actorId && event.sessionId === sessionId && event.eventId === eventId);
  if (index < 0) return refuse(404, 'ResourceNotFoundException', 'Event not found');
  for (const event of state.events.splice(index, 1)) state.deleted.push({ event, atMs: state.lag.nowMs() });
  return json(200, { eventId });
}

function wireEvent(event: StubEvent, includePayload: boolean): Record<string, unknown> {
  const { actorId, sessionId, eventId, timestampMs, payload, metadata } = event;
  const head = { memoryId: STUB_MEMORY_ID, actorId, sessionId, eventId, eventTimestamp: timestampMs / 1000, metadata };
  return includePayload ? { ...head, payload } : head;
}

// ---- Code interpreter ----

function ofInterpreter({ codeInterpreterIdentifier }: Members): StubAnswer | undefined {
  if (codeInterpreterIdentifier === STUB_CODE_INTERPRETER_ID) return undefined;
  return refuse(404, 'ResourceNotFoundException', 'Code interpreter not found');
}

function startCodeSession({ sessions }: State): StubAnswer {
  const id = `SESSION${String(sessions.filter(({ kind }) => kind === 'code').length + 1).padStart(4, '0')}`;
  sessions.push({ kind: 'code', id, calls: 0, stopped: false });
  return json(200, { codeInterpreterIdentifier: STUB_CODE_INTERPRETER_ID, sessionId: id, createdAt: '2025-11-24T00:00:00Z' });
}

function runProgram({ sessions, programs, pace }: State, sessionId: string): StubAnswer {
  const session = sessions.find(({ kind, id, stopped }) => kind === 'code' && id === sessionId && !stopped);
  if (session === undefined) return refuse(404, 'ResourceNotFoundException', 'no such session');
  session.calls += 1;
  return {
    status: 200,
    headers: { 'content-type': 'application/vnd.amazon.eventstream', 'x-amzn-code-interpreter-session-id': sessionId },
    chunks: next(programs) ?? [],
    ...(pace.chunkMs === 0 ? {} : { chunkDelayMs: pace.chunkMs }),
  };
}

function stopCodeSession({ sessions }: State, sessionId: string): StubAnswer {
  const session = sessions.find(({ kind, id, stopped }) => kind === 'code' && id === sessionId && !stopped);
  if (session === undefined) return refuse(404, 'ResourceNotFoundException', 'no such session');
  session.stopped = true;
  return json(200, { codeInterpreterIdentifier: STUB_CODE_INTERPRETER_ID, sessionId, lastUpdatedAt: '2025-11-24T00:00:01Z' });
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

function ofRuntime({ agentRuntimeArn }: Members): StubAnswer | undefined {
  return agentRuntimeArn === STUB_RUNTIME_ARN ? undefined : refuse(404, 'ResourceNotFoundException', 'Agent runtime not found');
}

/** A session exists from the first request that names it. */
function invokeRuntime({ sessions, replies, pace }: State, sessionId: string): StubAnswer {
  let session = sessions.find(({ kind, id, stopped }) => kind === 'planner' && id === sessionId && !stopped);
  if (session === undefined) {
    session = { kind: 'planner', id: sessionId, calls: 0, stopped: false };
    sessions.push(session);
  }
  session.calls += 1;
  const reply = next(replies);
  if (reply === undefined) return refuse(500, 'InternalServerException', 'nothing to reply');
  return {
    status: 200,
    headers: { 'content-type': reply.contentType, 'x-amzn-bedrock-agentcore-runtime-session-id': sessionId },
    chunks: reply.chunks,
    ...(pace.chunkMs === 0 ? {} : { chunkDelayMs: pace.chunkMs }),
  };
}

function stopRuntimeSession({ sessions }: State, sessionId: string): StubAnswer {
  const session = sessions.find(({ kind, id, stopped }) => kind === 'planner' && id === sessionId && !stopped);
  if (session === undefined) return refuse(404, 'ResourceNotFoundException', 'no such session');
  session.stopped = true;
  const answer = json(200, {});
  return { ...answer, headers: { ...answer.headers, 'x-amzn-bedrock-agentcore-runtime-session-id': sessionId } };
}

// ---- Shared ----

function next<T>(script: T[]): T | undefined {
  return script.length > 1 ? script.shift() : script[0];
}

function json(status: number, body: unknown): StubAnswer {
  const text = JSON.stringify(body);
  return { status, headers: { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }, chunks: [text] };
}

function invalid(field: string, message: string): StubAnswer {
  return json400({ message: `field ${field} is not valid`, reason: 'FieldValidationFailed', fieldList: [{ name: field, message }] });
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

/**
 * Memory on AgentCore Memory: a key is a session, a put is an event, the newest event is the value.
 * Invariants: two keys never share a session; a clear removes the newest event last, so one that fails half-way brings no older value back.
 */
import {
  type BedrockAgentCoreClient,
  CreateEventCommand,
  DeleteEventCommand,
  type Event,
  ListEventsCommand,
} from '@aws-sdk/client-bedrock-agentcore';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { canonical, type Json } from '../../domain/canonical/canonical';
import { isRecord } from '../../domain/codec/codec';
import { jsonFault } from '../../domain/codec/json-faults';
import { sha256Hex } from '../../domain/hash';
import type { Clock, Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import type { Memory, MemoryPut } from '../../ports/memory';
import { attempt, type Call, errorName, unusable } from '../aws/attempt';
import { AGENTCORE } from './client';

export interface AgentCoreMemoryDeps {
  readonly client: BedrockAgentCoreClient;
  readonly memoryId: string;
  /** Whose memory: one actor a deployment. 1 to 255 characters, letters, digits and `- _ / :`. */
  readonly actorId: string;
  readonly clock: Clock;
}

/** The most the service lists at once. Unit: events. */
const PAGE_EVENTS = 100;

export function makeAgentCoreMemory(deps: AgentCoreMemoryDeps): Memory {
  const nextTimestampMs = makeTimestamps(deps.clock);
  return {
    source: 'remote',
    put: (operation, operationId, deadline) => () => createEvent(deps, operation, operationId, nextTimestampMs(), deadline),
    get: (operation, deadline) => () => readNewest(deps, operation.key, deadline),
    clear: (operation, deadline) => () => deleteEvents(deps, operation.key, deadline),
  };
}

/**
 * A session id is 1 to 100 letters, digits, `-` and `_`, and a key is any text: its SHA-256 is always legal and as good as unique.
 * It also keeps what keys say out of IAM conditions and CloudTrail.
 */
export function sessionIdOf(key: string): string {
  return sha256Hex(key);
}

/** Events of one time have no stable order, so no two get the same, even when the clock stands still or jumps back. Unit: milliseconds. */
function makeTimestamps(clock: Clock): () => number {
  let lastMs = 0;
  return () => {
    lastMs = Math.max(clock.nowMs(), lastMs + 1);
    return lastMs;
  };
}

function createEvent(
  deps: AgentCoreMemoryDeps,
  operation: MemoryPut,
  operationId: string,
  timestampMs: number,
  deadline: Deadline,
): Promise<Either<CallFailure, void>> {
  const { key, value } = operation;
  const call: Call = { service: AGENTCORE, operation: 'CreateEvent', kind: 'write', deadline };
  return attempt(call, async (abortSignal) => {
    const command = new CreateEventCommand({
      memoryId: deps.memoryId,
      actorId: deps.actorId,
      sessionId: sessionIdOf(key),
      eventTimestamp: new Date(timestampMs),
      // A text, not a document: objects have come back in a form that no JSON parser reads.
      payload: [{ blob: canonical({ key, value }) }],
      // The content is part of it: one token with two contents would be refused by the service.
      clientToken: sha256Hex(canonical([operationId, key, value])),
    });
    await deps.client.send(command, { abortSignal });
  });
}

async function readNewest(deps: AgentCoreMemoryDeps, key: string, deadline: Deadline): Promise<Either<CallFailure, Json | undefined>> {
  const call: Call = { service: AGENTCORE, operation: 'ListEvents', kind: 'read', deadline };
  let newest: Event | undefined;
  const listed = await forEachEvent(deps, call, key, true, (event) => {
    if (newest === undefined || isOlder(newest, event)) newest = event;
  });
  if (isLeft(listed)) return listed;
  if (newest === undefined) return right(undefined);
  const value = valueOf(newest, key);
  return value === undefined ? left(unusable(call, 'the newest event of the key does not hold a value of this program')) : right(value);
}

async function deleteEvents(deps: AgentCoreMemoryDeps, key: string, deadline: Deadline): Promise<Either<CallFailure, void>> {
  const events: Event[] = [];
  const listing: Call = { service: AGENTCORE, operation: 'ListEvents', kind: 'read', deadline };
  const listed = await forEachEvent(deps, listing, key, false, (event) => events.push(event));
  if (isLeft(listed)) return listed;
  events.sort((a, b) => (isOlder(a, b) ? -1 : 1));
  const call: Call = { service: AGENTCORE, operation: 'DeleteEvent', kind: 'write', deadline };
  for (const { eventId } of events) {
    const deleted = await attempt(call, async (abortSignal) => {
      const command = new DeleteEventCommand({ memoryId: deps.memoryId, actorId: deps.actorId, sessionId: sessionIdOf(key), eventId });
      try {
        await deps.client.send(command, { abortSignal });
      } catch (error) {
        // Gone already, by expiry or by another clear: that is what a clear is for.
        if (errorName(error) !== 'ResourceNotFoundException') throw error;
      }
    });
    if (isLeft(deleted)) return deleted;
  }
  return right(undefined);
}

/** Every event of a key's session. A page may be empty and still not be the last one: only a missing token ends the list. */
async function forEachEvent(
  deps: AgentCoreMemoryDeps,
  call: Call,
  key: string,
  includePayloads: boolean,
  visit: (event: Event) => void,
): Promise<Either<CallFailure, void>> {
  let token: string | undefined;
  do {
    const after = token;
    const page = await attempt(call, (abortSignal) => {
      const command = new ListEventsCommand({
        memoryId: deps.memoryId,
        actorId: deps.actorId,
        sessionId: sessionIdOf(key),
        includePayloads,
        maxResults: PAGE_EVENTS,
        ...(after === undefined ? {} : { nextToken: after }),
      });
      return deps.client.send(command, { abortSignal });
    });
    if (isLeft(page)) return page;
    for (const event of page.right.events ?? []) visit(event);
    token = page.right.nextToken;
    // Without this a service that answers the same page for ever would be asked until the deadline.
    if (token !== undefined && token === after) return left(unusable(call, 'the same page was answered twice'));
  } while (token !== undefined);
  return right(undefined);
}

/** The service lists newest first but does not promise it. Event ids start with the padded time, so they break ties in its order. */
function isOlder(a: Event, b: Event): boolean {
  const [timeA, timeB] = [a.eventTimestamp?.getTime() ?? 0, b.eventTimestamp?.getTime() ?? 0];
  return timeA === timeB ? (a.eventId ?? '') < (b.eventId ?? '') : timeA < timeB;
}

/** The value inside an event of ours; `undefined` when something else wrote it. */
function valueOf(event: Event, key: string): Json | undefined {
  const [item, ...rest] = event.payload ?? [];
  const blob: unknown = item?.blob;
  if (typeof blob !== 'string' || rest.length > 0) return undefined;
  const entry = parseStrictly(blob);
  if (!isRecord(entry) || entry['key'] !== key || Object.keys(entry).sort().join() !== 'key,value') return undefined;
  return entry['value'] as Json;
}

/** JSON that has a canonical form and says nothing twice or otherwise than it is written; else `undefined`. */
function parseStrictly(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text, (name, value: unknown) => {
      if (!hasCanonicalForm(name) || !hasCanonicalForm(value)) throw new SyntaxError('no canonical form');
      return value;
    });
    return jsonFault(text) === undefined ? value : undefined;
  } catch {
    return undefined;
  }
}

function hasCanonicalForm(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  return typeof value !== 'number' || Number.isFinite(value);
}

/**
 * The events of a key, as requests: a page of them, a new one, one less. A key is a session, a put is an event, the newest event is the value.
 * Invariant: two keys never share a session, and no request is sent twice.
 */
import {
  type BedrockAgentCoreClient,
  CreateEventCommand,
  DeleteEventCommand,
  type Event,
  ListEventsCommand,
} from '@aws-sdk/client-bedrock-agentcore';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { isRecord } from '../../domain/codec/codec';
import { sha256Hex } from '../../domain/hash';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import { attempt, type AwsCall, errorName, unusable } from '../aws/attempt';
import { AGENTCORE } from './client';

export interface EventsOf {
  readonly client: BedrockAgentCoreClient;
  readonly memoryId: string;
  /** Whose memory: one actor a deployment. 1 to 255 characters, letters, digits and `- _ / :`. */
  readonly actorId: string;
}

/**
 * A session id is 1 to 100 letters, digits, `-` and `_`, and a key is any text: its SHA-256 is always legal and as good as unique.
 * It also keeps what keys say out of IAM conditions and CloudTrail.
 */
export function sessionIdOf(key: string): string {
  return sha256Hex(key);
}

/** Where an event stands among those of its key. */
export interface EventPlace {
  readonly timestampMs: number;
  readonly eventId: string;
}

/** Event ids start with the padded time, so they break ties in the service's own order. */
export function isOlder(a: EventPlace, b: EventPlace): boolean {
  return a.timestampMs === b.timestampMs ? a.eventId < b.eventId : a.timestampMs < b.timestampMs;
}

export function placeOf({ eventTimestamp, eventId = '' }: Event): EventPlace {
  return { timestampMs: eventTimestamp?.getTime() ?? 0, eventId };
}

/** Names the put that made an event, in its metadata: 64 hex digits. */
const OPERATION = 'operation';

export function tokenOf({ metadata }: Event): string | undefined {
  return metadata?.[OPERATION]?.stringValue;
}

export interface Page {
  readonly events: readonly Event[];
  readonly next: string | undefined;
}

export function listingOf(deadline: Deadline): AwsCall {
  return { service: AGENTCORE, operation: 'ListEvents', kind: 'read', deadline };
}

/** A page may be empty and still not be the last one: only a missing token ends the list. */
export async function listPage(
  { client, memoryId, actorId }: EventsOf,
  key: string,
  request: { readonly payloads: boolean; readonly events: number; readonly after: string | undefined },
  deadline: Deadline,
): Promise<Either<CallFailure, Page>> {
  const { payloads: includePayloads, events: maxResults, after } = request;
  const call = listingOf(deadline);
  const page = await attempt(call, (abortSignal) => {
    const place = { memoryId, actorId, sessionId: sessionIdOf(key) };
    const nextToken = after === undefined ? {} : { nextToken: after };
    return client.send(new ListEventsCommand({ ...place, includePayloads, maxResults, ...nextToken }), { abortSignal });
  });
  if (isLeft(page)) return page;
  const { events, nextToken } = page.right;
  const fault = faultOfEvents(events);
  return fault === undefined ? right({ events: events ?? [], next: nextToken }) : left(unusable(call, fault));
}

/** What is wrong with a list of events, and which member: the SDK lets through what it has no type for, and an event without its place would hide others. */
function faultOfEvents(events: unknown): string | undefined {
  // Not even an empty list: that a key has no value would be a guess.
  if (!Array.isArray(events)) return 'events: expected a list';
  for (const [index, event] of (events as readonly unknown[]).entries()) {
    const fault = faultOfEvent(event);
    if (fault !== undefined) return `events.${String(index)}${fault}`;
  }
  return undefined;
}

function faultOfEvent(event: unknown): string | undefined {
  if (!isRecord(event)) return ': expected an object';
  if (typeof event['eventId'] !== 'string' || event['eventId'] === '') return '.eventId: missing in the answer';
  const { eventTimestamp: timestamp } = event;
  return timestamp instanceof Date && !Number.isNaN(timestamp.getTime()) ? undefined : '.eventTimestamp: missing in the answer';
}

/** `repeated`: the service knows the token from a request with another time, so the event was made before. */
export async function createEvent(
  { client, memoryId, actorId }: EventsOf,
  key: string,
  { blob, timestampMs, token }: { readonly blob: string; readonly timestampMs: number; readonly token: string },
  deadline: Deadline,
): Promise<Either<CallFailure, Event | 'repeated'>> {
  const call: AwsCall = { service: AGENTCORE, operation: 'CreateEvent', kind: 'write', deadline };
  const created = await attempt(call, async (abortSignal) => {
    const command = new CreateEventCommand({
      memoryId,
      actorId,
      sessionId: sessionIdOf(key),
      eventTimestamp: new Date(timestampMs),
      payload: [{ blob }],
      metadata: { [OPERATION]: { stringValue: token } },
      clientToken: token,
    });
    try {
      return (await client.send(command, { abortSignal })).event;
    } catch (error) {
      // The content is part of the token, so only the time can differ.
      if (isRecord(error) && error['reason'] === 'IdempotentParameterMismatchException') return 'repeated';
      throw error;
    }
  });
  if (isLeft(created)) return created;
  const event = created.right;
  if (event === 'repeated') return right(event);
  const fault = faultOfEvent(event);
  return fault === undefined && event !== undefined ? right(event) : left(unusable(call, `event${fault ?? ''}`));
}

/** An event that is gone already, by expiry or by somebody else, is what was wanted. */
export function deleteEvent(
  { client, memoryId, actorId }: EventsOf,
  key: string,
  eventId: string,
  deadline: Deadline,
): Promise<Either<CallFailure, void>> {
  const call: AwsCall = { service: AGENTCORE, operation: 'DeleteEvent', kind: 'write', deadline };
  return attempt(call, async (abortSignal) => {
    try {
      await client.send(new DeleteEventCommand({ memoryId, actorId, sessionId: sessionIdOf(key), eventId }), { abortSignal });
    } catch (error) {
      if (errorName(error) !== 'ResourceNotFoundException') throw error;
    }
  });
}

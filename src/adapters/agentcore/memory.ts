/**
 * Memory on AgentCore Memory: a key is a session, a put is an event, the newest event is the value.
 * Invariants: a put leaves its own event and removes those before it, so that a key does not get slower with each; a clear removes the newest
 * event last, so one that fails half-way brings no older value back; an operation takes 50 requests at most; and what a listing does not
 * show yet of this process's own writes is a failure, not an answer.
 */
import type { BedrockAgentCoreClient, Event } from '@aws-sdk/client-bedrock-agentcore';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { canonical, type Json } from '../../domain/canonical/canonical';
import { sha256Hex } from '../../domain/hash';
import type { Clock, Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import { type Memory, MEMORY_REQUESTS_MAX, type MemoryPut, type StaleRead } from '../../ports/memory';
import { unusable } from '../aws/attempt';
import { AGENTCORE } from './client';
import { createEvent, deleteEvent, isOlder, listingOf, listPage, type EventPlace, placeOf, tokenOf } from './memory-events';
import { blobOf, valueOf } from './memory-value';
import { makeOwnWriteLog, mayBeNewest, type OwnWriteLog, type OwnWrites, unlisted } from './own-writes';

export interface AgentCoreMemoryDeps {
  readonly client: BedrockAgentCoreClient;
  readonly memoryId: string;
  /** Whose memory: one actor a deployment. 1 to 255 characters, letters, digits and `- _ / :`. */
  readonly actorId: string;
  readonly clock: Clock;
}

/** With their values, which may be long: the newest is among the first. Unit: events. */
const READ_PAGE_EVENTS = 10;
/** The most the service lists at once. Unit: events. */
const LIST_PAGE_EVENTS = 100;

/** A failure ends a run, so that there are few. */
const LOST_MAX = 16;

type Parts = AgentCoreMemoryDeps & { readonly own: OwnWriteLog };

export function makeAgentCoreMemory(deps: AgentCoreMemoryDeps): Memory {
  const parts = { ...deps, own: makeOwnWriteLog(deps.clock.nowMs) };
  return {
    source: 'remote',
    put: (operation, operationId, deadline) => () => put(parts, operation, operationId, deadline),
    get: (operation, deadline) => () => get(parts, operation.key, deadline),
    clear: (operation, deadline) => () => clear(parts, operation.key, deadline),
  };
}

async function put(parts: Parts, { key, value }: MemoryPut, operationId: string, deadline: Deadline): Promise<Either<CallFailure, void>> {
  const own = parts.own.of(key);
  // The content is part of it: one token with two contents would be refused by the service.
  const token = sha256Hex(canonical([operationId, key, value]));
  if (own.put?.token === token) return right(undefined);
  const listed = await list(parts, key, { payloads: false, whole: false }, own, deadline);
  if (isLeft(listed)) return listed;
  const { events, requests } = listed.right;
  const tokens = events.map(tokenOf);
  if (tokens.includes(token)) return right(undefined);
  const timestampMs = nextTimestampMs(parts.clock, newestOf(events), own);
  const created = await createEvent(parts, key, { blob: blobOf(key, value), timestampMs, token }, deadline);
  const lost = unlisted(own.lost, tokens);
  if (isLeft(created)) {
    const mayBe = { token, place: { timestampMs, eventId: '' } };
    if (created.left.effect === 'unknown') parts.own.note(key, { ...own, lost: [...lost, mayBe].slice(-LOST_MAX) });
    return created;
  }
  if (created.right === 'repeated') return right(undefined);
  const made = placeOf(created.right);
  // A repeat that the service answers with the event of the first time is older than what was put since.
  const newer = own.put === undefined || isBefore(own.put.place, made);
  if (newer) parts.own.note(key, { ...own, put: { token, place: made }, lost });
  await removeSuperseded(parts, key, made, [...events.map(placeOf), ...ownPlace(own)], MEMORY_REQUESTS_MAX - requests - 1, deadline);
  return right(undefined);
}

/** Newer than everything that is known of the key, wherever the clocks that made it stood: no two events get the same time. */
function nextTimestampMs(clock: Clock, newest: EventPlace | undefined, { put: before, lost = [], cleared }: OwnWrites): number {
  const known = [newest, before?.place, cleared, ...lost.map(({ place }) => place)];
  return Math.max(clock.nowMs(), ...known.map((place) => (place === undefined ? 0 : place.timestampMs + 1)));
}

/** By time and by id, whose order is that of time, too: what is removed by mistake does not come back. */
function isBefore(a: EventPlace, b: EventPlace): boolean {
  return a.eventId < b.eventId && a.timestampMs <= b.timestampMs;
}

/** What could not be removed now is removed by the next put, and hides nothing until then: the newest event is the value. */
async function removeSuperseded(
  parts: Parts,
  key: string,
  made: EventPlace,
  places: readonly EventPlace[],
  requestsMax: number,
  deadline: Deadline,
): Promise<void> {
  const older = inOrder(places).filter((place) => isBefore(place, made));
  for (const { eventId } of older.slice(0, requestsMax)) {
    if (isLeft(await deleteEvent(parts, key, eventId, deadline))) return;
  }
}

async function get(parts: Parts, key: string, deadline: Deadline): Promise<Either<StaleRead | CallFailure, Json | undefined>> {
  const own = parts.own.of(key);
  const listed = await list(parts, key, { payloads: true, whole: false }, own, deadline);
  if (isLeft(listed)) return listed;
  const { events } = listed.right;
  if (!mayBeNewest(own, newestOf(events), events.map(tokenOf))) return left(staleRead('does not show the last put of this key yet'));
  const newest = events.reduce<Event | undefined>(
    (most, event) => (most === undefined || isOlder(placeOf(most), placeOf(event)) ? event : most),
    undefined,
  );
  if (newest === undefined) return right(undefined);
  const value = valueOf(newest, key);
  return value === undefined
    ? left(unusable(listingOf(deadline), `payload of event ${newest.eventId ?? ''}, the newest of the key: not a value of this program`))
    : right(value);
}

async function clear(parts: Parts, key: string, deadline: Deadline): Promise<Either<StaleRead | CallFailure, void>> {
  const own = parts.own.of(key);
  const listed = await list(parts, key, { payloads: false, whole: true }, own, deadline);
  if (isLeft(listed)) return listed;
  const { events, requests, more } = listed.right;
  // One whose answer was lost has no id to be deleted by until it is listed.
  if (unlisted(own.lost, events.map(tokenOf)).length > 0) return left(staleRead('does not show a put of this key whose answer was lost'));
  const places = inOrder([...events.map(placeOf), ...ownPlace(own)]);
  const room = MEMORY_REQUESTS_MAX - requests;
  const whole = !more && places.length <= room;
  const removable = whole ? places : places.slice(0, -1).slice(0, room);
  for (const { eventId } of removable) {
    const deleted = await deleteEvent(parts, key, eventId, deadline);
    if (isLeft(deleted)) return deleted;
  }
  if (!whole)
    return left(tooManyEvents('DeleteEvent', `${String(removable.length)} older values were removed and the newest stands: clear again`));
  const cleared = places.at(-1) ?? own.cleared;
  parts.own.note(key, cleared === undefined ? {} : { cleared });
  return right(undefined);
}

interface Listed {
  readonly events: readonly Event[];
  readonly requests: number;
  /** Whether there are more that were not asked for. */
  readonly more: boolean;
}

/**
 * The events of a key that were not cleared. `whole`: as many as one clear can remove; else the list ends behind the newest, which is in the
 * first page with any. The service was seen to list newest first and does not promise it: a page in another order is not the last one.
 */
async function list(
  parts: Parts,
  key: string,
  { payloads, whole }: { readonly payloads: boolean; readonly whole: boolean },
  { cleared }: OwnWrites,
  deadline: Deadline,
): Promise<Either<CallFailure, Listed>> {
  const events = new Map<string, Event>();
  let after: string | undefined;
  let ordered = true;
  for (let requests = 1; requests < MEMORY_REQUESTS_MAX; requests += 1) {
    const request = { payloads, events: payloads ? READ_PAGE_EVENTS : LIST_PAGE_EVENTS, after };
    const page = await listPage(parts, key, request, deadline);
    if (isLeft(page)) return page;
    const { next } = page.right;
    const standing = page.right.events.filter((event) => cleared === undefined || isOlder(cleared, placeOf(event)));
    // A page may say again what the one before it said.
    for (const event of standing) events.set(event.eventId ?? '', event);
    ordered &&= isNewestFirst(standing);
    const enough = whole ? events.size > MEMORY_REQUESTS_MAX : events.size > 0 && ordered;
    if (next === undefined || enough) return right({ events: [...events.values()], requests, more: next !== undefined });
    // Without this a service that answers the same page for ever would be asked until the ceiling.
    if (next === after) return left(unusable(listingOf(deadline), 'the same page was answered twice'));
    after = next;
  }
  return left(tooManyEvents('ListEvents', 'the pages of its events are empty or in no order'));
}

function isNewestFirst(events: readonly Event[]): boolean {
  return events.every((event, index) => {
    const before = events[index - 1];
    return before === undefined || !isOlder(placeOf(before), placeOf(event));
  });
}

function newestOf(events: readonly Event[]): EventPlace | undefined {
  return inOrder(events.map(placeOf)).at(-1);
}

/** Oldest first, each once. */
function inOrder(places: readonly EventPlace[]): readonly EventPlace[] {
  const byId = new Map(places.map((place) => [place.eventId, place]));
  return [...byId.values()].sort((a, b) => (isOlder(a, b) ? -1 : 1));
}

function ownPlace({ put: own }: OwnWrites): readonly EventPlace[] {
  return own === undefined ? [] : [own.place];
}

function staleRead(what: string): StaleRead {
  return { _tag: 'StaleRead', service: AGENTCORE, operation: 'ListEvents', reason: `the listing ${what}`, effect: 'none' };
}

function tooManyEvents(operation: string, what: string): CallFailure {
  const reason = `the key takes more than the ${String(MEMORY_REQUESTS_MAX)} requests of one operation: ${what}`;
  return { _tag: 'DependencyFailed', service: AGENTCORE, operation, reason, effect: 'none' };
}

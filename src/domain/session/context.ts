/**
 * What the use cases of sessions work on, and the reading of a session: its documents once a process, its newest segment once a request.
 * Invariant: what is kept here can only save a request. The create of the next segment decides, so a stale copy never becomes an answer.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { ArtifactStore } from '../../ports/artifact-store';
import type { Clock, Deadline } from '../../ports/clock';

import type { SessionLog } from '../../ports/session-log';
import type { OutsidePorts } from '../agent/tool';
import type { Budget } from '../budget/budget';
import { sha256Hex } from '../hash';
import { decodeMarketHeader } from '../market/market-path';
import { readPath } from '../run/path';
import { decodeStrategy } from '../world/market/strategy';
import { makeMarketWorld } from '../world/market/market-world';
import { decodePolicy } from '../world/market/policy';
import type { SessionError } from './errors';
import { decodeSessionInputs, identifySession, isSessionId } from './inputs';
import { type OpenSession, type Replayed, replaySegment, type Standing } from './replay';
import { makeSessionWorld, NO_WORLD, type SessionWorld } from './session-world';

export interface SessionPorts {
  readonly log: SessionLog;
  /** Documents stand at `sessions/<id>/inputs/`, written once. */
  readonly documents: ArtifactStore;
  readonly clock: Clock;
  readonly outside: OutsidePorts;
  /** What a day may grant to all sessions and requests together (`day.ts`); absent: nothing caps it. */
  readonly dayBudget?: Partial<Budget> | undefined;
}

/** An act has to end early enough to be recorded. */
export interface Deadlines {
  /** For calls of a request. */
  readonly work: Deadline;
  /** For reading and storing segments. */
  readonly storing: Deadline;
}

export interface SessionContext extends SessionPorts {
  readonly opened: Bounded<OpenSession>;
  readonly worlds: Bounded<SessionWorld>;
  /** Where a session stood when this process wrote or read its newest segment last. */
  readonly standings: Bounded<Standing>;
}

/** Keeps the values that were used last. */
export interface Bounded<A> {
  readonly get: (key: string) => A | undefined;
  readonly set: (key: string, value: A) => void;
}

const SESSIONS_KEPT = 256;
/** A market may take tens of megabytes. */
const WORLDS_KEPT = 8;

export function makeSessionContext(ports: SessionPorts): SessionContext {
  return { ...ports, opened: makeBounded(SESSIONS_KEPT), worlds: makeBounded(WORLDS_KEPT), standings: makeBounded(SESSIONS_KEPT) };
}

export function makeBounded<A>(max: number): Bounded<A> {
  const kept = new Map<string, A>();
  return {
    get: (key) => {
      const value = kept.get(key);
      if (value === undefined) return undefined;
      kept.delete(key);
      kept.set(key, value);
      return value;
    },
    set: (key, value) => {
      kept.delete(key);
      kept.set(key, value);
      const [oldest] = kept.keys();
      if (kept.size > max && oldest !== undefined) kept.delete(oldest);
    },
  };
}

/** The documents of a session, in the order in which they are stored: the one that names it last. */
export const DOCUMENT_FILES = ['strategy.json', 'policy.json', 'market.jsonl', 'session.json'] as const;
export type DocumentFile = (typeof DOCUMENT_FILES)[number];

export function documentKey(session: string, file: DocumentFile): string {
  return `sessions/${session}/inputs/${file}`;
}

export type Documents = Readonly<Record<DocumentFile, string>>;

/** A session by its id: its documents are read, and have to be those that the id names. */
export async function openSession(context: SessionContext, id: string, deadline: Deadline): Promise<Either<SessionError, OpenSession>> {
  if (!isSessionId(id)) return left({ _tag: 'SessionNotFound', session: id });
  const known = context.opened.get(id);
  if (known !== undefined) return right(known);
  const documents = await readDocuments(context, id, deadline);
  if (isLeft(documents)) return documents;
  const session = await openDocuments(id, documents.right, context.worlds);
  if (isLeft(session)) return session;
  context.opened.set(id, session.right);
  return session;
}

async function readDocuments(
  { documents }: SessionPorts,
  id: string,
  deadline: Deadline,
): Promise<Either<SessionError, Partial<Documents>>> {
  const files = id.startsWith('day-') ? (['session.json'] as const) : DOCUMENT_FILES;
  const texts: Partial<Record<DocumentFile, string>> = {};
  for (const [file, read] of await Promise.all(
    files.map(async (name) => [name, await documents.get(documentKey(id, name), deadline)()] as const),
  )) {
    if (isLeft(read)) {
      if (read.left._tag === 'NotFound' || read.left._tag === 'InvalidKey') return left({ _tag: 'SessionNotFound', session: id });
      return left(read.left);
    }
    texts[file] = new TextDecoder().decode(read.right);
  }
  return right(texts);
}

/** A session from its documents, each held to the digest that the inputs name. */
export async function openDocuments(
  id: string,
  documents: Partial<Documents>,
  worlds: Bounded<SessionWorld>,
): Promise<Either<SessionError, OpenSession>> {
  const corrupt = (file: DocumentFile, expected: string, actual: string): Either<SessionError, never> =>
    left({ _tag: 'SessionCorrupt', session: id, file, row: 0, pointer: '', expected, actual });
  const inputs = decodeSessionInputs(parse(documents['session.json'] ?? ''));
  if (isLeft(inputs)) return corrupt('session.json', 'the inputs of a session', inputs.left[0]?.message ?? '');
  const identity = identifySession(inputs.right);
  if (identity.runId !== id) return corrupt('session.json', `the inputs of session ${id}`, `those of session ${identity.runId}`);
  if (inputs.right.market_sha256 === null) return right({ inputs: inputs.right, identity, world: NO_WORLD });
  const named = [
    ['market.jsonl', inputs.right.market_sha256],
    ['strategy.json', inputs.right.strategy_sha256],
    ['policy.json', inputs.right.policy_sha256],
  ] as const;
  for (const [file, digest] of named) {
    const actual = sha256Hex(documents[file] ?? '');
    if (actual !== digest) return corrupt(file, `the SHA-256 ${String(digest)}`, actual);
  }
  const key = named.map(([, digest]) => String(digest)).join(' ');
  const known = worlds.get(key);
  if (known !== undefined) return right({ inputs: inputs.right, identity, world: known });
  const world = await worldOf(documents);
  if (world === undefined) return corrupt('market.jsonl', 'documents in normal form', 'something else');
  worlds.set(key, world);
  return right({ inputs: inputs.right, identity, world });
}

async function worldOf(documents: Partial<Documents>): Promise<SessionWorld | undefined> {
  const text = documents['market.jsonl'] ?? '';
  const headerEnd = text.indexOf('\n') + 1;
  const symbols = decodeMarketHeader(parse(text.slice(0, headerEnd)));
  if (isLeft(symbols)) return undefined;
  const strategy = decodeStrategy(parse(documents['strategy.json'] ?? ''), symbols.right);
  const policy = decodePolicy(parse(documents['policy.json'] ?? ''));
  if (isLeft(strategy) || isLeft(policy)) return undefined;
  const world = makeMarketWorld(symbols.right, strategy.right, policy.right);
  let rest = text.slice(headerEnd);
  const path = await readPath(world, {
    close: () => Promise.resolve(),
    next: () => {
      const lines = rest;
      rest = '';
      return Promise.resolve(right(lines));
    },
  });
  return isLeft(path) ? undefined : makeSessionWorld(world, path.right);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One segment, read and played again. */
export async function loadSegment(
  context: SessionPorts,
  session: OpenSession,
  seq: number,
  deadline: Deadline,
): Promise<Either<SessionError, Replayed>> {
  const { runId } = session.identity;
  const bytes = await context.log.read({ session: runId, seq }, deadline)();
  if (isLeft(bytes)) return left(bytes.left._tag === 'SegmentNotFound' ? { _tag: 'SessionNotFound', session: runId } : bytes.left);
  const replayed = await replaySegment(session, seq, new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.right));
  if (!isLeft(replayed)) return replayed;
  return left({ _tag: 'SessionCorrupt', session: runId, file: `segment ${String(seq)}`, ...replayed.left });
}

/** Where a session stands behind its newest segment, asking the store which that is. */
export async function newestStanding(
  context: SessionContext,
  session: OpenSession,
  deadline: Deadline,
): Promise<Either<SessionError, Standing>> {
  const { runId } = session.identity;
  const known = context.standings.get(runId);
  const newest = await context.log.newest(runId, known?.seq ?? -1, deadline)();
  if (isLeft(newest)) return left(newest.left._tag === 'SegmentNotFound' ? { _tag: 'SessionNotFound', session: runId } : newest.left);
  if (known !== undefined && newest.right === known.seq) return right(known);
  return standingAt(context, session, newest.right, deadline);
}

/** Where a session stood behind one of its segments. */
export async function standingAt(
  context: SessionContext,
  session: OpenSession,
  seq: number,
  deadline: Deadline,
): Promise<Either<SessionError, Standing>> {
  const { runId } = session.identity;
  const known = context.standings.get(runId);
  if (known?.seq === seq) return right(known);
  const loaded = await loadSegment(context, session, seq, deadline);
  if (isLeft(loaded)) return loaded;
  const { standing } = loaded.right;
  if (known === undefined || known.seq < seq) context.standings.set(runId, standing);
  return right(standing);
}

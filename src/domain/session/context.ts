/**
 * What the use cases of sessions work on, and the reading of a session: its documents once a process, its newest segment once a request.
 * Invariant: what is kept here can only save a request. The create of the next segment decides, so a stale copy never becomes an answer.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { ArtifactStore } from '../../ports/artifact-store';
import type { Clock, Deadline } from '../../ports/clock';
import type { SessionLog } from '../../ports/session-log';
import type { Tracing } from '../../ports/tracing';
import type { Look } from '../agent/stop';
import type { OutsidePorts } from '../agent/tool';
import type { Budget } from '../budget/budget';
import { canonical } from '../canonical/canonical';
import { sha256Hex } from '../hash';
import { parseJson } from '../codec/parse';
import type { SessionError } from './errors';
import { type DocumentFile, documentKey, type SessionDocuments, MARKET_DOCUMENTS, WORLD_DOCUMENTS } from './documents';
import { decodeSessionInputs, hasNoWorld, identifySession, isDay, isSessionId, type SessionInputs } from './inputs';
import type { SignSegment } from './receipts';
import type { WorldFiles } from '../run/inputs';
import { type OpenSession, type Replayed, replaySegment, type Standing } from './replay';
import { NO_WORLD, type SessionWorld } from './session-world';
import type { OpenFileWorlds } from './world-documents';

export interface SessionPorts {
  readonly log: SessionLog;
  /** Documents stand at `sessions/<id>/inputs/`, written once. */
  readonly documents: ArtifactStore;
  readonly clock: Clock;
  readonly outside: OutsidePorts;
  /** Absent: nothing is signed. */
  readonly sign?: SignSegment | undefined;
  /** What a day may grant to all sessions and requests together (`day.ts`); absent: nothing caps it. */
  readonly dayBudget?: Partial<Budget> | undefined;
  /** At the stop switch, before each act that leaves the process; absent: there is none. */
  readonly look?: Look | undefined;
  readonly tracing?: Tracing | undefined;
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
  readonly worlds: SessionWorlds;
  /** Where a session stood when this process wrote or read its newest segment last. */
  readonly standings: Bounded<Standing>;
}

/** Worlds by what names them, and how one is opened. Both are handed in: the cap of a day needs the code of neither. */
export interface SessionWorlds extends Bounded<SessionWorld> {
  readonly market?: ((documents: Partial<SessionDocuments>) => Promise<SessionWorld | undefined>) | undefined;
  readonly files?: OpenFileWorlds | undefined;
}

/** Keeps the values that were used last. */
export interface Bounded<A> {
  readonly get: (key: string) => A | undefined;
  readonly set: (key: string, value: A) => void;
}

const SESSIONS_KEPT = 256;

/** `worlds`: `makeSessionWorlds`, or none where no session has a world. */
export function makeContext(ports: SessionPorts, worlds: SessionWorlds): SessionContext {
  return { ...ports, opened: makeBounded(SESSIONS_KEPT), worlds, standings: makeBounded(SESSIONS_KEPT) };
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

/** Those of a market are asked for at once, with the one that names the session: most sessions are in one. */
async function readDocuments(
  { documents }: SessionPorts,
  id: string,
  deadline: Deadline,
): Promise<Either<SessionError, Partial<SessionDocuments>>> {
  const texts: Partial<Record<DocumentFile, string>> = {};
  const read = async (files: readonly DocumentFile[]): Promise<Either<SessionError, readonly DocumentFile[]>> => {
    const missing: DocumentFile[] = [];
    const reads = files.map(async (name) => [name, await documents.get(documentKey(id, name), deadline)()] as const);
    for (const [file, found] of await Promise.all(reads)) {
      if (!isLeft(found)) texts[file] = new TextDecoder('utf-8', { ignoreBOM: true }).decode(found.right);
      else if (found.left._tag === 'NotFound' || found.left._tag === 'InvalidKey') missing.push(file);
      else return left(found.left);
    }
    return right(missing);
  };
  const first = await read(id.startsWith('day-') ? ['session.json'] : [...MARKET_DOCUMENTS, 'session.json']);
  if (isLeft(first)) return first;
  if (first.right.length === 0) return right(texts);
  const named = decodeSessionInputs(parseJson(texts['session.json'] ?? ''));
  const rest = isLeft(named) || named.right.world === undefined ? undefined : await read(WORLD_DOCUMENTS);
  if (rest === undefined) return left({ _tag: 'SessionNotFound', session: id });
  if (isLeft(rest)) return rest;
  return rest.right.length === 0 ? right(texts) : left({ _tag: 'SessionNotFound', session: id });
}

/** A session from its documents, each held to the digest that the inputs name. */
export async function openDocuments(
  id: string,
  documents: Partial<SessionDocuments>,
  worlds: SessionWorlds,
): Promise<Either<SessionError, OpenSession>> {
  const corrupt = (file: DocumentFile, expected: string, actual: string): Either<SessionError, never> =>
    left({ _tag: 'SessionCorrupt', session: id, file, row: 0, pointer: '', expected, actual });
  const inputs = decodeSessionInputs(parseJson(documents['session.json'] ?? ''));
  if (isLeft(inputs)) return corrupt('session.json', 'the inputs of a session', inputs.left[0]?.message ?? '');
  const identity = identifySession(inputs.right);
  if (identity.runId !== id) return corrupt('session.json', `the inputs of session ${id}`, `those of session ${identity.runId}`);
  if (hasNoWorld(inputs.right)) return right({ inputs: inputs.right, identity, world: NO_WORLD });
  if (inputs.right.world !== undefined) return openFileWorld(inputs.right, inputs.right.world);
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
  if (worlds.market === undefined) return left({ _tag: 'InvalidSession', problems: [{ pointer: '', message: NO_WORLDS_HERE }] });
  const world = await worlds.market(documents);
  if (world === undefined) return corrupt('market.jsonl', 'documents in normal form', 'something else');
  worlds.set(key, world);
  return right({ inputs: inputs.right, identity, world });

  async function openFileWorld(session: SessionInputs, files: WorldFiles): Promise<Either<SessionError, OpenSession>> {
    for (const file of WORLD_DOCUMENTS) {
      const expected = files[`${file.slice(0, file.indexOf('.')) as 'world' | 'policy' | 'params' | 'inputs'}_sha256`];
      const actual = sha256Hex(documents[file] ?? '');
      if (actual !== expected) return corrupt(file, `the SHA-256 ${expected}`, actual);
    }
    const invalid = (message: string): Either<SessionError, never> =>
      left({ _tag: 'InvalidSession', problems: [{ pointer: '/world', message }] });
    if (worlds.files === undefined) return invalid(NO_WORLDS_HERE);
    // The limits of a budget are its engine's, so a fork with other limits is another world.
    const { max_world_memory_bytes: memory, max_state_bytes: state } = session.budget;
    const fileKey = canonical({ ...files, memory: memory ?? null, state: state ?? null });
    const begun = worlds.get(fileKey);
    const isFork = session.parent !== null && !isDay(session.parent.session_id);
    if (begun !== undefined && isFork) return right({ inputs: session, identity, world: begun });
    const opened = await (await worlds.files()).open(documents, files, session.budget);
    if (isLeft(opened)) return invalid(opened.left);
    const { world: file, initialState } = opened.right;
    if (!isFork && canonical(session.initial_state) !== canonical(initialState)) {
      return corrupt('session.json', `the initial state ${canonical(initialState)}`, canonical(session.initial_state));
    }
    worlds.set(fileKey, file);
    return right({ inputs: session, identity, world: file });
  }
}

/** Said where a session needs an engine that a deployment does not have. */
export const NO_WORLDS_HERE = 'worlds of your own are not enabled here';

export interface Loaded extends Replayed {
  /** The segment as it is stored. */
  readonly text: string;
}

/** One segment, read and played again. */
export async function loadSegment(
  context: SessionPorts,
  session: OpenSession,
  seq: number,
  deadline: Deadline,
): Promise<Either<SessionError, Loaded>> {
  const { runId } = session.identity;
  const bytes = await context.log.read({ session: runId, seq }, deadline)();
  if (isLeft(bytes)) return left(bytes.left._tag === 'SegmentNotFound' ? { _tag: 'SessionNotFound', session: runId } : bytes.left);
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.right);
  const replayed = await replaySegment(session, seq, text);
  if (!isLeft(replayed)) return right({ ...replayed.right, text });
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

/**
 * One request that changes a session: from the segment that its head names to the next one. docs/spec.md section 8.
 * Invariants: whoever creates the next segment has won, and a loser did nothing outside; an act that leaves the process is written ahead of it;
 * so what was spent <= what the tape says <= the budget, through any crash.
 *
 * What a crash leaves: before a create, nothing; after it, the whole segment. Between an `intent` and its outcome, a session that is busy until
 * the intent's `until`, and that the next request then goes on with, the charge kept.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import { type CallSource, liveCalls, NO_CALLS } from '../agent/calls';
import type { RunStop } from '../agent/stop';
import type { ToolCall } from '../agent/tool';
import { assert } from '../assert';
import { type BudgetState, type Costs, costOf, metersOf } from '../budget/budget';
import { bytesEqual } from '../bytes';
import { canonical, canonicalBytes, type JsonObject } from '../canonical/canonical';
import { sha256Hex } from '../hash';
import type { ReceiptNote } from '../run/receipts';
import { headOf } from './answer';
import { type Deadlines, loadSegment, newestStanding, openSession, type SessionContext, standingAt } from './context';
import { elapsedMs, tick } from './elapsed';
import type { InterruptedAct, SessionError } from './errors';
import { type Head, parseHead } from './head';
import { isSessionId } from './inputs';
import { ACT_MS_MAX, REQUEST_BYTES_MAX } from './limits';
import { makeCollector, type OpenSession, resumeEpisode, type Standing } from './replay';
import { intentRow, type PlannedAct, resumeRow, unknownOutcome } from './rows';
import type { SessionEpisode } from './session-world';

/** What a request comes to: where the session stands behind it, and what its acts answered. */
export interface ActOutcome {
  readonly session: OpenSession;
  readonly standing: Standing;
  readonly results: readonly JsonObject[];
  readonly stop: RunStop | null;
  /** Answered from the record: the very same request had been made before. */
  readonly repeated: boolean;
  /** Where segments are signed: whether those of this request are. */
  readonly receipt?: ReceiptNote | undefined;
}

export interface Performed {
  readonly results: readonly JsonObject[];
  readonly stop: RunStop | null;
  readonly children?: readonly string[];
  readonly sealed?: boolean;
}

/** What cannot be asked for where the session stands: nothing is recorded. */
export interface Impossible {
  readonly impossible: SessionError;
}

export interface Request {
  readonly session: string;
  readonly head: string;
  /** The rest of the request: with the head, it is what makes two requests the same. */
  readonly body: JsonObject;
  /** Takes its acts in the episode. `children`: those whose grant was not taken back. */
  readonly perform: (episode: SessionEpisode<never>, standing: Standing) => Promise<Performed | Impossible>;
  /** The call that is being made, for what is written ahead of it. */
  readonly callAt?: (index: number) => ToolCall | undefined;
}

export async function actOn(cold: SessionContext, request: Request, deadlines: Deadlines): Promise<Either<SessionError, ActOutcome>> {
  const { storing: deadline } = deadlines;
  const head = parseHead(request.head);
  const [session, context] = await Promise.all([
    openSession(cold, request.session, deadline),
    head === undefined ? cold : readAhead(cold, request.session, head.seq, deadline),
  ]);
  if (isLeft(session)) return session;
  if (head === undefined) {
    return left({
      _tag: 'InvalidSession',
      problems: [{ pointer: '/head', message: 'expected a head, "<seq>-<hash>", as every answer tells it' }],
    });
  }
  const standing = await standingAtHead(context, session.right, head, deadline);
  if (isLeft(standing)) return standing;
  const requestSha256 = sha256Hex(canonical({ head: request.head, ...request.body }));
  const { cursor, pending, sealed } = standing.right;
  if (pending !== undefined) return pendingAt(context, session.right, standing.right, requestSha256, deadline);
  if (sealed) return left({ _tag: 'SessionSealed', newest: standing.right });
  // A breaker that tripped has ended the acts of a session; what is asked now was asked of the newest segment, or has an answer in the record.
  if (cursor.refusal !== undefined && request.body['close'] === undefined && request.body['reclaim'] === undefined) {
    const recorded = await recordedAnswer(context, session.right, head.seq + 1, requestSha256, deadline);
    if (isLeft(recorded)) return recorded;
    if (recorded.right !== undefined) return right(recorded.right);
    return right({ session: session.right, standing: standing.right, results: [], stop: cursor.refusal, repeated: false });
  }
  return play(context, session.right, standing.right, request, requestSha256, deadlines);
}

/** A process that does not know the session asks for the segment of its head together with its documents: one wait instead of two. */
async function readAhead(context: SessionContext, session: string, seq: number, deadline: Deadline): Promise<SessionContext> {
  if (context.opened.get(session) !== undefined || !isSessionId(session)) return context;
  const early = await context.log.read({ session, seq }, deadline)();
  // What is not there now may be there in a moment.
  if (isLeft(early)) return context;
  const read: SessionContext['log']['read'] = (key, until) =>
    key.session === session && key.seq === seq ? () => Promise.resolve(early) : context.log.read(key, until);
  return { ...context, log: { ...context.log, read } };
}

/** The segment that a head names; a head that names none has moved. */
async function standingAtHead(
  context: SessionContext,
  session: OpenSession,
  { seq, hash }: Head,
  deadline: Deadline,
): Promise<Either<SessionError, Standing>> {
  const at = await standingAt(context, session, seq, deadline);
  if (isLeft(at) && at.left._tag !== 'SessionNotFound') return at;
  if (!isLeft(at) && headOf(at.right).hash === hash) return at;
  return moved(context, session, deadline);
}

async function moved(
  context: SessionContext,
  session: OpenSession,
  deadline: Deadline,
  more: { readonly interrupted?: InterruptedAct; readonly unrecorded?: string } = {},
): Promise<Either<SessionError, never>> {
  const newest = await newestStanding(context, session, deadline);
  return isLeft(newest) ? newest : left({ _tag: 'HeadMoved', newest: newest.right, ...more });
}

/** A stop that only says that the race for the next segment is lost: it never leaves this file. */
interface Lost {
  seq: number | undefined;
  failure: SessionError | undefined;
}

/** Set from within an act, so that nothing is known of it here. */
function failureOf({ failure }: Lost): SessionError | undefined {
  return failure;
}

async function play(
  context: SessionContext,
  session: OpenSession,
  from: Standing,
  request: Request,
  requestSha256: string,
  { work, storing: deadline }: Deadlines,
): Promise<Either<SessionError, ActOutcome>> {
  let collector = makeCollector();
  let seq = from.seq + 1;
  let announced: string | undefined;
  const lost: Lost = { seq: undefined, failure: undefined };
  let { children } = from;
  const { began } = from;
  const { inputs } = session;
  let before: BudgetState = from.cursor.spent;
  let receipt: ReceiptNote | undefined;

  /** Stores what was collected as the next segment; false when somebody else has. */
  async function store(before: 'an act' | 'the answer'): Promise<boolean> {
    await episode.flush();
    const stored = await create(context, session.identity.runId, seq, collector.tape(), deadline, before === 'the answer');
    if (isLeft(stored)) lost.failure = stored.left;
    else if (!stored.right) lost.seq = seq;
    return !isLeft(stored) && stored.right;
  }

  function standingOf(cursor: Standing['cursor'], sealed: boolean): Standing {
    return { session: session.identity.runId, seq, cursor, children, sealed, ...(began === undefined ? {} : { began }) };
  }

  const now = (): number => Math.floor(context.clock.nowMs());
  const timeLeft = (since: number): number => (inputs.budget.max_wall_ms ?? Infinity) - elapsedMs(since, now());

  const live = liveCalls({
    // The number of the first segment: an act is named by its request, not by who makes it.
    runId: `${session.identity.runId}-${String(from.seq + 1)}`,
    ports: context.outside,
    deadline: work,
    timeLeft: began === undefined ? undefined : { remainingMs: () => timeLeft(began) },
    answers: { bytesMax: REQUEST_BYTES_MAX, limit: 'the answers of one request' },
    look: context.look,
    tracing: context.tracing,
    beforeOutside: async ({ index, tool }) => {
      const costs = difference(session, before, episode.breaker.state());
      const call = request.callAt?.(index);
      assert(call !== undefined, 'an act that leaves the process is a call of the request');
      const untilMs = context.clock.nowMs() + Math.min(deadline.remainingMs(), ACT_MS_MAX);
      episode.append(intentRow({ index, call, costs, until: Math.ceil(untilMs) }));
      if (!(await store('an act'))) return LOST;
      announced = tool;
      const cursor = episode.cursor();
      receipt = worse(receipt, await context.sign?.(session, standingOf(cursor, false), collector.tape(), deadline));
      collector = makeCollector();
      seq += 1;
      episode.append(resumeRow({ seq, requestSha256, cursor, children, pending: { index, costs }, began }));
      return undefined;
    },
  });
  let bytes = 0;
  const calls: CallSource = { ...live, refuses: (index) => live.refuses(index) ?? (bytes > REQUEST_BYTES_MAX ? FULL : undefined) };
  const opened = resumeEpisode(session, { seq, requestSha256, cursor: from.cursor, children, pending: null, began }, calls, {
    append: (file, content) => collector.output.append(file, content),
    digest: () => '',
  });
  if (isLeft(opened)) return left(corruptCursor(session, from, opened.left[0]?.message ?? ''));
  const { right: episode } = opened;
  const counted: SessionEpisode<never> = {
    ...episode,
    call: async (index, call) => {
      const late = began === undefined ? undefined : tick(episode, inputs, began, now());
      if (late !== undefined) return { _tag: 'NotBegun', stop: late };
      before = episode.breaker.state();
      const called = await episode.call(index, call);
      if (called._tag === 'Made') bytes += canonicalBytes(call.args) + canonicalBytes(called.result);
      return called;
    },
  };

  const performed = await request.perform(counted, from);
  if ('impossible' in performed) return left(performed.impossible);
  if (lost.failure !== undefined) return left(lost.failure);
  if (lost.seq === undefined) {
    ({ children = from.children } = performed);
    if (await store('the answer')) {
      const standing = standingOf(episode.cursor(), performed.sealed ?? false);
      context.standings.set(session.identity.runId, standing);
      receipt = worse(receipt, await context.sign?.(session, standing, collector.tape(), deadline));
      return right({ session, standing, results: performed.results, stop: performed.stop, repeated: false, receipt });
    }
  }
  const failure = failureOf(lost);
  if (failure !== undefined) return left(failure);
  // An act was sent, and whoever found its intent too old has ended it: its outcome is not recorded, and never will be.
  if (announced !== undefined && lost.seq !== from.seq + 1) return moved(context, session, deadline, { unrecorded: announced });
  const recorded = await recordedAnswer(context, session, from.seq + 1, requestSha256, deadline);
  if (isLeft(recorded)) return recorded;
  return recorded.right === undefined ? moved(context, session, deadline) : right(recorded.right);
}

const FULL: RunStop = {
  code: 'payload_too_large',
  message: `a request ends behind ${String(REQUEST_BYTES_MAX)} bytes of calls and answers: what follows is for another request`,
};

const LOST: RunStop = { code: 'deadline_exceeded', message: 'the race for the next segment is lost' };

/** What an act was charged: peaks hold no sum. */
function difference({ inputs }: OpenSession, before: BudgetState, after: BudgetState): Costs {
  const costs: Record<string, number> = {};
  const tools: Record<string, number> = {};
  for (const { dimension, tool, spent, row } of metersOf(inputs.budget, after)) {
    const cost = row.kind === 'peak' ? 0 : spent - costOf({ dimension, tool }, before);
    if (cost === 0) continue;
    if (dimension !== undefined) costs[dimension] = cost;
    else if (tool !== undefined) tools[tool] = cost;
  }
  return { ...costs, ...(Object.keys(tools).length === 0 ? {} : { tools }) };
}

/**
 * Creates a segment: whether it is ours that stands there now. `sameIsOurs`: where no answer came, the same bytes count as ours. Two processes
 * make the same bytes of the same request, so this is for segments behind which nothing is sent: an act would be sent by both.
 */
export async function create(
  { log }: Pick<SessionContext, 'log'>,
  session: string,
  seq: number,
  text: string,
  deadline: Deadline,
  sameIsOurs = true,
): Promise<Either<SessionError, boolean>> {
  const bytes = new TextEncoder().encode(text);
  const created = await log.create({ session, seq }, bytes, deadline)();
  if (!isLeft(created)) return right(created.right === 'created');
  if (created.left.effect === 'none' || !sameIsOurs) return created;
  // It may be there all the same, and only its bytes tell.
  const stored = await log.read({ session, seq }, deadline)();
  return isLeft(stored) ? created : right(bytesEqual(stored.right, bytes));
}

/** The answer that stands in the record for this very request, beginning at a segment; nothing where another request stands there, or none. */
async function recordedAnswer(
  context: SessionContext,
  session: OpenSession,
  seq: number,
  requestSha256: string,
  deadline: Deadline,
): Promise<Either<SessionError, ActOutcome | undefined>> {
  const results: JsonObject[] = [];
  for (let at = seq; ; at += 1) {
    const loaded = await loadSegment(context, session, at, deadline);
    if (isLeft(loaded)) return loaded.left._tag === 'SessionNotFound' && at === seq ? right(undefined) : loaded;
    if (loaded.right.requestSha256 !== requestSha256) return right(undefined);
    results.push(...loaded.right.results);
    const { standing, stop } = loaded.right;
    if (standing.pending === undefined) {
      // A process that died behind its create has not signed it.
      const receipt = await context.sign?.(session, standing, loaded.right.text, deadline);
      return right({ session, standing, results, stop, repeated: true, receipt });
    }
    const ended = await endPending(context, session, standing, standing.pending, requestSha256, deadline);
    if (isLeft(ended)) return ended;
  }
}

/** A request that finds an announced act: others wait for its maker, and go on without it when its time is over. */
async function pendingAt(
  context: SessionContext,
  session: OpenSession,
  standing: Standing,
  requestSha256: string,
  deadline: Deadline,
): Promise<Either<SessionError, ActOutcome>> {
  const { pending, seq } = standing;
  assert(pending !== undefined, 'an act was announced');
  const announcing = await loadSegment(context, session, seq, deadline);
  if (isLeft(announcing)) return announcing;
  const ended = await endPending(context, session, standing, pending, announcing.right.requestSha256 ?? requestSha256, deadline);
  if (isLeft(ended)) return ended;
  return moved(context, session, deadline, ended.right ? { interrupted: { index: pending.index, tool: pending.call.name } } : {});
}

/** Writes down that nobody knows what became of an act; false where its outcome, or that, is recorded already. */
async function endPending(
  context: SessionContext,
  session: OpenSession,
  standing: Standing,
  { index, call, costs, until }: PlannedAct,
  requestSha256: string,
  deadline: Deadline,
): Promise<Either<SessionError, boolean>> {
  const { runId } = session.identity;
  const seq = standing.seq + 1;
  const next = await context.log.read({ session: runId, seq }, deadline)();
  if (!isLeft(next)) return right(false);
  if (next.left._tag !== 'SegmentNotFound') return left(next.left);
  const waitMs = until - context.clock.nowMs();
  if (waitMs > 0) return left({ _tag: 'SessionBusy', newest: standing, retryAfterMs: Math.ceil(waitMs) });
  const collector = makeCollector();
  const unknown: CallSource = {
    ...NO_CALLS,
    answer: () => Promise.resolve({ source: 'remote', recorded: { ok: false, error: unknownOutcome(call) } }),
  };
  const resume = {
    seq,
    requestSha256,
    cursor: standing.cursor,
    children: standing.children,
    pending: { index, costs },
    began: standing.began,
  };
  const episode = resumeEpisode(session, resume, unknown, collector.output);
  if (isLeft(episode)) return left(corruptCursor(session, standing, episode.left[0]?.message ?? ''));
  await episode.right.call(index, call);
  await episode.right.flush();
  const ended = await create(context, runId, seq, collector.tape(), deadline);
  if (isLeft(ended) || !ended.right) return ended;
  const { children } = standing;
  const stands = { session: runId, seq, cursor: episode.right.cursor(), children, sealed: false };
  await context.sign?.(session, stands, collector.tape(), deadline);
  return ended;
}

function corruptCursor({ identity }: OpenSession, { seq }: Standing, actual: string): SessionError {
  const expected = 'a state that the world can be in';
  return { _tag: 'SessionCorrupt', session: identity.runId, file: `segment ${String(seq)}`, row: 0, pointer: '/state', expected, actual };
}

/** Of one request: what could not be signed is told before what was. */
function worse(first: ReceiptNote | undefined, second: ReceiptNote | undefined): ReceiptNote | undefined {
  return first?.signed === false ? first : (second ?? first);
}

/** The use cases of a session: create, observe, quote, call, fork, reclaim, close. docs/spec.md section 8. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import type { MarketInput } from '../../ports/market-input';
import { NO_CALLS } from '../agent/calls';
import type { ToolCall } from '../agent/tool';
import { assert } from '../assert';
import { type Budget, type Costs, metersOf, spentState } from '../budget/budget';
import { canonical, type JsonObject } from '../canonical/canonical';
import type { DigestedOutput } from '../episode/output';
import { takeCalls } from '../episode/plan';
import { fitted, limitless, quoteCalls, type Quoted, type QuotedBudget } from '../episode/quote';
import { makeDigest } from '../hash';
import { SPEC_VERSION } from '../limits';
import { normaliseDocuments, type RunRequest } from '../run/prepare';
import { actOn, type ActOutcome } from './act';
import { answerAbout, headOf, remainingOf, type SessionAnswer } from './answer';
import { begin } from './begin';
import { type Deadlines, newestStanding, NO_WORLDS_HERE, openSession, type SessionContext } from './context';
import { grantOfDay, refundToDay } from './day';
import { type DocumentFile, documentKey, type SessionDocuments, documentsNamed } from './documents';
import type { SessionError } from './errors';
import { elapsedMs } from './elapsed';
import { give } from './give';
import { chargedOf, grantCosts, missingProblems } from './grant';
import { headText } from './head';
import { hasNoWorld, identifySession, isDay, type SessionInputs } from './inputs';
import { DEPTH_MAX } from './limits';
import { makeCollector, type OpenSession, resumeEpisode, type Standing } from './replay';
import { refundRow, stopRow } from './rows';
import type { NewWorld } from './world-documents';

type Answered = Promise<Either<SessionError, SessionAnswer>>;

export interface NewSession {
  readonly name: string;
  readonly documents: Pick<RunRequest, 'strategy' | 'policy' | 'initialState'>;
  readonly market: MarketInput;
  readonly budget: Budget;
}

/** Makes a session. The same documents, name and budget are the same session, and the same answer. */
export async function createSession(context: SessionContext, request: NewSession, deadline: Deadline): Answered {
  const { name, budget, market } = request;
  const texts: Partial<Record<DocumentFile, string>> = {};
  const documents = await normaliseDocuments(request.documents, market, collectDocuments(texts), {});
  await market.close();
  if (isLeft(documents)) return documents;
  const alone: SessionInputs = { spec_version: SPEC_VERSION, mode: 'session', name, budget, parent: null, ...documents.right.facts };
  const granted = await grantOfDay(context, alone, deadline);
  if (isLeft(granted)) return granted;
  return begin(context, { ...texts, 'session.json': `${canonical(granted.right)}\n` }, granted.right, deadline);
}

export interface NewWorldSession {
  readonly name: string;
  readonly world: NewWorld;
  readonly budget: Budget;
}

/** The same of a session in a world file. */
export async function createWorldSession(context: SessionContext, { name, world, budget }: NewWorldSession, deadline: Deadline): Answered {
  const { files: worlds } = context.worlds;
  if (worlds === undefined) return left({ _tag: 'InvalidSession', problems: [{ pointer: '/world', message: NO_WORLDS_HERE }] });
  const made = (await worlds()).make(world, budget);
  if (isLeft(made)) return left({ _tag: 'InvalidSession', problems: made.left });
  const { files, texts, initialState } = made.right;
  const alone: SessionInputs = {
    spec_version: SPEC_VERSION,
    mode: 'session',
    name,
    budget,
    parent: null,
    world: files,
    market_sha256: null,
    strategy_sha256: null,
    policy_sha256: null,
    initial_state: initialState,
  };
  const granted = await grantOfDay(context, alone, deadline);
  if (isLeft(granted)) return granted;
  return begin(context, { ...texts, 'session.json': `${canonical(granted.right)}\n` }, granted.right, deadline);
}

function collectDocuments(texts: Partial<Record<DocumentFile, string>>): DigestedOutput<never> {
  const decoder = new TextDecoder();
  return {
    append: (file, content) => {
      const name = file as DocumentFile;
      texts[name] = (texts[name] ?? '') + (typeof content === 'string' ? content : decoder.decode(content));
      return Promise.resolve(right(undefined));
    },
    digest: (file) => {
      const digest = makeDigest();
      digest.update(new TextEncoder().encode(texts[file as DocumentFile] ?? ''));
      return digest.hex();
    },
  };
}

/** Where a session stands. `history`: steps before the next one to be shown too. */
export async function observeSession(context: SessionContext, id: string, history: number, deadline: Deadline): Answered {
  const found = await locate(context, id, deadline);
  return isLeft(found) ? found : right(answerAbout(found.right.session, found.right.standing, { history }));
}

async function locate(
  context: SessionContext,
  id: string,
  deadline: Deadline,
): Promise<Either<SessionError, { readonly session: OpenSession; readonly standing: Standing }>> {
  const session = await openSession(context, id, deadline);
  if (isLeft(session)) return session;
  const standing = await newestStanding(context, session.right, deadline);
  return isLeft(standing) ? standing : right({ session: session.right, standing: standing.right });
}

export interface CallsRequest {
  readonly session: string;
  readonly head: string;
  readonly calls: readonly ToolCall[];
}

/** Makes calls in order; the first that stops ends the request, and a refusal of the budget every later one. */
export async function callSession(context: SessionContext, { session, head, calls }: CallsRequest, deadlines: Deadlines): Answered {
  if (isDay(session)) return DAY_ACTS_ALONE;
  const outcome = await actOn(
    context,
    {
      session,
      head,
      body: { calls },
      callAt: (index) => calls[index],
      perform: async (episode) => {
        const { results, stop, notBegun } = await takeCalls(episode, calls);
        if (notBegun !== undefined) episode.append(stopRow({ index: notBegun.index, call: notBegun.call, error: notBegun.stop }));
        return { results, stop };
      },
    },
    deadlines,
  );
  return isLeft(outcome) ? outcome : right(answerOf(outcome.right, { results: outcome.right.results }));
}

function answerOf(
  { session, standing, stop, repeated, receipt }: ActOutcome,
  more: { readonly results?: readonly JsonObject[]; readonly child?: SessionAnswer['child'] } = {},
): SessionAnswer {
  return answerAbout(session, standing, { stop, repeated, receipt, ...more });
}

export interface ForkRequest {
  readonly session: string;
  readonly head: string;
  /** Absent: the head it is made on. */
  readonly name?: string;
  readonly budget: Budget;
}

/** Makes a child that goes on from here, with a budget that is taken from this session's. */
export async function forkSession(context: SessionContext, request: ForkRequest, deadlines: Deadlines): Answered {
  const { storing: deadline } = deadlines;
  const { session: id, head, budget } = request;
  if (isDay(id)) return DAY_ACTS_ALONE;
  const parent = await openSession(context, id, deadline);
  if (isLeft(parent)) return parent;
  const { inputs } = parent.right;
  const problems = missingProblems(inputs.budget, budget);
  if (problems.length > 0) return left({ _tag: 'InvalidSession', problems });
  const depth = (inputs.parent?.depth ?? 0) + 1;
  if (depth > DEPTH_MAX) {
    return left({ _tag: 'InvalidSession', problems: [{ pointer: '', message: `forks of forks end at a depth of ${String(DEPTH_MAX)}` }] });
  }
  const name = request.name ?? head;
  let child: SessionInputs | undefined;
  const childOf = ({ cursor }: Pick<Standing, 'cursor'>): SessionInputs => ({
    ...inputs,
    name,
    budget,
    parent: { session_id: id, head, step: cursor.world?.step ?? 0, depth },
    initial_state: cursor.world?.state ?? null,
  });
  const outcome = await actOn(
    context,
    {
      session: id,
      head,
      body: { fork: { name, budget } },
      perform: (episode, standing) => {
        child = childOf(standing);
        const giver = { episode, inputs, standing, nowMs: context.clock.nowMs() };
        return Promise.resolve(give(giver, { child: identifySession(child).runId, name, budget }, { name, budget }));
      },
    },
    deadlines,
  );
  if (isLeft(outcome)) return outcome;
  const { standing, stop } = outcome.right;
  if (stop !== null) return right(answerOf(outcome.right));
  // A grant moves no world, so the child begins where its parent stands now; made again after a crash, it is the same child.
  const childInputs = child ?? childOf(standing);
  const documents = await documentsOf(context, id, childInputs, deadline);
  if (isLeft(documents)) return documents;
  const made = await begin(context, documents.right, childInputs, deadline);
  if (isLeft(made)) return made;
  return right(answerOf(outcome.right, { child: { session_id: made.right.session_id, head: made.right.head } }));
}

/** The documents of a child are those of its parent, but for what names it. */
async function documentsOf(
  context: SessionContext,
  parent: string,
  inputs: SessionInputs,
  deadline: Deadline,
): Promise<Either<SessionError, Partial<SessionDocuments>>> {
  const texts: Partial<Record<DocumentFile, string>> = { 'session.json': `${canonical(inputs)}\n` };
  if (hasNoWorld(inputs)) return right(texts);
  for (const file of documentsNamed(inputs)) {
    const read = await context.documents.get(documentKey(parent, file), deadline)();
    if (isLeft(read))
      return read.left._tag === 'NotFound' || read.left._tag === 'InvalidKey'
        ? left({ _tag: 'SessionNotFound', session: parent })
        : left(read.left);
    texts[file] = new TextDecoder('utf-8', { ignoreBOM: true }).decode(read.right);
  }
  return right(texts);
}

export interface ReclaimRequest {
  readonly session: string;
  readonly head: string;
  readonly child: string;
}

/** Takes back what a sealed child did not use, once. */
export async function reclaimSession(context: SessionContext, { session, head, child }: ReclaimRequest, deadlines: Deadlines): Answered {
  if (isDay(session)) return DAY_ACTS_ALONE;
  const { storing: deadline } = deadlines;
  const found = await locate(context, child, deadline);
  if (isLeft(found)) return found;
  const { inputs } = found.right.session;
  const invalid = (message: string): Either<SessionError, never> =>
    left({ _tag: 'InvalidSession', problems: [{ pointer: '/child', message }] });
  if (inputs.parent?.session_id !== session) return invalid('is not a fork of this session');
  if (!found.right.standing.sealed) return invalid('is open: close it first');
  const outcome = await actOn(
    context,
    {
      session,
      head,
      body: { reclaim: child },
      perform: (episode, standing) => {
        if (!standing.children.includes(child)) {
          return Promise.resolve({
            impossible: { _tag: 'InvalidSession', problems: [{ pointer: '/child', message: 'was reclaimed before' }] },
          });
        }
        const granted = grantCosts(inputs.budget);
        const spent = chargedOf(granted, found.right.standing.cursor.spent);
        episode.breaker.charge(granted, spent);
        episode.append(refundRow({ child, head: headText(headOf(found.right.standing)), granted, spent }));
        return Promise.resolve({ results: [], stop: null, children: standing.children.filter((one) => one !== child) });
      },
    },
    deadlines,
  );
  return isLeft(outcome) ? outcome : right(answerOf(outcome.right));
}

/** Seals a session: nothing follows. The seal says what tripped, if anything did. */
export async function closeSession(
  context: SessionContext,
  { session, head }: { readonly session: string; readonly head: string },
  deadlines: Deadlines,
): Answered {
  if (isDay(session)) return DAY_ACTS_ALONE;
  const outcome = await actOn(
    context,
    {
      session,
      head,
      body: { close: true },
      perform: async (episode) => {
        await episode.seal(episode.cursor().refusal ?? null);
        return { results: [], stop: null, sealed: true };
      },
    },
    deadlines,
  );
  if (isLeft(outcome)) return outcome;
  await refundToDay(context, outcome.right.session, outcome.right.standing, deadlines.storing);
  return right(answerOf(outcome.right));
}

/** Nobody calls, forks or seals the root of a day: it would be everybody's budget. */
const DAY_ACTS_ALONE: Answered = Promise.resolve(
  left({
    _tag: 'InvalidSession',
    problems: [{ pointer: '', message: 'the root of a day grants and takes back by itself; look at it, and no more' }],
  }),
);

export interface Quote extends QuotedBudget {
  readonly ok: true;
  readonly session_id: string;
  readonly head: string;
  readonly remaining: Costs;
}

/** What calls would take, with nothing done and nothing charged. */
export async function quoteSession(
  context: SessionContext,
  id: string,
  calls: readonly ToolCall[],
  deadline: Deadline,
): Promise<Either<SessionError, Quote>> {
  const found = await locate(context, id, deadline);
  if (isLeft(found)) return found;
  const { session, standing } = found.right;
  const { budget } = session.inputs;
  const { spent } = standing.cursor;
  const unlimited = limitless(budget);
  const { refusal: _latched, ...cursor } = standing.cursor;
  const copy: OpenSession = { ...session, inputs: { ...session.inputs, budget: unlimited } };
  const resume = {
    seq: standing.seq + 1,
    requestSha256: '',
    cursor: { ...cursor, spent: spentState(metersOf(unlimited)) },
    children: [],
    pending: null,
  };
  const probe = resumeEpisode(copy, resume, NO_CALLS, makeCollector().output);
  if (isLeft(probe)) return left({ _tag: 'InvalidSession', problems: probe.left });
  const remaining = remainingOf(budget, spent);
  const quoted = withElapsed(
    standing,
    context.clock.nowMs(),
    await quoteCalls(
      {
        open: (source) => {
          const episode = resumeEpisode(copy, resume, source, makeCollector().output);
          assert(!isLeft(episode), 'what was opened once opens again');
          return episode.right;
        },
        tools: session.world.tools,
        ports: context.outside,
        memoryBytesLeft: remaining.memory_bytes,
      },
      calls,
    ),
  );
  const { fits, ...known } = fitted(quoted, budget, spent);
  return right({
    ok: true,
    session_id: id,
    head: headText(headOf(standing)),
    ...known,
    remaining,
    fits: fits && standing.cursor.refusal === undefined,
  });
}

/** The time that has passed already: what acts outside would take of it is not known before. */
function withElapsed({ began }: Standing, now: number, quoted: Quoted): Quoted {
  if (began === undefined) return quoted;
  const elapsed = { wall_ms: elapsedMs(began, Math.floor(now)) };
  return { least: { ...quoted.least, ...elapsed }, most: { ...quoted.most, ...elapsed } };
}

/** The use cases of a session: create, observe, quote, call, fork, reclaim, close. docs/spec.md section 8. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import type { MarketInput } from '../../ports/market-input';
import { NO_CALLS } from '../agent/calls';
import type { Call } from '../agent/tool';
import { type Budget, type Costs, metersOf, spentState } from '../budget/budget';

import { canonical } from '../canonical/canonical';
import type { DigestedOutput } from '../episode/output';
import { takeCalls } from '../episode/plan';
import type { JsonObject } from '../episode/world';
import { makeDigest } from '../hash';
import { COUNT_MAX, SPEC_VERSION } from '../limits';
import { normaliseDocuments, type RunRequest } from '../run/prepare';
import { actOn, create as createSegment, type Outcome } from './act';
import { answerAbout, headOf, remainingOf, type SessionAnswer } from './answer';
import {
  DOCUMENT_FILES,
  type DocumentFile,
  documentKey,
  type Deadlines,
  type Documents,
  newestStanding,
  openDocuments,
  openSession,
  type SessionContext,
} from './context';
import type { SessionError } from './errors';
import { grantCosts, missingLimits } from './grant';
import { headText } from './head';
import { identifySession, type SessionInputs } from './inputs';
import { CHILDREN_OPEN_MAX, DEPTH_MAX } from './limits';
import { FORK, makeCollector, type OpenSession, openSessionTape, resumeEpisode, type Standing } from './replay';
import { grantRow, refundRow, stopRow } from './rows';

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
  const inputs: SessionInputs = {
    spec_version: SPEC_VERSION,
    mode: 'session',
    name,
    budget,
    parent: null,
    ...documents.right.facts,
  };
  return begin(context, { ...texts, 'session.json': `${canonical(inputs)}\n` }, inputs, deadline);
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

/** Stores the documents, then the first segment: a session is there once that is. All of it can be done again. */
async function begin(context: SessionContext, documents: Partial<Documents>, inputs: SessionInputs, deadline: Deadline): Answered {
  const id = identifySession(inputs).runId;
  const session = await openDocuments(id, documents, context.worlds);
  if (isLeft(session)) return session;
  const opened = openSessionTape(session.right);
  if (isLeft(opened)) return left({ _tag: 'InvalidSession', problems: opened.left });
  const encoder = new TextEncoder();
  const puts = DOCUMENT_FILES.flatMap((file) => {
    const text = documents[file];
    const contentType = file === 'market.jsonl' ? 'application/x-ndjson' : 'application/json';
    return text === undefined
      ? []
      : [context.documents.put({ key: documentKey(id, file), bytes: encoder.encode(text), contentType }, deadline)()];
  });
  for (const put of await Promise.all(puts)) if (isLeft(put)) return put;
  const { line, standing } = opened.right;
  const created = await createSegment(context, id, 0, line, deadline);
  if (isLeft(created)) return created;
  context.opened.set(id, session.right);
  if (created.right) context.standings.set(id, standing);
  return right(answerAbout(session.right, standing));
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
  readonly calls: readonly Call[];
}

/** Makes calls in order; the first that stops ends the request, and a refusal of the budget every later one. */
export async function callSession(context: SessionContext, { session, head, calls }: CallsRequest, deadlines: Deadlines): Answered {
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
  { session, standing, stop, repeated }: Outcome,
  more: { readonly results?: readonly JsonObject[]; readonly child?: SessionAnswer['child'] } = {},
): SessionAnswer {
  return answerAbout(session, standing, { stop, repeated, ...more });
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
  const parent = await openSession(context, id, deadline);
  if (isLeft(parent)) return parent;
  const { inputs } = parent.right;
  const missing = missingLimits(inputs.budget, budget);
  if (missing.length > 0) {
    const problems = missing.map(({ limiter, max }) => ({
      pointer: `/budget/${limiter.replace('.', '/')}`,
      message: `the parent is limited by it: a child has to name it, too, with at most ${String(max)}`,
    }));
    return left({ _tag: 'InvalidSession', problems });
  }
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
        if (standing.children.length >= CHILDREN_OPEN_MAX) return Promise.resolve({ impossible: TOO_MANY_CHILDREN });
        const refused = episode.breaker.reserveAll(grantCosts(budget));
        if (refused !== undefined) {
          episode.append(stopRow({ index: 0, call: { name: FORK, args: { name, budget } }, error: refused }));
          return Promise.resolve({ results: [], stop: refused });
        }
        const childId = identifySession(child).runId;
        episode.append(grantRow({ child: childId, name, budget }));
        return Promise.resolve({ results: [], stop: null, children: [...standing.children, childId] });
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

const TOO_MANY_CHILDREN: SessionError = {
  _tag: 'InvalidSession',
  problems: [{ pointer: '', message: `${String(CHILDREN_OPEN_MAX)} children are open: close one, and reclaim what it did not use` }],
};

/** The documents of a child are those of its parent, but for what names it. */
async function documentsOf(
  context: SessionContext,
  parent: string,
  inputs: SessionInputs,
  deadline: Deadline,
): Promise<Either<SessionError, Partial<Documents>>> {
  const texts: Partial<Record<DocumentFile, string>> = { 'session.json': `${canonical(inputs)}\n` };
  if (inputs.market_sha256 === null) return right(texts);
  for (const file of DOCUMENT_FILES) {
    if (file === 'session.json') continue;
    const read = await context.documents.get(documentKey(parent, file), deadline)();
    if (isLeft(read))
      return read.left._tag === 'NotFound' || read.left._tag === 'InvalidKey'
        ? left({ _tag: 'SessionNotFound', session: parent })
        : left(read.left);
    texts[file] = new TextDecoder().decode(read.right);
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
        episode.breaker.settle(granted, spent);
        episode.append(refundRow({ child, head: headText(headOf(found.right.standing)), granted, spent }));
        return Promise.resolve({ results: [], stop: null, children: standing.children.filter((one) => one !== child) });
      },
    },
    deadlines,
  );
  return isLeft(outcome) ? outcome : right(answerOf(outcome.right));
}

/** What was spent of what was granted. */
function chargedOf({ tools, ...counts }: Costs, spent: Costs): Costs {
  const of = <K extends string>(wanted: Partial<Record<K, number>>, from: Partial<Record<K, number>>): Record<string, number> =>
    Object.fromEntries((Object.keys(wanted) as K[]).map((key) => [key, from[key] ?? 0]));
  const { tools: spentTools = {}, ...spentCounts } = spent;
  return { ...of(counts, spentCounts), ...(tools === undefined ? {} : { tools: of(tools, spentTools) }) };
}

/** Seals a session: nothing follows. The seal says what tripped, if anything did. */
export async function closeSession(
  context: SessionContext,
  { session, head }: { readonly session: string; readonly head: string },
  deadlines: Deadlines,
): Answered {
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
  return isLeft(outcome) ? outcome : right(answerOf(outcome.right));
}

export interface Quote {
  readonly ok: true;
  readonly session_id: string;
  readonly head: string;
  /** What the calls take if each ends as it must, and as it can: the same where nothing outside is asked. */
  readonly least: Costs;
  readonly most: Costs;
  readonly remaining: Costs;
  /** Whether the most of it is left. */
  readonly fits: boolean;
  /** For each limit that is too small for the most: the smallest that would do. */
  readonly needed: Readonly<Record<string, number>>;
}

/** What calls would take, with nothing done and nothing charged. */
export async function quoteSession(
  context: SessionContext,
  id: string,
  calls: readonly Call[],
  deadline: Deadline,
): Promise<Either<SessionError, Quote>> {
  const found = await locate(context, id, deadline);
  if (isLeft(found)) return found;
  const { session, standing } = found.right;
  const { budget } = session.inputs;
  const { spent } = standing.cursor;
  // On a copy that nothing limits and nobody keeps: calls that stay inside are made, for they are what decides whether the next one begins.
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
  const seen = { outside: false };
  const asked = {
    ...NO_CALLS,
    answer: (...[intent]: Parameters<typeof NO_CALLS.answer>) => {
      seen.outside = true;
      return NO_CALLS.answer(intent, { sender: () => undefined }, '');
    },
  };
  const episode = resumeEpisode(copy, resume, asked, makeCollector().output);
  if (isLeft(episode)) return left({ _tag: 'InvalidSession', problems: episode.left });
  let least: Costs | undefined;
  for (const [index, call] of calls.entries()) {
    const called = await episode.right.call(index, call);
    // What an act outside comes to is not known: at the least it fails and ends the request, at the most all that follow are made.
    const { outside } = seen as { readonly outside: boolean };
    if (outside) least ??= episode.right.cursor().spent;
    if (called.stop !== undefined && !outside) break;
  }
  const most = withAnswers(calls, episode.right.cursor().spent, remainingOf(budget, spent), least !== undefined);
  const short = metersOf(budget, spent).flatMap((meter) => {
    const wanted = costIn(meter, most);
    return wanted <= meter.max - meter.spent ? [] : [[meter.limiter, meter.spent + wanted] as const];
  });
  return right({
    ok: true,
    session_id: id,
    head: headText(headOf(standing)),
    least: least ?? most,
    most,
    remaining: remainingOf(budget, spent),
    fits: short.length === 0 && standing.cursor.refusal === undefined,
    needed: Object.fromEntries(short),
  });
}

function costIn({ dimension, tool }: ReturnType<typeof metersOf>[number], costs: Costs): number {
  if (dimension !== undefined) return costs[dimension] ?? 0;
  return tool === undefined ? 0 : (costs.tools?.[tool] ?? 0);
}

/** A value that comes back is paid for by its size: at the most, with all the bytes that are left. */
function withAnswers(calls: readonly Call[], spent: Costs, left: Costs, outside: boolean): Costs {
  if (!outside || !calls.some(({ name }) => name === 'memory_get')) return spent;
  return { ...spent, memory_bytes: Math.max(spent.memory_bytes ?? 0, left.memory_bytes ?? 0) };
}

function limitless(budget: Budget): Budget {
  const { tools, ...limits } = budget;
  const all = <T extends object>(from: T): T => Object.fromEntries(Object.keys(from).map((key) => [key, COUNT_MAX])) as T;
  return { ...all(limits), ...(tools === undefined ? {} : { tools: all(tools) }) };
}

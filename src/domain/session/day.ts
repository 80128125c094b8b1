/**
 * The cap of a day: a session without a world, `day-YYYY-MM-DD` in UTC, from which every new session and every request takes its budget as a grant and
 * to which it gives back what it did not use. docs/spec.md section 8.
 * Invariants: a grant is stored before anything is done with it; what is given back is given back once; what the day cannot grant changes nothing, so
 * one request that asks for too much ends nobody else's day. A grant whose holder died stays spent.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import { type Budget, type BudgetExceeded, type BudgetState, type Costs, costOf, metersOf } from '../budget/budget';
import { REQUIRED, REQUIRED_NAMES } from '../budget/dimensions';
import { canonical } from '../canonical/canonical';
import { COUNT_MAX, SPEC_VERSION } from '../limits';
import { dateText } from '../market/calendar';
import { actOn, type Request } from './act';
import { headOf } from './answer';
import { begin } from './begin';
import { newestStanding, openSession, type SessionContext } from './context';
import type { SessionError } from './errors';
import { chargedOf, grantCosts } from './grant';
import { headText } from './head';
import { identifySession, isDay, type SessionInputs } from './inputs';
import { DAY_GRANTS_OPEN_MAX } from './limits';
import { type OpenSession, openSessionTape, type Standing } from './replay';
import { grantRow, refundRow } from './rows';

/** Who takes a part of the day, and how much. */
export interface Holder {
  /** Id of the session, or `request-<id>`. */
  readonly child: string;
  /** What it is for. */
  readonly name: string;
  readonly budget: Budget;
}

export interface DayGrant extends Holder {
  readonly day: string;
}

/** Functions and processes share a day: whoever loses the race for its next segment asks again, so often at most. */
const ATTEMPTS_MAX = 16;

/** Takes a budget from today. Where nothing caps the day, nothing is asked and nothing is granted. */
export async function takeFromDay(
  context: SessionContext,
  holder: Holder,
  deadline: Deadline,
): Promise<Either<SessionError, DayGrant | undefined>> {
  const root = await openDay(context, deadline);
  return isLeft(root) || root.right === undefined
    ? (root as Either<SessionError, undefined>)
    : grant(context, root.right, holder, deadline);
}

/**
 * The inputs of a session that takes its budget from today: its parent is the day, at the head at which the day began, so that the same body is the same
 * session all day long. Unchanged where nothing caps the day.
 */
export async function grantOfDay(
  context: SessionContext,
  inputs: SessionInputs,
  deadline: Deadline,
): Promise<Either<SessionError, SessionInputs>> {
  const root = await openDay(context, deadline);
  if (isLeft(root)) return root;
  if (root.right === undefined) return right(inputs);
  const { identity } = root.right;
  const child: SessionInputs = { ...inputs, parent: { session_id: identity.runId, head: openingHead(root.right), step: 0, depth: 1 } };
  const { runId } = identifySession(child);
  const first = await context.log.read({ session: runId, seq: 0 }, deadline)();
  // It is there: its grant was taken when it was made.
  if (!isLeft(first)) return right(child);
  if (first.left._tag !== 'SegmentNotFound') return left(first.left);
  const granted = await grant(context, root.right, { child: runId, name: inputs.name, budget: inputs.budget }, deadline);
  return isLeft(granted) ? granted : right(child);
}

/** Gives back what a sealed session did not use, where its budget was a day's. A repeat of the close does it where it was not done. */
export async function refundToDay(
  context: SessionContext,
  { inputs, identity }: OpenSession,
  standing: Standing,
  deadline: Deadline,
): Promise<void> {
  const day = inputs.parent?.session_id;
  if (day === undefined || !isDay(day)) return;
  const held = { day, child: identity.runId, name: inputs.name, budget: inputs.budget };
  await giveBack(context, held, { head: headText(headOf(standing)), spent: standing.cursor.spent }, deadline);
}

/** What was not used, once. Where it cannot be recorded, it stays spent: the holder did end, and its answer does not change. */
export async function giveBack(
  context: SessionContext,
  { day, child, budget }: DayGrant,
  used: { readonly head: string; readonly spent: BudgetState },
  deadline: Deadline,
): Promise<Either<SessionError, void>> {
  const granted = grantCosts(budget);
  const spent = chargedOf(granted, used.spent);
  return onDay(context, day, deadline, (standing) =>
    standing.children.includes(child)
      ? {
          body: { refund: child },
          perform: (episode, { children }) => {
            episode.breaker.charge(granted, spent);
            episode.append(refundRow({ child, head: used.head, granted, spent }));
            return Promise.resolve({ results: [], stop: null, children: children.filter((one) => one !== child) });
          },
        }
      : undefined,
  );
}

/** Today's root; nothing where nothing caps the day. The first who asks makes it, with the budget that is set then. */
async function openDay(context: SessionContext, deadline: Deadline): Promise<Either<SessionError, OpenSession | undefined>> {
  const { dayBudget, clock } = context;
  if (dayBudget === undefined) return right(undefined);
  const day = `day-${dateText(Math.floor(clock.nowMs() / 1_000))}`;
  const known = context.opened.get(day);
  if (known !== undefined) return right(known);
  const inputs: SessionInputs = {
    spec_version: SPEC_VERSION,
    mode: 'session',
    name: day,
    budget: { ...UNLIMITED, ...dayBudget },
    parent: null,
    market_sha256: null,
    strategy_sha256: null,
    policy_sha256: null,
    initial_state: null,
  };
  const begun = await begin(context, { 'session.json': `${canonical(inputs)}\n` }, inputs, deadline);
  // Another budget was set when the day began: that one holds until the day ends, and this one besides where it is lower.
  if (isLeft(begun) && begun.left._tag !== 'ArtifactConflict') return begun;
  return openSession(context, day, deadline);
}

/** A limit that the day does not name is none. */
const UNLIMITED = Object.fromEntries(REQUIRED_NAMES.map((name) => [REQUIRED[name].limiter, COUNT_MAX])) as unknown as Budget;

function openingHead(root: OpenSession): string {
  const opened = openSessionTape(root, 0);
  return isLeft(opened) ? '' : headText(headOf(opened.right.standing));
}

async function grant(
  context: SessionContext,
  root: OpenSession,
  holder: Holder,
  deadline: Deadline,
): Promise<Either<SessionError, DayGrant>> {
  const { child, name, budget } = holder;
  const day = root.identity.runId;
  const done = await onDay(context, day, deadline, ({ children, cursor: { spent } }) => {
    if (children.includes(child)) return undefined;
    const refused =
      refusalOf(root.inputs.budget, spent, budget) ??
      (context.dayBudget === undefined ? undefined : refusalOf(context.dayBudget, spent, budget));
    if (refused !== undefined) return { refused: { _tag: 'DayRefused', error: refused } };
    if (children.length >= DAY_GRANTS_OPEN_MAX) {
      const reason = `${String(DAY_GRANTS_OPEN_MAX)} grants of this day are open: close sessions, or wait for tomorrow`;
      return { refused: { _tag: 'DependencyFailed', service: 'day', operation: 'grant', reason, effect: 'none' } };
    }
    return {
      body: { grant: child },
      perform: (episode, standing) => {
        const stop = episode.breaker.reserveAll(grantCosts(budget));
        if (stop !== undefined) return Promise.resolve({ impossible: { _tag: 'DayRefused', error: stop } });
        episode.append(grantRow({ child, name, budget }));
        return Promise.resolve({ results: [], stop: null, children: [...standing.children, child] });
      },
    };
  });
  return isLeft(done) ? done : right({ ...holder, day });
}

/** Why a day cannot grant this; nothing where it can. Worked out from what is left, so that nothing latches. */
export function refusalOf(limits: Partial<Budget>, spent: Costs, budget: Budget): BudgetExceeded | undefined {
  const wanted = new Map(metersOf(budget).map((meter) => [meter.limiter, meter]));
  for (const { limiter, max, spent: used, row } of metersOf(limits, spent)) {
    const meter = wanted.get(limiter);
    const requested = meter?.max ?? COUNT_MAX;
    const left = row.kind === 'peak' ? max : max - used;
    if (requested <= left) continue;
    const what = meter === undefined ? `no ${limiter} is asked for` : `${String(requested)} asked for`;
    return {
      code: 'budget_exceeded',
      limiter,
      message: `${limiter} of the day is ${String(max)}: ${String(used)} granted, ${what}`,
      requested,
      budgets: { budget: { ...UNLIMITED, ...limits }, budget_state: stateOf(limits, spent) },
    };
  }
  return undefined;
}

function stateOf(limits: Partial<Budget>, spent: Costs): BudgetState {
  const state = Object.fromEntries(REQUIRED_NAMES.map((name) => [name, spent[name] ?? 0]));
  const named = metersOf(limits, spent).flatMap(({ dimension }) =>
    dimension === undefined ? [] : [[dimension, costOf({ dimension }, spent)]],
  );
  return { ...state, ...Object.fromEntries(named), ...(limits.tools === undefined ? {} : { tools: spent.tools ?? {} }) } as BudgetState;
}

type Step = Pick<Request, 'body' | 'perform'> | { readonly refused: SessionError } | undefined;

/** Takes one act on a day's root at its newest head, and again where others were faster. `step` says what there is to be done; nothing ends it. */
async function onDay(
  context: SessionContext,
  day: string,
  deadline: Deadline,
  step: (standing: Standing) => Step,
): Promise<Either<SessionError, void>> {
  const root = await openSession(context, day, deadline);
  if (isLeft(root)) return root;
  let newest: Standing | undefined = context.standings.get(day);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    if (newest === undefined) {
      const found = await newestStanding(context, root.right, deadline);
      if (isLeft(found)) return found;
      newest = found.right;
    }
    const next = step(newest);
    if (next === undefined) return right(undefined);
    if ('refused' in next) {
      // What is left may be more than this process knows of.
      const found: Either<SessionError, Standing> = await newestStanding(context, root.right, deadline);
      if (isLeft(found)) return found;
      if (found.right.seq === newest.seq) return left(next.refused);
      newest = found.right;
      continue;
    }
    const done = await actOn(context, { session: day, head: headText(headOf(newest)), ...next }, { work: deadline, storing: deadline });
    if (!isLeft(done)) return right(undefined);
    if (done.left._tag !== 'HeadMoved') return done;
    ({ newest } = done.left);
  }
  return left({
    _tag: 'DependencyFailed',
    service: 'day',
    operation: 'grant',
    reason: `${String(ATTEMPTS_MAX)} times another was faster; nothing was done`,
    effect: 'none',
  });
}

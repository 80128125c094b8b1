/**
 * A budget of a session that a guarded run outside takes and gives back: agents in any number of processes share one cap. docs/spec.md section 10.
 * Invariants: a grant is stored before the guard sends anything; its id binds the budget, so what comes back is never more than was taken; it comes
 * back once. A guard that dies leaves its grant spent. How much of it was used is the guard's word until its run directory is verified with the session.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Budget, Costs } from '../budget/budget';
import { SPEC_VERSION } from '../limits';
import { type GuardInputs, identify } from '../run/inputs';
import { actOn } from './act';
import { answerAbout, type SessionAnswer } from './answer';
import { type Deadlines, openSession, type SessionContext } from './context';
import type { SessionError } from './errors';
import { give } from './give';
import { chargedOf, costsGranted, guardHolder, missingProblems, within } from './grant';
import { isDay } from './inputs';
import { refundRow } from './rows';

/** What a guarded run is determined by, beside the session and its head. */
export interface GuardTerms {
  readonly name: string;
  readonly budget: Budget;
  readonly record: GuardInputs['record'];
  readonly prices_sha256: string;
}

export interface GuardGrantRequest extends GuardTerms {
  readonly session: string;
  /** On which the grant is made: the guard's inputs name it. */
  readonly head: string;
}

/** Inputs of the guarded run that holds the grant. */
export function grantedInputs({ session, head, name, budget, record, prices_sha256 }: GuardGrantRequest): GuardInputs {
  return {
    spec_version: SPEC_VERSION,
    mode: 'guard',
    name,
    budget,
    record,
    prices_sha256,
    parent: { run_id: session, head },
    invocation: null,
  };
}

function holderOf(request: GuardGrantRequest): { readonly child: string; readonly genesis: string } {
  const { runId, genesis } = identify(grantedInputs(request));
  return { child: guardHolder(runId), genesis };
}

/** Reserves the whole budget of a guard on the session. A refusal latches there, like that of a fork. */
export async function grantToGuard(
  context: SessionContext,
  request: GuardGrantRequest,
  deadlines: Deadlines,
): Promise<Either<SessionError, SessionAnswer>> {
  const { session, head, name, budget } = request;
  const opened = await openSession(context, session, deadlines.storing);
  if (isLeft(opened)) return opened;
  const missing = missingProblems(opened.right.inputs.budget, budget);
  if (missing.length > 0) return left({ _tag: 'InvalidSession', problems: missing });
  if (isDay(session)) return invalid('', 'a guard takes its budget from a session, not from a day');
  const { child, genesis } = holderOf(request);
  const outcome = await actOn(
    context,
    {
      session,
      head,
      body: { grant: child },
      perform: (episode, standing) => {
        const giver = { episode, inputs: opened.right.inputs, standing, nowMs: context.clock.nowMs() };
        return Promise.resolve(give(giver, { child, name, budget }, { child, name, budget }));
      },
    },
    deadlines,
  );
  if (isLeft(outcome)) return outcome;
  const { standing, stop, repeated } = outcome.right;
  const granted = stop === null ? { child: { session_id: child, head: genesis } } : {};
  return right(answerAbout(outcome.right.session, standing, { stop, repeated, ...granted }));
}

export interface GuardRefundRequest {
  readonly session: string;
  readonly head: string;
  readonly child: string;
  /** What was granted, and on which head. */
  readonly terms: GuardTerms & { readonly granted_at: string };
  /** The head of the sealed run. */
  readonly sealed: string;
  readonly spent: Costs;
}

/** Gives back what a guard did not use, once. */
export async function refundFromGuard(
  context: SessionContext,
  { session, head, child, terms: { granted_at: grantedAt, ...terms }, sealed, spent }: GuardRefundRequest,
  deadlines: Deadlines,
): Promise<Either<SessionError, SessionAnswer>> {
  if (holderOf({ session, head: grantedAt, ...terms }).child !== child) {
    return invalid('/guard', 'this is not what was granted to that guard');
  }
  const granted = costsGranted({ child, budget: terms.budget });
  const used = chargedOf(granted, spent);
  if (!within(used, granted)) return invalid('/guard/spent', 'is more than what was granted');
  const outcome = await actOn(
    context,
    {
      session,
      head,
      body: { reclaim: child, sealed, spent: { ...used } },
      perform: (episode, { children }) => {
        if (!children.includes(child)) return Promise.resolve({ impossible: NOTHING_OUT });
        episode.breaker.charge(granted, used);
        episode.append(refundRow({ child, head: sealed, granted, spent: used }));
        return Promise.resolve({ results: [], stop: null, children: children.filter((one) => one !== child) });
      },
    },
    deadlines,
  );
  if (isLeft(outcome)) return outcome;
  const { standing, stop, repeated } = outcome.right;
  return right(answerAbout(outcome.right.session, standing, { stop, repeated }));
}

const NOTHING_OUT: SessionError = {
  _tag: 'InvalidSession',
  problems: [{ pointer: '/child', message: 'holds nothing of this session: it was never granted, or was given back before' }],
};

function invalid(pointer: string, message: string): Either<SessionError, never> {
  return left({ _tag: 'InvalidSession', problems: [{ pointer, message }] });
}

/** Sessions as a list of who granted to whom: what each may spend, what it spent, and what its parent took back. Nothing is changed. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import type { Costs } from '../budget/budget';
import { headOf } from './answer';
import { newestStanding, openSession, type SessionContext } from './context';
import type { SessionError } from './errors';
import { chargedOf, grantCosts } from './grant';
import { headText } from './head';
import { isSessionId } from './inputs';

export interface SurveyedSession {
  readonly session_id: string;
  readonly name: string;
  readonly parent: string | null;
  readonly head: string;
  readonly step: number | null;
  readonly status: 'open' | 'sealed';
  readonly granted: Costs;
  readonly spent: Costs;
  /** What the parent took back; null where it has not. */
  readonly returned: Costs | null;
}

export interface Survey {
  readonly sessions: readonly SurveyedSession[];
  /** Those that cannot be shown, and why. */
  readonly unreadable: readonly { readonly session_id: string; readonly error: SessionError }[];
  /** The last one that was looked at; nothing where there was none. */
  readonly last: string | null;
  /** Whether there are more behind it. */
  readonly more: boolean;
}

/** At most `max` sessions behind `after`, in the order of their ids. A session whose beginning was not finished is left out. */
export async function surveySessions(
  context: SessionContext,
  after: string,
  max: number,
  deadline: Deadline,
): Promise<Either<CallFailure, Survey>> {
  const listed = await context.log.list(after, deadline)();
  if (isLeft(listed)) return listed;
  const ids = listed.right.sessions.filter(isSessionId);
  const sessions: SurveyedSession[] = [];
  const unreadable: { readonly session_id: string; readonly error: SessionError }[] = [];
  const shown = ids.slice(0, max);
  for (const id of shown) {
    const surveyed = await survey(context, id, deadline);
    if (!isLeft(surveyed)) sessions.push(surveyed.right);
    else if (surveyed.left._tag !== 'SessionNotFound') unreadable.push({ session_id: id, error: surveyed.left });
  }
  return right({ sessions, unreadable, last: shown.at(-1) ?? null, more: listed.right.more || ids.length > max });
}

async function survey(context: SessionContext, id: string, deadline: Deadline): Promise<Either<SessionError, SurveyedSession>> {
  const session = await openSession(context, id, deadline);
  if (isLeft(session)) return session;
  const standing = await newestStanding(context, session.right, deadline);
  if (isLeft(standing)) return standing;
  const { inputs } = session.right;
  const { cursor, sealed } = standing.right;
  const granted = grantCosts(inputs.budget);
  const spent = chargedOf(granted, cursor.spent);
  const parent = inputs.parent?.session_id ?? null;
  return right({
    session_id: id,
    name: inputs.name,
    parent,
    head: headText(headOf(standing.right)),
    step: cursor.world?.step ?? null,
    status: sealed ? 'sealed' : 'open',
    granted,
    spent,
    returned: sealed && parent !== null && (await tookBack(context, parent, id, deadline)) ? difference(granted, spent) : null,
  });
}

/** A sealed child that its parent no longer names was reclaimed. */
async function tookBack(context: SessionContext, parent: string, child: string, deadline: Deadline): Promise<boolean> {
  const session = await openSession(context, parent, deadline);
  if (isLeft(session)) return false;
  const standing = await newestStanding(context, session.right, deadline);
  return !isLeft(standing) && !standing.right.children.includes(child);
}

function difference({ tools, ...granted }: Costs, { tools: spentTools = {}, ...spent }: Costs): Costs {
  const minus = <K extends string>(from: Partial<Record<K, number>>, taken: Partial<Record<K, number>>): Record<string, number> =>
    Object.fromEntries((Object.keys(from) as K[]).map((key) => [key, (from[key] ?? 0) - (taken[key] ?? 0)]));
  return { ...minus(granted, spent), ...(tools === undefined ? {} : { tools: minus(tools, spentTools) }) };
}

/**
 * What a client may see and do. Invariant: on the agent plane there is one session, and no tool that could make another: an agent cannot
 * refill its budget, and every other session is to it as if it were not there.
 */
import { type Either, left, right } from 'fp-ts/Either';
import { isRecord } from '../../domain/codec/codec';
import type { ApiError } from '../http/contract/errors';
import { invalidRequest } from '../http/contract/problems';

/** `agent`: look and act. `control`: look, make, fork, close. */
export type Plane = 'agent' | 'control' | 'all';

export const PLANES: readonly Plane[] = ['agent', 'control', 'all'];

/** `session`: the one that a call is about which names none. */
export type Scope =
  { readonly plane: 'agent'; readonly session: string } | { readonly plane: 'control' | 'all'; readonly session?: string };

export type Arguments = Readonly<Record<string, unknown>>;

/** The session that a call is about, and the arguments without it. */
export function takeSession(
  scope: Scope,
  { session_id: given, ...rest }: Arguments,
): Either<ApiError, { readonly session: string; readonly rest: Arguments }> {
  const session = given ?? scope.session;
  if (session === undefined) return left(invalidRequest([{ pointer: '/session_id', message: 'a required field: the id of a session' }]));
  if (typeof session !== 'string') return left(invalidRequest([{ pointer: '/session_id', message: 'expected a string' }]));
  return isVisible(scope, session) ? right({ session, rest }) : left(noSession(session));
}

export function isVisible(scope: Scope, session: string): boolean {
  return scope.plane !== 'agent' || scope.session === session;
}

/** The words of a session that is not there, also for one that is not shown. */
export function noSession(session: string): ApiError {
  return { code: 'not_found', message: `no session ${session.slice(0, ID_CHARS_SHOWN).toWellFormed()}` };
}

const ID_CHARS_SHOWN = 100;

export function argumentsOf(value: unknown): Arguments {
  return isRecord(value) ? value : {};
}

/** How a failed request about a session is answered. Where the session is known, the answer says where it stands as well as what is wrong. */
import { isLeft } from 'fp-ts/Either';
import { assertNever, InvariantError } from '../../../domain/assert';
import { dependencyError } from '../../../domain/agent/stop';
import { answerAbout, headOf } from '../../../domain/session/answer';
import { openSession, type SessionContext } from '../../../domain/session/context';
import type { SessionError } from '../../../domain/session/errors';
import { headText } from '../../../domain/session/head';
import type { Deadline } from '../../../ports/clock';
import type { ApiError } from '../contract/errors';
import { invalidRequest } from '../contract/problems';
import type { SessionResponse } from '../contract/response';

/** What is wrong, as an error of the API. */
export function problemOf(error: SessionError): ApiError {
  switch (error._tag) {
    case 'SessionNotFound':
      return { code: 'not_found', message: `no session ${error.session}` };
    case 'HeadMoved': {
      const { interrupted, unrecorded } = error;
      const message =
        unrecorded !== undefined
          ? `${unrecorded} was made, and came back too late to be recorded: the session has it as charged, its effect unknown`
          : interrupted !== undefined
            ? `${interrupted.tool} was begun by a request that never came back: its effect is unknown, it stays charged, and nothing was done now`
            : 'the session has gone on from this head; nothing was done';
      return { code: 'head_moved', message, head: headText(headOf(error.newest)) };
    }
    case 'SessionBusy':
      return { code: 'session_busy', message: 'a request is at work outside; nothing was done', retry_after_ms: error.retryAfterMs };
    case 'SessionSealed':
      return { code: 'session_sealed', message: 'the session is sealed: nothing follows' };
    case 'DayRefused':
      return { ...error.error, scope: 'day' };
    case 'InvalidSession':
    case 'InvalidInput':
      return invalidRequest(error.problems);
    case 'InvalidRequest':
      return invalidRequest(error.problems.map((problem) => ({ ...problem, pointer: `/${error.document}${problem.pointer}` })));
    case 'DependencyFailed':
    case 'DeadlineExceeded':
      return dependencyError(error);
    case 'ArtifactConflict':
      return { code: 'artifact_conflict', message: 'other bytes are stored under this key', key: error.key };
    case 'SessionCorrupt': {
      const { session, file, row, pointer, expected, actual } = error;
      const message = `session ${session}, ${file}, row ${String(row)}, ${pointer}: expected ${expected}, found ${actual}`;
      return { code: 'dependency_failed', message, service: 'session log', operation: 'read', effect: 'none' };
    }
    case 'InvalidKey':
    case 'MarketUnreadable':
    case 'MarketBroken':
    case 'Interrupted':
    case 'NotFound':
    case 'AlreadyExists':
    case 'Unreadable':
    case 'Unwritable':
      throw new InvariantError(`a session in memory ended with ${error._tag}`);
    default:
      return assertNever(error);
  }
}

export function refused(error: ApiError): SessionResponse {
  return { ok: false, error };
}

export async function errorAnswer(sessions: SessionContext, error: SessionError, deadline: Deadline): Promise<SessionResponse> {
  const problem = problemOf(error);
  if (!('newest' in error)) return refused(problem);
  const session = await openSession(sessions, error.newest.session, deadline);
  return isLeft(session) ? refused(problem) : { ...answerAbout(session.right, error.newest), ok: false, error: problem };
}

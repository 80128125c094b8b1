/** `GET /play/sessions`: who granted to whom among the sessions of this server, for the page that draws it. */
import { isLeft } from 'fp-ts/Either';
import type { SessionContext } from '../../domain/session/context';
import { isSessionId } from '../../domain/session/inputs';
import { surveySessions } from '../../domain/session/survey';
import type { Deadline } from '../../ports/clock';
import { problemOf } from '../http/modes/session-errors';
import { SESSIONS_LISTED_MAX } from './limits';
import { jsonReply, type Reply, SERVICE_UNAVAILABLE } from './reply';

export interface SessionCatalog {
  readonly context: SessionContext;
  /** What one request gets. */
  readonly deadline: () => Deadline;
}

export async function listSessions({ context, deadline }: SessionCatalog, after: string, note: (what: string) => void): Promise<Reply> {
  if (after !== '' && !isSessionId(after)) {
    const message = 'after: expected the id of a session, as "last" of the page before';
    return jsonReply(400, { ok: false, error: { code: 'invalid_request', message } });
  }
  const surveyed = await surveySessions(context, after, SESSIONS_LISTED_MAX, deadline());
  if (isLeft(surveyed)) {
    note(`the sessions cannot be listed: ${JSON.stringify(surveyed.left)}`);
    return SERVICE_UNAVAILABLE;
  }
  const { sessions, unreadable, last, more } = surveyed.right;
  const problems = unreadable.map(({ session_id, error }) => ({ session_id, why: problemOf(error).message }));
  return jsonReply(200, { sessions, unreadable: problems, last, more });
}

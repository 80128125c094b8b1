/** A session as an API tells it: each document and each segment by a request of its own. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { SessionError } from '../../../domain/session/errors';
import type { SessionSource } from '../../../domain/session/pull';
import type { ApiAnswer } from './api-client';

/** `get`: one request, or a sentence on why no answer came. */
export function sessionSource(get: (path: string) => Promise<Either<string, ApiAnswer>>): SessionSource {
  async function fetched(path: string): Promise<Either<SessionError, string | undefined>> {
    const failed = (reason: string): Either<SessionError, never> =>
      left({ _tag: 'DependencyFailed', service: 'api', operation: `GET ${path}`, reason, effect: 'none' });
    const answer = await get(path);
    if (isLeft(answer)) return failed(answer.left);
    const { status, bytes } = answer.right;
    if (status === 404) return right(undefined);
    const text = Buffer.from(bytes).toString('utf8');
    return status === 200 ? right(text) : failed(`it answers ${String(status)}: ${text.slice(0, 300)}`);
  }
  return {
    document: (session, file) => fetched(`${sessionPath(session)}/inputs/${file}`),
    segment: (session, seq) => fetched(`${sessionPath(session)}/segments/${String(seq)}`),
    receipt: (session, seq) => fetched(`${sessionPath(session)}/receipts/${String(seq)}`),
  };
}

export function sessionPath(id: string): string {
  return `/sessions/${encodeURIComponent(id)}`;
}

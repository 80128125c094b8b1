/** Session logs held by this process: for tests, for the library, and for sessions that nobody will ask for later. */
import { type Either, left, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import type { DeadlineExceeded } from '../../ports/dependency';
import type { SessionLog } from '../../ports/session-log';
import { pageOf, segmentPath } from '../session-key';
import { isOver } from './clock';

export function makeInProcessSessionLog(): SessionLog {
  const sessions = new Map<string, Uint8Array[]>();
  return {
    location: 'in process',
    create: (key, bytes, deadline) => () =>
      inTime('create', deadline, () => {
        // The grammar of keys is the same for every store.
        segmentPath(key);
        const segments = sessions.get(key.session) ?? [];
        if (key.seq < segments.length) return right('taken' as const);
        // Copied in and out: what the caller does to its bytes later does not reach the segment.
        segments[key.seq] = bytes.slice();
        sessions.set(key.session, segments);
        return right('created' as const);
      }),
    read: (key, deadline) => () =>
      inTime('read', deadline, () => {
        const bytes = sessions.get(key.session)?.[key.seq];
        return bytes === undefined ? left({ _tag: 'SegmentNotFound', session: key.session } as const) : right(bytes.slice());
      }),
    newest: (session, _known, deadline) => () =>
      inTime('newest', deadline, () => {
        const count = sessions.get(session)?.length ?? 0;
        return count === 0 ? left({ _tag: 'SegmentNotFound', session } as const) : right(count - 1);
      }),
    list: (after, deadline) => () => inTime('list', deadline, () => right(pageOf([...sessions.keys()], after))),
  };
}

async function inTime<E, A>(operation: string, deadline: Deadline, act: () => Either<E, A>): Promise<Either<E | DeadlineExceeded, A>> {
  return Promise.resolve().then(() =>
    isOver(deadline) ? left({ _tag: 'DeadlineExceeded', service: 'in process', operation, effect: 'none' } as const) : act(),
  );
}

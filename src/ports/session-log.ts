/**
 * The log of a session: segments numbered from 0 without a gap, each created once and never changed. Whoever creates the next segment has
 * won; that one create is all that orders the writers of a session, in one process or in many.
 */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Deadline } from './clock';
import type { CallFailure } from './dependency';

/** One segment of one session. Session ids are 32 hex digits or `day-YYYY-MM-DD`; anything else is a bug of the caller. */
export interface SegmentKey {
  readonly session: string;
  readonly seq: number;
}

export interface SegmentNotFound {
  readonly _tag: 'SegmentNotFound';
  readonly session: string;
}

/**
 * `taken`: the segment is there, and is not what was sent now. `contended`: somebody else is writing it at this moment and may still give up.
 * Nothing of ours was written in either case.
 */
export type CreateOutcome = 'created' | 'taken' | 'contended';

export interface SessionPage {
  readonly sessions: readonly string[];
  /** Whether there may be more behind the last one. */
  readonly more: boolean;
}

export interface SessionLog {
  /** Where the sessions are, for messages: a directory, `s3://bucket/prefix`, `in process`. */
  readonly location: string;

  /**
   * Creates a segment if it is absent. Atomic: a reader, or a crash, meets the whole segment or none; of concurrent creates of one segment
   * exactly one is `created`. `created` means durable. Never sent twice: after a failure whose effect is `unknown` the segment may be there,
   * and reading it tells. Cost: one request.
   */
  readonly create: (key: SegmentKey, bytes: Uint8Array, deadline: Deadline) => TaskEither<CallFailure, CreateOutcome>;

  /** The bytes that were created, read after write. Cost: one request. */
  readonly read: (key: SegmentKey, deadline: Deadline) => TaskEither<SegmentNotFound | CallFailure, Uint8Array>;

  /**
   * The number of the newest segment. `known` is one that is known to exist, or -1. Reads after write. Cost: one request when at most 1,000
   * segments are newer than `known`, else a request for each doubling of their number, twice.
   */
  readonly newest: (session: string, known: number, deadline: Deadline) => TaskEither<SegmentNotFound | CallFailure, number>;

  /**
   * Ids of sessions behind `after` (empty: from the first) in code unit order, at most 1,000, those whose first segment is missing
   * included. Cost: one request.
   */
  readonly list: (after: string, deadline: Deadline) => TaskEither<CallFailure, SessionPage>;
}

/** Where the segments of a session are, the same in every store: `sessions/<id>/segments/<seq, 8 digits>.jsonl`. */
import { assert } from '../domain/assert';
import type { SegmentKey, SessionPage } from '../ports/session-log';

export const SESSIONS_FOLDER = 'sessions/';

/** Eight digits: a session that acts once a second fills them in three years. */
export const SEGMENT_SEQ_MAX = 99_999_999;

const SEQ_DIGITS = 8;
const SESSION = /^(?:[0-9a-f]{32}|day-\d{4}-\d{2}-\d{2})$/;
const SEGMENT = /^(\d{8})\.jsonl$/;

export function segmentsFolder(session: string): string {
  assert(SESSION.test(session), 'a session id is 32 hex digits or names a day');
  return `${SESSIONS_FOLDER}${session}/segments/`;
}

export function segmentFile(seq: number): string {
  assert(Number.isSafeInteger(seq) && seq >= 0 && seq <= SEGMENT_SEQ_MAX, 'a segment has a number of eight digits');
  return `${String(seq).padStart(SEQ_DIGITS, '0')}.jsonl`;
}

export function segmentPath({ session, seq }: SegmentKey): string {
  return segmentsFolder(session) + segmentFile(seq);
}

/** The number that a file name stands for; nothing where it is no segment. */
export function seqOfFile(name: string): number | undefined {
  const digits = SEGMENT.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Ids that one answer holds, and one request to S3 brings. */
const SESSIONS_PAGE_MAX = 1_000;

/** The ids behind one of them, as many as a page holds. */
export function pageOf(ids: readonly string[], after: string): SessionPage {
  const rest = ids.filter((id) => id > after).sort();
  return { sessions: rest.slice(0, SESSIONS_PAGE_MAX), more: rest.length > SESSIONS_PAGE_MAX };
}

/**
 * The last number for which `exists` holds, given that it holds for `low` and up to some number, and for none after it. Asks twice for each
 * doubling of the distance, so a hint that is stale by n costs 2 log2(n).
 */
export async function lastSeq(low: number, exists: (seq: number) => Promise<boolean>): Promise<number> {
  let known = low;
  let step = 1;
  while (known + step <= SEGMENT_SEQ_MAX && (await exists(known + step))) {
    known += step;
    step *= 2;
  }
  let missing = Math.min(known + step, SEGMENT_SEQ_MAX + 1);
  while (missing - known > 1) {
    const middle = known + Math.floor((missing - known) / 2);
    if (await exists(middle)) known = middle;
    else missing = middle;
  }
  return known;
}

/**
 * Fetches the receipts of segments into the directories of a session that was pulled. They are asked for one by one, so first the newest, then
 * the one of segment 0: where neither is there, nothing was signed as it went.
 */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { StoreError } from '../../ports/run-files';
import { claimOf } from '../receipt/receipt';
import type { SegmentsSigned } from '../receipt/statement';
import type { SessionError } from './errors';
import type { PulledSession, SessionSource } from './pull';

/** `path`: ids from the session that was asked for down to the one that the receipt is about. */
export type PutReceipt = (path: readonly string[], seq: number, text: string) => Promise<Either<StoreError, void>>;

/** How many there were. */
export async function pullReceipts(
  { receipt }: Pick<SessionSource, 'receipt'>,
  { session, segments, children }: PulledSession,
  put: PutReceipt,
  above: readonly string[] = [],
): Promise<Either<SessionError, number>> {
  if (receipt === undefined) return right(0);
  const path = [...above, session];
  let pulled = 0;

  async function fetched(seq: number): Promise<Either<SessionError, SegmentsSigned | undefined>> {
    const text = await receipt?.(session, seq);
    if (text === undefined || isLeft(text)) return text ?? right(undefined);
    if (text.right === undefined) return right(undefined);
    const written = await put(path, seq, text.right);
    if (isLeft(written)) return written;
    pulled += 1;
    return right(signsOf(text.right));
  }

  const newest = await fetched(segments - 1);
  if (isLeft(newest)) return newest;
  const first = newest.right === undefined && segments > 1 ? await fetched(0) : right(undefined);
  if (isLeft(first)) return first;
  if (newest.right === 'each' || first.right === 'each') {
    // What was fetched first is not fetched again.
    for (let seq = first.right === 'each' ? 1 : 0; seq < segments - 1; seq += 1) {
      const one = await fetched(seq);
      if (isLeft(one)) return one;
    }
  }
  for (const child of children) {
    const below = await pullReceipts({ receipt }, child, put, path);
    if (isLeft(below)) return below;
    pulled += below.right;
  }
  return right(pulled);
}

/** What it says of itself: enough to ask for the others. */
function signsOf(text: string): SegmentsSigned {
  const claim = claimOf(text);
  return isLeft(claim) ? 'seal' : (claim.right.attested.signs ?? 'seal');
}

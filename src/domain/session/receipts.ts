/** Receipts of segments: what one says of a session, and when one is issued. */
import type { Deadline } from '../../ports/clock';
import type { SegmentFacts } from '../receipt/statement';
import { type ReceiptNote, type Receipts, segmentName } from '../run/receipts';
import { sha256Hex } from '../hash';
import { isDay } from './inputs';
import type { OpenSession, Standing } from './replay';

/** `text`: the segment, after which the session stands so. */
export function segmentFacts({ inputs, identity }: OpenSession, { seq, cursor, sealed }: Standing, text: string): SegmentFacts {
  return {
    files: { [`segments/${segmentName(seq)}.jsonl`]: sha256Hex(text) },
    session_id: identity.runId,
    seq,
    status: sealed ? 'sealed' : 'open',
    head_hash: cursor.tapeHead,
    budget: inputs.budget,
    budget_state: cursor.spent,
    inputs: inputs,
  };
}

/** Signs a segment that is in the log, if it is to be signed. `text`: the segment, after which the session stands so. */
export type SignSegment = (session: OpenSession, standing: Standing, text: string, deadline: Deadline) => Promise<ReceiptNote | undefined>;

/** The root of a day is not signed: it acts for everybody, and for nobody. */
export function makeSignSegment(receipts: Promise<Receipts> | undefined): SignSegment | undefined {
  if (receipts === undefined) return undefined;
  return async (session, standing, text, deadline) => {
    if (isDay(session.identity.runId)) return undefined;
    const { segments, ofSegment } = await receipts;
    return segments === 'each' || standing.sealed ? ofSegment(segmentFacts(session, standing, text), deadline) : undefined;
  };
}

/** Receipts of segments, held against the segments as a proof comes by them. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { StoreError } from '../../ports/run-files';
import { checkReceipt, type Claim, claimOf, type ReceiptFault, type TrustedKey } from '../receipt/receipt';
import { segmentReceiptFile } from '../run/receipts';
import { type ReceiptFolder, receiptSeq } from './listing';
import { segmentFacts } from './receipts';
import type { OpenSession, Standing } from './replay';

/** What there is of one session. */
export interface SegmentReceipts {
  /** Segments with a receipt; where keys were given, with one that holds. */
  readonly signed: number;
  /** Whether the newest segment is one of them: then it stands for all before it. */
  readonly newest: boolean;
  /** The first segment without one although its signer says that each has one, and the number of those. */
  readonly gaps: { readonly first: number; readonly count: number } | undefined;
  /** The last one, as it speaks of itself. */
  readonly last: Claim | undefined;
  /** The first that does not hold. */
  readonly fault: { readonly file: string; readonly fault: ReceiptFault } | undefined;
}

export interface SegmentReceiptCheck {
  /** The next segment, and where the session stands behind it. */
  readonly push: (session: OpenSession, standing: Standing, text: string) => Promise<Either<StoreError, void>>;
  readonly found: () => SegmentReceipts;
}

/** Without keys nothing is checked, and what is there is told. */
export async function openSegmentReceipts(
  folder: ReceiptFolder | undefined,
  trusted: readonly TrustedKey[],
): Promise<Either<StoreError, SegmentReceiptCheck>> {
  const entries = folder === undefined ? right([]) : await folder.entries();
  if (isLeft(entries)) return entries;
  const there = new Set(entries.right.flatMap((entry) => receiptSeq(entry) ?? []));
  let [signed, missing, each, newest] = [0, 0, false, false];
  let firstMissing: number | undefined;
  let last: SegmentReceipts['last'];
  let fault: SegmentReceipts['fault'];

  return right({
    push: async (session, standing, text) => {
      const { seq } = standing;
      newest = folder !== undefined && there.has(seq);
      if (!newest) {
        firstMissing ??= seq;
        missing += 1;
        return right(undefined);
      }
      const receipt = await folder?.read(seq);
      if (receipt === undefined || isLeft(receipt)) return receipt ?? right(undefined);
      const facts = segmentFacts(session, standing, text);
      const held = trusted.length === 0 ? claimOf(receipt.right) : checkReceipt(receipt.right, facts, trusted);
      if (isLeft(held)) fault ??= { file: segmentReceiptFile(seq), fault: held.left };
      else {
        last = held.right;
        signed += 1;
        each ||= held.right.attested.signs === 'each';
      }
      return right(undefined);
    },
    found: () => ({
      signed,
      newest,
      gaps: each && firstMissing !== undefined ? { first: firstMissing, count: missing } : undefined,
      last,
      fault,
    }),
  });
}

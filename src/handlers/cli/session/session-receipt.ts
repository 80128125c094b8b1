/**
 * What the receipts of a session that was pulled come to: one over all files of it and of those below it, or those of segments, of which the newest
 * stands for all before it. Invariant: one that does not hold is never passed over.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { join } from 'node:path';
import { describeReceiptFault } from '../../../domain/receipt/receipt';
import { segmentReceiptFile } from '../../../domain/run/receipts';
import type { RunTree } from '../../../domain/run/run-facts';
import { CHILDREN } from '../../../domain/session/listing';
import type { ProvenSession } from '../../../domain/session/prove';
import type { StoreError } from '../../../ports/run-files';
import type { Verifier } from '../../../ports/signer';
import { pulledSession } from '../../compose-sessions';
import { fails, type ReceiptStatus, receiptStatus } from '../shared/receipt-status';
import { counted } from '../shared/words';

/** A session and those below it, as one receipt speaks of them. */
export function sessionTree(directory: string, { children }: Pick<ProvenSession, 'children'>): RunTree {
  return {
    reader: pulledSession(directory, { allowExtra: true }).reader,
    below: children.map((child) => {
      const folder = `${CHILDREN}/${child.session}`;
      return { folder, tree: sessionTree(join(directory, folder), child) };
    }),
  };
}

export function allSealed({ sealed, children }: ProvenSession): boolean {
  return sealed && children.every(allSealed);
}

export async function sessionReceipt(
  directory: string,
  proven: ProvenSession,
  verifiers: readonly Verifier[],
  requireReceipt: boolean,
): Promise<Either<StoreError, ReceiptStatus>> {
  const all = sessionsOf(proven, '');
  const checked = verifiers.length > 0;
  const fault = all.flatMap(({ at, session }) => {
    const { fault: found } = session.receipts;
    return found === undefined ? [] : [fails(found.fault._tag, describeReceiptFault(found.fault, `${at}${found.file}`))];
  })[0];
  if (checked && fault !== undefined) return right(fault);
  // A receipt over all files needs the sealed whole.
  const whole: Either<StoreError, ReceiptStatus> = allSealed(proven)
    ? await receiptStatus(directory, sessionTree(directory, proven), verifiers, { requireReceipt: false })
    : right({ _tag: 'None' });
  if (isLeft(whole)) return whole;
  if (whole.right._tag !== 'None') {
    return right(whole.right._tag === 'Unchecked' && requireReceipt ? NO_KEY : whole.right);
  }
  const segments = ofSegments(all);
  if (segments === undefined && fault === undefined) return right(requireReceipt ? missing(all) : { _tag: 'None' });
  if (!checked) {
    if (requireReceipt) return right(NO_KEY);
    return right(
      segments === undefined
        ? { _tag: 'Unchecked', claim: left(fault?.reason ?? '') }
        : { _tag: 'Unchecked', claim: right(segments), note: segments.note },
    );
  }
  const lacks = requireReceipt ? missing(all) : undefined;
  if (lacks?._tag === 'Fails') return right(lacks);
  return right(segments === undefined ? { _tag: 'None' } : { _tag: 'Holds', ...segments });
}

const NO_KEY = fails(
  'UntrustedKey',
  'a receipt is required, and without a key none can be checked: --key names the public key of the signer',
);

interface Placed {
  /** Empty, or the folder of a child, with a slash behind it. */
  readonly at: string;
  readonly session: ProvenSession;
}

function sessionsOf(session: ProvenSession, at: string): readonly Placed[] {
  return [{ at, session }, ...session.children.flatMap((child) => sessionsOf(child, `${at}${CHILDREN}/${child.session}/`))];
}

/** Who signed last, and of how many segments; nothing where none has a receipt. */
function ofSegments(all: readonly Placed[]): (NonNullable<ProvenSession['receipts']['last']> & { readonly note: string }) | undefined {
  const last = all.find(({ session }) => session.receipts.last !== undefined)?.session.receipts.last;
  if (last === undefined) return undefined;
  const signed = all.reduce((sum, { session }) => sum + session.receipts.signed, 0);
  const segments = all.reduce((sum, { session }) => sum + session.segments, 0);
  const unsigned = lacking(all);
  const note = `${String(signed)} of ${counted(segments, 'segment')} signed${unsigned === undefined ? '' : `; ${unsigned}`}`;
  return { ...last, note };
}

/** What a reader has to have: the newest segment of each session, and each of those that are said to be signed one by one. */
function lacking(all: readonly Placed[]): string | undefined {
  for (const { at, session } of all) {
    const { newest, gaps } = session.receipts;
    if (!newest) {
      const file = `${at}${segmentReceiptFile(session.segments - 1)}`;
      return `there is no ${file}: the newest segment of session ${session.session} is not signed`;
    }
    if (gaps !== undefined) {
      const others = gaps.count === 1 ? '' : `, nor ${String(gaps.count - 1)} more`;
      return `there is no ${at}${segmentReceiptFile(gaps.first)}${others}, and its signer signs each segment`;
    }
  }
  return undefined;
}

function missing(all: readonly Placed[]): ReceiptStatus {
  const why = lacking(all);
  return why === undefined ? { _tag: 'None' } : fails('ReceiptMissing', `there is no receipt.json, and one was required; ${why}`);
}

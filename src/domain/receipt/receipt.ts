/**
 * Receipts: who says that a run happened, with which program, when. A tape proves that a run is consistent with itself; a receipt ties it to
 * a key. docs/spec.md section 11.
 * Invariant: a receipt is accepted only if every byte of its statement is what the run beside it leads to and a trusted key signed it.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { bytesEqual } from '../bytes';
import type { Json } from '../canonical/canonical';
import { decodeEnvelope, parsed } from './envelope';
import {
  type Attested,
  attestedOf,
  RECEIPT_FILE,
  type ReceiptFacts,
  signedBytes,
  type StatementDifference,
  statementDifference,
  statementText,
} from './statement';

/** A public key that the reader trusts; what a `Verifier` is. */
export interface TrustedKey {
  readonly keyId: string;
  readonly verify: (bytes: Uint8Array, signature: Uint8Array) => boolean;
}

/** Why a receipt does not hold, for a person; `pointer` is into the statement where the fault is there. */
export type ReceiptFault =
  | { readonly _tag: 'Malformed'; readonly reason: string }
  /** None of the signatures is of a key that the reader trusts. */
  | { readonly _tag: 'UntrustedKey'; readonly keyIds: readonly string[] }
  | { readonly _tag: 'BadSignature'; readonly keyId: string }
  /** Signed, and about something else than the run beside it. */
  | ({ readonly _tag: 'OtherRun' } & StatementDifference);

/** Who signed, and what they say: of a receipt that was checked, the trusted keys whose signature holds. */
export interface Claim {
  readonly keyIds: readonly string[];
  readonly attested: Attested;
}

/** Checks the text of a receipt against the run, or the segment, beside it and the keys that the reader trusts. Every trusted key that signed must hold. */
export function checkReceipt(text: string, facts: ReceiptFacts, trusted: readonly TrustedKey[]): Either<ReceiptFault, Claim> {
  const envelope = decodeEnvelope(text);
  if (isLeft(envelope)) return left({ _tag: 'Malformed', reason: envelope.left });
  const { payload, signatures } = envelope.right;
  const signed = signedBytes(payload);
  const keyIds: string[] = [];
  for (const { keyid, sig } of signatures) {
    const verifier = trusted.find((candidate) => candidate.keyId === keyid);
    if (verifier === undefined) continue;
    if (!verifier.verify(signed, sig)) return left({ _tag: 'BadSignature', keyId: keyid });
    keyIds.push(keyid);
  }
  if (keyIds.length === 0) return left({ _tag: 'UntrustedKey', keyIds: signatures.map(({ keyid }) => keyid) });

  const statement = parsed(new TextDecoder('utf-8').decode(payload));
  const attested = attestedOf(statement);
  if (isLeft(attested)) return left({ _tag: 'Malformed', reason: attested.left });
  const { key_id: namedKey } = attested.right;
  if (!signatures.some(({ keyid }) => keyid === namedKey))
    return left({ _tag: 'Malformed', reason: `/predicate/key_id: ${namedKey} did not sign` });
  const expected = statementText(facts, attested.right);
  // The expected text is canonical, so equal bytes are all there is to compare; what differs is looked for only to be told.
  if (bytesEqual(new TextEncoder().encode(expected), payload)) return right({ keyIds, attested: attested.right });
  const difference = statementDifference(JSON.parse(expected) as Json, statement);
  return left(
    difference === undefined ? { _tag: 'Malformed', reason: 'the statement is not canonical JSON' } : { _tag: 'OtherRun', ...difference },
  );
}

/** What a receipt says of itself. Nothing of it is checked. */
export function claimOf(text: string): Either<ReceiptFault, Claim> {
  const envelope = decodeEnvelope(text);
  if (isLeft(envelope)) return left({ _tag: 'Malformed', reason: envelope.left });
  const { payload, signatures } = envelope.right;
  const attested = attestedOf(parsed(new TextDecoder('utf-8').decode(payload)));
  if (isLeft(attested)) return left({ _tag: 'Malformed', reason: attested.left });
  return right({ keyIds: signatures.map(({ keyid }) => keyid), attested: attested.right });
}

/** One line that says what is wrong and what to do. `file`: where the receipt stands. */
export function describeReceiptFault(fault: ReceiptFault, file = RECEIPT_FILE): string {
  switch (fault._tag) {
    case 'Malformed':
      return `${file} is no receipt: ${fault.reason}`;
    case 'UntrustedKey':
      return `${file} is signed by ${fault.keyIds.join(', ')}, and none of these is a key that was given; give the signer's public key if you trust it`;
    case 'BadSignature':
      return `the signature of key ${fault.keyId} does not fit what ${file} says: it was changed, or signed by another key`;
    case 'OtherRun':
      return `${file} is about another run: ${fault.pointer} is ${fault.actual} there and ${fault.expected} here`;
  }
}

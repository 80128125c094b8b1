/** Signs the statement about a finished run, or a segment of a session. Nothing is read: what is stated is handed in. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import type { Signer } from '../../ports/signer';
import { envelopeText } from '../receipt/envelope';
import { signedBytes } from '../receipt/statement';
import { type Attested, type ReceiptFacts, statementText } from '../receipt/statement';

export interface IssuedReceipt {
  /** Of `receipt.json`. */
  readonly text: string;
  readonly keyId: string;
}

/** One signature. */
export async function issueReceipt(
  facts: ReceiptFacts,
  attested: Omit<Attested, 'key_id'>,
  signer: Signer,
  deadline: Deadline,
): Promise<Either<CallFailure, IssuedReceipt>> {
  const key = await signer.keyId(deadline)();
  if (isLeft(key)) return key;
  const payload = new TextEncoder().encode(statementText(facts, { ...attested, key_id: key.right }));
  const signature = await signer.sign(signedBytes(payload), deadline)();
  if (isLeft(signature)) return signature;
  const { keyId, bytes } = signature.right;
  return right({ text: envelopeText({ payload, signatures: [{ keyid: keyId, sig: bytes }] }), keyId });
}

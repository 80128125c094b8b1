/** Signs the statement about a finished run. The run is not read again: what it says of itself is handed in. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import type { Signer } from '../../ports/signer';
import { envelopeText, signedBytes } from '../receipt/envelope';
import { type Attested, type RunFacts, statementText } from '../receipt/receipt';

/** The text of `receipt.json`. One call of the signer. */
export async function issueReceipt(
  facts: RunFacts,
  attested: Attested,
  signer: Signer,
  deadline: Deadline,
): Promise<Either<CallFailure, string>> {
  const payload = new TextEncoder().encode(statementText(facts, attested));
  const signature = await signer.sign(signedBytes(payload), deadline)();
  if (isLeft(signature)) return signature;
  return right(envelopeText({ payload, signatures: [{ keyid: signature.right.keyId, sig: signature.right.bytes }] }));
}

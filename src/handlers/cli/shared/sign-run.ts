/** Signs a run that is known to hold: reads what it says of itself, has it signed, and puts the receipt beside it. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { issueReceipt } from '../../../domain/run/issue-receipt';
import { readRunFacts, type RunTree } from '../../../domain/run/run-facts';
import type { Signer } from '../../../ports/signer';
import { signing } from '../../compose-signing';
import { EXIT } from './exit-codes';
import { local } from '../../compose';
import type { Io } from './io';
import { type Failure, interruptedFailure, storeFailure } from './failure';

export async function readSigner(path: string): Promise<Either<Failure, Signer>> {
  const text = await signing.readText(path)();
  if (isLeft(text)) return left(storeFailure(text.left));
  const signer = signing.signerOf(text.right);
  return isLeft(signer) ? left({ exit: EXIT.badInput, code: 'invalid_key', messages: [`${path}: ${signer.left}`] }) : signer;
}

export interface Signed {
  readonly keyIds: readonly string[];
  readonly signedAt: string;
}

/** After `run.json`: a crash in between leaves a whole run that nobody signed, which `ewm sign` signs. */
export async function signRun(directory: string, tree: RunTree, signer: Signer, force: boolean): Promise<Either<Failure, Signed>> {
  const facts = await readRunFacts(tree);
  if (isLeft(facts)) {
    const { left: error } = facts;
    return left(
      error._tag === 'NoFacts'
        ? { exit: EXIT.notProven, code: 'not_a_run', messages: [`${directory}: ${error.reason}`] }
        : storeFailure(error),
    );
  }
  const attested = await signing.attested();
  const receipt = await issueReceipt(facts.right, attested, signer, signing.noDeadline);
  if (isLeft(receipt)) {
    const reason = receipt.left._tag === 'DependencyFailed' ? receipt.left.reason : 'the time ran out';
    return left({ exit: EXIT.cannotWrite, code: 'not_signed', messages: [`${directory}: not signed: ${reason}; ewm sign signs it later`] });
  }
  const written = await signing.writeReceipt(directory, receipt.right.text, force)();
  if (isLeft(written)) return left(written.left._tag === 'Interrupted' ? interruptedFailure(0, directory) : storeFailure(written.left));
  return right({ keyIds: [receipt.right.keyId], signedAt: attested.signed_at });
}

/** Signs what a command has just written, where it was asked to; answers why it could not. */
export async function signFinished(directory: string, signer: Signer | undefined, io: Io): Promise<Failure | undefined> {
  if (signer === undefined) return undefined;
  // The commit took away the receipt of a run that was replaced, so there is none.
  const signed = await signRun(directory, { reader: local.readRun(directory), below: [] }, signer, false);
  if (isLeft(signed)) return signed.left;
  await io.stderr.write(`ewm: ${signedText(directory, signed.right)}\n`);
  return undefined;
}

export function signedText(directory: string, { keyIds, signedAt }: Signed): string {
  return `${directory}: signed by ${keyIds.join(', ')} at ${signedAt}`;
}

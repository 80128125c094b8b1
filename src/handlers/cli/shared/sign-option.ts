/** `--sign` of the commands that serve: a private key, and which segments of a session it signs. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { LocalSigning } from '../../compose-signing';
import { type Failure, usageFailure } from './failure';
import { readSigner } from './sign-run';

export interface SignFlags {
  readonly sign?: string;
  readonly signSegments?: boolean;
}

/** Nothing where nothing is to be signed. */
export async function localSigning({ sign, signSegments = false }: SignFlags): Promise<Either<Failure, LocalSigning | undefined>> {
  if (sign === undefined) {
    return signSegments ? left(usageFailure('--sign-segments says what --sign signs: give a private key with it')) : right(undefined);
  }
  const signer = await readSigner(sign);
  return isLeft(signer) ? signer : right({ signer: signer.right, segments: signSegments ? 'each' : 'seal' });
}

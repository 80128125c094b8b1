/** A signer and its verifier in process, with a key of its own: for tests and for the library. */
import { isLeft } from 'fp-ts/Either';
import { assert } from '../../domain/assert';
import type { Signer, Verifier } from '../../ports/signer';
import { generateKeyPair, signerOf, verifierOf } from '../keys/key-file';

export function makeInProcessSigner(): { readonly signer: Signer; readonly verifier: Verifier; readonly publicPem: string } {
  const pair = generateKeyPair();
  const signer = signerOf(pair.privatePem);
  const verifier = verifierOf(pair.publicPem);
  assert(!isLeft(signer) && !isLeft(verifier), 'a key that was made here can be read');
  return { signer: signer.right, verifier: verifier.right, publicPem: pair.publicPem };
}

/** Signing keys as PEM: PKCS #8 for the private one, SubjectPublicKeyInfo for the public one. `node:crypto` alone. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { type Either, left, right } from 'fp-ts/Either';
import type { Signature, SignatureAlgorithm, Signer, Verifier } from '../../ports/signer';

export interface KeyPair {
  readonly privatePem: string;
  readonly publicPem: string;
  readonly keyId: string;
}

/** A new key. P-256 is what AWS KMS signs statements of any length with, too. */
export function generateKeyPair(algorithm: SignatureAlgorithm = 'ecdsa-p256-sha256'): KeyPair {
  const { privateKey, publicKey } =
    algorithm === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    keyId: keyIdOf(publicKey),
  };
}

/** A signer from a private key in PEM; the left says why the text is no key that can sign here. */
export function signerOf(privatePem: string): Either<string, Signer> {
  let key: KeyObject;
  try {
    key = createPrivateKey(privatePem);
  } catch {
    return left('no private key in PEM (PKCS #8, not encrypted); `ewm keygen` makes one');
  }
  const algorithm = algorithmOf(key);
  if (algorithm === undefined) return left(UNSUPPORTED);
  const keyId = keyIdOf(createPublicKey(key));
  const signed = (bytes: Uint8Array): Signature => ({ keyId, algorithm, bytes: sign(digestOf(algorithm), bytes, key) });
  return right({
    keyId: () => () => Promise.resolve(right(keyId)),
    sign: (bytes) => () => Promise.resolve(right(signed(bytes))),
  });
}

/** A verifier from a public key in PEM. A private key is refused: nobody should hand one to those who check. */
export function verifierOf(publicPem: string): Either<string, Verifier> {
  if (publicPem.includes('PRIVATE KEY')) return left('a private key: give its public half, the .pub.pem beside it');
  let key: KeyObject;
  try {
    key = createPublicKey(publicPem);
  } catch {
    return left('no public key in PEM; `ewm keygen` writes one beside the private key');
  }
  const algorithm = algorithmOf(key);
  return algorithm === undefined ? left(UNSUPPORTED) : right(makeVerifier(key, algorithm));
}

export interface PublicHalf {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
}

/** What a public key is, from SubjectPublicKeyInfo as DER, as AWS KMS answers it; nothing for a key of another kind. */
export function publicHalfOfDer(spki: Uint8Array): PublicHalf | undefined {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  const algorithm = algorithmOf(key);
  return algorithm === undefined ? undefined : { keyId: keyIdOf(key), algorithm };
}

const UNSUPPORTED = 'a key of another kind: receipts are signed with P-256 (prime256v1) or Ed25519';

function makeVerifier(key: KeyObject, algorithm: SignatureAlgorithm): Verifier {
  return {
    keyId: keyIdOf(key),
    algorithm,
    verify: (bytes, signature) => {
      try {
        return verify(digestOf(algorithm), bytes, key, signature);
      } catch {
        // Bytes that are no signature at all.
        return false;
      }
    },
  };
}

/** Ed25519 hashes by itself. */
function digestOf(algorithm: SignatureAlgorithm): 'sha256' | null {
  return algorithm === 'ed25519' ? null : 'sha256';
}

function algorithmOf(key: KeyObject): SignatureAlgorithm | undefined {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ecdsa-p256-sha256' : undefined;
}

function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

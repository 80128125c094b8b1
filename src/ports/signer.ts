/** Signatures over bytes: who signed is a key id, the SHA-256 of the public key as DER (SubjectPublicKeyInfo), in hex. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Deadline } from './clock';
import type { CallFailure } from './dependency';

export type SignatureAlgorithm =
  /** ECDSA over P-256 of the SHA-256 of the bytes; the signature is DER, as `openssl dgst -sha256 -verify` takes it. */
  | 'ecdsa-p256-sha256'
  /** Ed25519 of the bytes themselves; the signature is 64 bytes. */
  | 'ed25519';

export interface Signature {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  readonly bytes: Uint8Array;
}

export interface Signer {
  /** The key id of the signatures to come: a statement names the key that signs it. Cost: one request a process, where the key is elsewhere. */
  readonly keyId: (deadline: Deadline) => TaskEither<CallFailure, string>;
  /** Signs once, never twice: a second signature of the same bytes is another one. Cost: at most one request, beside that of `keyId`. */
  readonly sign: (bytes: Uint8Array, deadline: Deadline) => TaskEither<CallFailure, Signature>;
}

/** One public key that the reader trusts. */
export interface Verifier {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  /** Local and pure: false for anything that is not this key's signature of these bytes. */
  readonly verify: (bytes: Uint8Array, signature: Uint8Array) => boolean;
}

/** SHA-256: the one hash of the contract, and the only door to it. */
import { createHash, hash } from 'node:crypto';

/** Lower-case hex of SHA-256 over the UTF-8 bytes of `text`. */
export function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex');
}

/** Lower-case hex of SHA-256 over `bytes`. */
export function sha256HexOfBytes(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** An incremental SHA-256, for files that are never held whole. `hex()` may be called once. */
export interface Digest {
  readonly update: (bytes: Uint8Array) => void;
  readonly hex: () => string;
}

export function makeDigest(): Digest {
  const state = createHash('sha256');
  return {
    update: (bytes) => {
      state.update(bytes);
    },
    hex: () => state.digest('hex'),
  };
}

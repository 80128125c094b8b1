/** The one grammar of artifact keys, the same for every store: nothing in it can leave a root, hide, or be read differently by a file system. */
import { type Either, left, right } from 'fp-ts/Either';
import type { InvalidKey } from '../ports/artifact-store';

/** File systems take 255 bytes a name; a store may put a suffix on it while it writes. Unit: bytes, and characters are ASCII. */
export const KEY_SEGMENT_BYTES_MAX = 128;

/** S3 takes 1,024 bytes, the prefix of the deployment included. Unit: bytes. */
export const KEY_BYTES_MAX = 512;

const SEGMENT = /^[A-Za-z0-9_=+@-][A-Za-z0-9._=+@-]*$/;
const LEGAL = 'segments of letters, digits and . _ = + @ -, none starting with a dot, joined by "/"';

export function checkKey(key: string): Either<InvalidKey, string> {
  if (key.length > KEY_BYTES_MAX) return left(invalid(key, `longer than ${String(KEY_BYTES_MAX)} bytes`));
  for (const segment of key.split('/')) {
    if (!SEGMENT.test(segment)) return left(invalid(key, `expected ${LEGAL}`));
    if (segment.length > KEY_SEGMENT_BYTES_MAX) return left(invalid(key, `a segment longer than ${String(KEY_SEGMENT_BYTES_MAX)} bytes`));
  }
  return right(key);
}

/** A folder is the root (`''`) or a key that ends in `/`. */
export function checkFolder(folder: string): Either<InvalidKey, string> {
  if (folder === '') return right(folder);
  if (!folder.endsWith('/')) return left(invalid(folder, 'a folder ends in "/"'));
  const checked = checkKey(folder.slice(0, -1));
  return checked._tag === 'Left' ? left(invalid(folder, checked.left.reason)) : right(folder);
}

function invalid(key: string, reason: string): InvalidKey {
  return { _tag: 'InvalidKey', key, reason };
}

/**
 * The hash chain: each row carries the hash of the row before it and its own. docs/spec.md section 4.
 * Invariant: `hash` is SHA-256 of the canonical row without `hash`, so docs/check-row checks it, too, and jq and sha256sum most rows.
 */
import type { Json } from '../canonical/canonical';
import { sha256Hex } from '../hash';
import { splitAtHash, withHash } from './row-text';

export interface Link {
  readonly hash: string;
  /** The canonical row with its newline. */
  readonly line: string;
}

export type Row = Readonly<Record<string, Json>>;

/** A row from its members. */
export function linkRow(members: Row, prevHash: string): Link {
  const text = splitAtHash({ ...members, prev_hash: prevHash });
  const hash = sha256Hex(text.before + text.after);
  return { hash, line: `${withHash(text, hash)}\n` };
}

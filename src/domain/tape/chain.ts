/**
 * The hash chain: each row carries the hash of the row before it and its own. SPEC.md section 4.
 * Invariant: `hash` is SHA-256 of the canonical row without `hash`, so `jq -cS 'del(.hash)'` and `sha256sum` check it too.
 */
import { canonical, canonicalString, type Json } from '../canonical/canonical';
import { sha256Hex } from '../hash';

export interface Link {
  readonly hash: string;
  /** The canonical row with its newline. */
  readonly line: string;
}

export type Row = Readonly<Record<string, Json>>;

/** A row from its members; `prev_hash` sorts after `hash`, so the tail is never empty. */
export function linkRow(members: Row, prevHash: string): Link {
  const row: Row = { ...members, prev_hash: prevHash };
  const keys = Object.keys(row).sort();
  const text = (key: string): string => `${canonicalString(key)}:${canonical(row[key] ?? null)}`;
  const head = keys.filter((key) => key < 'hash').map((key) => `${text(key)},`);
  const before = `{${head.join('')}`;
  const after = `${keys.filter((key) => key > 'hash').map(text).join(',')}}`;
  const hash = sha256Hex(before + after);
  return { hash, line: `${before}"hash":"${hash}",${after}\n` };
}

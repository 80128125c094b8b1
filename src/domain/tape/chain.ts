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

/** The canonical text of a row around the place of its `hash` member: `before` ends and `after` begins where the member goes. */
export function aroundHash(members: Row): { readonly before: string; readonly after: string } {
  let before = '{';
  let after = '';
  for (const key of Object.keys(members).sort()) {
    const member = `${canonicalString(key)}:${canonical(members[key] ?? null)}`;
    if (key < 'hash') before += `${member},`;
    else if (key > 'hash') after += `${after === '' ? '' : ','}${member}`;
  }
  return { before, after: `${after}}` };
}

/** The whole row; `prev_hash` sorts after `hash`, so there is always a member behind it. */
export function withHash({ before, after }: { readonly before: string; readonly after: string }, hash: string): string {
  return `${before}"hash":"${hash}",${after}`;
}

/** A row from its members. */
export function linkRow(members: Row, prevHash: string): Link {
  const text = aroundHash({ ...members, prev_hash: prevHash });
  const hash = sha256Hex(text.before + text.after);
  return { hash, line: `${withHash(text, hash)}\n` };
}

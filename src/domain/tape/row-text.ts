/**
 * What a row's hash covers, as text: whoever has a SHA-256 (of Node, or of a browser) can make and check rows with it.
 * Invariant: this file needs no hash function, so it runs where `node:crypto` does not.
 */
import { canonical, canonicalString } from '../canonical/canonical';
import type { Row } from './chain';

/** The canonical text of a row around the place of its `hash` member: `before` ends and `after` begins where the member goes. */
export function splitAtHash(members: Row): { readonly before: string; readonly after: string } {
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

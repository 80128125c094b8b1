/** The two chains of an episode while rows are appended to them: the tape, and the ledger of effects that is anchored in the tape's row 0. */
import { assert } from '../assert';
import { ROW_BYTES_MAX } from '../limits';
import { linkRow, type Link, type Row } from '../tape/chain';
import { makeRowBuffer, type RowBuffer } from '../tape/row-buffer';

/** Whoever puts a row into the buffer moves the head to its hash, and counts it where rows are counted: on the ledger. */
export interface Chain {
  readonly buffer: RowBuffer;
  head: string;
  /** Rows since the chain began, or since this episode did where nobody counts further back. */
  rows: number;
}

export interface Chains {
  readonly tape: Chain;
  readonly ledger: Chain;
}

export function makeChain(head: string, rows: number): Chain {
  return { buffer: makeRowBuffer(), head, rows };
}

/** Links a row to the chain. */
export function append(chain: Chain, members: Row): Link {
  const link = linkRow(members, chain.head);
  assert(link.line.length <= ROW_BYTES_MAX, 'a row is no longer than its readers take');
  chain.buffer.putLink(link);
  chain.head = link.hash;
  chain.rows += 1;
  return link;
}

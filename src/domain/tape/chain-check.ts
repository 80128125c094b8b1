/**
 * Checks a hash chain row by row, whatever the rows say. This is all that `jq` and `sha256sum` could check; that the rows are *right*
 * takes a re-execution. Invariant: a fault is found at the first row that is not linked, not canonical, or not hashed over itself.
 */
import { canonical, hasCanonicalForm } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import { sha256Hex } from '../hash';
import type { Row } from './chain';
import { splitAtHash, withHash } from './row-text';

export interface CheckedRow {
  /** What the line holds; nothing when it is not a JSON object. */
  readonly row: Row | undefined;
  /** What is wrong with this row, where it is the first that is wrong. */
  readonly fault: string | undefined;
}

export interface ChainCheck {
  /** The next line, without its newline. */
  readonly next: (line: string) => CheckedRow;
  /** Hash of the last row, or of what the chain is anchored in. */
  readonly head: () => string | undefined;
}

/** `anchor` is the `prev_hash` of the first row; where it is not known the first row is taken at its word. */
export function makeChainCheck(anchor?: (first: Row) => string): ChainCheck {
  let head: string | undefined;
  let rows = 0;
  return {
    next: (line) => {
      const row = parseRow(line);
      const expected = rows === 0 ? (row === undefined ? undefined : anchor?.(row)) : head;
      rows += 1;
      if (row === undefined) return { row, fault: 'not a JSON object' };
      head = typeof row['hash'] === 'string' ? row['hash'] : '';
      return { row, fault: faultOf(line, row, expected) };
    },
    head: () => head,
  };
}

/** The genesis of a tape: SHA-256 of the canonical inputs of its run row. */
export function genesisOf(runRow: Row): string {
  const inputs = runRow['inputs'];
  return inputs === undefined ? '' : sha256Hex(canonical(inputs));
}

function parseRow(line: string): Row | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) && hasCanonicalForm(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function faultOf(line: string, row: Row, prevHash: string | undefined): string | undefined {
  if (prevHash !== undefined && row['prev_hash'] !== prevHash) return 'prev_hash is not the hash of the row before it';
  const text = splitAtHash(row);
  if (row['hash'] !== sha256Hex(text.before + text.after)) return 'hash is not the SHA-256 of the row';
  return withHash(text, row['hash']) === line ? undefined : 'not canonical JSON';
}

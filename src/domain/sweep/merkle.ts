/**
 * The Merkle tree of RFC 6962 (section 2.1) over the rows of a sweep, in the order of the cells: one hash that says how many there were and what
 * each of them came to, so that the best of N cannot hide N. Memory grows with the logarithm of the rows.
 */
import { concatBytes } from '../bytes';
import { sha256HexOfBytes } from '../hash';

export interface MerkleTree {
  /** The next row, without its newline. */
  readonly add: (row: Uint8Array) => void;
  readonly rows: () => number;
  /** Lower-case hex. */
  readonly root: () => string;
}

const [LEAF, NODE] = [Uint8Array.of(0), Uint8Array.of(1)] as const;
/** The root of no row at all. */
const EMPTY = sha256HexOfBytes(new Uint8Array());

export function makeMerkleTree(): MerkleTree {
  /** Roots of whole trees, the largest first; no two have the same height. */
  const whole: { readonly height: number; readonly hash: string }[] = [];
  let rows = 0;
  return {
    add: (row) => {
      let top = { height: 0, hash: sha256HexOfBytes(concatBytes([LEAF, row])) };
      for (let last = whole.at(-1); last?.height === top.height; last = whole.at(-1)) {
        whole.pop();
        top = { height: top.height + 1, hash: nodeHash(last.hash, top.hash) };
      }
      whole.push(top);
      rows += 1;
    },
    rows: () => rows,
    root: () =>
      whole.reduceRight<string | undefined>((right, { hash }) => (right === undefined ? hash : nodeHash(hash, right)), undefined) ?? EMPTY,
  };
}

function nodeHash(left: string, right: string): string {
  return sha256HexOfBytes(concatBytes([NODE, bytesOf(left), bytesOf(right)]));
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(
    { length: hex.length / 2 },
    (_, at) => DIGITS.indexOf(hex[2 * at] ?? '') * 16 + DIGITS.indexOf(hex[2 * at + 1] ?? ''),
  );
}

const DIGITS = '0123456789abcdef';

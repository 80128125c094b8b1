/**
 * Rows written straight into bytes: a run spends most of its time here, and text built from strings costs it more than half.
 * Invariant: what `take` answers is whole rows, each hashed over exactly the bytes that stand around its `hash` member.
 */
import { Buffer } from 'node:buffer';
import { assert } from '../assert';
import { type Decimal, formatDecimal, FRACTION_DIGITS } from '../decimal/decimal';
import { sha256HexOfBytes } from '../hash';
import type { Link } from './chain';

export interface RowBuffer {
  /** Appends bytes that were encoded once, with `ascii`: 12 ns, where a loop over the characters takes 2 ns each. */
  readonly put: (bytes: Uint8Array) => void;
  /** Appends text that is known to be ASCII: hashes, prices, ids. */
  readonly putAscii: (text: string) => void;
  /** Appends any text. */
  readonly putText: (text: string) => void;
  readonly putDecimal: (value: Decimal) => void;
  /** Appends what the last `putDecimal` appended once more. */
  readonly repeatDecimal: () => void;
  /** Appends a whole number of 0 or more. */
  readonly putCount: (value: number) => void;
  /** The place of the `hash` member; once a row, where it sorts. */
  readonly placeHash: () => void;
  /** Ends the row: hashes it, puts the hash in its place, answers it. */
  readonly endRow: () => string;
  /** Appends a row that is already linked. */
  readonly putLink: (row: Link) => void;
  /** The rows so far; the buffer is empty afterwards. These bytes stay as they are until rows follow the next take that is not empty. */
  readonly take: () => Uint8Array;
}

/** Of a buffer that holds anything. A request of a session makes two buffers, and 64 KB for each of their halves took a quarter of its time. */
const FIRST_CAPACITY = 4 * 1024;
const NONE = Buffer.alloc(0);
const [ZERO, DOT, MINUS] = [48, 46, 45] as const;
/** A sign, 16 digits and a point, with room to spare. */
const NUMBER_BYTES_MAX = 24;
const INT32_LIMIT = 1_000_000_000;
const UTF8_BYTES_PER_UNIT = 3;
const HASH_HEAD = ascii('"hash":"');
const HASH_TAIL = ascii('",');
const HASH_DIGITS = 64;
const MEMBER_BYTES = HASH_HEAD.length + HASH_DIGITS + HASH_TAIL.length;
const NEWLINE = ascii('\n');

/** Text as bytes, to be put many times. */
export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function makeRowBuffer(): RowBuffer {
  let capacity = 0;
  let bytes = NONE;
  let spare = NONE;
  let length = 0;
  let rowStart = 0;
  let hashAt = -1;
  let decimalAt = 0;
  let decimalEnd = 0;

  function reserve(more: number): void {
    if (length + more <= capacity) return;
    capacity = Math.max(FIRST_CAPACITY, capacity * 2, length + more);
    const grown = Buffer.allocUnsafeSlow(capacity);
    grown.set(bytes.subarray(0, length));
    bytes = grown;
  }

  function put(constant: Uint8Array): void {
    reserve(constant.length);
    bytes.set(constant, length);
    length += constant.length;
  }

  function putAscii(text: string): void {
    reserve(text.length);
    length += bytes.write(text, length, 'latin1');
  }

  function putText(text: string): void {
    reserve(text.length * UTF8_BYTES_PER_UNIT);
    length += bytes.write(text, length, 'utf8');
  }

  function putDecimal(value: Decimal): void {
    decimalAt = length;
    const units = Number(value);
    if (units > -Number.MAX_SAFE_INTEGER && units < Number.MAX_SAFE_INTEGER) putUnits(units);
    else putAscii(formatDecimal(value));
    decimalEnd = length;
  }

  function putUnits(units: number): void {
    reserve(NUMBER_BYTES_MAX);
    let magnitude = units;
    if (units < 0) {
      bytes[length] = MINUS;
      length += 1;
      magnitude = -units;
    }
    // As in formatDecimal: the quotient of two doubles may round up, and the exact difference shows it.
    let integer = Math.floor(magnitude / 1e8);
    let fraction = magnitude - integer * 1e8;
    if (fraction < 0) {
      integer -= 1;
      fraction += 1e8;
    }
    putDigits(integer, digitsOf(integer));
    if (fraction === 0) return;
    let digits = FRACTION_DIGITS;
    while (fraction % 10 === 0) {
      fraction /= 10;
      digits -= 1;
    }
    bytes[length] = DOT;
    length += 1;
    putDigits(fraction, digits);
  }

  function repeatDecimal(): void {
    reserve(decimalEnd - decimalAt);
    for (let at = decimalAt; at < decimalEnd; at += 1) {
      bytes[length] = bytes[at] ?? 0;
      length += 1;
    }
  }

  function putCount(value: number): void {
    reserve(NUMBER_BYTES_MAX);
    if (value < INT32_LIMIT) putDigits(value, digitsOf(value));
    else putAscii(String(value));
  }

  /** Both parts of a decimal are below 10^8, so this is 32-bit integer arithmetic. */
  function putDigits(value: number, digits: number): void {
    let rest = value | 0;
    for (let at = length + digits - 1; at >= length; at -= 1) {
      const next = (rest / 10) | 0;
      bytes[at] = ZERO + (rest - next * 10);
      rest = next;
    }
    length += digits;
  }

  function endRow(): string {
    assert(hashAt > rowStart, 'a row has a place for its hash');
    const hash = sha256HexOfBytes(bytes.subarray(rowStart, length));
    reserve(MEMBER_BYTES + 1);
    bytes.copyWithin(hashAt + MEMBER_BYTES, hashAt, length);
    const end = length + MEMBER_BYTES;
    length = hashAt;
    put(HASH_HEAD);
    putAscii(hash);
    put(HASH_TAIL);
    length = end;
    put(NEWLINE);
    rowStart = length;
    hashAt = -1;
    return hash;
  }

  return {
    put,
    putAscii,
    putText,
    putDecimal,
    repeatDecimal,
    putCount,
    placeHash: () => {
      hashAt = length;
    },
    endRow,
    putLink: ({ line }) => {
      assert(length === rowStart, 'a linked row stands between rows');
      putText(line);
      rowStart = length;
    },
    take: () => {
      assert(length === rowStart, 'only whole rows are taken');
      const taken = bytes.subarray(0, length);
      // Nothing is written of an empty batch, so nobody waited for the one before it: its buffer must not come round yet.
      if (length === 0) return taken;
      // The bytes handed out may still be on their way to the disk while the next batch is made. Two buffers in turn, because fresh
      // memory costs a page fault every 4 KB, and peak memory of a run of a million steps fell from 159 to 114 MB.
      [bytes, spare] = [spare, bytes];
      capacity = bytes.length;
      length = 0;
      rowStart = 0;
      return taken;
    },
  };
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  return digits;
}

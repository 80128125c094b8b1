/**
 * Turns a byte stream into text made of whole lines, a chunk at a time, so that a file is never held whole.
 * Invariant: what comes out, joined, is the input; bytes that are not UTF-8 and lines that are too long are errors, with their line.
 */
import { type Either, left, right } from 'fp-ts/Either';
import { concatBytes, copyBytes } from '../bytes';
import { LINE_BYTES_MAX } from '../limits';

export interface LineError {
  /** 1-based line of the stream. */
  readonly line: number;
  readonly message: string;
}

export interface LineSplitter {
  /** The whole lines (each with its newline) that these bytes complete; may be empty. */
  readonly push: (bytes: Uint8Array) => Either<LineError, string>;
  /** What stands after the last newline; empty when the stream ended with one. */
  readonly end: () => Either<LineError, string>;
}

const NEWLINE = 10;

export function makeLineSplitter(lineBytesMax: number = LINE_BYTES_MAX): LineSplitter {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  // Lines are counted only to name one in an error, and counting costs a pass: the decoded text is kept until the next push.
  let linesBefore = 0;
  let lastText = '';
  let failed: LineError | undefined;

  function line(): number {
    linesBefore += countNewlines(lastText);
    lastText = '';
    return linesBefore + 1;
  }

  /** The whole lines before the first bad byte come out first, so that what is read does not depend on where chunks end. */
  function decode(bytes: Uint8Array): Either<LineError, string> {
    try {
      return right(decoder.decode(bytes));
    } catch {
      const good = bytes.subarray(0, validLength(bytes));
      const cut = good.lastIndexOf(NEWLINE) + 1;
      const text = decoder.decode(good.subarray(0, cut));
      failed = { line: line() + countNewlines(text), message: 'bytes that are not UTF-8' };
      return text === '' ? left(failed) : right(text);
    }
  }

  function push(bytes: Uint8Array): Either<LineError, string> {
    if (failed !== undefined) return left(failed);
    const cut = bytes.lastIndexOf(NEWLINE) + 1;
    if (restBytes + (cut === 0 ? bytes.length : bytes.indexOf(NEWLINE)) > lineBytesMax) {
      return left({ line: line(), message: `a line longer than ${String(lineBytesMax)} bytes` });
    }
    if (cut === 0) {
      rest.push(copyBytes(bytes));
      restBytes += bytes.length;
      return right('');
    }
    linesBefore += countNewlines(lastText);
    lastText = '';
    const whole = restBytes === 0 ? bytes.subarray(0, cut) : concatBytes([...rest, bytes.subarray(0, cut)]);
    rest = cut === bytes.length ? [] : [copyBytes(bytes.subarray(cut))];
    restBytes = bytes.length - cut;
    const text = decode(whole);
    if (text._tag === 'Right') lastText = text.right;
    return text;
  }

  function end(): Either<LineError, string> {
    if (failed !== undefined) return left(failed);
    if (restBytes > lineBytesMax) return left({ line: line(), message: `a line longer than ${String(lineBytesMax)} bytes` });
    return decode(concatBytes(rest));
  }

  return { push, end };
}

/** How many bytes from the front hold no byte that is wrong: halving works because a prefix that is good stays good when cut. */
function validLength(bytes: Uint8Array): number {
  let [low, high] = [0, bytes.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    try {
      // Streaming: a character that the cut leaves unfinished is no mistake.
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, middle), { stream: true });
      low = middle;
    } catch {
      high = middle - 1;
    }
  }
  return low;
}

export function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

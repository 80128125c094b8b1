/**
 * Turns a byte stream into text made of whole lines, a chunk at a time, so that a file is never held whole.
 * Invariant: what comes out, joined, is the input; bytes that are not UTF-8 and lines that are too long are errors, with their line.
 */
import { type Either, left, right } from 'fp-ts/Either';
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

  function line(): number {
    linesBefore += countNewlines(lastText);
    lastText = '';
    return linesBefore + 1;
  }

  function decode(bytes: Uint8Array): Either<LineError, string> {
    try {
      return right(decoder.decode(bytes));
    } catch {
      const good = new TextDecoder('utf-8').decode(bytes);
      const inside = countNewlines(good.slice(0, Math.max(0, good.indexOf('\ufffd'))));
      return left({ line: line() + inside, message: 'bytes that are not UTF-8' });
    }
  }

  function push(bytes: Uint8Array): Either<LineError, string> {
    const cut = bytes.lastIndexOf(NEWLINE) + 1;
    if (restBytes + (cut === 0 ? bytes.length : bytes.indexOf(NEWLINE)) > lineBytesMax) {
      return left({ line: line(), message: `a line longer than ${String(lineBytesMax)} bytes` });
    }
    if (cut === 0) {
      rest.push(bytes.slice());
      restBytes += bytes.length;
      return right('');
    }
    linesBefore += countNewlines(lastText);
    lastText = '';
    const whole = restBytes === 0 ? bytes.subarray(0, cut) : concat([...rest, bytes.subarray(0, cut)], restBytes + cut);
    rest = cut === bytes.length ? [] : [bytes.slice(cut)];
    restBytes = bytes.length - cut;
    const text = decode(whole);
    if (text._tag === 'Right') lastText = text.right;
    return text;
  }

  function end(): Either<LineError, string> {
    if (restBytes > lineBytesMax) return left({ line: line(), message: `a line longer than ${String(lineBytesMax)} bytes` });
    return decode(concat(rest, restBytes));
  }

  return { push, end };
}

export function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

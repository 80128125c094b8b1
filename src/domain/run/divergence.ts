/** Where a run directory first differs from what its inputs lead to. */
import { isRecord } from '../codec/codec';
import { parseJson } from '../codec/parse';
import { excerpt, pointerStep } from '../codec/problem';

export interface Divergence {
  /** A file of the run, or one that is no part of it. */
  readonly file: string;
  /** 0-based row (line) of the file; absent where the file as a whole differs. */
  readonly row?: number;
  /** RFC 6901 pointer into the row; `''` is the row itself. */
  readonly pointer: string;
  readonly expected: string;
  readonly actual: string;
  /** Names of all that stands beside the run and is no part of it, where that is the difference. */
  readonly extra?: readonly string[];
}

const TEXT_CHARS = 200;
const CAUSES = ['type', 'prices', 'time'];
const HASHES = ['prev_hash', 'hash'];
const ORDERED = new Set([...CAUSES, ...HASHES]);

/** The first member in which two rows differ: causes (prices, time) before effects, and hashes last. Nothing is the end of the file. */
export function compareRows(expected: string | undefined, actual: string | undefined): Pick<Divergence, 'pointer' | 'expected' | 'actual'> {
  const whole = {
    pointer: '',
    expected: expected === undefined ? 'the end of the file' : clip(expected),
    actual: actual === undefined ? 'nothing: the file ends here' : clip(actual),
  };
  const [left, right] = [parseJson(expected ?? ''), parseJson(actual ?? '')];
  if (!isRecord(left) || !isRecord(right)) return whole;
  const rest = [...new Set([...Object.keys(left), ...Object.keys(right)])].filter((key) => !ORDERED.has(key));
  for (const key of [...CAUSES, ...rest, ...HASHES]) {
    const found = difference(own(left, key), own(right, key), pointerStep(key));
    if (found !== undefined) return found;
  }
  return { pointer: '', expected: 'the canonical text of the row', actual: `the same members in other bytes: ${clip(actual ?? '')}` };
}

function difference(left: unknown, right: unknown, pointer: string): Pick<Divergence, 'pointer' | 'expected' | 'actual'> | undefined {
  if (Object.is(left, right)) return undefined;
  const bothLists = Array.isArray(left) && Array.isArray(right);
  if (bothLists || (isRecord(left) && isRecord(right))) {
    const [a, b] = [left as Record<string, unknown>, right as Record<string, unknown>];
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const inner = difference(own(a, key), own(b, key), pointer + pointerStep(key));
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  return { pointer, expected: excerpt(left), actual: excerpt(right) };
}

function own(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function clip(text: string): string {
  if (text === '') return 'an empty line';
  return text.length > TEXT_CHARS ? `${text.slice(0, TEXT_CHARS)}…` : text;
}

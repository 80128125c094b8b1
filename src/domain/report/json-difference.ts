/** Where two JSON values differ, member by member. Invariant: bounded, whatever the values are: in entries, and in the text of each. */
import { canonical, hasCanonicalForm } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import { NESTING_MAX } from '../codec/json-faults';
import { pointerStep } from '../codec/problem';

export interface JsonDifference {
  /** RFC 6901. */
  readonly pointer: string;
  /** JSON text; nothing where that side has no such member. */
  readonly a: string | null;
  readonly b: string | null;
}

export const DIFFERENCES_MAX = 200;
const TEXT_CHARS_MAX = 200;

/** Every leaf that differs, in the order of the members; `depth` is how far down a leaf is looked for. */
export function jsonDifferences(a: unknown, b: unknown, pointer = '', depth = 16): readonly JsonDifference[] {
  const found: JsonDifference[] = [];
  compare(a, b, pointer, depth, found);
  return found;
}

export function jsonText(value: unknown): string | null {
  if (value === undefined) return null;
  return clip(hasCanonicalForm(value) ? canonical(value) : 'a value that has no canonical form');
}

export function clip(text: string): string {
  return text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX).toWellFormed()}…` : text;
}

function compare(a: unknown, b: unknown, pointer: string, depth: number, found: JsonDifference[]): void {
  if (found.length >= DIFFERENCES_MAX || a === b) return;
  const lists = Array.isArray(a) && Array.isArray(b);
  if (depth > 0 && (lists || (isRecord(a) && isRecord(b)))) {
    const [left, right] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>];
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      compare(own(left, key), own(right, key), pointer + pointerStep(key), depth - 1, found);
    }
    return;
  }
  if (sameJson(a, b)) return;
  found.push({ pointer, a: jsonText(a), b: jsonText(b) });
}

/** The same members and items, whatever their order in an object; values nested too deep for a row are never the same. */
export function sameJson(a: unknown, b: unknown, depth: number = NESTING_MAX): boolean {
  if (a === b) return true;
  if (depth === 0 || typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key], depth - 1))
  );
}

function own(value: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Any value of a program as JSON that has one form: what a digest is taken of, and what its bytes are counted from. */
import { hasCanonicalForm, type Json } from '../../domain/canonical/canonical';

/** Nothing where the value cannot be written at all: it refers to itself. */
export function jsonOf(value: unknown): Json | undefined {
  try {
    const text = JSON.stringify(value, plain) as string | undefined;
    const json: unknown = text === undefined ? null : JSON.parse(text, wellFormed);
    // What is nested deeper than any row may be is held as its text.
    return hasCanonicalForm(json, DEPTH_MAX) ? json : (text ?? null);
  } catch {
    return undefined;
  }
}

/** A row puts it two levels down. */
const DEPTH_MAX = 60;

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (value instanceof Map) return [...value.entries()] as unknown;
  if (value instanceof Set) return [...value.values()] as unknown;
  return typeof value === 'string' ? value.toWellFormed() : value;
}

function wellFormed(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  return entries.every(([key]) => key.isWellFormed())
    ? value
    : Object.fromEntries(entries.map(([key, held]) => [key.toWellFormed(), held]));
}

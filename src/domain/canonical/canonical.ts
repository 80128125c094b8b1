/**
 * Canonical JSON (RFC 8785): the bytes every hash of the contract covers.
 * Invariant: equal values give equal text; text that is not well-formed Unicode, or a number that JSON cannot hold, is a bug of the caller.
 */
import { assert } from '../assert';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export type JsonObject = { readonly [key: string]: Json };

/** Canonical text of a JSON value. Keys with the value `undefined` are left out. */
export function canonical(value: Json): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      assert(Number.isFinite(value), 'canonical JSON holds finite numbers only');
      return JSON.stringify(value);
    case 'string':
      return canonicalString(value);
    default:
      return isList(value) ? `[${value.map(canonical).join(',')}]` : canonicalObject(value);
  }
}

/** UTF-8 length of the canonical text. */
export function canonicalBytes(value: Json): number {
  return new TextEncoder().encode(canonical(value)).length;
}

const DEPTH_MAX = 64;

/** Whether a parsed value can be written at all: no lone surrogates, and not nested beyond what any row of ours is. */
export function hasCanonicalForm(value: unknown, depth: number = DEPTH_MAX): value is Json {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => hasCanonicalForm(item, depth - 1));
  return Object.entries(value).every(([key, member]) => key.isWellFormed() && hasCanonicalForm(member, depth - 1));
}

/** Printable ASCII without the quote and the backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A JSON string literal as RFC 8785 writes it; lone surrogates have no UTF-8 form and are refused. */
export function canonicalString(text: string): string {
  // Nearly every text of a row is plain; quoting it is then all there is to do.
  if (PLAIN.test(text)) return `"${text}"`;
  assert(text.isWellFormed(), 'canonical JSON holds well-formed Unicode only');
  return JSON.stringify(text);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function canonicalObject(value: { readonly [key: string]: Json | undefined }): string {
  const members: string[] = [];
  // RFC 8785 orders keys by UTF-16 code units, which is what sort() compares.
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) members.push(`${canonicalString(key)}:${canonical(member)}`);
  }
  return `{${members.join(',')}}`;
}

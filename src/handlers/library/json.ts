/**
 * Any value of a program as JSON that has one form: what a digest is taken of, and what its bytes are counted from. As `JSON.stringify` would write it,
 * but for bytes, which are Base64, and big integers. It is on the way of every act, so nothing is written and parsed again.
 */
import type { Json } from '../../domain/canonical/canonical';

/** What is nested deeper than any row may be, or refers to itself, is no JSON of ours. A row puts it two levels down. */
const DEPTH_MAX = 60;

/** Nothing where the value cannot be written. */
export function jsonOf(value: unknown): Json | undefined {
  try {
    return plain(value, '', DEPTH_MAX) ?? null;
  } catch {
    return undefined;
  }
}

function plain(value: unknown, key: string, depth: number): Json | undefined {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : value.toWellFormed();
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'boolean':
      return value;
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null ? null : structured(value, key, depth);
    default:
      return undefined;
  }
}

function structured(value: object, key: string, depth: number): Json | undefined {
  if (depth === 0) throw new RangeError('nested too deep');
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const converted: unknown = (value.toJSON as (key: string) => unknown)(key);
    return converted === value ? members(value, depth) : plain(converted, key, depth - 1);
  }
  if (value instanceof Map || value instanceof Set) return plain([...(value as Iterable<unknown>)], key, depth);
  return members(value, depth);
}

function members(value: object, depth: number): Json {
  if (Array.isArray(value)) return value.map((item, index) => plain(item, String(index), depth - 1) ?? null);
  const json: { [key: string]: Json } = {};
  for (const [name, member] of Object.entries(value)) {
    const held = plain(member, name, depth - 1);
    if (held === undefined) continue;
    const key = name.isWellFormed() ? name : name.toWellFormed();
    // An own member of that name, and no prototype.
    if (key === '__proto__') Object.defineProperty(json, key, { value: held, enumerable: true, configurable: true, writable: true });
    else json[key] = held;
  }
  return json;
}

/** Writing into a JSON document by pointer (RFC 6901). Invariant: the document is not changed; what is on the way is copied. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Json } from '../canonical/canonical';
import { pointerKeys } from '../codec/problem';

/** A member that is missing is made; an item of a list has to be there. The left says what is wrong. */
export function withValue(document: Json, pointer: string, value: Json): Either<string, Json> {
  return put(document, pointerKeys(pointer), 0, value);
}

function put(at: Json | undefined, keys: readonly string[], depth: number, value: Json): Either<string, Json> {
  const key = keys[depth];
  if (key === undefined) return right(value);
  const where = (): string =>
    keys
      .slice(0, depth)
      .map((part) => `/${part}`)
      .join('');
  if (isList(at)) {
    const index = /^(0|[1-9][0-9]*)$/.test(key) ? at.findIndex((_, position) => String(position) === key) : -1;
    if (index === -1) return left(`${where()} has ${String(at.length)} items, none is ${key}`);
    const inner = put(at[index], keys, depth + 1, value);
    return isLeft(inner) ? inner : right(at.map((item, position) => (position === index ? inner.right : item)));
  }
  if (at !== undefined && (at === null || typeof at !== 'object')) return left(`${where()} is no object`);
  const members = at ?? {};
  const inner = put(Object.hasOwn(members, key) ? members[key] : undefined, keys, depth + 1, value);
  return isLeft(inner) ? inner : right({ ...members, [key]: inner.right });
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

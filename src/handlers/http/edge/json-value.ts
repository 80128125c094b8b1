/** A JSON value that somebody else has parsed (Lambda, an SDK): whether it is safe to walk, and held as it was written. */
import { NESTING_MAX, parsedNumberFault } from '../../../domain/codec/json-faults';
import { pointerStep } from '../../../domain/codec/problem';
import type { ApiError } from '../contract/errors';
import { invalidRequest } from '../contract/problems';

export const FORBIDDEN_KEY = 'the keys __proto__ and constructor.prototype are not taken';

/** Without recursion: any depth may arrive. */
export function valueFault(body: unknown, bodyBytesMax: number): ApiError | undefined {
  let level: readonly Place[] = [{ value: body, key: '', parent: undefined }];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: Place[] = [];
    for (const place of level) {
      const { value } = place;
      const message = typeof value === 'number' ? parsedNumberFault(value) : undefined;
      if (message !== undefined) return invalidRequest([{ pointer: pointerOf(place), message }]);
      if (typeof value !== 'object' || value === null) continue;
      if (depth === NESTING_MAX) return invalidRequest([{ pointer: '', message: `nested deeper than ${String(NESTING_MAX)} levels` }]);
      if (reachesPrototype(value)) return invalidRequest([{ pointer: '', message: FORBIDDEN_KEY }]);
      for (const [key, member] of Object.entries(value)) next.push({ value: member, key, parent: place });
    }
    level = next;
  }
  const bytes = Buffer.byteLength(JSON.stringify(body ?? null));
  if (bytes <= bodyBytesMax) return undefined;
  return { code: 'payload_too_large', message: `a body of ${String(bytes)} bytes; at most ${String(bodyBytesMax)} are read` };
}

/** A value and the way to it. */
interface Place {
  readonly value: unknown;
  readonly key: string;
  readonly parent: Place | undefined;
}

function pointerOf({ key, parent }: Place): string {
  return parent === undefined ? '' : pointerOf(parent) + pointerStep(key);
}

function reachesPrototype(value: object): boolean {
  if (Object.hasOwn(value, '__proto__')) return true;
  const constructor: unknown = Object.hasOwn(value, 'constructor') ? Reflect.get(value, 'constructor') : undefined;
  return typeof constructor === 'object' && constructor !== null && Object.hasOwn(constructor, 'prototype');
}

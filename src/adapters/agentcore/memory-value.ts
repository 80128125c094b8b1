/** What an event of ours holds, and how it is read back. Invariant: nothing that something else wrote is taken for a value. */
import type { Event } from '@aws-sdk/client-bedrock-agentcore';
import { canonical, type Json } from '../../domain/canonical/canonical';
import { isRecord } from '../../domain/codec/codec';
import { jsonFault } from '../../domain/codec/json-faults';

/** A text, not a document: objects have come back in a form that no JSON parser reads. */
export function blobOf(key: string, value: Json): string {
  return canonical({ key, value });
}

/** The value inside an event of ours; `undefined` when something else wrote it. */
export function valueOf(event: Event, key: string): Json | undefined {
  const [item, ...rest] = event.payload ?? [];
  const blob: unknown = item?.blob;
  if (typeof blob !== 'string' || rest.length > 0) return undefined;
  const entry = parseStrictly(blob);
  if (!isRecord(entry) || entry['key'] !== key || Object.keys(entry).sort().join() !== 'key,value') return undefined;
  return entry['value'] as Json;
}

/** JSON that has a canonical form and says nothing twice or otherwise than it is written; else `undefined`. */
function parseStrictly(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text, (name, value: unknown) => {
      if (!hasCanonicalForm(name) || !hasCanonicalForm(value)) throw new SyntaxError('no canonical form');
      return value;
    });
    return jsonFault(text) === undefined ? value : undefined;
  } catch {
    return undefined;
  }
}

function hasCanonicalForm(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  return typeof value !== 'number' || Number.isFinite(value);
}

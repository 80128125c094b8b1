/** What a step changed in a state: the least that leads from the state before to the state after, and back. */
import type { Json, JsonObject } from '../../canonical/canonical';
import { isRecord } from '../../codec/codec';
import { pointerKeys, pointerStep } from '../../codec/problem';

/** A member that is there on one side only leaves the other out. `path`: RFC 6901. */
export type Change = { readonly path: string; readonly before?: Json; readonly after?: Json };

/** Ordered by what they name, whatever the order of members in either state; lists are compared item by item. */
export function changesOf(before: JsonObject, after: JsonObject): readonly Change[] {
  const changes: Change[] = [];
  compare(before, after, '', changes);
  return changes;
}

function compare(before: Json, after: Json, path: string, changes: Change[]): void {
  if (before === after) return;
  const lists = Array.isArray(before) && Array.isArray(after);
  if (!lists && !(isRecord(before) && isRecord(after))) {
    changes.push({ path, before, after });
    return;
  }
  const [a, b] = [before as JsonObject, after as JsonObject];
  const keys = lists ? Object.keys(before.length > after.length ? a : b) : [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  for (const key of keys) {
    const at = path + pointerStep(key);
    const [left, right] = [own(a, key), own(b, key)];
    if (left === undefined) changes.push(right === undefined ? { path: at } : { path: at, after: right });
    else if (right === undefined) changes.push({ path: at, before: left });
    else compare(left, right, at, changes);
  }
}

function own(value: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The state after, from the state before; nothing where the changes do not fit it. */
export function applyChanges(before: JsonObject, changes: readonly Change[]): JsonObject | undefined {
  const state = structuredClone(before) as Record<string, Json>;
  const lists = new Set<Json[]>();
  for (const { path, after } of changes) {
    const steps = [...pointerKeys(path)];
    const key = steps.pop();
    let holder: Json | undefined = state;
    for (const step of steps) holder = typeof holder === 'object' && holder !== null ? own(holder as JsonObject, step) : undefined;
    if (key === undefined || typeof holder !== 'object' || holder === null) return undefined;
    const target = holder as Record<string, Json | undefined>;
    if (after !== undefined) Object.defineProperty(target, key, { value: after, writable: true, enumerable: true, configurable: true });
    else if (Array.isArray(holder)) {
      target[key] = undefined;
      lists.add(holder as Json[]);
    } else Reflect.deleteProperty(target, key);
  }
  // Items go from the end of a list alone.
  for (const list of lists) while (list.length > 0 && list.at(-1) === undefined) list.pop();
  return state;
}

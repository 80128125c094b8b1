/**
 * The states of a run in a world file, from the changes in the rows of its steps. Invariant: a state that does not follow from the rows that are
 * there is not told; where rows are left out, states are known again from the next row that holds a whole one.
 */
import { isRecord } from '../codec/codec';
import type { Json, JsonObject } from '../canonical/canonical';
import type { Row } from '../tape/chain';
import { applyChanges, type Change } from '../world/file/changes';

export interface WorldStates {
  /** Around the step of a row, by its place among the rows given. */
  readonly around: (at: number) => { readonly before: JsonObject | undefined; readonly after: JsonObject | undefined };
}

/** States are kept at every so many rows, and made again between them. */
const KEPT_EVERY = 32;

/** `rows`: of steps, ascending. `initial`: the state before step 0. */
export function makeWorldStates(initial: unknown, rows: readonly Row[]): WorldStates {
  /** After the row, by its place divided by `KEPT_EVERY`. */
  const kept: (JsonObject | undefined)[] = [];
  let last: { readonly at: number; readonly after: JsonObject | undefined } = { at: -1, after: objectOf(initial) };

  function after(at: number): JsonObject | undefined {
    if (at < 0) return objectOf(initial);
    const place = Math.min(Math.floor((at + 1) / KEPT_EVERY), kept.length);
    let from = place === 0 ? { at: -1, after: objectOf(initial) } : { at: place * KEPT_EVERY - 1, after: kept[place - 1] };
    if (last.at <= at && last.at > from.at) from = last;
    for (let next = from.at + 1; next <= at; next += 1) {
      from = { at: next, after: follow(linked(next) ? from.after : undefined, rows[next]) };
      if ((next + 1) % KEPT_EVERY === 0) kept[(next + 1) / KEPT_EVERY - 1] = from.after;
    }
    last = from;
    return from.after;
  }

  /** Whether the row before is of the step before. */
  function linked(at: number): boolean {
    const [before, now] = [at === 0 ? -1 : rows[at - 1]?.['step_index'], rows[at]?.['step_index']];
    return typeof before === 'number' && now === before + 1;
  }

  return { around: (at) => ({ before: linked(at) ? after(at - 1) : undefined, after: after(at) }) };
}

function follow(before: JsonObject | undefined, row: Row | undefined): JsonObject | undefined {
  const whole = objectOf(row?.['state']);
  if (whole !== undefined) return whole;
  const changes = changesIn(row?.['changes']);
  if (before === undefined || changes === undefined) return undefined;
  return changes.length === 0 ? before : applyChanges(before, changes);
}

/** Nothing where they are no changes: a page shows what it can of a row that somebody changed. */
export function changesIn(value: unknown): readonly Change[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const changes = value as readonly unknown[];
  return changes.every((change) => isRecord(change) && typeof change['path'] === 'string') ? (value as readonly Change[]) : undefined;
}

function objectOf(value: unknown): JsonObject | undefined {
  return isRecord(value) ? (value as Readonly<Record<string, Json>>) : undefined;
}

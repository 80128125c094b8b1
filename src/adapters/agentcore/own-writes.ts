/**
 * What this process itself did to keys a moment ago. The service's listing of events lags behind its writes, and says nothing about by how
 * much; what was written here is known here, so that no read passes off an older listing as a fact.
 */
import { isOlder, type EventPlace } from './memory-events';

export interface OwnPut {
  readonly token: string;
  /** As the service placed it; without an id where its answer was lost. */
  readonly place: EventPlace;
}

export interface OwnWrites {
  /** The newest put that was answered. */
  readonly put?: OwnPut;
  /** Puts whose answers were lost: they may be there, now or later, or never. */
  readonly lost?: readonly OwnPut[];
  /** Everything up to here was cleared, whatever a listing says. */
  readonly cleared?: EventPlace;
}

export interface OwnWriteLog {
  readonly of: (key: string) => OwnWrites;
  readonly note: (key: string, writes: OwnWrites) => void;
}

/**
 * How long a write is held against listings. Longer than any lag that was seen; and short, because others may have cleared the key since.
 * Unit: ms.
 */
export const OWN_WRITES_MS = 60_000;

/** The keys of some runs; forgetting one only means that the listing is believed. */
const KEYS_MAX = 1_000;

export function makeOwnWriteLog(nowMs: () => number): OwnWriteLog {
  const kept = new Map<string, OwnWrites & { readonly atMs: number }>();
  return {
    of: (key) => {
      const writes = kept.get(key);
      // Either way: the clock may jump back.
      return writes !== undefined && Math.abs(nowMs() - writes.atMs) <= OWN_WRITES_MS ? writes : {};
    },
    note: (key, writes) => {
      kept.delete(key);
      kept.set(key, { ...writes, atMs: nowMs() });
      const [oldest] = kept.keys();
      if (kept.size > KEYS_MAX && oldest !== undefined) kept.delete(oldest);
    },
  };
}

/** Which of these puts a listing does not show. */
export function unlisted(puts: readonly OwnPut[] = [], tokens: readonly (string | undefined)[]): readonly OwnPut[] {
  return puts.filter(({ token }) => !tokens.includes(token));
}

/** Whether the newest event that is listed may be the value: no put from here is known, or may be there, that is newer. */
export function mayBeNewest({ put, lost }: OwnWrites, newest: EventPlace | undefined, tokens: readonly (string | undefined)[]): boolean {
  const missing = unlisted(lost, tokens);
  if (newest === undefined) return put === undefined && missing.length === 0;
  return (put === undefined || !isOlder(newest, put.place)) && missing.every(({ place }) => place.timestampMs < newest.timestampMs);
}

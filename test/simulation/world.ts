/**
 * A simulated outside for sessions: a store, a memory and a clock, in which every request waits for its turn, may be lost before or after it took
 * effect, and may never be answered. One seed decides all of it, so a seed is one history.
 */
import { left } from 'fp-ts/Either';
import { makeMemoryArtifactStore } from '../../src/adapters/in-process/artifact-store';
import { makeManualClock, type ManualClock } from '../../src/adapters/in-process/clock';
import { makeInProcessMemory } from '../../src/adapters/in-process/memory';
import { makeInProcessSessionLog } from '../../src/adapters/in-process/session-log';
import type { SessionPorts } from '../../src/domain/session/context';
import type { DependencyFailed } from '../../src/ports/dependency';
import type { Memory } from '../../src/ports/memory';
import type { SessionLog } from '../../src/ports/session-log';

export type Random = (below: number) => number;

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

export interface Simulated {
  readonly clock: ManualClock;
  /** The ports of one process; a process that crashes is never answered again. */
  readonly process: () => { readonly ports: SessionPorts; readonly crash: () => void };
  /** What is stored, without waiting and without loss. */
  readonly stored: SessionLog;
  readonly documents: SessionPorts['documents'];
  /** Acts that really happened, by the id that names each. */
  readonly acts: readonly string[];
  /** One waiting request goes on; false when none waits. */
  readonly turn: () => boolean;
  /** From now on nothing is lost. */
  readonly calm: () => void;
}

export interface Faults {
  /** Of 100 requests to the store, and of 100 acts. */
  readonly lostBefore: number;
  readonly lostAfter: number;
}

export function simulate(random: Random, faults: Faults, events: string[]): Simulated {
  const clock = makeManualClock(1_000_000);
  const stored = makeInProcessSessionLog();
  const documents = makeMemoryArtifactStore();
  const memory = makeInProcessMemory();
  const waiting: (() => void)[] = [];
  const acts: string[] = [];
  let calm = false;

  function process(): { readonly ports: SessionPorts; readonly crash: () => void } {
    let crashed = false;
    const turn = (): Promise<void> =>
      new Promise((resolve) => {
        waiting.push(() => {
          if (!crashed) resolve();
        });
      });
    const chance = (percent: number): boolean => !calm && random(100) < percent;

    /** Waits before and after the effect; a lost request says that its effect is not known. */
    async function at<A, F>(what: string, isWrite: boolean, act: () => Promise<A>, lost: (error: DependencyFailed) => F): Promise<A | F> {
      await turn();
      const failure = (): F =>
        lost({ _tag: 'DependencyFailed', service: 'simulated', operation: what, reason: 'lost', effect: isWrite ? 'unknown' : 'none' });
      if (chance(faults.lostBefore)) {
        events.push(`${what}: lost before`);
        return failure();
      }
      const done = await act();
      events.push(what);
      await turn();
      if (!chance(faults.lostAfter)) return done;
      events.push(`${what}: lost after`);
      return failure();
    }

    const log: SessionLog = {
      location: 'simulated',
      create: (key, bytes, deadline) => () =>
        at(
          `create ${String(key.seq)}`,
          true,
          () => stored.create(key, bytes, deadline)(),
          (error) => left(error),
        ),
      read: (key, deadline) => () =>
        at(
          `read ${String(key.seq)}`,
          false,
          () => stored.read(key, deadline)(),
          (error) => left(error),
        ),
      newest: (session, known, deadline) => () =>
        at(
          'newest',
          false,
          () => stored.newest(session, known, deadline)(),
          (error) => left(error),
        ),
      list: (after, deadline) => () => stored.list(after, deadline)(),
    };
    const unreliable: Memory = {
      ...memory,
      put: (operation, operationId, deadline) => () =>
        at(
          `act ${operationId}`,
          true,
          async () => {
            acts.push(operationId);
            return memory.put(operation, operationId, deadline)();
          },
          (error) => left(error),
        ),
    };
    return {
      ports: { log, documents, clock, outside: { memory: unreliable } },
      crash: () => {
        crashed = true;
      },
    };
  }

  return {
    clock,
    process,
    stored,
    documents,
    acts,
    turn: () => {
      const next = waiting.splice(random(waiting.length), 1)[0];
      next?.();
      return next !== undefined;
    },
    calm: () => {
      calm = true;
    },
  };
}

/**
 * A simulated outside for sessions: a store, a memory, a code interpreter and a clock, in which every request waits for its turn, may be refused,
 * may be lost before or after it took effect, and may never be answered.
 */
import { type Either, left, right } from 'fp-ts/Either';
import { makeMemoryArtifactStore } from '../../src/adapters/in-process/artifact-store';
import { makeManualClock } from '../../src/adapters/in-process/clock';
import { makeInProcessMemory } from '../../src/adapters/in-process/memory';
import { makeInProcessSessionLog } from '../../src/adapters/in-process/session-log';
import { makeInProcessStopSwitch } from '../../src/adapters/in-process/stop-switch';
import { lookAt } from '../../src/domain/agent/stop-switch';
import type { SessionPorts } from '../../src/domain/session/context';
import type { ArtifactStore } from '../../src/ports/artifact-store';
import type { Deadline } from '../../src/ports/clock';
import type { DependencyFailed } from '../../src/ports/dependency';
import type { Memory } from '../../src/ports/memory';
import type { SegmentKey, SessionLog } from '../../src/ports/session-log';
import type { StopOrder, StopSwitch } from '../../src/ports/stop-switch';
import type { Random } from './random';

/** How often things go wrong. Unit: of 100 requests, or of 1,000 events where it says so. */
export interface Faults {
  readonly lostBefore: number;
  readonly lostAfter: number;
  /** The store refuses: nothing was done. */
  readonly throttled: number;
  /** The store says that somebody else is writing. */
  readonly contended: number;
  /** Of 1,000 events: a process is gone. */
  readonly crashes: number;
  /** Of 1,000 events: the wall clock is set. */
  readonly clockSets: number;
  /** Of 1,000 events: an operator stops everything, or lets it go on. */
  readonly operator: number;
}

export interface Process {
  readonly ports: SessionPorts;
  /** From now on it is never answered again. */
  readonly crash: () => void;
  readonly crashed: () => boolean;
}

export interface Outside {
  readonly process: () => Process;
  /** What is stored, without waiting and without loss. */
  readonly quiet: SessionPorts;
  /** Acts that really happened, by the id that names each, in order. */
  readonly acts: readonly string[];
  /** The latest that the wall clock ever showed. Unit: ms. */
  readonly latestMs: () => number;
  /** On a clock that nobody sets. */
  readonly ranMs: () => number;
  readonly moveClock: (byMs: number) => void;
  /** An operator sets the stop switch, or clears it. */
  readonly setSwitch: (on: boolean) => void;
  readonly isStopped: () => boolean;
  /** The work of a request has to end by then, on a clock that nobody sets. */
  readonly deadlineIn: (ms: number) => Deadline;
  /** One waiting request goes on; false when none waits. */
  readonly turn: () => boolean;
  /** From now on nothing goes wrong, and nothing waits. */
  readonly calm: () => void;
}

export interface Watched {
  readonly event: (what: string) => void;
  readonly created: (key: SegmentKey, text: string) => void;
  readonly acted: (operationId: string) => void;
  /** An act begins: it is sent. `looked`: whether a look of its own at the stop switch, answered at this very event, found it not set. */
  readonly sent: (looked: boolean) => void;
}

export function makeOutside(random: Random, faults: Faults, watched: Watched): Outside {
  const clock = makeManualClock(1_000_000);
  let monotonicMs = 0;
  let latestMs = clock.nowMs();
  const stored = makeInProcessSessionLog();
  const documents = makeMemoryArtifactStore();
  const memory = makeInProcessMemory();
  const waiting: (() => void)[] = [];
  const acts: string[] = [];
  let calm = false;
  let order: StopOrder | undefined;
  let turns = 0;

  const setClock = (nowMs: number): void => {
    clock.set(nowMs);
    latestMs = Math.max(latestMs, nowMs);
  };
  const chance = (percent: number): boolean => !calm && random(100) < percent;

  function makeProcess(): Process {
    let crashed = false;
    /** Looks that found the switch not set, by the event at which they were answered, and that no act has used. */
    const looks: number[] = [];
    const turn = (): Promise<void> =>
      calm && !crashed
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push(() => {
              if (!crashed) resolve();
            });
          });

    /** Waits before the effect and after it. */
    async function at<E, A>(
      what: string,
      isWrite: boolean,
      act: () => Promise<Either<E, A>>,
      refuses = 0,
    ): Promise<Either<E | DependencyFailed, A>> {
      await turn();
      const failure = (reason: string, effect: DependencyFailed['effect']): Either<DependencyFailed, never> => {
        watched.event(`${what}: ${reason}`);
        return left({ _tag: 'DependencyFailed', service: 'simulated', operation: what, reason, effect });
      };
      const unknown = isWrite ? 'unknown' : 'none';
      if (chance(refuses)) return failure('throttled', 'none');
      if (chance(faults.lostBefore)) return failure('lost before', unknown);
      const done = await act();
      watched.event(what);
      await turn();
      return chance(faults.lostAfter) ? failure('lost after', unknown) : done;
    }

    const log: SessionLog = {
      location: 'simulated',
      create: (key, bytes, deadline) => () =>
        at(
          `create ${String(key.seq)}`,
          true,
          async () => {
            if (chance(faults.contended)) return right('contended' as const);
            const created = await stored.create(key, bytes, deadline)();
            if (created._tag === 'Right' && created.right === 'created') watched.created(key, new TextDecoder().decode(bytes));
            return created;
          },
          faults.throttled,
        ),
      read: (key, deadline) => () => at(`read ${String(key.seq)}`, false, stored.read(key, deadline), faults.throttled),
      newest: (session, known, deadline) => () => at('newest', false, stored.newest(session, known, deadline), faults.throttled),
      list: stored.list,
    };
    const unreliableDocuments: ArtifactStore = {
      ...documents,
      put: (artifact, deadline) => () => at(`put ${artifact.key.slice(-12)}`, true, documents.put(artifact, deadline), faults.throttled),
      get: (key, deadline) => () => at(`get ${key.slice(-12)}`, false, documents.get(key, deadline), faults.throttled),
    };
    const stopSwitch: StopSwitch = {
      ...makeInProcessStopSwitch(),
      location: 'simulated',
      read: () => async () => {
        const state = await at('look', false, () => Promise.resolve(right(order)), faults.throttled);
        if (state._tag === 'Left') return left({ _tag: 'SwitchUnreadable', reason: state.left.reason });
        if (state.right === undefined) looks.push(turns);
        return state;
      },
    };
    const sending = (): void => {
      watched.sent(looks.pop() === turns);
    };
    const happened = (id: string): void => {
      acts.push(id);
      watched.acted(id);
    };
    const unreliableMemory: Memory = {
      ...memory,
      put: (operation, id, deadline) => () => {
        sending();
        return at(`act ${id}`, true, () => {
          happened(id);
          return memory.put(operation, id, deadline)();
        });
      },
      get: (operation, deadline) => () => {
        sending();
        return memory.get(operation, deadline)();
      },
      clear: (operation, deadline) => () => {
        sending();
        return memory.clear(operation, deadline)();
      },
    };
    return {
      ports: {
        log,
        documents: unreliableDocuments,
        clock,
        look: lookAt(stopSwitch),
        outside: {
          memory: unreliableMemory,
          interpreter: {
            source: 'remote',
            label: 'simulated',
            open: () => ({
              execute: (_program, id) => () => {
                sending();
                return at(`act ${id}`, true, () => {
                  happened(id);
                  return Promise.resolve(right({ stdout: 'ran\n', stderr: '', exitCode: 0 as const }));
                });
              },
              close: () => Promise.resolve(0),
            }),
          },
        },
      },
      crash: () => {
        crashed = true;
      },
      crashed: () => crashed,
    };
  }

  return {
    process: makeProcess,
    quiet: { log: stored, documents, clock, outside: {} },
    acts,
    latestMs: () => latestMs,
    ranMs: () => monotonicMs,
    moveClock: (byMs) => {
      setClock(Math.max(0, clock.nowMs() + byMs));
    },
    setSwitch: (on) => {
      order = on ? { who: 'operator', why: 'simulated', at: '2026-11-26T09:30:00.000Z' } : undefined;
      watched.event(on ? 'operator stops' : 'operator resumes');
    },
    isStopped: () => order !== undefined,
    deadlineIn: (ms) => {
      const end = monotonicMs + ms;
      return { remainingMs: () => end - monotonicMs };
    },
    turn: () => {
      turns += 1;
      const next = waiting.splice(random(waiting.length), 1)[0];
      const tookMs = random(40);
      monotonicMs += tookMs;
      setClock(clock.nowMs() + tookMs);
      next?.();
      return next !== undefined;
    },
    calm: () => {
      calm = true;
      for (const next of waiting.splice(0)) next();
    },
  };
}

/** Clocks and deadlines of this process. */
import { performance } from 'node:perf_hooks';
import type { Clock, Deadline } from '../../ports/clock';

export const systemClock: Clock = { nowMs: () => Date.now() };

/** For a command that a person may interrupt. */
export const noDeadline: Deadline = { remainingMs: () => Infinity };

/** Measured on the monotonic clock: a change of the wall clock moves no deadline. */
export function deadlineIn(timeoutMs: number): Deadline {
  const endMs = performance.now() + timeoutMs;
  return { remainingMs: () => endMs - performance.now() };
}

export function isOver(deadline: Deadline): boolean {
  return !(deadline.remainingMs() > 0);
}

export interface ManualClock extends Clock {
  readonly set: (nowMs: number) => void;
}

/** Stands still until it is set. */
export function makeManualClock(startMs: number): ManualClock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    set: (ms) => {
      nowMs = ms;
    },
  };
}

/** Milliseconds since it was made, on the monotonic clock. */
export function stopwatch(): () => number {
  const startMs = performance.now();
  return () => performance.now() - startMs;
}

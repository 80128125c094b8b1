/** The state machine that runs the cells of a sweep beyond this machine. One execution a sweep, named by its id. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Deadline } from './clock';
import type { CallFailure } from './dependency';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';

export interface Execution {
  readonly status: ExecutionStatus;
  /** How often it was gone on with. */
  readonly redrives: number;
  /** Why it ended, where it failed. */
  readonly error?: string;
  readonly cause?: string;
  /** Cells by what became of them; absent before the first began. */
  readonly cells?: {
    readonly total: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly running: number;
    readonly pending: number;
  };
}

export interface SweepMachine {
  /** Idempotent: an execution of that name that runs or ran is `taken`, and nothing is begun. Cost: one request; the cells are paid for as they run. */
  readonly start: (name: string, input: object, deadline: Deadline) => TaskEither<CallFailure, 'started' | 'taken'>;
  /** Nothing where there is no such execution. Cost: at most three requests. */
  readonly describe: (name: string, deadline: Deadline) => TaskEither<CallFailure, Execution | undefined>;
  /** Goes on with one that failed: cells that are there are not run again. The left says why not. Cost: one request, and the cells that are left. */
  readonly redrive: (name: string, deadline: Deadline) => TaskEither<CallFailure, void>;
}

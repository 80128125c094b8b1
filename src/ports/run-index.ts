/** Which finished runs a place holds. Only the local server asks: on AWS a bucket is listed with the tools of AWS. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { StoreError } from './run-files';

export interface RecentRun {
  /** Named after the id of the run. */
  readonly folder: string;
  readonly finishedAtMs: number;
}

export interface RecentRuns {
  /** The newest first; those of the same instant in code unit order of their folders. */
  readonly runs: readonly RecentRun[];
  /** Finished runs in all. */
  readonly total: number;
}

export interface RunIndex {
  /** The newest `max` runs that have their `run.json`. A place that does not exist holds none. */
  readonly recent: (max: number) => TaskEither<StoreError, RecentRuns>;
}

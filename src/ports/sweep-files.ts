/** The rows of a sweep while they are written. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { StoreError } from './run-files';

export interface CellsWriter {
  readonly append: (lines: readonly string[]) => TaskEither<StoreError, void>;
  /** Leaves what was appended where the next process finds it. */
  readonly close: () => TaskEither<StoreError, void>;
  /** Gives the file its final name. */
  readonly finish: () => TaskEither<StoreError, void>;
}

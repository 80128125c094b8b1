/** The inputs of a run in a world file, one a step, read as the text of their normal form. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { MarketInputError } from './market-input';

export interface WorldInputLines {
  /** The next inputs: whole lines of canonical JSON, each with its newline; empty at the end. Memory does not grow with the inputs. */
  readonly read: () => TaskEither<MarketInputError, string>;
  readonly close: () => Promise<void>;
}

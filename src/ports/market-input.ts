/** A market as somebody gave it (a file of any accepted form, an inline document), read as the text of its normal form. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Problem } from '../domain/codec/problem';
import type { StoreError } from './run-files';

export type MarketInputError =
  | StoreError
  /** What was given is not a market path; `source` is the file as the caller named it. */
  | { readonly _tag: 'InvalidInput'; readonly source: string; readonly problems: readonly Problem[] };

export interface MarketInput {
  /** The market's symbols, in header order. Called once, before the first `read`. */
  readonly open: () => TaskEither<MarketInputError, readonly string[]>;
  /** The next steps: whole lines of the normal form, each with its newline; empty at the end. Memory does not grow with the market. */
  readonly read: () => TaskEither<MarketInputError, string>;
  readonly close: () => Promise<void>;
}

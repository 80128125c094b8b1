/** A price file as somebody has it, and a place for prices that do not fit into memory. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { CsvRow } from '../domain/market/csv-table';
import type { SplitRows } from '../domain/market/import-dialect';
import type { Sample } from '../domain/market/import-plan';
import type { MarketInputError } from './market-input';
import type { ByteCursor, StoreError } from './run-files';

/** What the bytes are, as they were told or stated. */
export interface FileFacts {
  readonly encoding: string;
  readonly compression: 'none' | 'gzip' | 'zip';
  readonly line_end: 'lf' | 'crlf' | 'cr';
}

export interface PriceFile {
  /** How messages name it. */
  readonly source: string;
  readonly facts: FileFacts;
  /** The first lines; with more bytes asked for than before, more of them. Unit: bytes of text. */
  readonly sample: (bytesMax: number) => TaskEither<MarketInputError, Sample>;
  readonly split: SplitRows;
  /** All rows after the skipped lines, a batch at a time; none at the end. Called once. */
  readonly rows: (table: { readonly delimiter: string; readonly skipLines: number }) => {
    readonly next: () => TaskEither<MarketInputError, readonly CsvRow[]>;
  };
  readonly close: () => Promise<void>;
}

/** Runs of sorted records, set down and read back; gone when closed, and when the process is. */
export interface RecordSpool {
  readonly add: (run: Uint8Array) => TaskEither<StoreError, void>;
  readonly runs: () => number;
  readonly open: (run: number) => ByteCursor;
  readonly close: () => Promise<void>;
}

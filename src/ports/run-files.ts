/** The files of one run, read and written as bytes. */
import type { TaskEither } from 'fp-ts/TaskEither';

/** Every file that a run directory of any mode may hold, in the order in which they become visible: `run.json` last. */
export const RUN_FILES = [
  'request.json',
  'world.js',
  'policy.js',
  'params.json',
  'inputs.jsonl',
  'strategy.json',
  'policy.json',
  'prices.json',
  'market.jsonl',
  'tape.jsonl',
  'executions.jsonl',
  'memory.json',
  'decision.json',
  'budgets.json',
  'report.md',
  'run.json',
] as const;

export type RunFile = (typeof RUN_FILES)[number];

export type StoreError =
  | { readonly _tag: 'NotFound'; readonly path: string }
  | { readonly _tag: 'AlreadyExists'; readonly path: string; readonly reason: string }
  | { readonly _tag: 'Unreadable'; readonly path: string; readonly reason: string }
  | { readonly _tag: 'Unwritable'; readonly path: string; readonly reason: string };

/** A file being read from front to back. Not for concurrent use. */
export interface ByteCursor {
  /** The next bytes, at most `bytesMax`; empty at the end of the file. What it answers is valid until the next call. */
  readonly read: (bytesMax: number) => TaskEither<StoreError, Uint8Array>;
  readonly close: () => Promise<void>;
}

/** Something that stands in a directory; links are not followed. */
export interface DirectoryEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'symbolic link' | 'device';
}

export interface RunReader {
  /** Where the run is, for messages. */
  readonly location: string;
  /** Length in bytes. */
  readonly size: (file: RunFile) => TaskEither<StoreError, number>;
  /** Opens a file at a byte offset. */
  readonly open: (file: RunFile, offset?: number) => TaskEither<StoreError, ByteCursor>;
  /** All that stands where the run is, in the order of names: files of the run and others. */
  readonly entries: TaskEither<StoreError, readonly DirectoryEntry[]>;
}

/**
 * A run being written. Nothing is visible under its final name before `commit`, and `run.json` becomes visible last, so whatever
 * interrupts the writer leaves no directory that looks finished.
 */
export interface RunWriter {
  readonly location: string;
  /**
   * Appends to a file; the calls for one file take effect in order. May answer before the bytes are written, an error then shows at a later
   * call. The caller may use the memory behind `bytes` again once the next append to the same file was answered.
   */
  readonly append: (file: RunFile, bytes: Uint8Array) => TaskEither<StoreError, void>;
  /**
   * Answers once everything that was appended to a file has come so far: to the `system`, then a crash of this process takes none of it; or to
   * the `disk`, then a crash of the machine does not, either. Cost: a sync of the file for the disk.
   */
  readonly sync: (file: RunFile, reach: 'system' | 'disk') => TaskEither<StoreError, void>;
  /** Reads back what has been appended to a file so far, from a byte offset. */
  readonly readBack: (file: RunFile, offset: number) => TaskEither<StoreError, ByteCursor>;
  /**
   * Makes these files visible, in this order, and closes them; one that nothing was appended to is empty. Without `run.json` the run stays
   * unfinished.
   */
  readonly commit: (files: readonly RunFile[]) => TaskEither<StoreError, void>;
  /** Closes everything; `keep` leaves the unfinished files to be looked at, under names that say so. */
  readonly abandon: (keep: 'keep' | 'remove') => Promise<void>;
}

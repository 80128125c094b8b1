/** A run directory held in memory: the reader and the writer of tests and of handlers that upload what a run left. */
import { left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { concatBytes, copyBytes } from '../../domain/bytes';
import type { ByteCursor, RunFile, RunReader, RunWriter, StoreError } from '../../ports/run-files';

export type RunFileBytes = Partial<Record<RunFile, Uint8Array>>;

export function makeMemoryRunReader(files: RunFileBytes, location = 'memory'): RunReader {
  const find =
    <A>(file: RunFile, use: (bytes: Uint8Array) => A): TaskEither<StoreError, A> =>
    () => {
      const bytes = files[file];
      return Promise.resolve(bytes === undefined ? left({ _tag: 'NotFound', path: `${location}/${file}` }) : right(use(bytes)));
    };
  return {
    location,
    size: (file) => find(file, (bytes) => bytes.length),
    open: (file, offset = 0) => find(file, (bytes) => cursorOver(bytes, offset)),
    entries: () =>
      Promise.resolve(
        right(
          Object.keys(files)
            .sort()
            .map((name) => ({ name, kind: 'file' })),
        ),
      ),
  };
}

export interface MemoryRunWriter extends RunWriter {
  /** The committed files; empty before `commit`. */
  readonly files: () => RunFileBytes;
}

export function makeMemoryRunWriter(location = 'memory'): MemoryRunWriter {
  const parts = new Map<RunFile, Uint8Array[]>();
  let committed: RunFileBytes = {};
  return {
    location,
    append: (file, bytes) => () => {
      const held = parts.get(file) ?? [];
      held.push(copyBytes(bytes));
      parts.set(file, held);
      return Promise.resolve(right(undefined));
    },
    sync: () => () => Promise.resolve(right(undefined)),
    readBack: (file, offset) => () => Promise.resolve(right(cursorOver(concatBytes(parts.get(file) ?? []), offset))),
    commit: (files) => () => {
      committed = Object.fromEntries(files.map((file) => [file, concatBytes(parts.get(file) ?? [])]));
      return Promise.resolve(right(undefined));
    },
    abandon: () => {
      parts.clear();
      return Promise.resolve();
    },
    files: () => committed,
  };
}

function cursorOver(bytes: Uint8Array, offset: number): ByteCursor {
  let at = offset;
  return {
    read: (bytesMax) => () => {
      const chunk = bytes.subarray(at, at + bytesMax);
      at += chunk.length;
      return Promise.resolve(right(chunk));
    },
    close: () => Promise.resolve(),
  };
}

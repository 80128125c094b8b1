/**
 * A run directory on disk. Invariant: every file is written as `<name>.partial` and renamed at the end, `run.json` last, so
 * a crash at any point leaves either the old run, or files whose names say that they are unfinished.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RUN_FILES, type RunFile, type RunReader, type RunWriter, type StoreError } from '../../ports/run-files';
import { makeFileCursor } from './file-cursor';
import { readError } from './system-error';

export const PARTIAL = '.partial';

export function makeRunDirectoryReader(directory: string): RunReader {
  const path = (file: RunFile): string => join(directory, file);
  return {
    location: directory,
    size: (file) => attempt(path(file), readError, async () => (await stat(path(file))).size),
    open: (file, offset = 0) => attempt(path(file), readError, async () => makeFileCursor(await open(path(file), 'r'), path(file), offset)),
  };
}

/** What stands in a directory that may be one of runs. */
export type DirectoryContent = 'absent' | 'none' | 'finished' | 'unfinished';

export function inspectRunDirectory(directory: string): TaskEither<StoreError, DirectoryContent> {
  return async () => {
    const names = await attempt(directory, readError, () => readdir(directory))();
    if (isLeft(names)) return names.left._tag === 'NotFound' ? right('absent') : names;
    const held = new Set(names.right);
    if (held.has('run.json')) return right('finished');
    return right(RUN_FILES.some((file) => held.has(file) || held.has(file + PARTIAL)) ? 'unfinished' : 'none');
  };
}

/** Opens a directory for writing. A run that is there is refused, or with `force` replaced at the commit and not before. */
export function openRunDirectoryWriter(directory: string, force: boolean): TaskEither<StoreError, RunWriter> {
  return async () => {
    const content = await inspectRunDirectory(directory)();
    if (isLeft(content)) return content;
    if ((content.right === 'finished' || content.right === 'unfinished') && !force) {
      const what = content.right === 'finished' ? 'holds a finished run' : 'holds an unfinished run';
      return left({ _tag: 'AlreadyExists', path: directory, reason: what });
    }
    const made = await attempt(directory, writeError, async () => {
      await mkdir(directory, { recursive: true });
      for (const file of RUN_FILES) await rm(join(directory, file + PARTIAL), { force: true });
    })();
    return isLeft(made) ? made : right(makeWriter(directory, content.right === 'absent'));
  };
}

interface OpenFile {
  readonly handle: FileHandle;
  /** The write under way. One may be pending while the caller makes the next bytes. */
  pending: Promise<Either<StoreError, void>>;
}

function makeWriter(directory: string, created: boolean): RunWriter {
  const files = new Map<RunFile, OpenFile>();
  const path = (file: RunFile): string => join(directory, file);
  const partial = (file: RunFile): string => path(file) + PARTIAL;

  async function openFile(file: RunFile): Promise<Either<StoreError, OpenFile>> {
    const known = files.get(file);
    if (known !== undefined) return right(known);
    const opened = await attempt(partial(file), writeError, async () => ({
      handle: await open(partial(file), 'wx+'),
      pending: Promise.resolve<Either<StoreError, void>>(right(undefined)),
    }))();
    if (!isLeft(opened)) files.set(file, opened.right);
    return opened;
  }

  async function append(file: RunFile, bytes: Uint8Array): Promise<Either<StoreError, void>> {
    const opened = await openFile(file);
    if (isLeft(opened)) return opened;
    const written = await opened.right.pending;
    if (isLeft(written)) return written;
    opened.right.pending = attempt(partial(file), writeError, () => writeAll(opened.right.handle, bytes))();
    return right(undefined);
  }

  async function closeAll(): Promise<Either<StoreError, void>> {
    let outcome: Either<StoreError, void> = right(undefined);
    for (const { handle, pending } of files.values()) {
      const written = await pending;
      if (isLeft(written)) outcome = written;
      await handle.close();
    }
    return outcome;
  }

  async function commit(committed: readonly RunFile[]): Promise<Either<StoreError, void>> {
    for (const file of committed) {
      const opened = await openFile(file);
      if (isLeft(opened)) return opened;
      const written = await opened.right.pending;
      if (isLeft(written)) return written;
    }
    const closed = await closeAll();
    files.clear();
    if (isLeft(closed)) return closed;
    return attempt(directory, writeError, async () => {
      // Without its run.json an old run no longer looks finished while its files are replaced one by one.
      await rm(path('run.json'), { force: true });
      for (const file of RUN_FILES) if (!committed.includes(file)) await rm(path(file), { force: true });
      for (const file of committed) await rename(partial(file), path(file));
    })();
  }

  return {
    location: directory,
    append: (file, bytes) => () => append(file, bytes),
    readBack: (file, offset) => async () => {
      const opened = await openFile(file);
      if (isLeft(opened)) return opened;
      const written = await opened.right.pending;
      if (isLeft(written)) return written;
      return attempt(partial(file), readError, async () => makeFileCursor(await open(partial(file), 'r'), partial(file), offset))();
    },
    commit: (committed) => () => commit(committed),
    abandon: async (keep) => {
      await closeAll();
      if (keep === 'keep') return;
      for (const file of RUN_FILES) await rm(partial(file), { force: true });
      // Only a directory that this run made, and only if nobody put anything into it since.
      if (created) await rmdir(directory).catch(() => undefined);
    },
  };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += (await handle.write(bytes, at)).bytesWritten;
}

function attempt<A>(path: string, toError: (path: string, error: unknown) => StoreError, act: () => Promise<A>): TaskEither<StoreError, A> {
  return async () => {
    try {
      return right(await act());
    } catch (error) {
      return left(toError(path, error));
    }
  };
}

const WRITE_REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EFBIG: 'the file would be too large',
  EEXIST: 'another run is being written here',
};

export function writeError(path: string, error: unknown): StoreError {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const reason = WRITE_REASONS[code];
  if (reason !== undefined) return { _tag: 'Unwritable', path, reason };
  const read = readError(path, error);
  return { _tag: 'Unwritable', path, reason: read._tag === 'Unreadable' ? read.reason : 'a part of the path does not exist' };
}

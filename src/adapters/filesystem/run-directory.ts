/**
 * A run directory on disk. Invariant: every file is written as `<name>.partial`, synced, and renamed at the end, `run.json` last, so the end of
 * the process or of the power at any point leaves either the old run, or files whose names say that they are unfinished, or the whole new run.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { RUN_FILES, type RunFile, type RunReader, type RunWriter, type StoreError } from '../../ports/run-files';
import { directoryEntries } from './directory-entries';
import { makeFileCursor } from './file-cursor';
import { assertPlain, openPlainFile } from './plain-file';
import { syncFolder } from './artifact-store';
import { removeReceipts } from './receipt-file';
import { attempt, codeOf, readError, writeError } from './system-error';

export const PARTIAL = '.partial';

export function makeRunDirectoryReader(directory: string, suffix = ''): RunReader {
  const path = (file: RunFile): string => join(directory, file + suffix);
  return {
    location: directory,
    size: (file) =>
      attempt(path(file), readError, async () => {
        const found = await stat(path(file));
        assertPlain(found);
        return found.size;
      }),
    open: (file, offset = 0) =>
      attempt(path(file), readError, async () => makeFileCursor(await openPlainFile(path(file)), path(file), offset)),
    entries: directoryEntries(directory),
  };
}

/** What is left of a run that did not finish: each file under its own name, or else under that of an unfinished one. */
export function makeUnfinishedRunReader(directory: string): RunReader {
  const finished = makeRunDirectoryReader(directory);
  const unfinished = makeRunDirectoryReader(directory, PARTIAL);
  return {
    location: directory,
    size: (file) => orElse(finished.size(file), unfinished.size(file)),
    open: (file, offset) => orElse(finished.open(file, offset), unfinished.open(file, offset)),
    entries: finished.entries,
  };
}

function orElse<A>(first: TaskEither<StoreError, A>, second: TaskEither<StoreError, A>): TaskEither<StoreError, A> {
  return async () => {
    const found = await first();
    return isLeft(found) && found.left._tag === 'NotFound' ? second() : found;
  };
}

/** Unfinished files beside a finished run: somebody began to replace it and did not end, or is still at it. */
export function unfinishedBeside(directory: string): TaskEither<StoreError, readonly string[]> {
  return attempt(directory, readError, async () => {
    const names = new Set(await readdir(directory));
    return RUN_FILES.map((file) => file + PARTIAL).filter((name) => names.has('run.json') && names.has(name));
  });
}

/** What stands in a directory that may be one of runs. */
export type DirectoryContent = 'absent' | 'none' | 'finished' | 'unfinished';

export function inspectRunDirectory(directory: string): TaskEither<StoreError, DirectoryContent> {
  return async () => {
    const names = await attempt(directory, readError, () => readdir(directory))();
    if (isLeft(names)) {
      if (names.left._tag === 'NotFound') return right('absent');
      // The system says the same of the last part of a path as of those before it.
      const isFile = await stat(directory).then(
        (found) => !found.isDirectory(),
        () => false,
      );
      const known = RUN_FILES.some((file) => file === basename(directory));
      const reason = `is not a directory${known ? `; did you mean the one that it is in, ${dirname(directory)}?` : ''}`;
      return isFile ? left({ _tag: 'Unreadable', path: directory, reason }) : names;
    }
    const held = new Set(names.right);
    if (held.has('run.json')) return right('finished');
    // The inputs alone prove nothing: people name their own files so.
    return right(held.has('tape.jsonl') || RUN_FILES.some((file) => held.has(file + PARTIAL)) ? 'unfinished' : 'none');
  };
}

/** Opens a directory for writing. A run that is there is refused, or with `force` replaced at the commit and not before. */
export function openRunDirectoryWriter(directory: string, force: boolean): TaskEither<StoreError, RunWriter> {
  return async () => {
    const content = await inspectRunDirectory(directory)();
    if (isLeft(content)) return content.left._tag === 'Unreadable' ? left({ ...content.left, _tag: 'Unwritable' }) : content;
    if ((content.right === 'finished' || content.right === 'unfinished') && !force) {
      const what = content.right === 'finished' ? 'holds a finished run' : 'holds a run that was interrupted or is still going on';
      return left({ _tag: 'AlreadyExists', path: directory, reason: what });
    }
    if (content.right === 'none') {
      const foreign = await attempt(directory, writeError, () => readdir(directory))();
      if (isLeft(foreign)) return foreign;
      const held = RUN_FILES.find((file) => foreign.right.includes(file));
      const reason = `holds a ${String(held)} that belongs to no run; choose another directory`;
      if (held !== undefined) return left({ _tag: 'Unwritable', path: directory, reason });
    }
    const made = await makeDirectories(directory);
    if (isLeft(made)) return made;
    const cleared = await attempt(directory, writeError, async () => {
      for (const file of RUN_FILES) await rm(join(directory, file + PARTIAL), { force: true });
    })();
    return isLeft(cleared) ? cleared : right(makeWriter(directory, made.right));
  };
}

/**
 * Makes a directory and those missing above it; answers what it made, innermost first. Not Node's own recursive `mkdir`: that one never
 * returns where the system answers ENOENT although the parent exists, as it does in /proc.
 */
async function makeDirectories(directory: string): Promise<Either<StoreError, readonly string[]>> {
  const missing: string[] = [];
  for (let at = resolve(directory); ; at = dirname(at)) {
    const found = await attempt(directory, writeError, () => stat(at).then(() => true, absent))();
    if (isLeft(found)) return found;
    if (found.right) break;
    missing.push(at);
  }
  const made: string[] = [];
  for (const path of missing.reverse()) {
    const one = await attempt(path, makeError, () => mkdir(path))();
    if (isLeft(one)) {
      await removeEmpty(made);
      return one;
    }
    made.unshift(path);
  }
  return right(made);
}

/** What is above the directory is there. */
function makeError(path: string, error: unknown): StoreError {
  if (codeOf(error) !== 'ENOENT') return writeError(path, error);
  return { _tag: 'Unwritable', path, reason: 'no directory can be made here' };
}

function absent(error: unknown): false {
  if (codeOf(error) === 'ENOENT') return false;
  throw error;
}

/** Leaves a directory that somebody put something into. */
async function removeEmpty(directories: readonly string[]): Promise<void> {
  for (const path of directories) await rmdir(path).catch(() => undefined);
}

interface OpenFile {
  readonly handle: FileHandle;
  /** Inode and device: the name may come to stand for a file of another run. */
  readonly identity: string;
  /** The write under way. One may be pending while the caller makes the next bytes. */
  pending: Promise<Either<StoreError, void>>;
}

/** `made`: the directories that exist because of this run. */
function makeWriter(directory: string, made: readonly string[]): RunWriter {
  const files = new Map<RunFile, OpenFile>();
  let closed = false;
  const path = (file: RunFile): string => join(directory, file);
  const partial = (file: RunFile): string => path(file) + PARTIAL;

  async function openFile(file: RunFile): Promise<Either<StoreError, OpenFile>> {
    const known = files.get(file);
    if (known !== undefined) return right(known);
    const opened = await attempt(partial(file), writeError, async () => {
      const handle = await open(partial(file), 'wx+');
      return { handle, identity: identityOf(await handle.stat()), pending: Promise.resolve<Either<StoreError, void>>(right(undefined)) };
    })();
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
    if (closed) return right(undefined);
    closed = true;
    let outcome: Either<StoreError, void> = right(undefined);
    for (const [file, { handle, pending }] of files) {
      const written = await pending;
      if (isLeft(written)) outcome = written;
      // Some file systems tell of a full disk only now.
      const ended = await attempt(partial(file), writeError, () => handle.close())();
      if (isLeft(ended)) outcome = ended;
    }
    return outcome;
  }

  /** Whether an unfinished file is still that of this run: another one may be at work here, with `force`. */
  async function owns(file: RunFile): Promise<boolean> {
    const there = await stat(partial(file)).catch(() => undefined);
    return there !== undefined && identityOf(there) === files.get(file)?.identity;
  }

  async function commit(committed: readonly RunFile[]): Promise<Either<StoreError, void>> {
    for (const file of committed) {
      const opened = await openFile(file);
      if (isLeft(opened)) return opened;
      const written = await opened.right.pending;
      if (isLeft(written)) return written;
    }
    for (const file of committed) {
      if (!(await owns(file))) return left({ _tag: 'Unwritable', path: directory, reason: 'another run took this directory over' });
    }
    // At once and not one by one: a journal takes them together.
    const synced = await Promise.all(
      committed.map((file) => attempt(partial(file), writeError, async () => files.get(file)?.handle.sync())()),
    );
    for (const one of synced) if (isLeft(one)) return one;
    const written = await closeAll();
    if (isLeft(written)) return written;
    return attempt(directory, writeError, async () => {
      // Without its run.json an old run no longer looks finished while its files are replaced one by one. The order of names on the disk is
      // that of these lines only where the folder is synced between them.
      await rm(path('run.json'), { force: true });
      // What somebody signed is the run that is replaced.
      await removeReceipts(directory);
      await syncFolder(directory);
      for (const file of committed) if (file !== 'run.json') await rename(partial(file), path(file));
      await syncFolder(directory);
      if (committed.includes('run.json')) await rename(partial('run.json'), path('run.json'));
      for (const folder of [directory, ...made.map((one) => dirname(one))]) await syncFolder(folder);
    })();
  }

  return {
    location: directory,
    append: (file, bytes) => () => append(file, bytes),
    sync: (file, reach) => async () => {
      const opened = await openFile(file);
      if (isLeft(opened)) return opened;
      const written = await opened.right.pending;
      if (isLeft(written) || reach === 'system') return written;
      return attempt(partial(file), writeError, () => opened.right.handle.datasync())();
    },
    readBack: (file, offset) => async () => {
      const opened = await openFile(file);
      if (isLeft(opened)) return opened;
      const written = await opened.right.pending;
      if (isLeft(written)) return written;
      return attempt(partial(file), readError, async () => makeFileCursor(await openPlainFile(partial(file)), partial(file), offset))();
    },
    commit: (committed) => () => commit(committed),
    abandon: async (keep) => {
      await closeAll();
      if (keep === 'keep') return;
      for (const file of files.keys()) if (await owns(file)) await rm(partial(file), { force: true });
      await removeEmpty(made);
    },
  };
}

function identityOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${String(dev)}:${String(ino)}`;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += (await handle.write(bytes, at)).bytesWritten;
}

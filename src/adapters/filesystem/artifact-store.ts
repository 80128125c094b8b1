/**
 * Artifacts as files below a directory.
 * Invariant: a name is linked to whole, synced bytes or not at all. A crash while writing leaves a `.writing-*` file beside the artifact, or a
 * `.writing-*` folder below the root, that no key can name and no listing shows; a crash right after leaves the finished artifacts.
 */
import { type FileHandle, link, mkdir, open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { assert } from '../../domain/assert';
import { isRecord } from '../../domain/codec/codec';
import type { Artifact, ArtifactConflict, ArtifactStore, InvalidKey, PutOutcome } from '../../ports/artifact-store';
import type { Deadline } from '../../ports/clock';
import type { CallFailure, DependencyFailed, Effect } from '../../ports/dependency';
import { checkFolder, checkKey } from '../artifact-key';
import { putFolderBy } from '../put-folder';
import { writingName } from './writing';

export interface FilesystemArtifactStoreDeps {
  /** Created by the first put. */
  readonly directory: string;
}

const SERVICE = 'filesystem';

type Operation = 'put' | 'get' | 'list';

export function makeFilesystemArtifactStore(deps: FilesystemArtifactStoreDeps): ArtifactStore {
  const root = resolve(deps.directory);
  const putOne: ArtifactStore['put'] = (artifact, deadline) => () =>
    guarded('put', checkKey(artifact.key), deadline, 'unknown', () => put(root, artifact));
  return {
    location: root,
    put: putOne,
    putFolder: (artifacts, deadline) => async () => {
      const key = artifacts.map((artifact) => checkKey(artifact.key)).find(isLeft) ?? right('');
      const staged = await guarded('put', key, deadline, 'unknown', async () => right(await putStaged(root, artifacts)));
      // There already, whole or in part: file by file.
      if (isLeft(staged)) return staged;
      return staged.right ? right('written') : putFolderBy(putOne)(artifacts, deadline)();
    },
    get: (key, deadline) => () =>
      guarded('get', checkKey(key), deadline, 'none', async () => {
        const bytes = await readWhole(root, join(root, key));
        return bytes === undefined ? left({ _tag: 'NotFound', key } as const) : right(bytes);
      }),
    list: (folder, deadline) => () =>
      guarded('list', checkFolder(folder), deadline, 'none', async () => right(await list(root, join(root, folder)))),
  };
}

/** Key, deadline and the errors of the file system are treated alike by the three methods. */
async function guarded<E, A>(
  operation: Operation,
  key: Either<InvalidKey, string>,
  deadline: Deadline,
  effect: Effect,
  act: () => Promise<Either<E, A>>,
): Promise<Either<E | InvalidKey | CallFailure, A>> {
  if (isLeft(key)) return key;
  if (!(deadline.remainingMs() > 0)) return left({ _tag: 'DeadlineExceeded', service: SERVICE, operation, effect: 'none' });
  try {
    return await act();
  } catch (error) {
    if (!isFileError(error)) throw error;
    const failed: DependencyFailed = { _tag: 'DependencyFailed', service: SERVICE, operation, reason: error.message, effect };
    return left(failed);
  }
}

async function put(root: string, artifact: Artifact): Promise<Either<ArtifactConflict, PutOutcome>> {
  const path = join(root, artifact.key);
  const folder = dirname(path);
  // A repeat of a run writes nothing, not even a temporary file.
  const before = await outcomeAgainst(root, path, artifact);
  if (before !== undefined) return before;
  if (!(await makeFolder(root, folder))) return left({ _tag: 'ArtifactConflict', key: artifact.key });
  const writing = join(folder, writingName());
  try {
    await writeSynced(writing, artifact.bytes);
    if (!(await linkOnce(writing, path))) {
      // Taken by no plain file: a folder stands there, or what stood there is gone again.
      return (await outcomeAgainst(root, path, artifact)) ?? left({ _tag: 'ArtifactConflict', key: artifact.key });
    }
  } finally {
    await rm(writing, { force: true });
  }
  await syncFolder(folder);
  return right('written');
}

/**
 * A folder that is not there yet: its files are written and synced beside each other, and it gets its name when all of them have theirs. Syncs
 * are what a run costs here, and so they wait for each other three times and not twenty. `false` where the name is taken.
 */
async function putStaged(root: string, artifacts: readonly Artifact[]): Promise<boolean> {
  const folder = dirname(join(root, artifacts[0]?.key ?? ''));
  assert(
    artifacts.every(({ key }) => dirname(join(root, key)) === folder),
    'the files of a folder are in one',
  );
  if (folder === root || (await exists(folder)) || !(await makeFolder(root, dirname(folder)))) return false;
  const writing = join(root, writingName());
  let named = false;
  try {
    await mkdir(writing);
    await Promise.all(artifacts.map(({ key, bytes }) => writeSynced(join(writing, basename(key)), bytes)));
    await syncFolder(writing);
    named = await renameOnce(writing, folder);
  } finally {
    if (!named) await rm(writing, { recursive: true, force: true });
  }
  if (named) await syncFolder(dirname(folder));
  return named;
}

/** A folder that is not empty is not replaced. */
async function renameOnce(writing: string, folder: string): Promise<boolean> {
  try {
    await rename(writing, folder);
    return true;
  } catch (error) {
    if (NOT_RENAMED.has(codeOf(error))) return false;
    throw error;
  }
}

/** Taken, by a folder or a file; another file system; systems that refuse where a name is taken. */
const NOT_RENAMED = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EXDEV', 'EPERM', 'EACCES']);

/** What a put means where the name is taken; `undefined` where it is free. */
async function outcomeAgainst(root: string, path: string, artifact: Artifact): Promise<Either<ArtifactConflict, PutOutcome> | undefined> {
  const there = await readWhole(root, path);
  if (there === undefined) return undefined;
  return Buffer.compare(there, artifact.bytes) === 0 ? right('unchanged') : left({ _tag: 'ArtifactConflict', key: artifact.key });
}

/** The synced file takes its name only when nothing has it: `link` refuses to replace, `rename` would not. */
export async function linkOnce(writing: string, path: string): Promise<boolean> {
  try {
    await link(writing, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!NO_LINKS.has(codeOf(error))) throw error;
  }
  // A file system without hard links (FAT, some network mounts): the look and the rename are two steps, and only this process is to write there.
  if (await exists(path)) return false;
  await rename(writing, path);
  return true;
}

const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

export async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    // Before the name, or a power cut could leave the name on an empty file: a conflict with its own run for ever.
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Creates what is missing of the path and makes each new name durable; `false` where an artifact stands in the way. */
export async function makeFolder(root: string, folder: string): Promise<boolean> {
  await makeSynced(root);
  try {
    await makeSynced(folder);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
  await assertInside(root, folder);
  return true;
}

async function makeSynced(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    // Not every system lets a folder be opened or synced; there the name is as durable as that system makes it.
    if (!NO_FOLDER_SYNC.has(codeOf(error))) throw error;
  } finally {
    await handle?.close();
  }
}

const NO_FOLDER_SYNC = new Set(['EPERM', 'EISDIR', 'EINVAL', 'EACCES']);

/** The bytes of a plain file inside the root, or `undefined` where there is none. */
export async function readWhole(root: string, path: string): Promise<Uint8Array | undefined> {
  try {
    if (!(await stat(path)).isFile()) return undefined;
    await assertInside(root, path);
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function list(root: string, folder: string): Promise<readonly string[]> {
  try {
    await assertInside(root, folder);
    const entries = await readdir(folder, { withFileTypes: true });
    const shown = entries.filter((entry) => !entry.name.startsWith('.') && (entry.isFile() || entry.isDirectory()));
    return shown.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Keys cannot leave the root, but a symbolic link somebody put there could. */
export async function assertInside(root: string, path: string): Promise<void> {
  const [realRoot, realPath] = await Promise.all([realpath(root), realpath(path)]);
  if (realPath === realRoot || realPath.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep)) return;
  throw Object.assign(new Error('a symbolic link leads out of the artifact directory'), { code: 'OUTSIDE' });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** ENOTDIR: a file stands where the key has a folder, so there is nothing below it. */
function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

interface FileError {
  readonly code: string;
  readonly message: string;
}

/** By shape and not by class: anything else that is thrown is a bug and goes on up. */
export function isFileError(error: unknown): error is FileError {
  return isRecord(error) && typeof error['code'] === 'string' && typeof error['message'] === 'string';
}

function codeOf(error: unknown): string {
  return isFileError(error) ? error.code : '';
}

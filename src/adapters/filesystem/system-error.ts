/** What the system refuses, in words: nobody should have to know what EISDIR is. The only place where an error of Node becomes one of the port. */
import { left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import type { StoreError } from '../../ports/run-files';

const REASONS: Readonly<Record<string, string>> = {
  EISDIR: 'is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files on this machine',
  EIO: 'the device failed',
  // What opening a socket by its name gives.
  ENXIO: 'is a socket or a device without one, not a regular file',
  EBUSY: 'is in use',
  ENOMEM: 'the machine is out of memory',
};

const WRITE_REASONS: Readonly<Record<string, string>> = {
  ...REASONS,
  ENOENT: 'a part of the path does not exist',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EFBIG: 'the file would be larger than the system allows',
  EEXIST: 'another run is being written here',
  ENOTEMPTY: 'is a directory that is not empty',
};

/** A failed read as the port names it. */
export function readError(path: string, error: unknown): StoreError {
  if (codeOf(error) === 'ENOENT') return { _tag: 'NotFound', path };
  return { _tag: 'Unreadable', path, reason: REASONS[codeOf(error)] ?? textOf(error) };
}

/** A failed write as the port names it. */
export function writeError(path: string, error: unknown): StoreError {
  return { _tag: 'Unwritable', path, reason: WRITE_REASONS[codeOf(error)] ?? textOf(error) };
}

/** Does something to `path` that the system may refuse. */
export function attempt<A>(
  path: string,
  toError: (path: string, error: unknown) => StoreError,
  act: () => Promise<A>,
): TaskEither<StoreError, A> {
  return async () => {
    try {
      return right(await act());
    } catch (error) {
      return left(toError(path, error));
    }
  };
}

/** `ENOENT` and the like; empty for an error that is not the system's. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

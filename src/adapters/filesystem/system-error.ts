/** What the system refuses, in words: nobody should have to know what EISDIR is. */
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
  ENXIO: 'nothing is at the other end',
};

/** A failed read as the port names it. */
export function readError(path: string, error: unknown): StoreError {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return { _tag: 'NotFound', path };
  return { _tag: 'Unreadable', path, reason: REASONS[code] ?? (error instanceof Error ? error.message : String(error)) };
}

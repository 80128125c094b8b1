/** What stands in a directory. A link is told as a link, whatever it leads to. */
import type { TaskEither } from 'fp-ts/TaskEither';
import { readdir } from 'node:fs/promises';
import type { DirectoryEntry, StoreError } from '../../ports/run-files';
import { attempt, readError } from './system-error';

export function directoryEntries(directory: string): TaskEither<StoreError, readonly DirectoryEntry[]> {
  return attempt(directory, readError, async () => {
    const found = await readdir(directory, { withFileTypes: true });
    return found.map((entry) => ({ name: entry.name, kind: kindOf(entry) })).sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}

interface Kinds {
  readonly isFile: () => boolean;
  readonly isDirectory: () => boolean;
  readonly isSymbolicLink: () => boolean;
}

function kindOf(entry: Kinds): DirectoryEntry['kind'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symbolic link' : 'device';
}

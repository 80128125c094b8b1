/** A run among the artifacts, read in chunks. Invariant: like the store, it opens plain files inside its directory and nothing else. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunFile, RunReader } from '../../ports/run-files';
import { assertInside } from './artifact-store';
import { directoryEntries } from './directory-entries';
import { makeFileCursor } from './file-cursor';
import { assertPlain, openPlainFile } from './plain-file';
import { attempt, readError } from './system-error';

export function makeArtifactRunReader(artifacts: string, folder: string): RunReader {
  const location = join(artifacts, folder);
  const checked = async (file: RunFile): Promise<string> => {
    const path = join(location, file);
    await assertInside(artifacts, path);
    return path;
  };
  const at = (file: RunFile): string => join(location, file);
  return {
    location,
    size: (file) =>
      attempt(at(file), readError, async () => {
        const found = await stat(await checked(file));
        assertPlain(found);
        return found.size;
      }),
    open: (file, offset = 0) =>
      attempt(at(file), readError, async () => makeFileCursor(await openPlainFile(await checked(file)), at(file), offset)),
    entries: directoryEntries(location),
  };
}

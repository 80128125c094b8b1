/** A run among the artifacts, read in chunks. Invariant: like the store, it opens plain files inside its directory and nothing else. */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunFile, RunReader } from '../../ports/run-files';
import { assertInside } from './artifact-store';
import { makeFileCursor } from './file-cursor';
import { attempt, readError } from './system-error';

export function makeArtifactRunReader(artifacts: string, folder: string): RunReader {
  const location = join(artifacts, folder);
  const checked = async (file: RunFile): Promise<string> => {
    const path = join(location, file);
    // Before it is opened: a pipe would wait for its writer for ever.
    if (!(await stat(path)).isFile()) throw Object.assign(new Error('is not a plain file'), { code: 'NOFILE' });
    await assertInside(artifacts, path);
    return path;
  };
  const at = (file: RunFile): string => join(location, file);
  return {
    location,
    size: (file) => attempt(at(file), readError, async () => (await stat(await checked(file))).size),
    open: (file, offset = 0) =>
      attempt(at(file), readError, async () => makeFileCursor(await open(await checked(file), 'r'), at(file), offset)),
  };
}

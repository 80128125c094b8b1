/** A directory that a long-running program is going to write into, made and tried out before it begins. */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import type { StoreError } from '../../ports/run-files';
import { writeError } from './system-error';
import { writingName } from './writing';

/** Makes what is missing of the path and writes a file there and takes it away again. Answers the absolute path. */
export function prepareDataDirectory(directory: string): TaskEither<StoreError, string> {
  return async () => {
    const path = resolve(directory);
    const probe = join(path, writingName());
    try {
      await makeFolders(path);
      await writeFile(probe, '', { flag: 'wx' });
      await rm(probe);
      return right(path);
    } catch (error) {
      return left(writeError(path, error));
    }
  };
}

/**
 * Makes what is missing of a path, from the top: one by one, and not by a recursive mkdir. Where the system answers ENOENT for a name that cannot be
 * made, as it does below /proc, Node 20 and 22 go round for ever.
 */
export async function makeFolders(path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = path; dirname(at) !== at && !(await exists(at)); at = dirname(at)) missing.unshift(at);
  for (const folder of missing) await mkdir(folder);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** One text file, written beside its name and renamed at the end: a reader never sees half of it. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { open, rename, rm, stat } from 'node:fs/promises';
import type { StoreError } from '../../ports/run-files';
import { writeError } from './run-directory';

export function writeTextFile(path: string, chunks: Iterable<string>, force: boolean): TaskEither<StoreError, void> {
  return async () => {
    const exists = await stat(path).then(
      () => true,
      () => false,
    );
    if (exists && !force) return left({ _tag: 'AlreadyExists', path, reason: 'is there already' });
    const temporary = `${path}.partial`;
    const written = await writeChunks(temporary, path, chunks);
    if (isLeft(written)) await rm(temporary, { force: true }).catch(() => undefined);
    return written;
  };
}

async function writeChunks(temporary: string, path: string, chunks: Iterable<string>): Promise<Either<StoreError, void>> {
  try {
    const handle = await open(temporary, 'w');
    try {
      for (const chunk of chunks) await handle.writeFile(chunk);
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    return right(undefined);
  } catch (error) {
    return left(writeError(path, error));
  }
}

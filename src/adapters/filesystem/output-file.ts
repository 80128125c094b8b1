/** One text file, written beside its name and renamed at the end: a reader never sees half of it. */
import { isLeft, left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { constants, open, rename, rm, stat } from 'node:fs/promises';
import type { StoreError } from '../../ports/run-files';
import { attempt, writeError } from './system-error';

export type OutputError = StoreError | { readonly _tag: 'Interrupted' };

/** `interrupted` is asked between two chunks; true leaves things as they were. */
export function writeTextFile(
  path: string,
  chunks: Iterable<string>,
  force: boolean,
  interrupted: () => boolean = () => false,
): TaskEither<OutputError, void> {
  return async () => {
    const free = await checkOutput(path, force)();
    if (isLeft(free)) return free;
    const temporary = `${path}.partial`;
    const whole = await attempt(path, writeError, async () => {
      const all = await writeChunks(temporary, chunks, interrupted);
      if (all) await rename(temporary, path);
      return all;
    })();
    if (!isLeft(whole) && whole.right) return right(undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
    return isLeft(whole) ? whole : left({ _tag: 'Interrupted' });
  };
}

/** Whether a file may be written here: to be asked before work whose result would find no place. */
export function checkOutput(path: string, force: boolean): TaskEither<StoreError, void> {
  return async () => {
    const held = await stat(path).catch(() => undefined);
    if (held?.isDirectory() === true) return left({ _tag: 'Unwritable', path, reason: 'is a directory' });
    if (held !== undefined && !force) return left({ _tag: 'AlreadyExists', path, reason: 'is there already' });
    return right(undefined);
  };
}

/** Without blocking: a pipe of that name would wait for its reader for ever. */
const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0);

/** Whether all of them were written. */
async function writeChunks(path: string, chunks: Iterable<string>, interrupted: () => boolean): Promise<boolean> {
  const handle = await open(path, WRITE);
  try {
    for (const chunk of chunks) {
      if (interrupted()) return false;
      await handle.writeFile(chunk);
    }
    return true;
  } finally {
    await handle.close();
  }
}

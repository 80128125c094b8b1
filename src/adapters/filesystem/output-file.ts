/** One text file, written beside its name and renamed at the end: a reader never sees half of it. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { constants, open, rename, rm, stat } from 'node:fs/promises';
import type { StoreError } from '../../ports/run-files';
import { attempt, writeError } from './system-error';

/** A chunk that could not be made ends the file, which is not written then. */
export type TextChunks = Iterable<string> | AsyncIterable<Either<StoreError, string>>;

export type OutputError = StoreError | { readonly _tag: 'Interrupted' };

/** `interrupted` is asked between two chunks; true leaves things as they were. */
export function writeTextFile(
  path: string,
  chunks: TextChunks,
  force: boolean,
  interrupted: () => boolean = () => false,
): TaskEither<OutputError, void> {
  return async () => {
    const free = await checkOutput(path, force)();
    if (isLeft(free)) return free;
    const temporary = `${path}.partial`;
    const whole = await attempt(path, writeError, async () => {
      const written = await writeChunks(temporary, chunks, interrupted);
      if (!isLeft(written)) await rename(temporary, path);
      return written;
    })();
    const outcome = isLeft(whole) ? whole : whole.right;
    if (isLeft(outcome)) await rm(temporary, { force: true }).catch(() => undefined);
    return outcome;
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

async function writeChunks(path: string, chunks: TextChunks, interrupted: () => boolean): Promise<Either<OutputError, void>> {
  const handle = await open(path, WRITE);
  try {
    for await (const chunk of chunks) {
      if (interrupted()) return left({ _tag: 'Interrupted' });
      if (typeof chunk !== 'string' && isLeft(chunk)) return chunk;
      await handle.writeFile(typeof chunk === 'string' ? chunk : chunk.right);
    }
    return right(undefined);
  } finally {
    await handle.close();
  }
}

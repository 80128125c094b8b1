/** Files of a run being read. Invariant: what is opened here is closed here, whichever way the reading ends. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import type { ByteCursor, StoreError } from '../../ports/run-files';
import { CHUNK_BYTES } from '../limits';

export async function withCursor<E, A>(
  opening: TaskEither<StoreError, ByteCursor>,
  use: (cursor: ByteCursor) => Promise<Either<E, A>>,
): Promise<Either<E | StoreError, A>> {
  const cursor = await opening();
  if (isLeft(cursor)) return cursor;
  try {
    return await use(cursor.right);
  } finally {
    await cursor.right.close();
  }
}

/**
 * Reads to the end, or until `onChunk` answers something: why to stop, a left, or that there is enough, a right. The bytes are valid during
 * the call only.
 */
export async function eachChunk<E>(
  cursor: ByteCursor,
  onChunk: (bytes: Uint8Array) => Either<E, void> | undefined,
  chunkBytes = CHUNK_BYTES,
): Promise<Either<E | StoreError, void>> {
  for (;;) {
    const bytes = await cursor.read(chunkBytes)();
    if (isLeft(bytes)) return bytes;
    if (bytes.right.length === 0) return right(undefined);
    const ended = onChunk(bytes.right);
    if (ended !== undefined) return ended;
  }
}

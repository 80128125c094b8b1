/**
 * Opens a file, or stdin for `-`, as a byte cursor. Invariant: what the system refuses comes back in words, under the name the caller gave.
 */
import { type Either, left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { Buffer } from 'node:buffer';
import { copyBytes } from '../../domain/bytes';
import { CHUNK_BYTES } from '../../domain/limits';
import type { ByteCursor, StoreError } from '../../ports/run-files';
import { makeFileCursor } from './file-cursor';
import { NO_FILE, openPlainFile } from './plain-file';
import { attempt, codeOf, readError } from './system-error';

/** The bytes behind `-`; `process.stdin` is one. */
export type ByteStream = AsyncIterable<Uint8Array>;

export interface Sources {
  readonly stdin?: ByteStream;
}

/** How messages name the source. */
export function sourceName(path: string): string {
  return path === '-' ? '<stdin>' : path;
}

export function openBytes(path: string, { stdin }: Sources): TaskEither<StoreError, ByteCursor> {
  return async () => {
    if (path === '-') {
      return stdin === undefined
        ? left({ _tag: 'Unreadable', path: sourceName(path), reason: 'no standard input here' })
        : right(makeStreamCursor(stdin, sourceName(path)));
    }
    return attempt(path, streamError, async () => makeFileCursor(await openPlainFile(path), path))();
  };
}

/** A pipe is read from standard input and nowhere else: there it ends with its writer, and with Ctrl-C. */
function streamError(path: string, error: unknown): StoreError {
  const failed = readError(path, error);
  if (failed._tag !== 'Unreadable' || codeOf(error) !== NO_FILE) return failed;
  return { ...failed, reason: `${failed.reason}; where - stands for standard input, redirect it: - < ${path}` };
}

export function makeStreamCursor(stream: ByteStream, name: string): ByteCursor {
  const iterator = stream[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  let ended = false;

  async function fill(): Promise<void> {
    while (rest.length === 0 && !ended) {
      const next = await iterator.next();
      if (next.done === true) ended = true;
      else rest = next.value;
    }
  }

  return {
    read: (bytesMax) =>
      attempt(name, readError, async () => {
        await fill();
        const bytes = rest.subarray(0, bytesMax);
        rest = rest.subarray(bytes.length);
        return bytes;
      }),
    close: async () => {
      // Without this an unread pipe on stdin keeps the process alive.
      await iterator.return?.();
    },
  };
}

/** Puts bytes that were read ahead back in front of a cursor. */
export function unread(bytes: Uint8Array, cursor: ByteCursor): ByteCursor {
  let rest = bytes;
  return {
    read: (bytesMax) => {
      if (rest.length === 0) return cursor.read(bytesMax);
      const head = rest.subarray(0, bytesMax);
      rest = rest.subarray(head.length);
      return () => Promise.resolve(right(head));
    },
    close: cursor.close,
  };
}

/** Reads on until `enough`, the end, or more than `bytesMax`; `ended` tells the second case from the others. */
export async function readAhead(
  cursor: ByteCursor,
  bytesMax: number,
  enough: (chunk: Uint8Array) => boolean = () => false,
): Promise<Either<StoreError, { readonly bytes: Uint8Array; readonly ended: boolean }>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  while (length <= bytesMax) {
    const chunk = await cursor.read(CHUNK_BYTES)();
    if (chunk._tag === 'Left') return chunk;
    if (chunk.right.length === 0) return right({ bytes: Buffer.concat(parts, length), ended: true });
    // The cursor fills the same buffer again.
    parts.push(copyBytes(chunk.right));
    length += chunk.right.length;
    if (enough(chunk.right)) break;
  }
  return right({ bytes: Buffer.concat(parts, length), ended: false });
}

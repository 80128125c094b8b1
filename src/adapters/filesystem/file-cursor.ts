/** A byte cursor over an open file. The buffer is reused, and grows to what a reader asks for. */
import { Buffer } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { CHUNK_BYTES } from '../../domain/limits';
import type { ByteCursor } from '../../ports/run-files';
import { attempt, readError } from './system-error';

const BUFFER_BYTES_MAX = 4 * 1024 * 1024;

/** `offset` is where reading begins; without one it goes on from where the handle stands, as a pipe requires. Unit: bytes. */
export function makeFileCursor(handle: FileHandle, path: string, offset?: number): ByteCursor {
  let buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let at = offset ?? null;
  return {
    read: (bytesMax) =>
      attempt(path, readError, async () => {
        const length = Math.min(bytesMax, BUFFER_BYTES_MAX);
        if (buffer.length < length) buffer = Buffer.allocUnsafeSlow(length);
        const { bytesRead } = await handle.read(buffer, 0, length, at);
        if (at !== null) at += bytesRead;
        return buffer.subarray(0, bytesRead);
      }),
    close: () => handle.close(),
  };
}

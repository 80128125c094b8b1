/** Sorted runs of an import in one temporary file. Invariant: the file has no name once it is open, so that no crash leaves it behind. */
import { Buffer } from 'node:buffer';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordSpool } from '../../ports/price-file';
import { attempt, readError, writeError } from './system-error';

interface Extent {
  readonly start: number;
  readonly end: number;
}

/** Nothing is created before the first run is added: most files need none. */
export function makeRecordSpool(): RecordSpool {
  const extents: Extent[] = [];
  const place = join(tmpdir(), 'ewm-import-');
  let handle: FileHandle | undefined;
  let directory: string | undefined;

  async function opened(): Promise<FileHandle> {
    if (handle !== undefined) return handle;
    directory = await mkdtemp(place);
    const path = join(directory, 'runs');
    handle = await open(path, 'wx+', 0o600);
    // Where a system keeps the name of an open file, `close` removes it.
    await rm(directory, { recursive: true, force: true }).catch(() => undefined);
    return handle;
  }

  return {
    add: (run) =>
      attempt(place, writeError, async () => {
        const file = await opened();
        const start = extents.at(-1)?.end ?? 0;
        for (let written = 0; written < run.length;) {
          written += (await file.write(run, written, run.length - written, start + written)).bytesWritten;
        }
        extents.push({ start, end: start + run.length });
      }),
    runs: () => extents.length,
    open: (run) => {
      const { start, end } = extents[run] ?? { start: 0, end: 0 };
      let at = start;
      return {
        read: (bytesMax) =>
          attempt(place, readError, async () => {
            const buffer = Buffer.allocUnsafe(Math.min(bytesMax, end - at));
            let length = 0;
            while (length < buffer.length) {
              const { bytesRead } = await (await opened()).read(buffer, length, buffer.length - length, at + length);
              if (bytesRead === 0) throw new Error('the temporary file is shorter than what was written to it');
              length += bytesRead;
            }
            at += length;
            return buffer;
          }),
        close: () => Promise.resolve(),
      };
    },
    close: async () => {
      await handle?.close();
      if (directory !== undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

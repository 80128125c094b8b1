/**
 * The files of a sweep. Rows of cells are appended in the order of the cells under a name that says which sweep they belong to, and get their
 * final name when all are there: a process that dies leaves whole rows and at most one torn line behind them, which the next one cuts off.
 */

import type { TaskEither } from 'fp-ts/TaskEither';
import { mkdir, open, rename, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreError } from '../../ports/run-files';
import type { CellsWriter } from '../../ports/sweep-files';
import { CHUNK_BYTES } from '../../domain/limits';
import { openPlainFile } from './plain-file';
import { attempt, codeOf, readError, writeError } from './system-error';

export const CELLS_FILE = 'cells.jsonl';
export const SWEEP_FILE = 'sweep.json';
export const SWEEP_MARKET_FILE = 'market.jsonl';

export function partialCells(directory: string, sweepId: string): string {
  return join(directory, `cells.${sweepId}.partial`);
}

/** Calls `onLine` with each whole line and where the next one begins; false from it ends the reading. Answers where the lines it took end. */
export function readLines(path: string, onLine: (line: string, end: number) => boolean): TaskEither<StoreError, number> {
  return attempt(path, readError, async () => {
    let [held, start, taken]: [Uint8Array, number, number] = [new Uint8Array(), 0, 0];
    const handle = await openPlainFile(path);
    // The stream closes the handle, also where it is left before its end.
    for await (const chunk of handle.createReadStream({ highWaterMark: CHUNK_BYTES * 16 }) as AsyncIterable<Uint8Array>) {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      let from = 0;
      for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, from)) {
        if (!onLine(DECODER.decode(bytes.subarray(from, at)), start + at + 1)) return taken;
        taken = start + at + 1;
        from = at + 1;
      }
      held = Uint8Array.from(bytes.subarray(from));
      start += from;
    }
    return taken;
  });
}

const NEWLINE = 10;
const DECODER = new TextDecoder();

/** Goes on behind the first `bytes` bytes of the partial file. */
export function openCells(directory: string, sweepId: string, bytes: number): TaskEither<StoreError, CellsWriter> {
  const path = partialCells(directory, sweepId);
  return attempt(directory, writeError, async () => {
    await mkdir(directory, { recursive: true });
    const handle = await open(path, 'a');
    await truncate(path, bytes);
    const close = async (): Promise<void> => {
      await handle.sync();
      await handle.close();
    };
    return {
      append: (lines) =>
        attempt(path, writeError, async () => {
          await handle.appendFile(lines.map((line) => `${line}\n`).join(''));
        }),
      close: () => attempt(path, writeError, close),
      finish: () =>
        attempt(path, writeError, async () => {
          await close();
          await rename(path, join(directory, CELLS_FILE));
        }),
    };
  });
}

/** Whether a file is there. */
export function fileExists(path: string): TaskEither<StoreError, boolean> {
  return attempt(path, readError, async () => {
    try {
      return (await stat(path)).isFile();
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
      throw error;
    }
  });
}

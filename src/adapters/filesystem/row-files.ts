/**
 * Rows of cells that came in files of their own and in any order, read back in the order of the cells. Invariant: a file that has its name is whole,
 * so what was fetched before an interruption is not fetched again. Memory: 14 bytes a cell.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { StoreError } from '../../ports/run-files';
import { attempt, readError, writeError } from './system-error';
import { readLines } from './sweep-directory';

export interface RowFile {
  readonly append: (rows: readonly string[]) => TaskEither<StoreError, void>;
  readonly finish: () => TaskEither<StoreError, void>;
}

export function openRowFile(path: string): TaskEither<StoreError, RowFile> {
  return attempt(path, writeError, async () => {
    await mkdir(dirname(path), { recursive: true });
    const partial = `${path}.partial`;
    const handle = await open(partial, 'w');
    return {
      append: (rows) => attempt(partial, writeError, () => handle.appendFile(rows.map((row) => `${row}\n`).join(''))),
      finish: () =>
        attempt(path, writeError, async () => {
          await handle.close();
          await rename(partial, path);
        }),
    };
  });
}

/** The folder of such files, when their rows are where they belong. */
export function dropRows(folder: string): TaskEither<StoreError, void> {
  return attempt(folder, writeError, () => rm(folder, { recursive: true, force: true }));
}

export interface RowIndex {
  /** Cells without a row, in order, as ranges `[from, until)`. */
  readonly missing: readonly (readonly [from: number, until: number])[];
  /** Rows of cells `[from, until)`, none of which is missing. */
  readonly read: (from: number, until: number) => TaskEither<StoreError, readonly string[]>;
  readonly close: () => Promise<void>;
}

/** Where the row of each of so many cells is; of one that is there twice, the first. */
export async function indexRows(paths: readonly string[], cells: number): Promise<Either<StoreError, RowIndex>> {
  const files = new Uint16Array(cells);
  const starts = new Float64Array(cells);
  const lengths = new Uint32Array(cells);
  for (const [number, path] of paths.entries()) {
    let start = 0;
    const read = await readLines(path, (line, end) => {
      const cell = Number(/^\{"cell":(0|[1-9][0-9]*),/.exec(line)?.[1] ?? -1);
      if (cell >= 0 && cell < cells && lengths[cell] === 0) {
        files[cell] = number;
        starts[cell] = start;
        lengths[cell] = end - start - 1;
      }
      start = end;
      return true;
    })();
    if (isLeft(read)) return left(read.left);
  }
  const missing: [number, number][] = [];
  for (let cell = 0; cell < cells; cell += 1) {
    if (lengths[cell] !== 0) continue;
    const last = missing.at(-1);
    if (last?.[1] === cell) last[1] = cell + 1;
    else missing.push([cell, cell + 1]);
  }
  const handles = new Map<number, FileHandle>();
  return right({
    missing,
    read: (from, until) =>
      attempt(paths[0] ?? '', readError, async () => {
        const rows: string[] = [];
        for (let cell = from; cell < until; cell += 1) {
          const file = files[cell] ?? 0;
          const handle = handles.get(file) ?? (await open(paths[file] ?? '', 'r'));
          handles.set(file, handle);
          const length = lengths[cell] ?? 0;
          const { buffer } = await handle.read(Buffer.alloc(length), 0, length, starts[cell] ?? 0);
          rows.push(buffer.toString('utf8'));
        }
        return rows;
      }),
    close: async () => {
      for (const handle of handles.values()) await handle.close();
    },
  });
}

/** Runs as folders of a directory: finished when `run.json`, the file written last, is there, and as new as that file. */
import { left, right } from 'fp-ts/Either';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../domain/codec/codec';
import type { RunIndex } from '../../ports/run-index';
import { readError } from './system-error';

interface Finished {
  readonly folder: string;
  readonly atMs: number;
}

export function makeRunDirectoryIndex(directory: string): RunIndex {
  return {
    recent: (max) => async () => {
      try {
        const runs: Finished[] = [];
        for (const folder of await readdir(directory)) {
          const atMs = await finishedAt(join(directory, folder, 'run.json'));
          if (atMs !== undefined) runs.push({ folder, atMs });
        }
        runs.sort((a, b) => b.atMs - a.atMs || (a.folder < b.folder ? -1 : 1));
        return right({ folders: runs.slice(0, max).map(({ folder }) => folder), total: runs.length });
      } catch (error) {
        const failed = readError(directory, error);
        return failed._tag === 'NotFound' ? right({ folders: [], total: 0 }) : left(failed);
      }
    },
  };
}

async function finishedAt(file: string): Promise<number | undefined> {
  try {
    const found = await stat(file);
    return found.isFile() ? found.mtimeMs : undefined;
  } catch (error) {
    const code = isRecord(error) ? error['code'] : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

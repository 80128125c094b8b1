/**
 * Runs as folders of a directory: finished when `run.json`, the file written last, is there, and as new as that file. A folder that begins with a
 * dot is not looked at.
 */
import { left, right } from 'fp-ts/Either';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../domain/codec/codec';
import type { RecentRun, RunIndex } from '../../ports/run-index';
import { readError } from './system-error';

/** `only`: the one folder that counts. */
export function makeRunDirectoryIndex(directory: string, only?: string): RunIndex {
  return {
    recent: (max) => async () => {
      try {
        const runs: RecentRun[] = [];
        for (const folder of only === undefined ? await readdir(directory) : [only]) {
          if (folder.startsWith('.') && folder !== only) continue;
          const finishedAtMs = await finishedAt(join(directory, folder, 'run.json'));
          if (finishedAtMs !== undefined) runs.push({ folder, finishedAtMs });
        }
        runs.sort((a, b) => b.finishedAtMs - a.finishedAtMs || (a.folder < b.folder ? -1 : 1));
        return right({ runs: runs.slice(0, max), total: runs.length });
      } catch (error) {
        const failed = readError(directory, error);
        return failed._tag === 'NotFound' ? right({ runs: [], total: 0 }) : left(failed);
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

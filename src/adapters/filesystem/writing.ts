/**
 * Names of what is being written, and what a process that died left under them. Invariant: no key, no listing and no reader takes such a name,
 * so nothing is lost with what stands there; nothing is taken away that a process of this machine is still writing.
 */
import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import type { StoreError } from '../../ports/run-files';
import { codeOf, writeError } from './system-error';

const WRITING = /^\.writing-(?:([0-9]+)\.)?/;

/** A name that nobody else has, with the process that writes under it. */
export function writingName(): string {
  return `.writing-${String(process.pid)}.${randomUUID()}`;
}

/** Takes away what processes left that are no more, anywhere below a directory; answers how many files and folders. Links are not followed. */
export function removeLeftovers(directory: string): TaskEither<StoreError, number> {
  return async () => {
    try {
      return right(await clean(directory));
    } catch (error) {
      return left(writeError(directory, error));
    }
  };
}

async function clean(directory: string): Promise<number> {
  let removed = 0;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    const writing = WRITING.exec(entry.name);
    if (writing === null) {
      if (entry.isDirectory()) removed += await clean(path);
    } else if (!isAlive(writing[1])) {
      await rm(path, { recursive: true, force: true });
      removed += 1;
    }
  }
  return removed;
}

/** Earlier versions did not name the process: what they left is of nobody. */
function isAlive(pid: string | undefined): boolean {
  if (pid === undefined || pid === String(process.pid)) return false;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    // Of somebody else, and alive.
    return codeOf(error) === 'EPERM';
  }
}

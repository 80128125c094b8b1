/**
 * The stop switch of a data directory: the file `stop.json` in it. No file is a switch that is not set.
 * Invariant: the name is given to whole, synced bytes or to nothing, so a reader never meets half of an order.
 */
import { rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Either, left, right } from 'fp-ts/Either';
import { readSwitchText, switchText } from '../../domain/agent/stop-switch';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import type { StopOrder, StopSwitch, SwitchUnreadable } from '../../ports/stop-switch';
import { makeFolders } from './data-directory';
import { isFileError, syncFolder, writeSynced } from './artifact-store';
import { readPlainFile } from './plain-file';
import { codeOf, readError, writeError } from './system-error';
import { writingName } from './writing';

/** Its name in a data directory. */
export const STOP_FILE = 'stop.json';

export function makeFileStopSwitch(directory: string): StopSwitch {
  const root = resolve(directory);
  const path = join(root, STOP_FILE);
  return {
    location: path,
    read: (deadline) => () => read(path, deadline),
    set: (order, deadline) => () => changed(path, 'write', deadline, () => write(root, path, order)),
    clear: (deadline) => () =>
      changed(path, 'remove', deadline, async () => {
        await rm(path, { force: true });
        await syncFolder(root).catch(unlessMissing);
      }),
  };
}

async function read(path: string, deadline: Deadline): Promise<Either<SwitchUnreadable, StopOrder | undefined>> {
  if (!(deadline.remainingMs() > 0)) return left({ _tag: 'SwitchUnreadable', reason: `${path}: no time was left` });
  try {
    const state = readSwitchText(await readPlainFile(path));
    return state._tag === 'Left' ? left({ ...state.left, reason: `${path}: ${state.left.reason}` }) : state;
  } catch (error) {
    if (!isFileError(error)) throw error;
    if (codeOf(error) === 'ENOENT') return right(undefined);
    const failed = readError(path, error);
    return left({ _tag: 'SwitchUnreadable', reason: `${path}: ${'reason' in failed ? failed.reason : 'is missing'}` });
  }
}

async function write(root: string, path: string, order: StopOrder): Promise<void> {
  await makeFolders(root);
  const writing = join(root, writingName());
  try {
    await writeSynced(writing, new TextEncoder().encode(switchText(order)));
    await rename(writing, path);
  } finally {
    await rm(writing, { force: true });
  }
  await syncFolder(root);
}

async function changed(path: string, operation: string, deadline: Deadline, act: () => Promise<void>): Promise<Either<CallFailure, void>> {
  const at = { service: 'filesystem', operation } as const;
  if (!(deadline.remainingMs() > 0)) return left({ _tag: 'DeadlineExceeded', ...at, effect: 'none' });
  try {
    await act();
    return right(undefined);
  } catch (error) {
    if (!isFileError(error)) throw error;
    const failed = writeError(path, error);
    return left({ _tag: 'DependencyFailed', ...at, reason: `${path}: ${'reason' in failed ? failed.reason : ''}`, effect: 'unknown' });
  }
}

function unlessMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}

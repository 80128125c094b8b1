/**
 * Session logs as files below a directory, beside the artifacts.
 * Invariant: a name is linked to whole, synced bytes or not at all. A crash while writing leaves a `.writing-*` file that is no segment; a
 * crash right after leaves the finished segment.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Either, left, right } from 'fp-ts/Either';
import { isRecord } from '../../domain/codec/codec';
import type { Deadline } from '../../ports/clock';
import type { CallFailure, Effect } from '../../ports/dependency';
import type { CreateOutcome, SegmentKey, SegmentNotFound, SessionLog, SessionPage } from '../../ports/session-log';
import { lastSeq, pageOf, segmentPath, SESSIONS_FOLDER } from '../session-key';
import { isFileError, linkOnce, makeFolder, readWhole, syncFolder, writeSynced } from './artifact-store';
import { writingName } from './writing';

export interface FilesystemSessionLogDeps {
  /** Created by the first create. */
  readonly directory: string;
}

const SERVICE = 'filesystem';

export function makeFilesystemSessionLog(deps: FilesystemSessionLogDeps): SessionLog {
  const root = resolve(deps.directory);
  return {
    location: root,
    create: (key, bytes, deadline) => () => guarded('create', deadline, 'unknown', () => create(root, key, bytes)),
    read: (key, deadline) => () =>
      guarded('read', deadline, 'none', async () => {
        const bytes = await readWhole(root, join(root, segmentPath(key)));
        return bytes === undefined ? left({ _tag: 'SegmentNotFound', session: key.session } as const) : right(bytes);
      }),
    newest: (session, known, deadline) => () => guarded('newest', deadline, 'none', () => newest(root, session, known)),
    list: (after, deadline) => () => guarded('list', deadline, 'none', () => list(root, after)),
  };
}

async function guarded<E, A>(
  operation: string,
  deadline: Deadline,
  effect: Effect,
  act: () => Promise<Either<E, A>>,
): Promise<Either<E | CallFailure, A>> {
  if (!(deadline.remainingMs() > 0)) return left({ _tag: 'DeadlineExceeded', service: SERVICE, operation, effect: 'none' });
  try {
    return await act();
  } catch (error) {
    if (!isFileError(error)) throw error;
    return left({ _tag: 'DependencyFailed', service: SERVICE, operation, reason: error.message, effect });
  }
}

async function create(root: string, key: SegmentKey, bytes: Uint8Array): Promise<Either<CallFailure, CreateOutcome>> {
  const path = join(root, segmentPath(key));
  const folder = dirname(path);
  if (!(await makeFolder(root, folder))) {
    return left({
      _tag: 'DependencyFailed',
      service: SERVICE,
      operation: 'create',
      reason: `a file stands where ${folder} should be`,
      effect: 'none',
    });
  }
  const writing = join(folder, writingName());
  try {
    await writeSynced(writing, bytes);
    if (!(await linkOnce(writing, path))) return right('taken');
  } finally {
    await rm(writing, { force: true });
  }
  await syncFolder(folder);
  return right('created');
}

async function newest(root: string, session: string, known: number): Promise<Either<SegmentNotFound, number>> {
  const last = await lastSeq(known, (seq) => exists(join(root, segmentPath({ session, seq }))));
  return last < 0 ? left({ _tag: 'SegmentNotFound', session }) : right(last);
}

async function list(root: string, after: string): Promise<Either<never, SessionPage>> {
  try {
    const entries = await readdir(join(root, SESSIONS_FOLDER), { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
    return right(pageOf(names, after));
  } catch (error) {
    if (isMissing(error)) return right({ sessions: [], more: false });
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return isRecord(error) && (error['code'] === 'ENOENT' || error['code'] === 'ENOTDIR');
}

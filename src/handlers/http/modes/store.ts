/**
 * The files of a finished run, put to the artifact store: `run.json` last, so a run that was stored in part does not look finished.
 * Nothing is repeated and nothing replaced; a repeat of the request completes what is missing. More bytes than the ceiling store nothing.
 */
import { dependencyError } from '../../../domain/agent/stop';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { assert, assertNever, InvariantError } from '../../../domain/assert';
import type { FinishedRun } from '../../../domain/run/finish';
import { DEADLINE } from '../../../domain/agent/stop';
import type { RunSummary } from '../../../domain/run/summary';
import type { ArtifactConflict, ArtifactStore, InvalidKey } from '../../../ports/artifact-store';
import type { Deadline } from '../../../ports/clock';
import type { CallFailure } from '../../../ports/dependency';
import type { RunFile } from '../../../ports/run-files';
import { tooManyBytes } from './artifact-bytes';
import type { ApiError } from '../contract/errors';

export interface Storing {
  readonly artifacts: ArtifactStore;
  readonly deadline: Deadline;
  /** Of all files together. */
  readonly bytesMax: number;
}

/** Answers the folder that holds them all. */
export async function storeRun(
  { summary, files: names }: FinishedRun,
  files: Readonly<Partial<Record<RunFile, Uint8Array>>>,
  { artifacts, deadline, bytesMax }: Storing,
): Promise<Either<ApiError, string>> {
  const bytes = Object.values(files).reduce((sum, file) => sum + file.length, 0);
  if (bytes > bytesMax) return left(tooManyBytes(summary, bytes, bytesMax));
  const folder = folderOf(summary);
  const run = names.map((file) => {
    const held = files[file];
    assert(held !== undefined, 'a finished run has every file of its mode');
    return { key: `${folder}/${file}`, bytes: held, contentType: contentTypeOf(file) };
  });
  const put = await artifacts.putFolder(run, deadline)();
  return isLeft(put) ? left(storeError(put.left)) : right(folder);
}

const HEAD_DIGITS = 16;

/**
 * `artifacts/<run_id>`. Where the clock stopped a run that its inputs alone determine, the id is that of the whole run, which somebody may
 * still take: the part is proof of what was done and stands beside it, under the head it reached.
 */
function folderOf({ runId, inputs, error, headHash }: RunSummary): string {
  const stopped = inputs.invocation === null && error?.code === DEADLINE.code;
  return `artifacts/${runId}${stopped ? `-stopped-${headHash.slice(0, HEAD_DIGITS)}` : ''}`;
}

function contentTypeOf(file: RunFile): string {
  if (file.endsWith('.jsonl')) return 'application/jsonl';
  return file.endsWith('.md') ? 'text/markdown; charset=utf-8' : 'application/json';
}

function storeError(error: InvalidKey | ArtifactConflict | CallFailure): ApiError {
  switch (error._tag) {
    case 'ArtifactConflict':
      return {
        code: 'artifact_conflict',
        key: error.key,
        message: 'other bytes are stored under this key, and artifacts are written once',
      };
    case 'DependencyFailed':
      return dependencyError(error);
    case 'DeadlineExceeded':
      return {
        code: 'deadline_exceeded',
        message: `the time of the invocation ran out at ${error.service} ${error.operation}; the artifacts are not all stored`,
      };
    case 'InvalidKey':
      throw new InvariantError('a run id makes a legal key');
    default:
      return assertNever(error);
  }
}

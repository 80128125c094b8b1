/** The files of a folder put at the same time, and the one that says they are there after them: for stores that put one file a request. */
import { isLeft, right } from 'fp-ts/Either';
import { assert } from '../domain/assert';
import type { ArtifactStore, PutOutcome } from '../ports/artifact-store';

export function putFolderBy(put: ArtifactStore['put']): ArtifactStore['putFolder'] {
  return (artifacts, deadline) => async () => {
    const last = artifacts.at(-1);
    assert(last !== undefined, 'a folder has a file');
    // All are waited for, also after a failure: nothing goes on behind an answer.
    const outcomes = await Promise.all(artifacts.slice(0, -1).map((artifact) => put(artifact, deadline)()));
    const failed = outcomes.find(isLeft);
    if (failed !== undefined) return failed;
    const outcome = await put(last, deadline)();
    if (isLeft(outcome)) return outcome;
    const all: readonly PutOutcome[] = [outcome.right, ...outcomes.flatMap((each) => (isLeft(each) ? [] : [each.right]))];
    return right(all.includes('written') ? 'written' : 'unchanged');
  };
}

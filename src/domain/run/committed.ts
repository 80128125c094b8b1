/** The end of every use case that writes a run: what is finished becomes visible, and what failed leaves nothing that looks finished. */
import { type Either, isLeft } from 'fp-ts/Either';
import type { RunWriter, StoreError } from '../../ports/run-files';
import type { FinishedRun } from './finish';

/** Closes what a run leaves open, whichever way it ends, and makes a finished one visible. */
export async function committed<E extends { readonly _tag: string }>(
  input: { readonly close: () => Promise<void> } | undefined,
  writer: RunWriter,
  act: () => Promise<Either<E, FinishedRun>>,
): Promise<Either<E | StoreError, FinishedRun>> {
  const outcome = await act();
  await input?.close();
  // An interrupted run keeps what it did, under names that say it is unfinished; a failed one has nothing worth keeping.
  if (isLeft(outcome)) {
    await writer.abandon(outcome.left._tag === 'Interrupted' ? 'keep' : 'remove');
    return outcome;
  }
  const visible = await writer.commit(outcome.right.files)();
  if (!isLeft(visible)) return outcome;
  await writer.abandon('remove');
  return visible;
}

/** The end of a guarded run: the seal, and what its summary files are made of. Whoever guards and whoever verifies share it. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { Episode } from '../episode/episode';
import type { SealedRun } from '../run/finish';
import type { GuardInputs, RunIdentity } from '../run/inputs';
import { MODES } from '../run/modes';
import { NO_LINES } from '../run/report';
import { summarise } from '../run/summary';
import type { GuardBook } from './book';

export async function endGuard<E>(
  episode: Episode<never, never, E>,
  book: GuardBook,
  inputs: GuardInputs,
  identity: RunIdentity,
): Promise<Either<E, SealedRun>> {
  const sealed = await episode.seal(book.stop() ?? null);
  if (isLeft(sealed)) return sealed;
  const summary = { ...summarise(inputs, identity, sealed.right, []), acts: book.acts() };
  return right({ mode: MODES.guard, summary, report: undefined, lines: NO_LINES, callRows: book.reportRows() });
}

import type { Either } from './Either';

/** Something to be done when it is called; it answers and does not throw. */
export type TaskEither<E, A> = () => Promise<Either<E, A>>;

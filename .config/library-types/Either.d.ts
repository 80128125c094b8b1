/** Why something could not be done. Plain data, the same as `Left` of fp-ts. */
export interface Left<E> {
  readonly _tag: 'Left';
  readonly left: E;
}

/** What came of it. Plain data, the same as `Right` of fp-ts. */
export interface Right<A> {
  readonly _tag: 'Right';
  readonly right: A;
}

export type Either<E, A> = Left<E> | Right<A>;

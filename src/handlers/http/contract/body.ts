/** What the bodies of all modes have in common: decoded whole, and every mistake has a pointer into the body. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Codec } from '../../../domain/codec/codec';
import { type Problem, problemsOf } from '../../../domain/codec/problem';

export type Decode<A> = (body: unknown) => Either<readonly Problem[], A>;

export function decodeWith<A>(codec: Codec<A>, body: unknown): Either<readonly Problem[], A> {
  const decoded = codec.decode(body);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
}

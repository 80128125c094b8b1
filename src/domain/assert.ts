/** Assertions for bugs: they stay on in production and throw, so a broken invariant never reaches a tape. */

export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new InvariantError(invariant);
}

/** For the `default` of an exhaustive switch: a new variant fails to compile here. */
export function assertNever(value: never): never {
  throw new InvariantError(`unexpected variant ${String(value)}`);
}

/** The part of a body that holds a world of the caller's own: a file as text, and what it begins with. docs/worlds.md. */
import { type Either, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import { utf8Length } from '../../../domain/bytes';
import { canonical, hasCanonicalForm, type Json } from '../../../domain/canonical/canonical';
import { type Codec, countCodec, type Decoded, listCodec, makeCodec, objectCodec, refinedCodec } from '../../../domain/codec/codec';
import type { Problem } from '../../../domain/codec/problem';
import { seedCodec } from '../../../domain/run/inputs';
import type { NewWorld } from '../../../domain/session/world-documents';
import { inputMistake } from '../../../domain/world/file/input';
import { SOURCE_BYTES_MAX } from '../../../domain/world/file/limits';

const INPUTS_MAX = 100_000;

const sourceCodec: Codec<string> = makeCodec(
  'JavaScript module',
  { type: 'string', minLength: 1, maxLength: SOURCE_BYTES_MAX },
  (value, context) =>
    typeof value === 'string' && value !== '' && value.isWellFormed() && utf8Length(value) <= SOURCE_BYTES_MAX
      ? success(value)
      : failure(value, context, `expected the text of a module, at most ${String(SOURCE_BYTES_MAX)} bytes`),
);

const jsonCodec: Codec<Json> = makeCodec('JSON', {}, (value, context) =>
  hasCanonicalForm(value) ? success(value) : failure(value, context, 'expected well-formed JSON, nested 64 levels at most'),
);

const inputCodec: Codec<Json> = refinedCodec(jsonCodec, (input) => {
  const mistake = inputMistake(canonical(input));
  return mistake === undefined ? [] : [{ path: [], message: mistake }];
});

export const fileWorldCodec = objectCodec('world', {
  description: 'In place of a market: a JavaScript module of your own, and its inputs or a number of steps.',
  required: { source: sourceCodec },
  optional: {
    policy: sourceCodec,
    params: jsonCodec,
    seed: seedCodec,
    inputs: listCodec(inputCodec, { min: 1, max: INPUTS_MAX }),
    steps: countCodec(1, INPUTS_MAX),
  },
});

/** With what else the body says. */
export function decodeFileWorld<R>(
  rest: R,
  { source, policy = '', params = {}, seed, inputs, steps }: Decoded<typeof fileWorldCodec>,
): Either<readonly Problem[], R & { readonly world: NewWorld }> {
  if ((inputs === undefined) === (steps === undefined)) {
    return left([{ pointer: '/world', message: 'expected inputs, or steps for a world that takes none, and not both' }]);
  }
  const lines = inputs ?? Array.from({ length: steps ?? 0 }, () => null);
  return right({ ...rest, world: { world: source, policy, params, seed: seed ?? null, inputs: lines } });
}

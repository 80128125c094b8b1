/**
 * What a failed program leaves on a tape: its exit code, and of each of its outputs the two ends, the length and the SHA-256 of the whole. Enough to
 * see what went wrong, to recognise the output elsewhere, and no more than a row takes. docs/spec.md section 6.
 */
import { failure, success } from 'io-ts';
import type { DroppedContent, ProgramOutput } from '../../ports/code-interpreter';
import type { Json } from '../canonical/canonical';
import { type Codec, countCodec, listCodec, makeCodec, objectCodec, refinedCodec, textCodec } from '../codec/codec';
import { sha256Hex } from '../hash';

/** Of each end of an output. Unit: UTF-16 code units. */
export const OUTPUT_END_CHARS_MAX = 2_048;

/** Content that is named of one program, and the length of what names it. */
const DROPPED_NAMED_MAX = 16;
const DROPPED_CHARS_MAX = 200;

export function programEvidence({ stdout, stderr, exitCode, complete, dropped }: ProgramOutput): Json {
  return {
    ...(exitCode === undefined || exitCode === 0 ? {} : { exit_code: exitCode }),
    stdout: outputEvidence(stdout.toWellFormed()),
    stderr: outputEvidence(stderr.toWellFormed()),
    // What was not read has no length.
    ...(complete ? {} : { complete: false }),
    ...droppedText(dropped),
  };
}

function outputEvidence(text: string): Json {
  const head = cut(text, 0, OUTPUT_END_CHARS_MAX);
  const rest = text.slice(head.length);
  const tail = cut(rest, Math.max(0, rest.length - OUTPUT_END_CHARS_MAX), rest.length);
  return { head, ...(tail === '' ? {} : { tail }), bytes: bytesOf(text), sha256: sha256Hex(text) };
}

/** A piece that splits no character: what would be half of one is left out. */
function cut(text: string, from: number, to: number): string {
  const isLow = (at: number): boolean => at > 0 && at < text.length && /^[\uDC00-\uDFFF]/.test(text.slice(at));
  return text.slice(isLow(from) ? from + 1 : from, isLow(to) ? to - 1 : to);
}

/** Images and files that came with the output: not kept, and named. Nothing where there were none. */
export function droppedText(dropped: readonly DroppedContent[] = []): { readonly dropped?: Json } {
  if (dropped.length === 0) return {};
  const first = dropped.slice(0, DROPPED_NAMED_MAX).map(({ type, name, mediaType, bytes }) => ({
    type: short(type),
    ...(name === undefined ? {} : { name: short(name) }),
    ...(mediaType === undefined ? {} : { media_type: short(mediaType) }),
    ...(bytes === undefined ? {} : { bytes }),
  }));
  return { dropped: { count: dropped.length, first } };
}

function short(text: string): string {
  return cut(text.toWellFormed(), 0, DROPPED_CHARS_MAX);
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

const sha256Codec: Codec<string> = makeCodec('SHA-256', { type: 'string', pattern: '^[0-9a-f]{64}$' }, (value, context) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? success(value) : failure(value, context, 'expected 64 hex digits'),
);

const outputCodec = refinedCodec(
  objectCodec('output', { required: { head: textCodec, bytes: countCodec(0), sha256: sha256Codec }, optional: { tail: textCodec } }),
  (shape) => {
    const { head, tail = '', bytes, sha256 } = shape;
    const [text, most] = [head + tail, OUTPUT_END_CHARS_MAX];
    if (head.length > most) return [{ path: ['head'], message: `expected at most ${String(most)} characters` }];
    if (tail.length > most) return [{ path: ['tail'], message: `expected at most ${String(most)} characters` }];
    if (shape.tail === '') return [{ path: ['tail'], message: 'expected text, or no tail' }];
    if (tail !== '' && head.length < most - 1) return [{ path: ['tail'], message: 'the head holds all of it' }];
    const shown = bytesOf(text);
    const whole = tail === '' || tail.length < most - 1;
    if (bytes < shown || (whole && bytes !== shown)) return [{ path: ['bytes'], message: `${String(shown)} are shown` }];
    return bytes === shown && sha256 !== sha256Hex(text) ? [{ path: ['sha256'], message: `expected ${sha256Hex(text)}` }] : [];
  },
);

const shortCodec: Codec<string> = refinedCodec(textCodec, (text) =>
  text.length <= DROPPED_CHARS_MAX ? [] : [{ path: [], message: `expected at most ${String(DROPPED_CHARS_MAX)} characters` }],
);

export const droppedCodec = refinedCodec(
  objectCodec('dropped content', {
    required: {
      count: countCodec(1),
      first: listCodec(
        objectCodec('content', {
          required: { type: shortCodec },
          optional: { name: shortCodec, media_type: shortCodec, bytes: countCodec(0) },
        }),
        { min: 1, max: DROPPED_NAMED_MAX },
      ),
    },
  }),
  ({ count, first }) =>
    first.length === Math.min(count, DROPPED_NAMED_MAX) ? [] : [{ path: ['count'], message: 'expected the first of them' }],
);

/** -2^31 to 2^31 - 1 but for 0: a program that ends with it did not fail. */
const exitCodec: Codec<number> = refinedCodec(countCodec(-2_147_483_648, 2_147_483_647), (code) =>
  code === 0 ? [{ path: [], message: 'a program that failed does not end with 0' }] : [],
);

const falseCodec: Codec<boolean> = makeCodec('false', { const: false }, (value, context) =>
  value === false ? success(false) : failure(value, context, 'expected false'),
);

export const programEvidenceCodec = objectCodec('evidence of a program', {
  required: { stdout: outputCodec, stderr: outputCodec },
  optional: { exit_code: exitCodec, complete: falseCodec, dropped: droppedCodec },
});

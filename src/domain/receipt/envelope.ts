/**
 * DSSE envelopes (github.com/secure-systems-lab/dsse, protocol 1.0.2): what is signed is a payload together with its type, never a
 * parsed and re-written document.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import { base64, fromBase64 } from '../bytes';
import { canonical } from '../canonical/canonical';
import { literalCodec, listCodec, makeCodec, objectCodec, textCodec, type Codec } from '../codec/codec';
import { describeProblem, problemsOf } from '../codec/problem';
import { PAYLOAD_TYPE } from './statement';

/** Keys that sign one receipt: the deployment's, an operator's, an auditor's. */
const SIGNATURES_MAX = 16;

export interface EnvelopeSignature {
  readonly keyid: string;
  readonly sig: Uint8Array;
}

export interface Envelope {
  /** UTF-8 bytes of the statement, exactly as they were signed. */
  readonly payload: Uint8Array;
  readonly signatures: readonly EnvelopeSignature[];
}

/** One canonical line, as every JSON file of a run. */
export function envelopeText({ payload, signatures }: Envelope): string {
  return `${canonical({
    payloadType: PAYLOAD_TYPE,
    payload: base64(payload),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: base64(sig) })),
  })}\n`;
}

const base64Codec: Codec<Uint8Array> = makeCodec('base64', { type: 'string', contentEncoding: 'base64' }, (value, context) => {
  const bytes = typeof value === 'string' ? fromBase64(value) : undefined;
  return bytes === undefined ? failure(value, context, 'expected base64 in its padded form') : success(bytes);
});

export const envelopeCodec = objectCodec('receipt', {
  description: 'A DSSE envelope around an in-toto statement about one run.',
  required: {
    payloadType: literalCodec(PAYLOAD_TYPE),
    payload: base64Codec,
    signatures: listCodec(objectCodec('signature', { required: { keyid: textCodec, sig: base64Codec } }), {
      min: 1,
      max: SIGNATURES_MAX,
      uniqueBy: ({ keyid }) => keyid,
    }),
  },
});

export function decodeEnvelope(text: string): Either<string, Envelope> {
  const value = parsed(text);
  const decoded = envelopeCodec.decode(value);
  if (!isLeft(decoded)) return right(decoded.right);
  return left(
    problemsOf(decoded.left)
      .map((problem) => describeProblem('receipt.json', problem))
      .join('; '),
  );
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

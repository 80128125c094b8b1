/** The receipt beside a run, read and believed in nothing: who it says signed, when, and with what. */
import { isLeft } from 'fp-ts/Either';
import { type Attested, attestedOf, PAYLOAD_TYPE } from '../../../../domain/receipt/statement';
import { list, parseJson, record } from './run-model';

/** What a receipt says of itself; nothing of it is checked. */
export interface PageClaim {
  readonly keyIds: readonly string[];
  readonly attested: Attested;
}

export interface PageEnvelope {
  readonly payload: Uint8Array;
  readonly statement: unknown;
  readonly attested: Attested;
  readonly signatures: readonly { readonly keyId: string; readonly bytes: Uint8Array }[];
}

/** The claim, or why the text is no receipt. */
export function claimIn(receipt: string): PageClaim | string {
  const envelope = envelopeOf(receipt);
  if (typeof envelope === 'string') return envelope;
  return { keyIds: envelope.signatures.map(({ keyId }) => keyId), attested: envelope.attested };
}

/** The parts, or why the text is no receipt. */
export function envelopeOf(receipt: string): PageEnvelope | string {
  const { payloadType, payload: encoded, signatures } = record(parseJson(receipt));
  if (payloadType !== PAYLOAD_TYPE) return `payloadType: expected ${PAYLOAD_TYPE}`;
  const payload = typeof encoded === 'string' ? bytesOf(encoded) : undefined;
  if (payload === undefined) return 'payload: expected base64';
  const found = list(signatures).map((one) => {
    const { keyid, sig } = record(one);
    const bytes = typeof sig === 'string' ? bytesOf(sig) : undefined;
    return typeof keyid === 'string' && bytes !== undefined ? { keyId: keyid, bytes } : undefined;
  });
  const whole = found.flatMap((one) => one ?? []);
  if (found.length === 0 || whole.length !== found.length) return 'signatures: expected some, each a keyid and a sig in base64';
  const statement = parseJson(new TextDecoder().decode(payload));
  const attested = attestedOf(statement);
  return isLeft(attested) ? attested.left : { payload, statement, attested: attested.right, signatures: whole };
}

/** Base64 in its padded form, and nothing else. */
export function bytesOf(encoded: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const binary = atob(encoded);
    return btoa(binary) === encoded ? Uint8Array.from(binary, (character) => character.charCodeAt(0)) : undefined;
  } catch {
    return undefined;
  }
}

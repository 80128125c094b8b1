/**
 * Receipts: who says that a run happened, with which program, when. A tape proves that a run is consistent with itself; a receipt ties it to
 * a key. docs/spec.md section 11.
 * Invariant: a receipt is accepted only if every byte of its statement is what the run beside it leads to and a trusted key signed it.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { bytesEqual } from '../bytes';
import { canonical, hasCanonicalForm, type Json } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import { decodeEnvelope, parsed, signedBytes } from './envelope';

export const RECEIPT_FILE = 'receipt.json';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
/** A name, not an address: nothing is fetched from it. */
export const PREDICATE_TYPE = 'urn:executable-world-models:receipt:v1';
/** Of a segment of a session. */
export const SEGMENT_PREDICATE_TYPE = 'urn:executable-world-models:segment-receipt:v1';

/** What a run says of itself, and the digests of its files as they stand. */
export interface RunFacts {
  /** SHA-256 in hex of each file of the run, `run.json` included. */
  readonly files: Readonly<Record<string, string>>;
  readonly run_id: string;
  readonly mode: string;
  readonly head_hash: string;
  readonly ok: boolean;
  readonly error: Json;
  readonly budget: Json;
  readonly budget_state: Json;
  /** The inputs of tape row 0. */
  readonly inputs: Json;
}

/** One segment of a session, as its log holds it. Its head hash stands for all segments before it. */
export interface SegmentFacts {
  readonly files: Readonly<Record<string, string>>;
  readonly session_id: string;
  /** Number of the segment, from 0. */
  readonly seq: number;
  readonly status: 'open' | 'sealed';
  /** Hash of its last row. */
  readonly head_hash: string;
  readonly budget: Json;
  readonly budget_state: Json;
  /** The inputs of tape row 0. */
  readonly inputs: Json;
}

export type ReceiptFacts = RunFacts | SegmentFacts;

/** What a signer of sessions signs: the last segment of each, or every segment. */
export type SegmentsSigned = 'seal' | 'each';

/** What only the signer can say. */
export interface Attested {
  /** The program that ran: its version, and the SHA-256 in hex of its code (the bundle). */
  readonly program: { readonly name: string; readonly version: string; readonly sha256: string };
  /** Where it ran; null outside a deployment. */
  readonly deployment: {
    readonly account: string;
    readonly region: string;
    readonly function: string;
    readonly function_version: string;
  } | null;
  /** RFC 3339, UTC. */
  readonly signed_at: string;
  /** The key that the statement was made for; whoever signs it too says the same. */
  readonly key_id: string;
  /** Of segments only: which of them have receipts. */
  readonly signs?: SegmentsSigned;
}

export function statementText(facts: ReceiptFacts, attested: Attested): string {
  const { files, ...run } = facts;
  return canonical({
    _type: STATEMENT_TYPE,
    subject: Object.keys(files)
      .sort()
      .map((name) => ({ name, digest: { sha256: files[name] ?? '' } })),
    predicateType: 'seq' in facts ? SEGMENT_PREDICATE_TYPE : PREDICATE_TYPE,
    predicate: { ...run, ...attested },
  });
}

/** A public key that the reader trusts; what a `Verifier` is. */
export interface TrustedKey {
  readonly keyId: string;
  readonly verify: (bytes: Uint8Array, signature: Uint8Array) => boolean;
}

/** Why a receipt does not hold, for a person; `pointer` is into the statement where the fault is there. */
export type ReceiptFault =
  | { readonly _tag: 'Malformed'; readonly reason: string }
  /** None of the signatures is of a key that the reader trusts. */
  | { readonly _tag: 'UntrustedKey'; readonly keyIds: readonly string[] }
  | { readonly _tag: 'BadSignature'; readonly keyId: string }
  /** Signed, and about something else than the run beside it. */
  | { readonly _tag: 'OtherRun'; readonly pointer: string; readonly expected: string; readonly actual: string };

/** Who signed, and what they say: of a receipt that was checked, the trusted keys whose signature holds. */
export interface Claim {
  readonly keyIds: readonly string[];
  readonly attested: Attested;
}

/** Checks the text of a receipt against the run, or the segment, beside it and the keys that the reader trusts. Every trusted key that signed must hold. */
export function checkReceipt(text: string, facts: ReceiptFacts, trusted: readonly TrustedKey[]): Either<ReceiptFault, Claim> {
  const envelope = decodeEnvelope(text);
  if (isLeft(envelope)) return left({ _tag: 'Malformed', reason: envelope.left });
  const { payload, signatures } = envelope.right;
  const signed = signedBytes(payload);
  const keyIds: string[] = [];
  for (const { keyid, sig } of signatures) {
    const verifier = trusted.find((candidate) => candidate.keyId === keyid);
    if (verifier === undefined) continue;
    if (!verifier.verify(signed, sig)) return left({ _tag: 'BadSignature', keyId: keyid });
    keyIds.push(keyid);
  }
  if (keyIds.length === 0) return left({ _tag: 'UntrustedKey', keyIds: signatures.map(({ keyid }) => keyid) });

  const statement = parsed(new TextDecoder('utf-8').decode(payload));
  const attested = attestedOf(statement);
  if (isLeft(attested)) return left({ _tag: 'Malformed', reason: attested.left });
  const { key_id: namedKey } = attested.right;
  if (!signatures.some(({ keyid }) => keyid === namedKey))
    return left({ _tag: 'Malformed', reason: `/predicate/key_id: ${namedKey} did not sign` });
  const expected = statementText(facts, attested.right);
  // The expected text is canonical, so equal bytes are all there is to compare; what differs is looked for only to be told.
  if (bytesEqual(new TextEncoder().encode(expected), payload)) return right({ keyIds, attested: attested.right });
  return left(
    firstDifference(JSON.parse(expected) as Json, statement, '') ?? { _tag: 'Malformed', reason: 'the statement is not canonical JSON' },
  );
}

/** What a receipt says of itself. Nothing of it is checked. */
export function claimOf(text: string): Either<ReceiptFault, Claim> {
  const envelope = decodeEnvelope(text);
  if (isLeft(envelope)) return left({ _tag: 'Malformed', reason: envelope.left });
  const { payload, signatures } = envelope.right;
  const attested = attestedOf(parsed(new TextDecoder('utf-8').decode(payload)));
  if (isLeft(attested)) return left({ _tag: 'Malformed', reason: attested.left });
  return right({ keyIds: signatures.map(({ keyid }) => keyid), attested: attested.right });
}

/** Signer's part of a statement, whatever the rest of it says. */
export function attestedOf(statement: unknown): Either<string, Attested> {
  const predicate = isRecord(statement) ? statement['predicate'] : undefined;
  if (!isRecord(predicate)) return left('the payload is no in-toto statement with a predicate');
  const { program, deployment, signed_at: signedAt, key_id: keyId, signs } = predicate;
  if (!isRecord(program) || !texts(program, ['name', 'version', 'sha256']))
    return left('/predicate/program: expected name, version, sha256');
  const deployed =
    deployment === null || (isRecord(deployment) && texts(deployment, ['account', 'region', 'function', 'function_version']));
  if (!deployed) return left('/predicate/deployment: expected null, or account, region, function, function_version');
  if (typeof signedAt !== 'string' || !RFC_3339.test(signedAt))
    return left('/predicate/signed_at: expected a time such as 2026-11-26T12:00:00Z');
  if (typeof keyId !== 'string' || !keyId.isWellFormed()) return left('/predicate/key_id: expected the id of the key that signs');
  if (signs !== undefined && signs !== 'seal' && signs !== 'each') return left('/predicate/signs: expected seal or each');
  return right({ program, deployment, signed_at: signedAt, key_id: keyId, ...(signs === undefined ? {} : { signs }) } as Attested);
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

function texts(value: Readonly<Record<string, unknown>>, keys: readonly string[]): boolean {
  return Object.keys(value).length === keys.length && keys.every((key) => typeof value[key] === 'string' && value[key].isWellFormed());
}

function firstDifference(expected: Json, actual: unknown, pointer: string): ReceiptFault | undefined {
  if (isNode(expected) && isNode(actual)) {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort();
    for (const key of keys) {
      const step = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const difference = firstDifference(expected[key] ?? null, actual[key] ?? null, step);
      if (difference !== undefined) return difference;
      if (Object.hasOwn(expected, key) !== Object.hasOwn(actual, key)) return otherRun(step, expected[key], actual[key]);
    }
    return undefined;
  }
  return textOf(expected) === textOf(actual) ? undefined : otherRun(pointer, expected, actual);
}

function otherRun(pointer: string, expected: unknown, actual: unknown): ReceiptFault {
  return { _tag: 'OtherRun', pointer, expected: textOf(expected), actual: textOf(actual) };
}

function isNode(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  return hasCanonicalForm(value) ? canonical(value) : 'a value that has no canonical form';
}

/** One line that says what is wrong and what to do. `file`: where the receipt stands. */
export function describeReceiptFault(fault: ReceiptFault, file = RECEIPT_FILE): string {
  switch (fault._tag) {
    case 'Malformed':
      return `${file} is no receipt: ${fault.reason}`;
    case 'UntrustedKey':
      return `${file} is signed by ${fault.keyIds.join(', ')}, and none of these is a key that was given; give the signer's public key if you trust it`;
    case 'BadSignature':
      return `the signature of key ${fault.keyId} does not fit what ${file} says: it was changed, or signed by another key`;
    case 'OtherRun':
      return `${file} is about another run: ${fault.pointer} is ${fault.actual} there and ${fault.expected} here`;
  }
}

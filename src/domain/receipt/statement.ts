/**
 * The statement of a receipt: what is signed about a run. Needs nothing of Node, for the page of a run checks receipts in a browser.
 * Invariant: its text follows from the run and from what the signer says, byte by byte.
 */
import { type Either, left, right } from 'fp-ts/Either';
import { canonical, hasCanonicalForm, type Json } from '../canonical/canonical';

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

export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** The bytes that are signed: the pre-authentication encoding of DSSE (protocol 1.0.2), of type and payload. */
export function signedBytes(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`DSSEv1 ${String(PAYLOAD_TYPE.length)} ${PAYLOAD_TYPE} ${String(payload.length)} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

/** Signer's part of a statement, whatever the rest of it says. */
export function attestedOf(statement: unknown): Either<string, Attested> {
  const predicate = isObject(statement) ? statement['predicate'] : undefined;
  if (!isObject(predicate)) return left('the payload is no in-toto statement with a predicate');
  const { program, deployment, signed_at: signedAt, key_id: keyId, signs } = predicate;
  if (!isObject(program) || !texts(program, ['name', 'version', 'sha256']))
    return left('/predicate/program: expected name, version, sha256');
  const deployed =
    deployment === null || (isObject(deployment) && texts(deployment, ['account', 'region', 'function', 'function_version']));
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

/** Where a statement is about something else. */
export interface StatementDifference {
  /** Into the statement. */
  readonly pointer: string;
  readonly expected: string;
  readonly actual: string;
}

/** The first place where a statement differs from the one that was expected; nothing where they say the same, whatever their bytes. */
export function statementDifference(expected: Json, actual: unknown, pointer = ''): StatementDifference | undefined {
  if (isNode(expected) && isNode(actual)) {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort();
    for (const key of keys) {
      const step = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const difference = statementDifference(expected[key] ?? null, actual[key] ?? null, step);
      if (difference !== undefined) return difference;
      if (Object.hasOwn(expected, key) !== Object.hasOwn(actual, key)) return differs(step, expected[key], actual[key]);
    }
    return undefined;
  }
  return textOf(expected) === textOf(actual) ? undefined : differs(pointer, expected, actual);
}

function differs(pointer: string, expected: unknown, actual: unknown): StatementDifference {
  return { pointer, expected: textOf(expected), actual: textOf(actual) };
}

function isNode(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return isNode(value) && !Array.isArray(value);
}

function textOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  return hasCanonicalForm(value) ? canonical(value) : 'a value that has no canonical form';
}

/**
 * Receipts of what a server stores: signed and put beside it once it is there.
 * Invariant: a signature that fails changes nothing that was stored, and the note says so; a receipt that is there already is kept.
 */
import { isLeft, type Either, left, right } from 'fp-ts/Either';
import type { ArtifactStore } from '../../ports/artifact-store';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import type { RunFile, RunReader } from '../../ports/run-files';
import type { Signer } from '../../ports/signer';
import { assert, InvariantError } from '../assert';
import { DEADLINE, dependencyError, type RunStop } from '../agent/stop';
import { decodeEnvelope, parsed } from '../receipt/envelope';
import {
  type Attested,
  attestedOf,
  type ReceiptFacts,
  RECEIPT_FILE,
  type SegmentFacts,
  type SegmentsSigned,
  statementText,
} from '../receipt/statement';
import { issueReceipt } from './issue-receipt';
import { readRunFacts } from './run-facts';

/** What an answer says of a receipt. */
export type ReceiptNote =
  /** `earlier`: it was there already, of a request before this one. */
  | { readonly signed: true; readonly key_ids: readonly string[]; readonly earlier?: true }
  | { readonly signed: false; readonly error: RunStop | ReceiptConflict };

/** Another receipt stands there: of other bytes than these. */
export interface ReceiptConflict {
  readonly code: 'artifact_conflict';
  readonly message: string;
  readonly key: string;
}

export type RunFiles = Readonly<Partial<Record<RunFile, Uint8Array>>>;

export interface Receipts {
  readonly segments: SegmentsSigned;
  /** Of a run that is stored in a folder. Cost: one signature and one put. */
  readonly ofRun: (folder: string, files: RunFiles, deadline: Deadline) => Promise<ReceiptNote>;
  /** Of a segment that is in the log. Cost: the same. */
  readonly ofSegment: (segment: SegmentFacts, deadline: Deadline) => Promise<ReceiptNote>;
}

export interface ReceiptParts {
  readonly signer: Signer;
  readonly artifacts: ArtifactStore;
  /** What is said of the process that signs, now. */
  readonly attested: () => Promise<Omit<Attested, 'key_id' | 'signs'>>;
  readonly segments: SegmentsSigned;
  readonly readerOf: (files: RunFiles) => RunReader;
  /** Told of every signature that failed. */
  readonly onFailure: (key: string, reason: string) => void;
}

export function makeReceipts({ signer, artifacts, attested, segments, readerOf, onFailure }: ReceiptParts): Receipts {
  async function put(key: string, facts: ReceiptFacts, deadline: Deadline, signs?: SegmentsSigned): Promise<ReceiptNote> {
    const stated = { ...(await attested()), ...(signs === undefined ? {} : { signs }) };
    const issued = await issueReceipt(facts, stated, signer, deadline);
    if (isLeft(issued)) return failed(key, dependencyError(issued.left));
    const bytes = new TextEncoder().encode(issued.right.text);
    const stored = await artifacts.put({ key, bytes, contentType: 'application/json' }, deadline)();
    if (!isLeft(stored)) return { signed: true, key_ids: [issued.right.keyId] };
    switch (stored.left._tag) {
      case 'ArtifactConflict': {
        const earlier = await earlierReceipt(key, facts, deadline);
        return isLeft(earlier) ? failed(key, earlier.left) : { signed: true, key_ids: earlier.right, earlier: true };
      }
      case 'InvalidKey':
        throw new InvariantError('the id of a run or a session makes a legal key');
      case 'DependencyFailed':
      case 'DeadlineExceeded':
        return failed(key, dependencyError(stored.left));
    }
  }

  function failed(key: string, error: RunStop | ReceiptConflict): ReceiptNote {
    onFailure(key, error.message);
    return { signed: false, error: error.code === DEADLINE.code ? NO_TIME : error };
  }

  /** The ids of the keys that signed what stands there, if it is about the same. */
  async function earlierReceipt(
    key: string,
    facts: ReceiptFacts,
    deadline: Deadline,
  ): Promise<Either<RunStop | ReceiptConflict, readonly string[]>> {
    const found = await artifacts.get(key, deadline)();
    if (isLeft(found)) return left(isCallFailure(found.left) ? dependencyError(found.left) : conflict(key, 'it cannot be read'));
    const envelope = decodeEnvelope(textOf(found.right));
    if (isLeft(envelope)) return left(conflict(key, envelope.left));
    const { payload, signatures } = envelope.right;
    const stated = attestedOf(parsed(textOf(payload)));
    if (isLeft(stated)) return left(conflict(key, stated.left));
    if (statementText(facts, stated.right) !== textOf(payload)) return left(conflict(key, 'it is about something else'));
    return right(signatures.map(({ keyid }) => keyid));
  }

  return {
    segments,
    ofRun: async (folder, files, deadline) => {
      const key = `${folder}/${RECEIPT_FILE}`;
      const facts = await readRunFacts({ reader: readerOf(files), below: [] });
      assert(!isLeft(facts), 'a run that was just stored can be read');
      return put(key, facts.right, deadline);
    },
    ofSegment: (segment, deadline) => put(segmentReceiptKey(segment.session_id, segment.seq), segment, deadline, segments),
  };
}

/** Where the receipt of a segment is stored; in a directory that was pulled, `receipts/` and the same name. */
export function segmentReceiptKey(session: string, seq: number): string {
  return `sessions/${session}/${segmentReceiptFile(seq)}`;
}

export function segmentReceiptFile(seq: number): string {
  return `receipts/${segmentName(seq)}.json`;
}

/** Eight digits, as in the log. */
export function segmentName(seq: number): string {
  return String(seq).padStart(8, '0');
}

const NO_TIME: RunStop = { code: 'deadline_exceeded', message: 'the time of the invocation ran out before it was signed' };

function conflict(key: string, why: string): ReceiptConflict {
  return { code: 'artifact_conflict', key, message: `a receipt stands there already, and is kept as it is: ${why}` };
}

function isCallFailure(error: { readonly _tag: string }): error is CallFailure {
  return error._tag === 'DependencyFailed' || error._tag === 'DeadlineExceeded';
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

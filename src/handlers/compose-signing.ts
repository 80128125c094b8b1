/** Keys and receipts of the command line: local keys, the wall clock, and what program this is. */
import {
  keyFilesOf,
  readReceipt,
  readTextFile,
  writeKeyFiles,
  writeReceipt,
  writeSegmentReceipt,
} from '../adapters/filesystem/receipt-file';
import { programDigest } from '../adapters/filesystem/program-digest';
import { noDeadline, systemClock } from '../adapters/in-process/clock';
import { generateKeyPair, signerOf, verifierOf } from '../adapters/keys/key-file';
import { makeMemoryRunReader } from '../adapters/in-process/run-files';
import type { Attested, SegmentsSigned } from '../domain/receipt/statement';
import { makeReceipts, type Receipts } from '../domain/run/receipts';
import type { ArtifactStore } from '../ports/artifact-store';
import type { Signer } from '../ports/signer';
import type { Telemetry } from '../ports/telemetry';

export const signing = {
  generateKeyPair,
  keyFilesOf,
  writeKeyFiles,
  readText: readTextFile,
  signerOf,
  verifierOf,
  readReceipt,
  writeReceipt,
  writeSegmentReceipt,
  noDeadline,
  /** What is said of this process: its scripts are where the one that was started is. */
  attested: async (): Promise<Omit<Attested, 'key_id'>> => ({
    program: { name: 'ewm', version: EWM_VERSION, sha256: await programDigest(process.argv[1] ?? '.') },
    deployment: null,
    signed_at: new Date(systemClock.nowMs()).toISOString(),
  }),
} as const;

/** What a server on this machine signs with. */
export interface LocalSigning {
  readonly signer: Signer;
  readonly segments: SegmentsSigned;
}

export function localReceipts(
  given: LocalSigning | undefined,
  artifacts: ArtifactStore,
  telemetry: Pick<Telemetry, 'note'>,
): Promise<Receipts> | undefined {
  if (given === undefined) return undefined;
  const receipts = makeReceipts({
    ...given,
    artifacts,
    readerOf: makeMemoryRunReader,
    attested: signing.attested,
    onFailure: (receipt, reason) => {
      telemetry.note('error', 'not_signed', { receipt, reason });
    },
  });
  return Promise.resolve(receipts);
}

/** Keys and receipts of the command line: local keys, the wall clock, and what program this is. */
import { keyFilesOf, readReceipt, readTextFile, writeKeyFiles, writeReceipt } from '../adapters/filesystem/receipt-file';
import { programDigest } from '../adapters/filesystem/program-digest';
import { noDeadline, systemClock } from '../adapters/in-process/clock';
import { generateKeyPair, signerOf, verifierOf } from '../adapters/keys/key-file';
import type { Attested } from '../domain/receipt/receipt';

export const signing = {
  generateKeyPair,
  keyFilesOf,
  writeKeyFiles,
  readText: readTextFile,
  signerOf,
  verifierOf,
  readReceipt,
  writeReceipt,
  noDeadline,
  /** What is said of this process: its scripts are where the one that was started is. */
  attested: async (): Promise<Omit<Attested, 'key_id'>> => ({
    program: { name: 'ewm', version: EWM_VERSION, sha256: await programDigest(process.argv[1] ?? '.') },
    deployment: null,
    signed_at: new Date(systemClock.nowMs()).toISOString(),
  }),
} as const;

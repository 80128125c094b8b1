/** The composition of the package `.`: what a program that imports it finds on this machine. */
import { makeFilesystemArtifactStore } from '../adapters/filesystem/artifact-store';
import { makeFilesystemSessionLog } from '../adapters/filesystem/session-log';
import { programDigest } from '../adapters/filesystem/program-digest';
import { writeReceipt } from '../adapters/filesystem/receipt-file';
import { makeRunDirectoryReader } from '../adapters/filesystem/run-directory';
import { noDeadline, systemClock } from '../adapters/in-process/clock';
import { issueReceipt } from '../domain/run/issue-receipt';
import { readRunFacts } from '../domain/run/run-facts';
import type { Signer } from '../ports/signer';
import { isLeft } from 'fp-ts/Either';
import { basename, join } from 'node:path';
import type { SessionContext } from '../domain/session/context';
import { makeSessionContext } from '../domain/session/worlds';
import { openFileWorlds } from './open-file-worlds';

export { signerOf } from '../adapters/keys/key-file';
export { makeRunDirectoryReader, openRunDirectoryWriter } from '../adapters/filesystem/run-directory';
export { makeFileStopSwitch } from '../adapters/filesystem/stop-switch';
export { noDeadline, stopwatch } from '../adapters/in-process/clock';
export { makeMarketDocument } from '../adapters/in-process/market-document';

/** Puts a receipt beside a sealed run; why it could not, where it could not. */
export async function signRunDirectory(directory: string, signer: Signer): Promise<string | undefined> {
  const facts = await readRunFacts({ reader: makeRunDirectoryReader(directory), below: [] });
  if (isLeft(facts)) return 'reason' in facts.left ? facts.left.reason : `${facts.left.path} is missing`;
  // Built, it is in a folder of the package, whose digest is that of the command line; as a source, it is its own folder.
  const started = basename(__dirname) === 'library' ? join(__dirname, '../ewm.cjs') : __filename;
  const attested = {
    program: { name: 'ewm', version: EWM_VERSION, sha256: await programDigest(started) },
    deployment: null,
    signed_at: new Date(systemClock.nowMs()).toISOString(),
  };
  const receipt = await issueReceipt(facts.right, attested, signer, noDeadline);
  if (isLeft(receipt)) return receipt.left._tag === 'DependencyFailed' ? receipt.left.reason : 'the time ran out';
  const written = await writeReceipt(directory, receipt.right.text, false)();
  if (!isLeft(written)) return undefined;
  return written.left._tag === 'Interrupted' ? 'it was interrupted' : written.left._tag;
}

/** Sessions in a data directory of `ewm session`, for those who take a budget from one: nothing is called outside. */
export function sessionsIn(directory: string): SessionContext {
  const ports = {
    log: makeFilesystemSessionLog({ directory }),
    documents: makeFilesystemArtifactStore({ directory }),
    clock: systemClock,
    outside: {},
  };
  return makeSessionContext(ports, openFileWorlds);
}

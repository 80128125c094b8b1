/** The receipt beside a run, and keys in PEM. A receipt is written whole or not at all; a private key is nobody else's to read, and never replaced. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { mkdir, open, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assert } from '../../domain/assert';
import { RECEIPT_FILE } from '../../domain/receipt/statement';
import { segmentReceiptFile } from '../../domain/run/receipts';
import { RECEIPTS, receiptSeq } from '../../domain/session/listing';
import type { StoreError } from '../../ports/run-files';
import { directoryEntries } from './directory-entries';
import { type OutputError, writeTextFile } from './output-file';
import { readPlainFile } from './plain-file';
import { attempt, codeOf, readError, writeError } from './system-error';

/** A small file of text. */
export function readTextFile(path: string): TaskEither<StoreError, string> {
  return attempt(path, readError, async () => new TextDecoder().decode(await readPlainFile(path)));
}

/** Nothing where the run has none. */
export function readReceipt(directory: string): TaskEither<StoreError, string | undefined> {
  return async () => {
    const text = await readTextFile(join(directory, RECEIPT_FILE))();
    return isLeft(text) && text.left._tag === 'NotFound' ? right(undefined) : text;
  };
}

export function writeReceipt(directory: string, text: string, force: boolean): TaskEither<OutputError, void> {
  return writeTextFile(join(directory, RECEIPT_FILE), [text], force);
}

/** The receipt of a segment, in the directory of a session that was pulled. */
export function writeSegmentReceipt(directory: string, seq: number, text: string): TaskEither<StoreError, void> {
  const path = join(directory, segmentReceiptFile(seq));
  return async () => {
    const made = await attempt(path, writeError, () => mkdir(dirname(path), { recursive: true }))();
    if (isLeft(made)) return made;
    const written = await writeTextFile(path, [text], true)();
    assert(!isLeft(written) || written.left._tag !== 'Interrupted', 'nobody interrupts the writing of one short text');
    return written as Either<StoreError, void>;
  };
}

/** Receipts of a run, and of segments, that another run takes the place of. What else stands in their folder stays. */
export async function removeReceipts(directory: string): Promise<void> {
  await rm(join(directory, RECEIPT_FILE), { force: true });
  const folder = join(directory, RECEIPTS);
  const entries = await directoryEntries(folder)();
  if (isLeft(entries)) return;
  for (const entry of entries.right) if (receiptSeq(entry) !== undefined) await rm(join(folder, entry.name), { force: true });
  await rmdir(folder).catch(() => undefined);
}

export interface KeyFiles {
  readonly privatePath: string;
  readonly publicPath: string;
}

/** `key.pub.pem` beside `key.pem`. */
export function keyFilesOf(path: string): KeyFiles {
  return { privatePath: path, publicPath: `${path.endsWith('.pem') ? path.slice(0, -'.pem'.length) : path}.pub.pem` };
}

/** Both or none. What is signed with a key that was replaced could be checked by nobody, so there is no way to replace one. */
export function writeKeyFiles(
  { privatePath, publicPath }: KeyFiles,
  pair: { readonly privatePem: string; readonly publicPem: string },
): TaskEither<StoreError, void> {
  return async () => {
    const made = await createFile(publicPath, pair.publicPem, 0o644);
    if (isLeft(made)) return made;
    const written = await createFile(privatePath, pair.privatePem, 0o600);
    if (isLeft(written)) await rm(publicPath, { force: true }).catch(() => undefined);
    return written;
  };
}

function keyError(path: string, error: unknown): StoreError {
  if (codeOf(error) !== 'EEXIST') return writeError(path, error);
  return { _tag: 'Unwritable', path, reason: 'is there already, and a key is never replaced; choose another name' };
}

function createFile(path: string, text: string, mode: number): Promise<Either<StoreError, void>> {
  return attempt(path, keyError, async () => {
    const handle = await open(path, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  })();
}

/** What may stand in the directory of a pulled session: its files, and below `children` a directory of each session to which it granted. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { DirectoryEntry, RunReader, StoreError } from '../../ports/run-files';
import { type Belongs, type Extra, extraEntries } from '../run/listing';
import { sessionFiles } from './files';
import type { SessionInputs } from './inputs';

/** Below the directory of a session that was pulled: its children's. */
export const CHILDREN = 'children';

/** Of segments that were signed as they were written. */
export const RECEIPTS = 'receipts';

export interface ListedDirectory {
  readonly reader: RunReader;
  /** What stands in `children`; nothing where there is no such directory. */
  readonly below: () => Promise<Either<StoreError, readonly DirectoryEntry[]>>;
  /** Receipts of its segments; absent: none are looked at. */
  readonly receipts?: ReceiptFolder;
}

export interface ReceiptFolder {
  /** What stands in it; nothing where there is no such directory. */
  readonly entries: () => Promise<Either<StoreError, readonly DirectoryEntry[]>>;
  readonly read: (seq: number) => Promise<Either<StoreError, string>>;
}

/** `segments`: how many it has, where that is known. */
export async function extraInSession(
  { reader, below, receipts }: ListedDirectory,
  inputs: Pick<SessionInputs, 'world'>,
  sealed: boolean,
  children: readonly string[],
  segments = Infinity,
): Promise<Either<StoreError, readonly Extra[]>> {
  const extra = await extraEntries(reader, belongsToSession(inputs, sealed, children));
  if (isLeft(extra)) return extra;
  const [childEntries, receiptEntries] = [
    children.length === 0 ? right([]) : await below(),
    receipts === undefined ? right([]) : await receipts.entries(),
  ];
  if (isLeft(childEntries)) return childEntries;
  if (isLeft(receiptEntries)) return receiptEntries;
  const strange = childEntries.right.filter(({ name, kind }) => kind !== 'directory' || !children.includes(name));
  const foreign = receiptEntries.right.filter((entry) => (receiptSeq(entry) ?? Infinity) >= segments);
  return right([
    ...extra.right,
    ...strange.map(({ name, kind }) => ({ name: `${CHILDREN}/${name}`, kind: `a ${kind}` })),
    ...foreign.map(({ name, kind }) => ({ name: `${RECEIPTS}/${name}`, kind: `a ${kind}` })),
  ]);
}

/** The segment that a file in `receipts` is about; nothing where it is none. */
export function receiptSeq({ name, kind }: DirectoryEntry): number | undefined {
  const digits = kind === 'file' ? /^(\d{8})\.json$/.exec(name)?.[1] : undefined;
  return digits === undefined ? undefined : (JSON.parse(digits.replace(/^0+(?=\d)/, '')) as number);
}

function belongsToSession(inputs: Pick<SessionInputs, 'world'>, sealed: boolean, children: readonly string[]): Belongs {
  return {
    what: SESSION,
    files: sessionFiles(inputs, sealed),
    folders: [RECEIPTS, ...(children.length === 0 ? [] : [CHILDREN])],
  };
}

/** What is proven of it, for messages. */
export const SESSION = 'this session and those to which it granted';

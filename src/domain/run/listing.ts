/** What stands in a run directory: a proof of a directory is one of all that it holds, so what is no part of the run is named and refused. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { type DirectoryEntry, RUN_FILES, type RunFile, type RunReader, type StoreError } from '../../ports/run-files';
import { RECEIPT_FILE } from '../receipt/statement';
import type { Divergence } from './divergence';

/** What may stand in a directory. */
export interface Belongs {
  /** Of what, for messages: `a run of mode local`. */
  readonly what: string;
  readonly files: readonly RunFile[];
  readonly folders?: readonly string[];
}

export function belongsTo(mode: string, files: readonly RunFile[]): Belongs {
  return { what: `a run of mode ${mode}`, files };
}

export interface Extra {
  readonly name: string;
  /** What it is, for a person. */
  readonly kind: string;
}

/** Entries that are no part of what is proven, in the order of names. A receipt is about a run and may stand beside any. */
export async function extraEntries(reader: RunReader, belongs: Belongs): Promise<Either<StoreError, readonly Extra[]>> {
  const entries = await reader.entries();
  if (isLeft(entries)) return entries;
  return right(entries.right.filter((entry) => !isPart(entry, belongs)).map(describe));
}

export async function proveListing(
  reader: RunReader,
  belongs: Belongs,
): Promise<Either<StoreError | { readonly _tag: 'Diverged'; readonly divergence: Divergence }, void>> {
  const extra = await extraEntries(reader, belongs);
  if (isLeft(extra)) return extra;
  const divergence = extraDivergence(extra.right, belongs.what);
  return divergence === undefined ? right(undefined) : left({ _tag: 'Diverged', divergence });
}

/** The first is where a directory differs; all are named. */
export function extraDivergence(extra: readonly Extra[], what: string): Divergence | undefined {
  const [first, ...others] = extra;
  if (first === undefined) return undefined;
  const more = others.map(({ name, kind }) => `${name} (${kind})`).join(', ');
  return {
    file: first.name,
    pointer: '',
    expected: `nothing of this name: it is no part of ${what}`,
    actual: more === '' ? first.kind : `${first.kind}; and no part of it either: ${more}`,
    extra: extra.map(({ name }) => name),
  };
}

/** A reader of the files of a run alone: whoever proves it is not told what stands beside them. */
export function withoutListing(reader: RunReader): RunReader {
  return { ...reader, entries: () => Promise.resolve(right([])) };
}

function isPart({ name, kind }: DirectoryEntry, { files, folders = [] }: Belongs): boolean {
  if (kind === 'directory') return folders.includes(name);
  // A crash may leave a receipt half written: it says nothing of the run, and signing again takes its place.
  const ofReceipt = name === RECEIPT_FILE || name === `${RECEIPT_FILE}.partial`;
  return kind === 'file' && (ofReceipt || files.some((file) => file === name));
}

function describe({ name, kind }: DirectoryEntry): Extra {
  if (kind === 'directory') return { name, kind: 'a directory' };
  if (kind !== 'file') return { name, kind: `a ${kind}, not a regular file` };
  if (name.endsWith('.partial')) return { name, kind: 'an unfinished file of another run, or of one that is still going on' };
  return { name, kind: RUN_FILES.some((file) => file === name) ? 'a file of runs of another mode' : 'a file' };
}

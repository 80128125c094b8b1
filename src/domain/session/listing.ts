/** What may stand in the directory of a pulled session: its files, and below `children` a directory of each session to which it granted. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { DirectoryEntry, RunReader, StoreError } from '../../ports/run-files';
import { type Belongs, type Extra, extraEntries } from '../run/listing';
import { sessionFiles } from './files';
import type { SessionInputs } from './inputs';

/** Below the directory of a session that was pulled: its children's. */
export const CHILDREN = 'children';

export interface ListedDirectory {
  readonly reader: RunReader;
  /** What stands in `children`; nothing where there is no such directory. */
  readonly below: () => Promise<Either<StoreError, readonly DirectoryEntry[]>>;
}

export async function extraInSession(
  { reader, below }: ListedDirectory,
  inputs: Pick<SessionInputs, 'world'>,
  sealed: boolean,
  children: readonly string[],
): Promise<Either<StoreError, readonly Extra[]>> {
  const extra = await extraEntries(reader, belongsToSession(inputs, sealed, children));
  if (isLeft(extra) || children.length === 0) return extra;
  const entries = await below();
  if (isLeft(entries)) return entries;
  const strange = entries.right.filter(({ name, kind }) => kind !== 'directory' || !children.includes(name));
  return right([...extra.right, ...strange.map(({ name, kind }) => ({ name: `${CHILDREN}/${name}`, kind: `a ${kind}` }))]);
}

function belongsToSession(inputs: Pick<SessionInputs, 'world'>, sealed: boolean, children: readonly string[]): Belongs {
  return {
    what: SESSION,
    files: sessionFiles(inputs, sealed),
    folders: children.length === 0 ? [] : [CHILDREN],
  };
}

/** What is proven of it, for messages. */
export const SESSION = 'this session and those to which it granted';

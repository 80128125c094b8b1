/**
 * A session proven where it is stored: fetched with its children into memory, played again whole, and held to what it says of itself.
 * Invariant: what is told of a session here was made from its rows, never from what a process remembers of it.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Deadline } from '../../../ports/clock';
import type { RunFile, RunReader, RunWriter } from '../../../ports/run-files';
import type { SessionContext } from '../../../domain/session/context';
import { makeSessionWorlds } from '../../../domain/session/worlds';
import { documentKey } from '../../../domain/session/documents';
import type { SessionError } from '../../../domain/session/errors';
import { proveSession, type ProvenSession, type SessionDirectory } from '../../../domain/session/prove';
import { pullSession, type SessionSource } from '../../../domain/session/pull';
import type { Divergence } from '../../../domain/run/divergence';

type Files = Partial<Record<RunFile, Uint8Array>>;

export interface ProofParts {
  readonly sessions: SessionContext;
  readonly runWriter: () => RunWriter & { readonly files: () => Files };
  readonly runReader: (files: Files) => RunReader;
}

/** `files`: what `ewm session pull` would have written of the session itself; none where its rows do not follow from one another. */
export type Proof =
  | { readonly _tag: 'Proven'; readonly proven: ProvenSession; readonly files: Files }
  | { readonly _tag: 'NotProven'; readonly where: readonly string[]; readonly divergence: SessionDivergence };

/** `file`: of a directory, or `segment <n>` of the log. */
type SessionDivergence = Omit<Divergence, 'file'> & { readonly file: string };

export type Prove = (session: string, deadline: Deadline) => Promise<Either<SessionError | TooLong, Proof>>;

/** More than is proven inside a request; a directory takes any length. */
export interface TooLong {
  readonly _tag: 'TooLong';
}

/** Of the session and its children together: they are held in memory. Unit: bytes. */
export const PROOF_BYTES_MAX = 32 * 1_048_576;
/** Documents and segments that one proof reads: each is a request to the store. */
export const PROOF_READS_MAX = 1_024;

export function makeProve({ sessions, runWriter, runReader }: ProofParts): Prove {
  return async (session, deadline) => {
    const pulled = new Map<string, () => Files>();
    let held = 0;
    const worlds = makeSessionWorlds(sessions.worlds.files);
    const writerAt = (path: readonly string[]): Promise<Either<never, RunWriter>> => {
      const writer = runWriter();
      pulled.set(path.at(-1) ?? '', writer.files);
      const counted: RunWriter = {
        ...writer,
        append: (file, bytes) => {
          held += bytes.length;
          return held > PROOF_BYTES_MAX
            ? () => Promise.resolve(left({ _tag: 'Unwritable', path: file, reason: 'too long to be proven here' }))
            : writer.append(file, bytes);
        },
      };
      return Promise.resolve(right(counted));
    };
    let reads = 0;
    const source = counted(sourceOf(sessions, deadline), () => (reads += 1) <= PROOF_READS_MAX);
    const fetched = await pullSession(source, [session], writerAt, worlds);
    if (held > PROOF_BYTES_MAX || reads > PROOF_READS_MAX) return left({ _tag: 'TooLong' });
    if (isLeft(fetched)) {
      if (fetched.left._tag !== 'SessionCorrupt') return fetched;
      const { _tag, session: where, ...divergence } = fetched.left;
      return right({ _tag: 'NotProven', where: [session, ...(where === session ? [] : [where])], divergence });
    }
    const filesOf = (id: string): Files => pulled.get(id)?.() ?? {};
    const directory = (id: string): SessionDirectory => ({
      reader: runReader(filesOf(id)),
      // Nothing was put here but by the pull.
      below: () => Promise.resolve(right([])),
      child: (child) => Promise.resolve(pulled.has(child) ? directory(child) : undefined),
    });
    const verdict = await proveSession(directory(session), worlds);
    if (isLeft(verdict)) return verdict;
    return right(verdict.right._tag === 'Proven' ? { ...verdict.right, files: filesOf(session) } : verdict.right);
  };
}

/** Once too much was read, nothing is found any more; whoever asked knows that it was cut off. */
function counted({ document, segment }: SessionSource, mayRead: () => boolean): SessionSource {
  const nothing = Promise.resolve(right(undefined));
  return {
    document: (session, file) => (mayRead() ? document(session, file) : nothing),
    segment: (session, seq) => (mayRead() ? segment(session, seq) : nothing),
  };
}

function sourceOf({ documents, log }: SessionContext, deadline: Deadline): SessionSource {
  return {
    document: async (session, file) => {
      const read = await documents.get(documentKey(session, file), deadline)();
      if (!isLeft(read)) return right(textOf(read.right));
      return read.left._tag === 'NotFound' || read.left._tag === 'InvalidKey' ? right(undefined) : left(read.left);
    },
    segment: async (session, seq) => {
      const read = await log.read({ session, seq }, deadline)();
      if (!isLeft(read)) return right(textOf(read.right));
      return read.left._tag === 'SegmentNotFound' ? right(undefined) : left(read.left);
    },
  };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

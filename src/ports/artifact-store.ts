/** Artifacts: files that are written once under a key and never change. What a reader sees is always a whole file. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Deadline } from './clock';
import type { CallFailure } from './dependency';

export interface Artifact {
  /**
   * Relative path: segments of letters, digits and `. _ = + @ -`, none starting with a dot, joined by `/`; at most 128 bytes a segment and
   * 512 in all. Anything else is `InvalidKey`, so no key leaves the store's root.
   */
  readonly key: string;
  readonly bytes: Uint8Array;
  /** Told to stores that serve over HTTP; not part of what makes two artifacts equal. */
  readonly contentType: string;
}

export interface InvalidKey {
  readonly _tag: 'InvalidKey';
  readonly key: string;
  readonly reason: string;
}

export interface ArtifactConflict {
  readonly _tag: 'ArtifactConflict';
  readonly key: string;
}

export interface ArtifactNotFound {
  readonly _tag: 'NotFound';
  readonly key: string;
}

/** `unchanged`: the same bytes were there already. */
export type PutOutcome = 'written' | 'unchanged';

export interface ArtifactStore {
  /** Where the artifacts are, for messages: a directory, `s3://bucket/prefix`, `memory`. */
  readonly location: string;

  /**
   * Writes once. Idempotent: the same bytes again are `unchanged`, other bytes are `ArtifactConflict` and change nothing. Of concurrent puts
   * of one key exactly one is `written`. Atomic: a reader, or a crash, meets the whole artifact or none. `written` means durable.
   * A key that is also a folder of another one is a conflict where the store is a file system; do not use such keys.
   * Puts of different keys become visible in the order in which they were awaited. Cost: one request; one more read when the key is taken.
   */
  readonly put: (artifact: Artifact, deadline: Deadline) => TaskEither<InvalidKey | ArtifactConflict | CallFailure, PutOutcome>;

  /**
   * The files of one folder, at least one, the last of which says that the others are there: it becomes visible after all of them, and
   * after a power cut as well. Each is written once, as by `put`: `unchanged` is a folder that held them all. Of several failures the first in
   * this order is answered; the last file is not written then, others may be. Cost: as the puts one by one, in about the time of two.
   */
  readonly putFolder: (
    artifacts: readonly Artifact[],
    deadline: Deadline,
  ) => TaskEither<InvalidKey | ArtifactConflict | CallFailure, PutOutcome>;

  /** The bytes that were put, read after write. Cost: one request. */
  readonly get: (key: string, deadline: Deadline) => TaskEither<InvalidKey | ArtifactNotFound | CallFailure, Uint8Array>;

  /**
   * What is directly below a folder (`''` is the root, others end in `/`), in code unit order: keys relative to it, folders ending in `/`.
   * An unknown folder is empty. Reads after write. Cost: a request per 1,000 entries.
   */
  readonly list: (folder: string, deadline: Deadline) => TaskEither<InvalidKey | CallFailure, readonly string[]>;
}

/** Where a run's bytes go: a writer keeps them, a verifier compares them. The use case does not know which. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { RUN_FILES, type RunFile } from '../../ports/run-files';
import { type Digest, makeDigest } from '../hash';

export interface RunOutput<E> {
  readonly append: (file: RunFile, bytes: Uint8Array) => TaskEither<E, void>;
}

/** Encodes what is appended, and keeps the digest of every file: what `sha256sum` will print. */
export interface DigestedOutput<E> {
  readonly append: (file: RunFile, content: string | Uint8Array) => Promise<Either<E, void>>;
  /** Hex digest of a file, which takes nothing more from then on. */
  readonly digest: (file: RunFile) => string;
}

export function digested<E>(output: RunOutput<E>): DigestedOutput<E> {
  const encoder = new TextEncoder();
  const open = new Map<RunFile, Digest>(RUN_FILES.map((file) => [file, makeDigest()]));
  const closed = new Map<RunFile, string>();
  return {
    append: async (file, content) => {
      if (content.length === 0) return right(undefined);
      const bytes = typeof content === 'string' ? encoder.encode(content) : content;
      open.get(file)?.update(bytes);
      return output.append(file, bytes)();
    },
    digest: (file) => {
      const known = closed.get(file);
      if (known !== undefined) return known;
      const hex = open.get(file)?.hex() ?? '';
      closed.set(file, hex);
      return hex;
    },
  };
}

/** For a part of a run: whoever joins the parts takes the digests of whole files. */
export function undigested<E>(output: RunOutput<E>): DigestedOutput<E> {
  const encoder = new TextEncoder();
  return {
    append: async (file, content) => {
      if (content.length === 0) return right(undefined);
      return output.append(file, typeof content === 'string' ? encoder.encode(content) : content)();
    },
    digest: () => '',
  };
}

/** Appends to several files in order; the first failure ends it. */
export async function appendAll<E>(
  output: DigestedOutput<E>,
  contents: readonly (readonly [RunFile, string | Uint8Array])[],
): Promise<Either<E, void>> {
  for (const [file, content] of contents) {
    const appended = await output.append(file, content);
    if (isLeft(appended)) return appended;
  }
  return right(undefined);
}

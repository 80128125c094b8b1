/** A world file or a policy file as JavaScript: as it stands, or where it is TypeScript as esbuild makes it. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { SOURCE_BYTES_MAX } from '../../domain/world/file/limits';
import type { MarketInputError } from '../../ports/market-input';
import { openBytes, readAhead } from './byte-source';

/** What of esbuild is used. It is no part of this program: who writes TypeScript has it, or installs it. */
interface Esbuild {
  readonly build: (options: Readonly<Record<string, unknown>>) => Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}

export async function readSource(path: string): Promise<Either<MarketInputError, string>> {
  const invalid = (message: string): Either<MarketInputError, never> =>
    left({ _tag: 'InvalidInput', source: path, problems: [{ pointer: '', message }] });
  const cursor = await openBytes(path, {})();
  if (isLeft(cursor)) return cursor;
  const read = await readAhead(cursor.right, SOURCE_BYTES_MAX);
  await cursor.right.close();
  if (isLeft(read)) return read;
  if (!read.right.ended) return invalid(`larger than ${String(SOURCE_BYTES_MAX)} bytes, the most that a world or a policy may have`);
  if (/\.[cm]?ts$/i.test(path)) return compiled(path, invalid);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(read.right.bytes);
    return text.trim() === '' ? invalid('is empty; expected a JavaScript module') : right(text);
  } catch {
    return invalid('bytes that are not UTF-8');
  }
}

async function compiled(
  path: string,
  invalid: (message: string) => Either<MarketInputError, never>,
): Promise<Either<MarketInputError, string>> {
  let esbuild: Esbuild;
  try {
    // That of the project in which the world is written.
    esbuild = createRequire(resolve('world.ts'))('esbuild') as Esbuild;
  } catch {
    return invalid('is TypeScript, which esbuild compiles, and that is not installed here: npm install esbuild, or give the compiled .js');
  }
  try {
    const built = await esbuild.build({
      entryPoints: [resolve(path)],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'neutral',
      target: 'es2022',
      charset: 'utf8',
      logLevel: 'silent',
    });
    return right(built.outputFiles[0]?.text ?? '');
  } catch (error) {
    return invalid(error instanceof Error ? error.message : String(error));
  }
}

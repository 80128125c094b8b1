// Several programs in CommonJS whose common code is in files of its own, so that none of it is there twice: esbuild splits ES modules only, so it
// does that first, and each file is then turned into CommonJS. What is imported late is a file, too, and read when it is called for.
import { build, transform } from 'esbuild';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Node prints the line of an error that nobody catches. */
const LINE_LIMIT = 200;

export async function buildSplit(entryPoints, options) {
  const { supported, target, platform, minify, ...rest } = options;
  const built = await build({
    ...rest,
    target,
    platform,
    minify,
    entryPoints,
    format: 'esm',
    splitting: true,
    // They are in THIRD-PARTY-LICENSES.txt.
    legalComments: 'none',
    write: false,
    outExtension: { '.js': '.cjs' },
    chunkNames: 'shared/[name]-[hash]',
  });
  for (const { path, text } of built.outputFiles) {
    const { code } = await transform(text, {
      format: 'cjs',
      platform,
      target,
      supported,
      minify,
      lineLimit: LINE_LIMIT,
      legalComments: 'none',
    });
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, code);
  }
  return built;
}

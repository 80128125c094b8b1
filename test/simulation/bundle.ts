/** The simulator as one file, with or without a bug planted in it: what runs it in a process of its own. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Mutant } from './mutants';

const ROOT = join(__dirname, '..', '..');

/** `entry`: a file of this folder. */
export async function bundleSimulator(entry: string, outfile: string, mutant?: Mutant): Promise<void> {
  let planted = mutant === undefined;
  await build({
    entryPoints: [join(__dirname, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'silent',
    plugins:
      mutant === undefined
        ? []
        : [
            {
              name: 'plant',
              setup: (bundler) => {
                bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
                  if (path !== join(ROOT, mutant.file)) return undefined;
                  const source = await readFile(path, 'utf8');
                  if (source.split(mutant.from).length !== 2) throw new Error(`${mutant.file} does not hold once: ${mutant.from}`);
                  planted = true;
                  return { contents: source.replace(mutant.from, () => mutant.to), loader: 'ts' };
                });
              },
            },
          ],
  });
  if (!planted) throw new Error(`${String(mutant?.file)} is no part of the simulator`);
}

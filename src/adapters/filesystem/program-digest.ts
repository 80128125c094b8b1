/** What code runs here: the digest that a receipt names. */
import { createHash } from 'node:crypto';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Scripts of a program; benchmarks are built beside it and are no part of it. */
const SCRIPT = /^(?!bench).*\.(?:c?js|ts)$/;

/** What is beside `ewm.cjs`, and the folder of the code that is shared between the programs. */
const FOLDERS = ['', 'shared/'];

/**
 * SHA-256 of the lines that `sha256sum` prints of the scripts of a program, in the order of their names, those of the folder itself first:
 * `LC_ALL=C sha256sum *.cjs shared/*.cjs | sha256sum` in the folder of an installed program.
 * `started`: the script that was started, or a link to it.
 */
export async function programDigest(started: string): Promise<string> {
  const directory = dirname(await realpath(started));
  const all = createHash('sha256');
  for (const folder of FOLDERS) {
    const names = await readdir(join(directory, folder)).catch(() => []);
    for (const name of names.filter((file) => SCRIPT.test(file)).sort()) {
      const digest = createHash('sha256')
        .update(await readFile(join(directory, folder, name)))
        .digest('hex');
      all.update(`${digest}  ${folder}${name}\n`);
    }
  }
  return all.digest('hex');
}

/** What code runs here: the digest that a receipt names. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Scripts of a program; benchmarks are built beside it and are no part of it. */
const SCRIPT = /^(?!bench).*\.(?:c?js|ts)$/;

/** SHA-256 of the lines that `sha256sum` prints of the scripts of a program, in the order of their names: `sha256sum *.cjs | sha256sum`. */
export async function programDigest(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) => SCRIPT.test(name)).sort();
  const all = createHash('sha256');
  for (const name of names) {
    const digest = createHash('sha256')
      .update(await readFile(join(directory, name)))
      .digest('hex');
    all.update(`${digest}  ${name}\n`);
  }
  return all.digest('hex');
}

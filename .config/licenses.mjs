// The licenses of what the bundles hold: a package that is bundled is not installed again, so its text has to come along.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const LICENSE = /^(licen[cs]e|copying)(\.(md|txt))?$/i;

/** A section a package, in the order of their names; `inputs` are paths as esbuild's metafile has them. */
export function licensesOf(inputs) {
  const folders = [...new Set(inputs.flatMap((path) => PACKAGE.exec(path)?.[1] ?? []))];
  const sections = new Map();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => LICENSE.test(entry));
    // A package without the file names its license, and that is all it has to say.
    const text = file === undefined ? `License: ${license}` : readFileSync(join(folder, file), 'utf8').trim();
    sections.set(`${name} ${version}`, `${name} ${version} (${license})\n\n${text}\n`);
  }
  return [...sections.keys()]
    .sort()
    .map((name) => sections.get(name))
    .join(`\n${'-'.repeat(80)}\n\n`);
}

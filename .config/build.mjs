// Builds what runs outside the tests, into dist/ or the directory given: the CLI and the benchmark. `ewm.cjs` is a few lines that load
// `program.cjs` when they need it: most of a start-up is compiling, and Node's compile cache keeps only code that is in a file of its own.
import { build } from 'esbuild';
import { chmod, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

const outdir = process.argv[2] ?? 'dist';
const { version } = JSON.parse(await readFile('package.json', 'utf8'));

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  mainFields: ['module', 'main'],
  define: { EWM_VERSION: JSON.stringify(version) },
  // `import()` becomes `require`, which does not start the loader of ES modules.
  supported: { 'dynamic-import': false },
  outExtension: { '.js': '.cjs' },
  outdir,
  sourcemap: 'linked',
  logLevel: 'warning',
};
const programApart = {
  name: 'program apart',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/program$/ }, () => ({ path: './program.cjs', external: true })),
};
const cli = 'src/handlers/cli';

await rm(outdir, { recursive: true, force: true });
await build({ ...shared, entryPoints: [`${cli}/ewm.ts`], minify: true, banner: { js: '#!/usr/bin/env node' }, plugins: [programApart] });
await chmod(join(outdir, 'ewm.cjs'), 0o755);
await build({ ...shared, entryPoints: [`${cli}/program.ts`, `${cli}/verify-worker.ts`], minify: true });
await build({ ...shared, entryPoints: { bench: 'test/bench/bench.ts' } });

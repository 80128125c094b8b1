// Builds what runs outside the tests: the CLI (one file, its lazy parts beside it) and the benchmark.
import { build } from 'esbuild';
import { chmod, readFile, rm } from 'node:fs/promises';

const { version } = JSON.parse(await readFile('package.json', 'utf8'));

await rm('dist', { recursive: true, force: true });
const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  mainFields: ['module', 'main'],
  define: { EWM_VERSION: JSON.stringify(version) },
  outExtension: { '.js': '.cjs' },
  outdir: 'dist',
  sourcemap: 'linked',
  logLevel: 'warning',
};
await build({ ...shared, entryPoints: { ewm: 'src/handlers/cli/ewm.ts' }, minify: true, banner: { js: '#!/usr/bin/env node' } });
await chmod('dist/ewm.cjs', 0o755);
await build({ ...shared, entryPoints: { bench: 'test/bench/bench.ts' } });

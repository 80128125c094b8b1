// Builds what runs outside the tests: the CLI (one file, its lazy parts beside it), the Lambda functions and the benchmarks.
import { build } from 'esbuild';
import { buildLambda, LAMBDA_MODES, zippedBytes } from './build-lambda.mjs';
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
// The commands around the API need the handlers and the AWS SDK: more code than all the rest, so a file of its own that is loaded on demand.
const apiBeside = {
  name: 'api-beside',
  setup({ onResolve }) {
    onResolve({ filter: /\/api-commands$/ }, ({ kind }) => (kind === 'dynamic-import' ? { path: './ewm-api.cjs', external: true } : undefined));
  },
};
const cli = { ...shared, minify: true };
await build({ ...cli, entryPoints: { ewm: 'src/handlers/cli/ewm.ts' }, banner: { js: '#!/usr/bin/env node' }, plugins: [apiBeside] });
await build({ ...cli, entryPoints: { 'ewm-api': 'src/handlers/cli/api-commands.ts' } });
await chmod('dist/ewm.cjs', 0o755);
await build({ ...shared, entryPoints: { bench: 'test/bench/bench.ts', 'bench-api': 'test/bench/api-bench.ts' } });
await buildLambda(version);
for (const mode of LAMBDA_MODES) console.log(`dist/lambda/${mode}: ${((await zippedBytes(mode)) / 1000).toFixed(1)} KB zipped`);

// Builds what runs outside the tests, into dist/ or the directory given: the CLI, the Lambda functions and the benchmarks. `ewm.cjs` is a few
// lines that load `program.cjs` when they need it: most of a start-up is compiling, and Node's compile cache keeps only code that is in a
// file of its own. The commands around the API need the handlers and the AWS SDK, more code than all the rest; the bill brings its price table,
// those that show a run the program of a page, an import unpackers and time zones: files of their own, on demand.
import { build } from 'esbuild';
import { buildLibrary } from './build-library.mjs';
import { buildLambda, bundleForLambda, overBudget } from './build-lambda.mjs';
import { buildPage } from './build-page.mjs';
import { licensesOf } from './licenses.mjs';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const outdir = process.argv[2] ?? 'dist';
const page = await buildPage();
const { version } = JSON.parse(await readFile('package.json', 'utf8'));

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  mainFields: ['module', 'main'],
  define: { EWM_VERSION: JSON.stringify(version), ...page.define },
  // `import()` becomes `require`, which does not start the loader of ES modules.
  supported: { 'dynamic-import': false },
  loader: { '.wasm': 'binary' },
  outExtension: { '.js': '.cjs' },
  outdir,
  sourcemap: 'linked',
  logLevel: 'warning',
};
const apart = (filter, path) => ({
  name: path,
  setup: ({ onResolve }) => onResolve({ filter }, ({ kind }) => (kind === 'dynamic-import' ? { path, external: true } : undefined)),
});
const programApart = apart(/^\.\/program$/, './program.cjs');
const apiApart = apart(/\/api-commands$/, './api-commands.cjs');
// With those around the API: both need the AWS SDK, which is more than the rest of the program.
const sessionApart = apart(/\/session-commands$/, './api-commands.cjs');
const costApart = apart(/\/cost-command$/, './cost-command.cjs');
const reportApart = apart(/\/report-commands$/, './report-commands.cjs');
const importApart = apart(/\/import-command$/, './import-command.cjs');
// The engine that runs world files: 700 KB.
const worldApart = apart(/\/world-commands$/, './worlds.cjs');
const worldsApart = apart(/\/compose-worlds$/, './worlds.cjs');
const mcpApart = apart(/\/mcp-command$/, './mcp-command.cjs');
const cli = 'src/handlers/cli';

await rm(outdir, { recursive: true, force: true });
const shipped = [
  { entryPoints: [`${cli}/ewm.ts`], banner: { js: '#!/usr/bin/env node' }, plugins: [programApart] },
  {
    entryPoints: { program: `${cli}/program.ts`, 'verify-worker': `${cli}/proof/verify-worker.ts` },
    plugins: [apiApart, sessionApart, costApart, reportApart, importApart, mcpApart, worldApart, worldsApart],
  },
  {
    stdin: { contents: "export * from './api/api-commands'; export * from './session/session-commands';", resolveDir: cli, loader: 'ts' },
    outdir: undefined,
    outfile: join(outdir, 'api-commands.cjs'),
  },
  {
    stdin: {
      contents: "export * from './cli/world/world-commands'; export * from './compose-worlds';",
      resolveDir: 'src/handlers',
      loader: 'ts',
    },
    outdir: undefined,
    outfile: join(outdir, 'worlds.cjs'),
  },
  {
    entryPoints: {
      'cost-command': `${cli}/cost/cost-command.ts`,
      'report-commands': `${cli}/run/report-commands.ts`,
      'import-command': `${cli}/market/import-command.ts`,
      'mcp-command': `${cli}/mcp/mcp-command.ts`,
    },
  },
];
const bundled = await Promise.all(shipped.map((options) => build({ ...shared, ...options, minify: true, metafile: true })));
await chmod(join(outdir, 'ewm.cjs'), 0o755);
// The program of a page is text in a bundle: what it holds is told apart from it.
const library = await buildLibrary(version, join(outdir, 'library'));
const inputs = [...bundled.flatMap(({ metafile }) => Object.keys(metafile.inputs)), ...page.inputs, ...library];
await writeFile(join(outdir, 'THIRD-PARTY-LICENSES.txt'), licensesOf(inputs));
const benches = { bench: 'test/bench/bench.ts', 'bench-api': 'test/bench/api-bench.ts', 'bench-cold-start': 'test/bench/cold-start.ts' };
await build({ ...shared, entryPoints: benches });
const compared = ['empty', 's3', 'put'].map((name) => [name, `test/bench/cold-start-${name}.ts`]);
await bundleForLambda(version, join(outdir, 'cold-start'), Object.fromEntries(compared));
const { zipBytes } = await buildLambda(version, { outdir: join(outdir, 'lambda') });
for (const [mode, bytes] of Object.entries(zipBytes)) console.log(`${join(outdir, 'lambda', mode)}.zip: ${(bytes / 1000).toFixed(1)} KB`);
for (const line of overBudget(zipBytes)) {
  console.error(line);
  process.exitCode = 1;
}

// Builds what runs outside the tests, into dist/ or the directory given: the CLI and the library, the Lambda functions and the benchmarks. `ewm.cjs`
// is a few lines that load `program.cjs` when they need it: most of a start-up is compiling, and Node's compile cache keeps only code that is in a
// file of its own. A command's own code (the handlers and the AWS SDK, the price table, the program of a page, time zones) is read when it is called
// for.
import { build } from 'esbuild';
import { buildLibrary, LIBRARY_CORES } from './build-library.mjs';
import { buildSplit } from './build-split.mjs';
import { buildLambda, bundleForLambda, overBudget } from './build-lambda.mjs';
import { buildPage } from './build-page.mjs';
import { licensesOf } from './licenses.mjs';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

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
// The program is asked for by `ewm.cjs`, which does not bring it.
const programApart = {
  name: 'program-apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/program$/ }, ({ kind }) => (kind === 'dynamic-import' ? { path: './program.cjs', external: true } : undefined)),
};
const cli = 'src/handlers/cli';

await rm(outdir, { recursive: true, force: true });
const starters = { entryPoints: [`${cli}/ewm.ts`], plugins: [programApart] };
const started = await build({ ...shared, ...starters, entryNames: '[name]', sourcemap: false, minify: true, metafile: true });
const ewm = join(outdir, 'ewm.cjs');
await writeFile(ewm, `#!/usr/bin/env node\n${await readFile(ewm, 'utf8')}`);
await chmod(ewm, 0o755);
/** The engine of world files: a third smaller to download, and unpacked in some milliseconds when a world is run. */
const packedWasm = {
  name: 'packed-wasm',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.wasm$/ }, async ({ path }) => {
      const packed = brotliCompressSync(await readFile(path)).toString('base64');
      const unpack = `new Uint8Array(brotliDecompressSync(Buffer.from('${packed}', 'base64')))`;
      return { contents: `import { brotliDecompressSync } from 'node:zlib'; export default ${unpack};`, loader: 'js' };
    }),
};
/** What libraries bring and nothing here asks for: a tenth of the package. */
const unused = {
  name: 'unused',
  setup: ({ onLoad }) => {
    // Schemas of answers that a server asks its client for; ours asks for none, and its tools have the codecs of the API.
    onLoad({ filter: /modelcontextprotocol\/server\/dist\/shimsNode\.mjs$/ }, () => ({
      contents: "export { default as process } from 'node:process'; export class DefaultJsonSchemaValidator {}",
      loader: 'js',
    }));
    // Reads what a browser says of itself.
    onLoad({ filter: /bowser\/bowser\.mjs$/ }, () => ({ contents: 'export default undefined;', loader: 'js' }));
  },
};
/** The pool of threads starts each with a file of its own. */
const poolWorker = {
  name: 'pool-worker',
  setup: ({ onLoad }) =>
    onLoad({ filter: /piscina\/dist\/index\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace("'worker.js'", "'pool-worker.cjs'"),
    })),
};
const split = await buildSplit(
  {
    program: `${cli}/program.ts`,
    'shared/verify-worker': `${cli}/proof/verify-worker.ts`,
    // The threads of `ewm sweep`, and what the pool starts each of them with: beside the code of the command, which is imported late.
    'shared/sweep-worker': `${cli}/sweep/sweep-worker.ts`,
    'shared/pool-worker': 'node_modules/piscina/dist/worker.js',
    ...LIBRARY_CORES,
  },
  {
    ...shared,
    sourcemap: false,
    minify: true,
    metafile: true,
    plugins: [packedWasm, poolWorker, unused],
    // Lowers the priority of threads, where it is there; it is not asked for.
    external: ['@napi-rs/nice'],
  },
);
const library = await buildLibrary(version, join(outdir, 'library'));
// The program of a page is text in a bundle: what it holds is told apart from it.
const inputs = [...[started, split].flatMap(({ metafile }) => Object.keys(metafile.inputs)), ...page.inputs, ...library];
await writeFile(join(outdir, 'THIRD-PARTY-LICENSES.txt'), licensesOf(inputs));
const benches = {
  bench: 'test/bench/bench.ts',
  'bench-api': 'test/bench/api-bench.ts',
  'bench-session': 'test/bench/session-bench.ts',
  'bench-sweep': 'test/bench/sweep-bench.ts',
  'bench-cold-start': 'test/bench/cold-start.ts',
};
await build({ ...shared, entryPoints: benches });
const compared = ['empty', 's3', 'put'].map((name) => [name, `test/bench/cold-start-${name}.ts`]);
await bundleForLambda(version, join(outdir, 'cold-start'), Object.fromEntries(compared));
const { zipBytes } = await buildLambda(version, { page: page.define, outdir: join(outdir, 'lambda') });
for (const [mode, bytes] of Object.entries(zipBytes)) console.log(`${join(outdir, 'lambda', mode)}.zip: ${(bytes / 1000).toFixed(1)} KB`);
for (const line of overBudget(zipBytes)) {
  console.error(line);
  process.exitCode = 1;
}

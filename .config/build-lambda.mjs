// Builds the Lambda functions: one bundle a mode, as small as it gets, and the zip of it that is deployed. The source map lies beside the
// bundle and not in the zip. Invariant: the same source gives the same bytes, whatever the machine, its time zone and its umask.
import { build } from 'esbuild';
import { zipSync } from 'fflate';
import { readFile, writeFile } from 'node:fs/promises';
import { buildPage } from './build-page.mjs';

/** What the zip of each mode may come to: a function starts faster the less it loads. Unit: bytes. */
export const ZIP_BYTES_MAX = {
  base: 184_000,
  tools: 224_000,
  memory: 220_000,
  sessions: 244_000,
  mcp: 380_000,
  stop: 150_000,
  cell: 144_000,
};
export const LAMBDA_MODES = Object.keys(ZIP_BYTES_MAX);

// A zip holds local time without a zone, and fflate reads it off the local clock: the parts are fixed, not the instant. Noon, because there
// are zones whose clocks leave out an hour around midnight.
const zipTime = () => new Date(1980, 0, 1, 12, 0, 0);
const UNIX = 3;
const REGULAR_FILE_0644 = (0o100644 << 16) >>> 0;

// On Lambda credentials come from the environment and nowhere else; the chain that asks SSO, profiles and metadata services stays out.
// See docs/decisions/0009-lambda-bundles.md.
const environmentCredentials = {
  name: 'environment-credentials',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ resolveDir }) => ({
      path: resolveDir,
      namespace: 'environment-credentials',
    }));
    onLoad({ filter: /.*/, namespace: 'environment-credentials' }, ({ path }) => ({
      resolveDir: path,
      contents: "import { fromEnv } from '@aws-sdk/credential-provider-env'; export const defaultProvider = (init) => fromEnv(init);",
    }));
  },
};

/** What signs, with its client: a file of its own, which a function asks for where its deployment signs. */
const SIGNING = 'signing';
const signingApart = {
  name: 'signing-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/compose-receipts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: `./${SIGNING}.js`, external: true } : undefined,
    );
  },
};

/** How everything that runs on Lambda is bundled: the functions, and what the benchmark compares them with. */
/** `page`: what stands in for the programs of pages, where a function shows one. */
export async function bundleForLambda(version, outdir, entryPoints, minify = true, page = {}) {
  const names = Object.keys(entryPoints);
  const openApi = JSON.stringify(JSON.parse(await readFile('docs/openapi.json', 'utf8')));
  const { metafile } = await build({
    entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, entryPoints[name]])),
    outdir,
    plugins: [environmentCredentials, signingApart],
    bundle: true,
    minify,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    mainFields: ['module', 'main'],
    // The document as text in a text: what is not asked for is not even parsed.
    define: { EWM_VERSION: JSON.stringify(version), EWM_OPENAPI: JSON.stringify(openApi), ...page },
    // `import('node:http')`, as the SDK has it, reads every export of the module, and one of them loads all of undici: 25 ms of a cold start.
    // `require` does not.
    supported: { 'dynamic-import': false },
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  // The repository's own package.json says that .js is an ES module; these are not.
  await Promise.all(names.map((name) => writeFile(`${outdir}/${name}/package.json`, '{"type":"commonjs"}\n')));
  return metafile;
}

export async function buildLambda(version, { page, outdir = 'dist/lambda' } = {}) {
  const entryPoints = {
    ...Object.fromEntries(LAMBDA_MODES.map((mode) => [mode, `src/handlers/lambda/${mode}.ts`])),
    [SIGNING]: 'src/handlers/compose-receipts.ts',
  };
  const metafile = await bundleForLambda(version, outdir, entryPoints, true, page ?? (await buildPage()).define);
  const signing = await readFile(`${outdir}/${SIGNING}/index.js`);
  const zipBytes = {};
  for (const mode of LAMBDA_MODES) {
    const index = await readFile(`${outdir}/${mode}/index.js`);
    await writeFile(`${outdir}/${mode}/${SIGNING}.js`, signing);
    const zips = { [mode]: { 'index.js': index } };
    if (mode !== 'stop' && mode !== 'cell') zips[`${mode}-${SIGNING}`] = { 'index.js': index, [`${SIGNING}.js`]: signing };
    for (const [name, files] of Object.entries(zips)) {
      const zip = zipOf(files);
      await writeFile(`${outdir}/${name}.zip`, zip);
      zipBytes[name] = zip.length;
    }
  }
  return { metafile, zipBytes };
}

/** The zip that Lambda unpacks into /var/task: files by their name. */
export function zipOf(files) {
  const attributes = { level: 9, mtime: zipTime(), os: UNIX, attrs: REGULAR_FILE_0644 };
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, [bytes, attributes]])));
}

/** A line for each zip that is too large; none where all are as small as they have to be. */
export function overBudget(zipBytes) {
  return Object.keys(zipBytes)
    .filter((mode) => zipBytes[mode] > ZIP_BYTES_MAX[mode])
    .map(
      (mode) =>
        `dist/lambda/${mode}.zip: ${zipBytes[mode]} bytes, the limit is ${ZIP_BYTES_MAX[mode]} (.config/build-lambda.mjs). ` +
        `See what came in: add "analyze: 'verbose'" and "logLevel: 'info'" to the build there; take it out, or load it in the modes that use it.`,
    );
}

// Builds the Lambda functions: one bundle a mode, as small as it gets, with its source map beside it and not in it.
import { build } from 'esbuild';
import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

export const LAMBDA_MODES = ['base', 'tools', 'memory'];

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

export async function buildLambda(version, { outdir = 'dist/lambda', plugins = [environmentCredentials] } = {}) {
  const { metafile } = await build({
    entryPoints: Object.fromEntries(LAMBDA_MODES.map((mode) => [`${mode}/index`, `src/handlers/lambda/${mode}.ts`])),
    outdir,
    plugins,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    mainFields: ['module', 'main'],
    define: { EWM_VERSION: JSON.stringify(version) },
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  // The repository's own package.json says that .js is an ES module; these are not.
  await Promise.all(LAMBDA_MODES.map((mode) => writeFile(`${outdir}/${mode}/package.json`, '{"type":"commonjs"}\n')));
  return metafile;
}

/** What a zip file of the bundle comes to, less some hundred bytes. */
export async function zippedBytes(mode, outdir = 'dist/lambda') {
  return gzipSync(await readFile(`${outdir}/${mode}/index.js`), { level: 9 }).length;
}

// Builds the programs and the style sheets of the pages (a report; the list of the local server), as text that the bundles which render pages
// carry in them: a page is one file and needs nothing else.
import { build } from 'esbuild';
import { basename } from 'node:path';

const FOLDER = 'src/handlers/page/browser';

/** What `define` puts into a bundle, see src/handlers/page/html.ts and server-html.ts; and the files that it is made of. */
export async function buildPage() {
  const { outputFiles, metafile } = await build({
    entryPoints: ['main.ts', 'page.css', 'server.ts', 'server.css', 'sweep.ts', 'sweep.css', 'app.ts', 'app.css'].map(
      (file) => `${FOLDER}/${file}`,
    ),
    outdir: 'page',
    write: false,
    bundle: true,
    minify: true,
    platform: 'browser',
    target: ['chrome109', 'firefox115', 'safari16.4'],
    format: 'iife',
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const text = (name) => JSON.stringify(outputFiles.find(({ path }) => basename(path) === name).text.trimEnd());
  const define = {
    EWM_PAGE_SCRIPT: text('main.js'),
    EWM_PAGE_STYLE: text('page.css'),
    EWM_SWEEP_SCRIPT: text('sweep.js'),
    EWM_SWEEP_STYLE: text('sweep.css'),
    EWM_APP_SCRIPT: text('app.js'),
    EWM_APP_STYLE: text('app.css'),
    EWM_SERVER_SCRIPT: text('server.js'),
    EWM_SERVER_STYLE: text('server.css'),
  };
  return { define, inputs: Object.keys(metafile.inputs) };
}

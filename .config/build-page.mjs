// Builds the program and the style sheet of the report page, as text that the bundles which render pages carry in them: a page is one file
// and needs nothing else.
import { build } from 'esbuild';

const FOLDER = 'src/handlers/page/browser';

/** What `define` puts into a bundle: see src/handlers/page/html.ts. */
export async function buildPage() {
  const { outputFiles } = await build({
    entryPoints: [`${FOLDER}/main.ts`, `${FOLDER}/page.css`],
    outdir: 'page',
    write: false,
    bundle: true,
    minify: true,
    platform: 'browser',
    target: ['chrome109', 'firefox115', 'safari16.4'],
    format: 'iife',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
  const text = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text.trimEnd();
  return { EWM_PAGE_SCRIPT: JSON.stringify(text('.js')), EWM_PAGE_STYLE: JSON.stringify(text('.css')) };
}

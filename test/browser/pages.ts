/** Report pages as the built program makes them, of runs as the built program leaves them; and pages changed by hand. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import type { PageData } from '../../src/domain/report/page-data';
import { EXIT } from '../../src/handlers/cli/shared/exit-codes';
import { ewm, serveBuilt } from '../support/built-cli';
import { post } from '../support/http-call';
import { launch } from './chromium';

const ROOT = join(__dirname, '../..');
const MARKET = join(ROOT, 'examples/markets/stocks-2000-2010.csv');
const STRATEGY = join(ROOT, 'examples/strategies/sma_crossover.json');

export interface Pages {
  readonly directory: string;
  /** A run of the demo's market and strategy, with these options beside. */
  readonly run: (
    name: string,
    options?: readonly string[],
    documents?: { readonly market?: string; readonly strategy?: string },
  ) => Promise<string>;
  /** A run of a world that ships, or of this file, with these options beside. */
  readonly world: (name: string, world: string, options?: readonly string[]) => Promise<string>;
  /** A run of a handler, as the local server leaves it. */
  readonly call: (path: string, body: object) => Promise<string>;
  /** The page of a run. */
  readonly report: (run: string, options?: readonly string[]) => Promise<string>;
  /** A copy of a page, changed. */
  readonly changed: (file: string, name: string, change: (html: string) => string) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Before the tests of a describe a browser and a place for its pages; after them neither is left. */
export function usePages(ready: (browser: Browser, pages: Pages) => void): void {
  let close: () => Promise<void> = () => Promise.resolve();
  beforeAll(async () => {
    const pages = await makePages();
    close = pages.close;
    const browser = await launch();
    close = async () => {
      await browser.close();
      await pages.close();
    };
    ready(browser, pages);
  });
  afterAll(() => close());
}

async function makePages(): Promise<Pages> {
  const directory = await mkdtemp(join(tmpdir(), 'ewm-page-'));
  let server: Awaited<ReturnType<typeof serveBuilt>> | undefined;
  return {
    directory,
    run: async (name, options = [], { market = MARKET, strategy = STRATEGY } = {}) => {
      const out = join(directory, name);
      const { exit, err } = await ewm(['run', '--market', market, '--strategy', strategy, '--out', out, ...options]);
      if (exit !== EXIT.ok && exit !== EXIT.refused) throw new Error(`ewm run: ${err}`);
      return out;
    },
    world: async (name, world, options = []) => {
      const out = join(directory, name);
      const { exit, err } = await ewm(['run', '--world', world, '--out', out, ...options]);
      if (exit !== EXIT.ok && exit !== EXIT.refused) throw new Error(`ewm run: ${err}`);
      return out;
    },
    call: async (path, body) => {
      server ??= await serveBuilt(join(directory, 'served'), { ENABLE_AGENTCORE_MEMORY: '1' });
      const { json, text } = await post(server.url, path, body);
      const { artifact_dir: artifacts } = json as { artifact_dir: string | null };
      if (artifacts === null) throw new Error(text);
      return join(directory, 'served', artifacts);
    },
    report: async (run, options = []) => {
      const { out, err } = await ewm(['report', run, '--force', '--out', `${run}.html`, ...options]);
      if (out.trim() !== `${run}.html`) throw new Error(`ewm report: ${err}`);
      return `${run}.html`;
    },
    changed: async (file, name, change) => {
      const html = await readFile(file, 'utf8');
      const now = change(html);
      if (now === html) throw new Error(`${name}: nothing changed`);
      const out = join(directory, `${name}.html`);
      await writeFile(out, now);
      return out;
    },
    close: async () => {
      await server?.stop('SIGTERM');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const BLOCK = /(<script type="application\/json" id="ewm-data">)([^<]*)(<\/script>)/;

export function dataOf(html: string): PageData {
  return JSON.parse(BLOCK.exec(html)?.[2] ?? '') as PageData;
}

export function withData(change: (data: PageData) => PageData): (html: string) => string {
  return (html) => withBlock(JSON.stringify(change(dataOf(html))))(html);
}

/** The same program over other data. */
export function withBlock(json: string): (html: string) => string {
  return (html) => html.replace(BLOCK, (_, before: string, _json, after: string) => before + json.replaceAll('<', '\\u003c') + after);
}

export function rowsOf({ a }: PageData): readonly string[] {
  return gunzipSync(Buffer.from(a.tape, 'base64')).toString('utf8').slice(0, -1).split('\n');
}

/** The same page with other lines on its tape. */
export function withRows(change: (lines: readonly string[]) => readonly string[]): (html: string) => string {
  return withData((data) => {
    const text = change(rowsOf(data))
      .map((line) => `${line}\n`)
      .join('');
    return { ...data, a: { ...data.a, tape: gzipSync(text).toString('base64') } };
  });
}

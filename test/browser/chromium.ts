/**
 * A real Chromium with a page of ours in it. Invariant: a visit knows every request and every word on the console, and no request leaves the
 * machine: what is not the page itself is refused and kept.
 */
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { executablePath } from '../support/executable';
import { describeWhere } from '../support/needs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const executable = process.env['CHROMIUM'] ?? NAMES.map(executablePath).find((path) => path !== undefined);

/** Tests that need the browser. */
export function describeInBrowser(name: string, tests: () => void): void {
  describeWhere(executable === undefined ? 'no Chromium on the path, and none named in CHROMIUM' : undefined, name, tests);
}

export function launch(): Promise<Browser> {
  return chromium.launch({ args: FLAGS, ...(executable === undefined ? {} : { executablePath: executable }) });
}

export interface Visit {
  readonly page: Page;
  /** Refused: all but the page itself and the server that it came from. */
  readonly requests: readonly string[];
  /** Warnings, errors, and what was thrown. */
  readonly complaints: readonly string[];
  readonly close: () => Promise<void>;
}

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly hash?: string;
}

/** Opens a page of the disk and waits until it is proven or, of a sweep, drawn. */
export async function visit(browser: Browser, file: string, look: Look = {}): Promise<Visit> {
  const visited = await openPage(browser, pathToFileURL(file).href, look);
  const { page } = visited;
  await page.waitForSelector('#proof-result[data-state]:not([data-state="running"]), main[data-state="drawn"], main > h1');
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  return visited;
}

/** Opens an address. It may ask nothing but what it is itself; a page of a server may ask that server, and these requests are not kept. */
export async function openPage(
  browser: Browser,
  url: string,
  { width = 1280, height = 900, colorScheme = 'light', hash = '' }: Look = {},
): Promise<Visit> {
  const context = await contextOf(browser);
  const page = await context.newPage();
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  const [requests, complaints]: [string[], string[]] = [[], []];
  const { protocol, origin } = new URL(url);
  const isOwn = (asked: string): boolean => (protocol === 'file:' ? asked.split('#')[0] === url : new URL(asked).origin === origin);
  await page.route('**/*', (route) => {
    if (isOwn(route.request().url())) return route.continue();
    requests.push(route.request().url());
    return route.abort();
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url + hash);
  return { page, requests, complaints, close: () => page.close() };
}

/** One for all visits: pages of files share nothing, and a context of its own costs each visit more than the page does. */
const contexts = new WeakMap<Browser, Promise<BrowserContext>>();

function contextOf(browser: Browser): Promise<BrowserContext> {
  const known = contexts.get(browser) ?? browser.newContext();
  contexts.set(browser, known);
  return known;
}

/** The text of an element, white space made single. */
export async function textOf(page: Page, selector: string): Promise<string> {
  return ((await page.textContent(selector)) ?? '').replace(/\s+/g, ' ').trim();
}

export interface PaneInk {
  readonly title: string;
  /** Pixels of each colour that the pane has to show: of its series, by name, and of its marks, by kind. */
  readonly pixels: Readonly<Record<string, number>>;
}

/** What the canvases of a chart show: pixels of the very colours that the style sheet names, pane by pane. */
export function inkOf(page: Page, chart: string): Promise<readonly PaneInk[]> {
  return page.evaluate((id) => {
    const root = document.getElementById(id);
    if (root === null) throw new Error(`no chart ${id}`);
    const style = getComputedStyle(root);
    const rgb = (colour: string): readonly number[] => {
      const context = new OffscreenCanvas(1, 1).getContext('2d');
      if (context === null) throw new Error('no context');
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const marks = Object.fromEntries(['buy', 'sell', 'rejected'].map((kind) => [kind, rgb(style.getPropertyValue(`--${kind}`).trim())]));
    const byTop = Map.groupBy(
      [...root.querySelectorAll<HTMLCanvasElement>('.chart-canvas canvas')].filter((canvas) => canvas.width > 0 && canvas.height > 0),
      (canvas) => Math.round(canvas.getBoundingClientRect().top),
    );
    const panes = [...byTop.keys()].sort((a, b) => a - b).map((top) => byTop.get(top) ?? []);
    return [...root.querySelectorAll('.chart-live .chart-legend')].map((legend, index) => {
      const wanted: Record<string, readonly number[]> = { ...marks };
      for (const entry of legend.querySelectorAll('.chart-entry')) {
        const swatch = entry.querySelector('.swatch');
        if (swatch !== null && !swatch.classList.contains('limit'))
          wanted[entry.firstChild?.nextSibling?.textContent?.trim() ?? ''] = rgb(getComputedStyle(swatch).color);
      }
      const pixels: Record<string, number> = Object.fromEntries(Object.keys(wanted).map((name) => [name, 0]));
      for (const canvas of panes[index] ?? []) {
        const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
        for (let at = 0; at < data.length; at += 4) {
          if (data[at + 3] !== 255) continue;
          for (const [name, [r, g, b]] of Object.entries(wanted))
            if (data[at] === r && data[at + 1] === g && data[at + 2] === b) pixels[name] = (pixels[name] ?? 0) + 1;
        }
      }
      return { title: legend.querySelector('b')?.textContent ?? '', pixels };
    });
  }, chart);
}

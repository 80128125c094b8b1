/** The pages of the built server in a real Chromium: found, used and read with the keyboard alone, under the policy that they are sent with. */
import type { Browser, Page } from 'playwright-core';
import type { AxeResults, RunOptions } from 'axe-core';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REQUEST_FORMS } from '../../src/handlers/server/request-examples';
import thresholdDemo from '../../examples/strategies/threshold_demo.json';
import { serveBuilt, type Served } from '../support/built-cli';
import { post } from '../support/http-call';
import { describeInBrowser, launch, type Look, openPage, textOf } from './chromium';

const HOSTILE = '</script><script>alert(1)</script><img src=x onerror=alert(2)>';

let directory = '';
let browser: Browser;
let server: Served;

interface Axe {
  readonly run: (options: RunOptions) => Promise<AxeResults>;
}

const focusedId = (page: Page): Promise<string> => page.evaluate(() => document.activeElement?.id ?? '');

/** Tab until the element has the focus; every stop on the way has to be seen. */
async function tabTo(page: Page, id: string): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    if ((await focusedId(page)) === id) return;
    await page.keyboard.press('Tab');
    const outline = await page.evaluate(() =>
      document.activeElement === null || document.activeElement === document.body
        ? 'page'
        : getComputedStyle(document.activeElement).outlineStyle,
    );
    expect(outline).not.toBe('none');
  }
  throw new Error(`#${id} is not reached by Tab`);
}

describeInBrowser('the pages of the local server', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ewm-pages-'));
    server = await serveBuilt(directory, { ENABLE_AGENTCORE_MEMORY: '1' });
    browser = await launch();
  });

  afterAll(async () => {
    await browser.close();
    await server.stop('SIGTERM');
    await rm(directory, { recursive: true, force: true });
  });

  it('begin empty, send every example by keyboard, list its run and lead to its proof', async () => {
    const { page, requests, complaints, close } = await openPage(browser, server.url);
    expect(await page.getByText('needs JavaScript').count()).toBe(0);
    expect(await textOf(page, '#runs-list')).toContain('No run yet.');
    let answered = 0;
    for (const { name, examples } of REQUEST_FORMS) {
      await tabTo(page, `${name}-open`);
      await page.keyboard.press('Enter');
      await tabTo(page, `${name}-example`);
      for (const [index, { title, body }] of examples.entries()) {
        if (index > 0) await page.keyboard.press('ArrowDown');
        expect(await page.inputValue(`#${name}-body`)).toBe(body);
        await tabTo(page, `${name}-send`);
        await page.keyboard.press('Enter');
        const status = /not legal/.test(title) ? '400' : /too small|cannot finish/.test(title) ? '422' : '200';
        await page.waitForFunction(([id, text]) => document.getElementById(id)?.textContent.startsWith(text), [
          `${name}-status`,
          status,
        ] as const);
        await page.waitForSelector(`#${name}-send:not([aria-disabled])`);
        expect(await textOf(page, `#${name}-answer pre`)).toContain('"ok":');
        expect(await focusedId(page)).toBe(`${name}-send`);
        answered += status === '400' ? 0 : 1;
        // Back to the choice of examples: the button, the text, the choice.
        await page.keyboard.press('Shift+Tab');
        await page.keyboard.press('Shift+Tab');
        expect(await focusedId(page)).toBe(`${name}-example`);
      }
    }
    // "A market and a strategy of your own" writes out what "Five steps" names: the same run.
    expect(await page.locator('.runs tbody tr').count()).toBe(answered - 1);
    // The refusal of an illegal request is a message of the network panel that Chromium repeats on the console, as are those of budgets.
    expect(complaints.filter((text) => !/the server responded with a status of 4(00|22)/.test(text))).toEqual([]);

    await page.locator('.runs tbody a').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('#proof-result[data-state="proven"]');
    expect(new URL(page.url()).pathname).toMatch(/^\/runs\/[0-9a-f]{32}\/report$/);
    expect(requests).toEqual([]);
    await close();
  });

  it('keep what is open and focused in the list when it is listed again', async () => {
    const { page, close } = await openPage(browser, server.url);
    await page.route('**/agentcore/base', async (route) => {
      // The reader moves on while the answer is on its way.
      await page.locator('.runs summary').first().focus();
      await page.keyboard.press('Enter');
      await route.continue();
    });
    await page.click('#base-open');
    await page.fill('#base-body', '{"steps": 3, "budget": {"max_steps": 3}}');
    const before = await page.locator('.runs tbody tr').count();
    await page.locator('#base-send').press('Enter');
    await page.waitForFunction((rows) => document.querySelectorAll('.runs tbody tr').length === rows + 1, before);
    expect(await focusedId(page)).toMatch(/^files-/);
    expect(await page.locator('.runs details[open]').count()).toBe(1);
    await close();
  });

  it('show a hostile strategy as text, in the answer, in the list and in the report', async () => {
    const { page, requests, complaints, close } = await openPage(browser, server.url);
    const strategy = { ...thresholdDemo, metadata: { ...thresholdDemo.metadata, name: HOSTILE } };
    // A member that the API does not know: its answer names it.
    const body = { strategy, [HOSTILE]: HOSTILE };
    await page.click('#base-open');
    await page.fill('#base-body', JSON.stringify(body));
    await page.locator('#base-send').press('Enter');
    await page.waitForSelector('#base-answer pre');
    expect(await page.textContent('#base-answer pre')).toContain('<script>alert(1)');
    const { artifact_dir: folder } = (await post(server.url, '/agentcore/base', { strategy })).json as { artifact_dir: string };
    await page.goto(server.url);
    await page.locator('.runs tbody a').first().click();
    await page.waitForSelector('#proof-result[data-state="proven"]');
    expect(page.url()).toContain(folder.replace('artifacts/', ''));
    expect(await page.textContent('#inputs')).toContain('<script>alert(1)</script>');
    expect(await page.locator('img').count()).toBe(0);
    expect({ requests, complaints: complaints.filter((text) => !/status of 400/.test(text)) }).toEqual({ requests: [], complaints: [] });
    await close();
  });

  it('let nothing else run: a script put in by hand is refused', async () => {
    const { page, complaints, close } = await openPage(browser, server.url);
    await page.evaluate(() => {
      const script = document.createElement('script');
      try {
        script.text = 'document.title = "ran"';
        document.body.append(script);
      } catch {
        // Trusted types refuse the text already.
      }
    });
    expect(await page.title()).toBe('Runs · ewm');
    expect(complaints.join()).toMatch(/Content Security Policy|TrustedScript/);
    await close();
  });

  it('list the runs without JavaScript, and say what needs it', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(server.url);
    expect(await page.locator('.runs tbody tr').count()).toBeGreaterThan(5);
    expect(await page.getByText('Sending a request needs JavaScript').first().isVisible()).toBe(true);
    expect(await page.locator('#base-send').isDisabled()).toBe(true);
    await context.close();
  });

  it('print the list alone', async () => {
    const { page, close } = await openPage(browser, server.url);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.requests').isVisible()).toBe(false);
    expect(await page.locator('.runs').isVisible()).toBe(true);
    await close();
  });

  const looks: readonly (readonly [string, Look])[] = [
    ['light', {}],
    ['dark', { colorScheme: 'dark' }],
    ['light, 390 pixels wide', { width: 390, height: 844 }],
    ['dark, 390 pixels wide', { width: 390, height: 844, colorScheme: 'dark' }],
  ];
  it.each(looks)('are accessible in %s', async (_name, look) => {
    const axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
    // The page of a problem is a paragraph: wide in light and narrow in dark is enough.
    for (const path of (look.width === undefined) !== (look.colorScheme === undefined) ? ['/'] : ['/', `/runs/${'0'.repeat(32)}/report`]) {
      const { page, close } = await openPage(browser, server.url + path, look);
      if (path === '/') {
        await page.click('#base-open');
        await page.locator('#base-send').press('Enter');
        await page.waitForSelector('#base-answer pre');
        await page.locator('.runs summary').first().click();
      }
      await page.evaluate(axe);
      const { violations, passes } = await page.evaluate(() =>
        (window as unknown as { axe: Axe }).axe.run({ resultTypes: ['violations'] }),
      );
      expect(violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map(({ html }) => html.slice(0, 160)) }))).toEqual([]);
      expect(passes.length).toBeGreaterThan(8);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(look.width ?? 1280);
      await close();
    }
  });
});

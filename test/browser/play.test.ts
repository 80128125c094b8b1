/** Sessions in a real Chromium against the built server: listed, made, played by keyboard alone, moved by somebody else, forked, closed, taken back. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { serveBuilt, type Served } from '../support/built-cli';
import { post } from '../support/http-call';
import { violationsOf } from './axe';
import { describeInBrowser, launch, type Look, openPage, textOf } from './chromium';

const HOSTILE = '</script><script>alert(1)</script><img src=x onerror=alert(2)>';
const BUDGET = { max_steps: 20, max_tool_calls: 20 };

let directory = '';
let browser: Browser;
let server: Served;

interface Made {
  readonly session_id: string;
  readonly head: string;
}

const make = async (name: string, more: object = {}): Promise<Made> =>
  (await post(server.url, '/sessions', { name, budget: BUDGET, ...more })).json as Made;
const play = ({ session_id: session, head }: Made, name = 'execute'): ReturnType<typeof post> =>
  post(server.url, `/sessions/${session}/calls`, { head, calls: [{ name, args: { actions: [] } }] });

/** Until the live region says it. */
async function told(page: Page, what: RegExp): Promise<string> {
  for (let waits = 0; waits < 200; waits += 1) {
    const said = await textOf(page, '#play-status');
    if (what.test(said)) return said;
    await page.waitForTimeout(50);
  }
  throw new Error(`the page says: ${await textOf(page, '#play-status')}`);
}

async function tabTo(page: Page, id: string): Promise<void> {
  for (let presses = 0; presses < 120; presses += 1) {
    if ((await page.evaluate(() => document.activeElement?.id ?? '')) === id) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`#${id} is not reached by Tab`);
}

async function press(page: Page, id: string): Promise<void> {
  await tabTo(page, id);
  await page.keyboard.press('Enter');
}

describeInBrowser('the page of sessions', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ewm-play-'));
    server = await serveBuilt(directory, { ENABLE_AGENTCORE_MEMORY: '1' });
    browser = await launch();
  });
  afterAll(async () => {
    await browser.close();
    await server.stop('SIGTERM');
    await rm(directory, { recursive: true, force: true });
  });

  it('begins empty, makes a session and plays it by keyboard alone', async () => {
    const { page, requests, complaints, close } = await openPage(browser, `${server.url}/play`);
    await page.getByText('No session yet').waitFor();
    expect(await page.getByText('needs JavaScript').count()).toBe(0);
    await press(page, 'new-send');
    await told(page, /step 0, head 0-/);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('board-title');
    expect(await textOf(page, '#tree')).toMatch(/first [0-9a-f]{12} open ?may spend 20 steps, 20 tool calls; spent nothing\./);
    expect(await page.locator('#board tbody tr').first().textContent()).toContain('0 (next)');

    await press(page, 'act-quote');
    await told(page, /Execute would take 2 steps, 2 tool calls\. It fits\./);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('act-quote');
    await press(page, 'act-simulate');
    await told(page, /ok simulate_and_verify: APPROVED, equity 1,000\. Step 0, head 1-/);
    expect(await textOf(page, '#answer pre')).toContain('"PlaceBuy"');
    await press(page, 'act-execute');
    await told(page, /ok execute: APPROVED.*Step 1, head 2-/);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('act-execute');
    expect(await textOf(page, '#tree')).toContain('spent 3 steps, 3 tool calls');

    // Orders of one's own: more than there is cash for is refused, as the world says it.
    await tabTo(page, 'quantity');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('1000');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await told(page, /"quantity":"1000".* is chosen: 1 in all/);
    await press(page, 'act-simulate');
    expect(await told(page, /422 simulation_rejected/)).toMatch(/the plan was refused: /);
    // A refused try is an act like any other; nothing of what was chosen is lost.
    expect(await page.locator('#chosen li').count()).toBe(1);
    expect({ requests, complaints: complaints.filter((text) => !/status of 422/.test(text)) }).toEqual({ requests: [], complaints: [] });
    await close();
  });

  it('tells that somebody else moved the session, shows where it is, and does nothing', async () => {
    const made = await make('two writers');
    const { page, close } = await openPage(browser, `${server.url}/play#${made.session_id}`);
    await told(page, /step 0/);
    const { json } = await play(made);
    await page.click('#act-execute');
    const said = await told(page, /409 head_moved/);
    const { head } = json as Made;
    expect(said).toContain('the session has gone on from this head; nothing was done');
    expect(said).toContain(`from ${made.head.slice(0, 14)} to ${head.slice(0, 14)}`);
    expect(await textOf(page, '#board')).toContain(head);
    await page.click('#act-execute');
    await told(page, /ok execute: .*Step 2, head 2-/);
    await close();
  });

  it('forks, closes the fork and takes back what it did not use, by keyboard alone', async () => {
    const made = await make('parent');
    const { page, close } = await openPage(browser, `${server.url}/play#${made.session_id}`);
    await told(page, /step 0/);
    await press(page, 'fork-open');
    await tabTo(page, 'fork-name');
    await page.keyboard.type('child');
    expect(await page.inputValue('#fork-steps')).toBe('10');
    await press(page, 'act-fork');
    await told(page, /ok Fork [0-9a-f]{12} is made/);
    const tree = page.locator('#tree li', { has: page.locator(`#session-${made.session_id}`) }).last();
    expect((await tree.textContent())?.replace(/\s+/g, ' ')).toMatch(
      /spent 10 steps, 10 tool calls\..*child [0-9a-f]{12} opengranted by [0-9a-f]{12}: 10 steps, 10 tool calls; spent nothing\./,
    );
    const child = (await tree.locator('ul a').getAttribute('href')) ?? '';
    await page.locator(`#session-${child.slice(1)}`).focus();
    await page.keyboard.press('Enter');
    await told(page, new RegExp(`Session ${child.slice(1, 13)}: step 0`));
    await press(page, 'act-execute');
    await told(page, /ok execute/);
    await press(page, 'act-close');
    await told(page, /ok The session is sealed/);
    expect(await page.locator('#act-execute').isVisible()).toBe(false);
    await page.locator(`#session-${made.session_id}`).focus();
    await page.keyboard.press('Enter');
    await told(page, new RegExp(`Session ${made.session_id.slice(0, 12)}`));
    await press(page, `act-reclaim-${child.slice(1)}`);
    await told(page, /did not use is taken back/);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('board-title');
    expect(await textOf(page, '#tree')).toContain('gave back 8 steps, 8 tool calls');
    await close();
  });

  it("plays a world file: what is observed, what is legal, and an action of one's own", async () => {
    const source = await readFile(join(__dirname, '../../examples/worlds/grid/world.js'), 'utf8');
    const made = await make('a world', { world: { source, steps: 5 } });
    const { page, complaints, close } = await openPage(browser, `${server.url}/play#${made.session_id}`);
    await told(page, /step 0/);
    await press(page, 'legal-0');
    await told(page, /is chosen: 1 in all/);
    await press(page, 'act-execute');
    await told(page, /ok execute: APPROVED.*Step 1/);
    await page.fill('#own-action', 'no JSON');
    await press(page, 'add-own');
    await told(page, /The action is not JSON/);
    await page.fill('#own-action', '{"type":"unheard"}');
    await press(page, 'add-own');
    await press(page, 'act-execute');
    await told(page, /REJECTED|422/);
    expect(complaints.filter((text) => !/status of 422/.test(text))).toEqual([]);
    await close();
  });

  it('says what is wrong as the API says it, and a breaker that tripped', async () => {
    const { page, close } = await openPage(browser, `${server.url}/play`);
    await page.fill('#new-body', '{"budget": {"max_steps": 0}}');
    await page.click('#new-send');
    expect(await told(page, /400 invalid_request/)).toContain('/budget/max_steps');
    await page.fill('#new-body', 'nothing');
    await page.click('#new-send');
    await told(page, /not a JSON object: nothing was sent/);
    const made = await make('small', { budget: { max_steps: 2, max_tool_calls: 2 } });
    await page.goto(`${server.url}/play#${made.session_id}`);
    await told(page, /step 0/);
    await page.click('#act-execute');
    await told(page, /ok execute/);
    await page.click('#act-execute');
    await told(page, /422 budget_exceeded \(max_steps\)/);
    await page.goto(`${server.url}/play#${'0'.repeat(32)}`);
    await page.reload();
    await told(page, /404 not_found: no session/);
    expect(await page.locator('#board').isVisible()).toBe(false);
    await close();
  });

  it('shows a hostile name as text', async () => {
    const made = await make(HOSTILE);
    const { page, complaints, close } = await openPage(browser, `${server.url}/play#${made.session_id}`);
    await told(page, /step 0/);
    expect(await page.textContent('#tree')).toContain('<script>alert(1)</script>');
    expect([await page.locator('img').count(), complaints]).toEqual([0, []]);
    await close();
  });

  const looks: readonly (readonly [string, Look])[] = [
    ['light', {}],
    ['dark, 390 pixels wide', { width: 390, height: 844, colorScheme: 'dark' }],
  ];
  it.each(looks)('is accessible in %s', async (_name, look) => {
    const made = await make('looked at');
    const { page, close } = await openPage(browser, `${server.url}/play#${made.session_id}`, look);
    await told(page, /step 0/);
    await page.click('#act-simulate');
    await told(page, /ok simulate/);
    await page.click('#fork-open');
    await page.click('text=Add order');
    await told(page, /is chosen/);
    expect(await violationsOf(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(look.width ?? 1280);
    await close();
  });

  it('says what it needs where there is no JavaScript', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${server.url}/play`);
    expect(await page.getByText('playing sessions needs JavaScript').isVisible()).toBe(true);
    expect(await page.locator('#new-send').isDisabled()).toBe(true);
    await context.close();
  });
});

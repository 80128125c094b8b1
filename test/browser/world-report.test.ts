/** The page of a run in a world file: what it draws, tells and proves, of the worlds that ship and of others. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { ewm } from '../support/built-cli';
import { violationsOf } from './axe';
import { describeInBrowser, inkOf, textOf, visit, type Look } from './chromium';
import { type Pages, usePages, withData, withRows } from './pages';

let browser: Browser;
let pages: Pages;
const shipped = new Map<string, string>();
let refused = '';
let sampled = '';

const WORLDS = join(__dirname, '../../examples/worlds');
const filesOf = (name: string): readonly string[] => [
  join(WORLDS, name, 'world.js'),
  ...['--policy', join(WORLDS, name, 'policy.js')],
  ...(name === 'grid' ? ['--steps', '60'] : ['--inputs', join(WORLDS, name, 'inputs.jsonl')]),
];

/** Says nothing of charts, refuses now and then, and has names that would be markup. */
const PLAIN = `
export const meta = { name: '<img src=x onerror=alert(1)>', version: '1' };
export const init = () => ({ n: 0, level: '50', '</script><b>': 'x' });
export const legal = () => [{ type: 'add' }];
export const observe = (s) => s;
export const step = (s, actions) => {
  if (s.n % 5 === 4 && actions.length > 0) { return { refused: { action_index: 0, code: 'closed', message: 'not <i>now</i>' } }; }
  s.n += 1; s.level = decimal.of((s.n * 7919) % 1009);
  return { state: s, totals: { level: s.level, n: s.n, words: 'no amount' } };
};`;
/** Refused steps leave a world where it was: this one goes on at the next. */
const POLICY = 'export const decide = ({ n }) => (random() < 0.5 ? [{ type: "add", "<b>n</b>": n }] : []);';

describeInBrowser('the page of a run in a world file', () => {
  usePages((launched, made) => {
    [browser, pages] = [launched, made];
  });
  beforeAll(async () => {
    for (const name of ['inventory', 'capacity', 'grid']) {
      const [world = '', ...options] = filesOf(name);
      shipped.set(name, await pages.report(await pages.world(name, world, options)));
    }
    const own = join(pages.directory, 'own');
    await mkdir(own);
    const [world, policy] = [join(own, 'plain.js'), join(own, 'policy.js')];
    await writeFile(world, PLAIN);
    await writeFile(policy, POLICY);
    refused = await pages.report(await pages.world('refused', world, ['--policy', policy, '--steps', '40', '--seed', 'seven']));
    sampled = await pages.report(await pages.world('sampled', world, ['--policy', policy, '--steps', '12000', '--seed', 'seven']));
  });

  const page = (name: string): string => shipped.get(name) ?? '';

  it.each([
    ['inventory', ['Cash and worth', 'Units'], ['cash', 'worth', 'in_stock', 'sold', 'missed', 'spoiled']],
    ['capacity', ['Requests', 'Replicas'], ['load', 'served', 'backlog', 'running', 'starting']],
    ['grid', ['Moves'], ['moves', 'keys']],
  ] as const)('draws what %s describes, and proves the run', async (name, titles, lines) => {
    const { page: shown, requests, complaints, close } = await visit(browser, page(name));
    const panes = await inkOf(shown, 'world-chart');
    expect(panes.map(({ title }) => title)).toEqual(titles);
    const drawn = Object.fromEntries(panes.flatMap(({ pixels }) => Object.entries(pixels)));
    expect(Object.keys(drawn)).toEqual(expect.arrayContaining([...lines]));
    expect(Math.max(...lines.map((line) => drawn[line] ?? 0))).toBeGreaterThan(100);
    expect(await textOf(shown, '.badges')).toMatch(/Proven$/);
    expect(await textOf(shown, '#proof')).toContain('states follow from the changes in the rows');
    expect({ requests, complaints }).toEqual({ requests: [], complaints: [] });
    await close();
  });

  it('tells what the world came to, its actions, and what each step changed', async () => {
    const { page: shown, close } = await visit(browser, page('inventory'), { hash: '#step=1' });
    expect(await textOf(shown, '[data-figure="score"]')).toContain('8,145.5');
    expect(await textOf(shown, '[data-figure="total-sold"]')).toContain('10,429');
    expect(await textOf(shown, '#run-facts')).toContain('inventory 1.0.0 · 2026-01-01 to 2026-12-31');
    expect(await textOf(shown, '#actions')).toContain('289 actions');
    expect(await textOf(shown, '#inspector-title')).toContain('Step 1 2026-01-02');
    const panel = await textOf(shown, '.inspector');
    for (const said of ['/cash"294.8""314.3"', '/stock/sandwich/0–[11,4]', 'cash314.3+19.5']) expect(panel).toContain(said);
    await shown.locator('.inspector summary', { hasText: 'After the step' }).click();
    expect(await textOf(shown, '.inspector pre >> nth=1')).toContain('"cash": "314.3"');
    await shown.keyboard.press('ArrowRight');
    expect(await textOf(shown, '#inspector-title')).toContain('Step 2');
    expect(await textOf(shown, '#inputs')).toContain('world.js');
    await close();
  });

  it('draws the totals of a world that describes nothing, its refusals, and its names as text', async () => {
    const { page: shown, complaints, close } = await visit(browser, refused);
    const panes = await inkOf(shown, 'world-chart');
    expect(panes.map(({ title }) => title)).toEqual(['level', 'n']);
    expect(panes[0]?.pixels['rejected']).toBeGreaterThan(20);
    await shown.selectOption('#actions-table-choice-0', 'refused');
    expect(await textOf(shown, '#actions-table tbody tr')).toContain('closed: not <i>now</i>');
    await shown.selectOption('#steps-table-choice-0', 'REJECTED');
    await shown.locator('#steps-table tbody .row-button').first().click();
    expect(await textOf(shown, '.violations')).toContain('closed');
    expect(await textOf(shown, '#run-facts')).toContain('<img src=x onerror=alert(1)>');
    expect(complaints).toEqual([]);
    await close();
  });

  it('of a long run holds the extremes, and says what it leaves out', async () => {
    const { page: shown, complaints, close } = await visit(browser, sampled);
    expect(await textOf(shown, '#sample-note')).toMatch(/12,000 steps.*those with the lowest and the highest of every line drawn/);
    expect(await textOf(shown, '.badges')).toContain('Sample re-hashed');
    const panes = await inkOf(shown, 'world-chart');
    expect(panes.map(({ title }) => title)).toEqual(['level', 'n', 'Refusals']);
    for (const { pixels } of panes) expect(Math.max(...Object.values(pixels))).toBeGreaterThan(100);
    expect(await textOf(shown, '[data-figure="decisions"]')).toContain('12,000 steps');
    expect(complaints).toEqual([]);
    await close();
  });

  it('beside another draws both, and where they part', async () => {
    const [world = '', ...options] = filesOf('inventory');
    const other = await pages.world('other', world, options.slice(2));
    const both = await pages.report(join(pages.directory, 'inventory'), ['--compare', other]);
    const { page: shown, close } = await visit(browser, both);
    expect(await textOf(shown, '#compare')).toContain('final score');
    expect((await inkOf(shown, 'compare-chart'))[0]?.pixels['A']).toBeGreaterThan(100);
    expect(await textOf(shown, '.badges')).toMatch(/A ProvenB Proven$/);
    await close();
    shipped.set('inventory', await pages.report(join(pages.directory, 'inventory')));
  });

  it('says which row is wrong, and that charts of somebody else change no value', async () => {
    const forged = await pages.changed(
      page('inventory'),
      'forged',
      withRows((lines) => lines.map((line, at) => (at === 9 ? line.replace('"cash":"499"', '"cash":"999"') : line))),
    );
    const wrong = await visit(browser, forged);
    expect(await textOf(wrong.page, '.badges')).toContain('Not proven');
    expect(await textOf(wrong.page, '#proof-result')).toContain('row 9 (step 8)');
    await wrong.close();
    const source = await pages.changed(
      page('inventory'),
      'source',
      withData((data) => ({ ...data, a: { ...data.a, files: { ...data.a.files, 'world.js': '// another' } } })),
    );
    const other = await visit(browser, source);
    expect(await textOf(other.page, '#proof-result')).toContain('world.js is not the file that row 0 names');
    await other.close();
    const malformed = await pages.changed(
      page('inventory'),
      'charts',
      withData((data) => ({ ...data, a: { ...data.a, world: { name: 'x', version: '', charts: [{ title: 'x', lines: [7] }] } } }) as never),
    );
    const unread = await visit(browser, malformed);
    expect(await textOf(unread.page, '#proof-result')).toContain('/a/world/charts/0/lines/0: expected text');
    await unread.close();
  });

  it('leaves out charts that cannot be drawn, says why, and draws the totals', async () => {
    const world = join(pages.directory, 'own', 'charts.js');
    await writeFile(world, PLAIN.replace("version: '1'", "version: '1', charts: [{ title: 'Level', lines: ['/state/level'] }]"));
    const run = await pages.world('charts-wrong', world, ['--steps', '5']);
    const { err, exit } = await ewm(['report', run, '--out', `${run}.html`]);
    expect({ err, exit }).toEqual({
      err: expect.stringContaining('meta /charts/0/lines/0: "/state/level": expected a JSON pointer') as string,
      exit: 0,
    });
    const check = await ewm(['world', 'check', world, '--plays', '3']);
    expect({ exit: check.exit, err: check.err }).toEqual({ exit: 2, err: expect.stringContaining('/charts/0/lines/0') as string });
    const { page: shown, close } = await visit(browser, `${run}.html`);
    expect((await inkOf(shown, 'world-chart')).map(({ title }) => title)).toEqual(['level', 'n']);
    await close();
  });

  const looks: readonly (readonly [string, Look])[] = [
    ['light', {}],
    ['dark', { colorScheme: 'dark' }],
    ['light, 390 pixels wide', { width: 390, height: 844 }],
  ];
  it.each(looks)('is accessible in %s', async (_name, look) => {
    for (const file of [page('inventory'), page('grid'), refused]) {
      const { page: shown, close } = await visit(browser, file, look);
      expect(await violationsOf(shown)).toEqual([]);
      expect(await shown.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(look.width ?? 1280);
      await close();
    }
  });
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import type { PageData } from '../../src/domain/report/page-data';
import { EXIT } from '../../src/handlers/cli/shared/exit-codes';
import { ewm } from '../support/built-cli';
import { violationsOf } from './axe';
import { describeInBrowser, inkOf, textOf, visit } from './chromium';
import { dataOf, usePages, type Pages, rowsOf, withData, withRows } from './pages';

let browser: Browser;
let pages: Pages;
let sparse = '';
let dense = '';
let data: PageData;

/** Just more than a page holds whole. */
const STEPS = 12_000;
const RULE = { type: 'mean_reversion_zscore', window: 5, z_buy_below: -0.5, z_sell_above: 0.5 };
const MARKS = ['buy', 'sell', 'rejected'];
/** Acts at every second step. */
const DENSE = {
  metadata: { name: 'dense', version: '1.0.0', description: 'Acts often.' },
  universe: { symbols: ['AAPL', 'MSFT'] },
  timing: { evaluation_frequency_steps: 1 },
  sizing: { order_qty: 2, max_position_qty_per_symbol: 5, max_new_exposure_per_step: 900 },
  rules: [
    { ...RULE, symbol: 'AAPL' },
    { ...RULE, symbol: 'MSFT' },
  ],
};

describeInBrowser('the page of a long run', () => {
  usePages((launched, made) => {
    [browser, pages] = [launched, made];
  });
  beforeAll(async () => {
    const market = join(pages.directory, 'market.jsonl');
    const generated = await ewm(['market', 'generate', '--symbols', 'AAPL,MSFT', '--steps', String(STEPS), '--seed', '7', '--out', market]);
    if (generated.exit !== EXIT.ok) throw new Error(generated.err);
    const strategy = join(pages.directory, 'dense.json');
    await writeFile(strategy, JSON.stringify(DENSE));
    const example = join(__dirname, '../../examples/strategies/threshold_demo.json');
    sparse = await pages.report(await pages.run('sparse', [], { market, strategy: example }));
    dense = await pages.report(await pages.run('dense', [], { market, strategy }));
    data = dataOf(await readFile(sparse, 'utf8'));
  });

  it('says what it holds and what it re-hashed, and never that it is proven', async () => {
    const { page, complaints, requests, close } = await visit(browser, sparse);
    const held = rowsOf(data).length.toLocaleString('en');
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
    expect(await textOf(page, '#proof-badge')).toBe('Sample re-hashed');
    expect(await textOf(page, '#proof-result')).toContain(`Re-hashed ${held} of 12,003 rows. The links across the rows left out`);
    expect(await textOf(page, '#proof')).not.toMatch(/\bProven\b/);
    expect(await textOf(page, '#sample-note')).toContain(`12,000 steps. The page holds ${held} of 12,003 rows`);
    expect(await textOf(page, '[data-figure="decisions"]')).toContain('12,000 steps');
    expect(await violationsOf(page)).toEqual([]);
    await close();
  });

  it('holds rows in ascending ranges, both ends, and as many as the ranges name', () => {
    const ranges = data.a.sample?.ranges ?? [];
    expect(ranges.length).toBeGreaterThan(1);
    expect(ranges[0]?.[0]).toBe(0);
    expect(ranges.reduce((sum, [, count]) => sum + count, 0)).toBe(rowsOf(data).length);
    for (const [at, [first]] of ranges.entries())
      expect(first).toBeGreaterThan(at === 0 ? -1 : (ranges[at - 1]?.[0] ?? 0) + (ranges[at - 1]?.[1] ?? 0));
    expect((ranges.at(-1)?.[0] ?? 0) + (ranges.at(-1)?.[1] ?? 0)).toBe(12_003);
  });

  it('draws every line, with a mark for each fill while they are few', async () => {
    const { page, close } = await visit(browser, sparse);
    const panes = await inkOf(page, 'market-chart');
    expect(panes.map(({ title }) => title)).toEqual(['Value', 'Drawdown', 'AAPL', 'MSFT']);
    expect(panes[2]?.pixels['buy']).toBeGreaterThan(40);
    expect(panes[2]?.pixels['sell']).toBeGreaterThan(40);
    for (const { title, pixels } of panes) {
      // Cash and exposure may stand back, thin and light, and then show none of their own colour.
      const lines = Object.keys(pixels).filter((name) => !MARKS.includes(name));
      const drawn = lines.filter((name) => name === 'cash' || name === 'exposure' || (pixels[name] ?? 0) > 100);
      expect({ title, drawn }).toEqual({ title, drawn: lines });
    }
    // What was used at the end is what was used, not how many rows are here.
    expect(await textOf(page, '#budget-chart .chart-value')).toBe('12,000');
    await close();
  });

  it('counts fills and refusals where they are many, and leaves the price to be seen', async () => {
    const { page, complaints, close } = await visit(browser, dense);
    expect(complaints).toEqual([]);
    const panes = await inkOf(page, 'market-chart');
    expect(panes.map(({ title }) => title)).toEqual(['Value', 'Drawdown', 'AAPL', 'MSFT', 'Refusals']);
    for (const { pixels } of panes.slice(2, 4)) {
      for (const name of ['buys', 'sells']) expect({ name, drawn: (pixels[name] ?? 0) > 500 }).toEqual({ name, drawn: true });
    }
    expect(panes[0]?.pixels['equity']).toBeGreaterThan(100);
    expect(panes[4]?.pixels['rejected']).toBeGreaterThan(100);
    expect(await textOf(page, '#counts-note')).toContain('stretch by stretch');
    expect(await textOf(page, '#ledger')).toContain('too many for a page');
    await close();
  });

  it.each<[string, (html: string) => string, RegExp]>([
    [
      'a row of the sample',
      withRows((lines) => lines.map((line, at) => (at === 900 ? line.replace('"why":"', '"why":"not ') : line))),
      /row \d+ \(step \d+\): hash is not/,
    ],
    ['a row taken out', withRows((lines) => lines.toSpliced(20, 1)), /row 20 \(step 20\): prev_hash is not the hash of the row before it/],
    [
      'the number of rows',
      withData((page) => ({ ...page, a: { ...page.a, sample: page.a.sample === null ? null : { ...page.a.sample, rows_total: 12_004 } } })),
      /the page names 12,004 rows and holds others/,
    ],
  ])('is red for %s', async (name, change, words) => {
    const { page, close } = await visit(browser, await pages.changed(sparse, name.replaceAll(' ', '-'), change), {
      width: 400,
      height: 300,
    });
    expect(await textOf(page, '#proof-badge')).toBe('Not proven');
    expect(await textOf(page, '#proof-result')).toMatch(words);
    await close();
  });
});

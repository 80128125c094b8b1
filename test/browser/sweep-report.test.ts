import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { PAGE_CELLS_MAX } from '../../src/domain/report/sweep-page-data';
import { packLines } from '../../src/handlers/page/pack';
import { groupsOf, spreadOf, ticks } from '../../src/handlers/page/browser/sweep/statistics';
import { ewm } from '../support/built-cli';
import { axis, FEE, madeUpRow, marketOf, pageOf, sweepPlanOf } from '../support/sweep-rows';
import { violationsOf } from './axe';
import { describeInBrowser, textOf, visit, type Look } from './chromium';
import { usePages, type Pages, withBlock } from './pages';

const ROOT = join(__dirname, '../..');

let browser: Browser;
let pages: Pages;
let grid = '';
let forward = '';
let large = '';

interface Row {
  readonly cell: number;
  readonly point: Readonly<Record<string, number>>;
  readonly window: { readonly pair: number; readonly part: string };
  readonly figures: Readonly<Record<string, string>>;
}

async function rowsOf(directory: string): Promise<readonly Row[]> {
  return (await readFile(join(directory, 'cells.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
}

async function sweep(name: string, spec: string): Promise<string> {
  const out = join(pages.directory, name);
  const { exit, err } = await ewm(['sweep', '--spec', spec, '--out', out]);
  if (exit !== 0) throw new Error(err);
  return out;
}

/** The cells of a column of the table, as they stand there. */
function column(page: Page, table: string, title: string): Promise<readonly string[]> {
  return page.evaluate(
    ([id, name]) => {
      const element = document.getElementById(id ?? '');
      const at = [...(element?.querySelectorAll('thead th') ?? [])].findIndex((head) => head.textContent === name);
      return [...(element?.querySelectorAll('tbody tr') ?? [])].map((row) => row.children[at]?.textContent ?? '');
    },
    [table, title],
  );
}

const percent = (value: number): string => `${(value * 100).toFixed(2).replace('-', '−')} %`;

const LARGE = 21_000;
const sharpeOf = (cell: number): string => String(((cell * 7_919) % LARGE) / 1_000);

/** The page of a sweep of more cells than it holds: nobody waits for as many runs. */
async function largePage(): Promise<string> {
  const market = marketOf(10);
  const plan = sweepPlanOf(market, {
    name: 'large <b>sweep</b>',
    axes: [axis('fee', FEE, 104, 0), axis('cash', '/initial_state/cash', 1_199, 1_000)],
    objective: { figure: 'sharpe' },
    keep: 1,
    budget: { max_cells: LARGE },
  });
  const { data, cells } = pageOf(
    plan,
    market,
    Array.from({ length: LARGE }, (_, cell) => madeUpRow(plan, cell, sharpeOf(cell))),
  );
  const rows = await packLines(cells.map((cell) => JSON.stringify(cell)));
  return pages.changed(join(grid, 'report.html'), 'large', withBlock(JSON.stringify({ ...data, made_by: 'a test', runs: 'runs', rows })));
}

describeInBrowser('the page of a sweep', () => {
  usePages((launched, made) => {
    [browser, pages] = [launched, made];
  });
  beforeAll(async () => {
    grid = await sweep('grid', join(ROOT, 'examples/sweeps/sma.json'));
    forward = await sweep('forward', join(ROOT, 'examples/sweeps/walk-forward.json'));
    large = await largePage();
  }, 180_000);

  const page = (directory: string): string => (directory === large ? large : join(directory, 'report.html'));

  it('loads nothing, complains of nothing, and leads to the page of each kept run', async () => {
    const { page: shown, requests, complaints, close } = await visit(browser, page(grid));
    const links = await shown.evaluate(() => [...document.querySelectorAll<HTMLAnchorElement>('#summary a')].map(({ href }) => href));
    expect(links).toHaveLength(3);
    expect(await textOf(shown, '[data-figure="best"]')).toContain('7.63');
    expect(await textOf(shown, '#summary .facts')).toContain(
      (JSON.parse(await readFile(join(grid, 'sweep.json'), 'utf8')) as { merkle_root: string }).merkle_root,
    );
    expect({ requests, complaints }).toEqual({ requests: [], complaints: [] });
    await close();
    for (const link of links) {
      const run = await visit(browser, new URL(link).pathname, { width: 400, height: 300 });
      expect(await textOf(run.page, '#proof-badge')).toBe('Proven');
      await run.close();
    }
  });

  it('sorts and filters its cells, with the figures of the rows', async () => {
    const { page: shown, close } = await visit(browser, page(grid));
    const rows = await rowsOf(grid);
    const by = (figure: string): readonly Row[] => rows.toSorted((a, b) => Number(a.figures[figure]) - Number(b.figures[figure]));
    const cells = (list: readonly Row[]): readonly string[] => list.slice(0, 100).map(({ cell }) => String(cell));
    expect(await column(shown, 'cells-table', 'cell')).toEqual(cells(by('return_over_drawdown').toReversed()));
    expect(await shown.getAttribute('#cells-table th[aria-sort]', 'aria-sort')).toBe('descending');
    await shown.click('#cells-table th button:text-is("volatility")');
    expect(await column(shown, 'cells-table', 'cell')).toEqual(cells(by('volatility')));
    expect(await column(shown, 'cells-table', 'volatility')).toEqual(
      by('volatility')
        .slice(0, 100)
        .map(({ figures }) => percent(Number(figures['volatility']))),
    );
    await shown.selectOption('#cells-table-choice-0', 'kept');
    expect(await textOf(shown, '#cells .table-count')).toBe('3 of 210 cells');
    expect(await shown.locator('#cells-table tbody a').count()).toBe(3);
    await close();
  });

  it('draws a heat map of any two axes and any figure, whose fields are those of the rows', async () => {
    const { page: shown, close } = await visit(browser, page(forward));
    const rows = (await rowsOf(forward)).filter(({ window }) => window.part === 'out' && window.pair === 2);
    const choose = (label: string, value: string): Promise<unknown> =>
      shown.selectOption(`#heat-map label:has(> span:text-is("${label}")) select`, { value });
    await choose('Windows', 'out');
    await choose('Pair', '2');
    await choose('Across', 'fee');
    await choose('Figure', 'max_drawdown');
    await choose('Of cells that meet', 'highest');
    const shownFields = await shown.evaluate(() =>
      Object.fromEntries(
        [...document.querySelectorAll('#heat-map-table tbody tr')].flatMap((row) =>
          [...row.querySelectorAll('td')].map((field, at) => [
            `${row.querySelector('th')?.textContent ?? ''}/${document.querySelectorAll('#heat-map-table thead th')[at]?.textContent ?? ''}`,
            field.textContent,
          ]),
        ),
      ),
    );
    const wanted: Record<string, number> = {};
    for (const { point, figures } of rows) {
      const key = `${String(point['short'])}/${String(point['fee'])}`;
      wanted[key] = Math.max(wanted[key] ?? 0, Number(figures['max_drawdown']));
    }
    expect(shownFields).toEqual(Object.fromEntries(Object.entries(wanted).map(([key, value]) => [key, percent(value)])));
    // Both signs are there: a colour for each.
    await choose('Figure', 'return');
    await choose('Of cells that meet', 'lowest');
    const classes = await shown.evaluate(() => [...document.querySelectorAll('#heat-map-table td')].map(({ className }) => className));
    expect(new Set(classes).size).toBeGreaterThan(2);
    // One value of the axis that is not in the map.
    await choose('long', '0');
    expect(await textOf(shown, '#heat-map [role="status"]')).toContain('Made of 10 cells.');
    await close();
  });

  it('has a pane for each axis, with a box for each of its values and the same in digits', async () => {
    const { page: shown, close } = await visit(browser, page(grid));
    const rows = await rowsOf(grid);
    const panes = shown.locator('#axes figure');
    expect(await panes.count()).toBe(2);
    expect(await panes.nth(0).locator('rect.box').count()).toBe(12);
    expect(await panes.nth(1).locator('rect.box').count()).toBe(23);
    await panes.nth(0).locator('summary').click();
    const first = await panes.nth(0).locator('tbody tr').nth(0).locator('td').allTextContents();
    const values = rows.filter(({ point }) => point['short'] === 1).map(({ figures }) => Number(figures['return_over_drawdown']));
    const sorted = values.toSorted((a, b) => a - b);
    expect(first).toEqual([
      '1',
      '23',
      sorted[0]?.toFixed(2),
      expect.any(String),
      sorted[11]?.toFixed(2),
      expect.any(String),
      sorted.at(-1)?.toFixed(2),
    ]);
    await close();
  });

  it('says what choosing in sample came to out of sample, pair by pair', async () => {
    const { page: shown, close } = await visit(browser, page(forward));
    const summary = JSON.parse(await readFile(join(forward, 'sweep.json'), 'utf8')) as {
      readonly decay: { readonly in_sample: string; readonly out_of_sample: string };
      readonly selections: readonly {
        readonly best: { value: string };
        readonly out_of_sample: { readonly cell: number; readonly value: string };
      }[];
    };
    const rows = await rowsOf(forward);
    expect(await textOf(shown, '[data-figure="mean-in-sample"]')).toContain(percent(Number(summary.decay.in_sample)));
    expect(await textOf(shown, '[data-figure="mean-out-of-sample"]')).toContain(percent(Number(summary.decay.out_of_sample)));
    const outs = summary.selections.map(({ out_of_sample: out }) => Number(out.value));
    expect(await textOf(shown, '[data-figure="chained-return"]')).toContain(
      percent(outs.reduce((product, value) => product * (1 + value), 1) - 1),
    );
    expect(await column(shown, 'walk-forward-table', 'return')).toEqual(summary.selections.map(({ best }) => percent(Number(best.value))));
    expect(await column(shown, 'walk-forward-table', 'return there')).toEqual(outs.map(percent));
    const places = summary.selections.map(({ out_of_sample: out }, pair) => {
      const all = rows
        .filter(({ window }) => window.pair === pair && window.part === 'out')
        .map(({ figures }) => Number(figures['return']));
      return `${String(all.filter((value) => value > Number(out.value)).length + 1)} of ${String(all.length)}`;
    });
    expect(await column(shown, 'walk-forward-table', 'place there')).toEqual(places);
    expect(await column(shown, 'walk-forward-table', 'out of sample')).toEqual(
      [2005, 2006, 2007, 2008, 2009].map((year) => `${String(year)}-01-01 to ${String(year)}-12-01`),
    );
    // Another figure of the same choices, in the drawing, too.
    await shown.locator('#walk-forward').getByLabel('Figure').selectOption('sharpe');
    const sharpe = summary.selections.map(({ out_of_sample: out }) =>
      Number(rows[out.cell]?.figures['sharpe']).toFixed(2).replace('-', '−'),
    );
    expect(await column(shown, 'walk-forward-table', 'Sharpe ratio there')).toEqual(sharpe);
    const titles = await shown.locator('#walk-forward svg .out title').allTextContents();
    expect(titles.map((title) => /sample, (\S+) out of sample/.exec(title)?.[1])).toEqual(sharpe);
    await close();
  });

  it('of a large sweep holds a sample, says so everywhere, and shows the name as text', async () => {
    const { page: shown, complaints, close } = await visit(browser, page(large));
    expect(await textOf(shown, 'h1')).toContain('large <b>sweep</b>');
    const note = await textOf(shown, '#sample-note');
    expect(note).toContain('21,000 cells');
    expect(note).toContain(`${PAGE_CELLS_MAX.toLocaleString('en')} drawn by the id of the sweep`);
    expect(await textOf(shown, '.badges')).toContain('Sample of the cells');
    for (const part of ['#heat-map', '#axes'])
      expect(await textOf(shown, `${part} [role="status"]`)).toContain('of a sample of 20,000 from 21,000');
    expect(await textOf(shown, '#heat-map [role="status"]')).toContain('The 105 values of fee are taken together in 21 groups.');
    expect(await shown.locator('#heat-map-table tbody tr').count()).toBe(21);
    // The best is there whatever was drawn.
    const best = Math.max(...Array.from({ length: LARGE }, (_, cell) => Number(sharpeOf(cell))));
    expect((await column(shown, 'cells-table', 'Sharpe ratio'))[0]).toBe(best.toFixed(2));
    expect(complaints).toEqual([]);
    await close();
  });

  it('says that its data cannot be read, where somebody changed it', async () => {
    const changed = await pages.changed(page(grid), 'changed', (html) => html.replace('"rows_held":210', '"rows_held":211'));
    const { page: shown, complaints, close } = await visit(browser, changed);
    expect(await textOf(shown, '#page-fault')).toContain('it names 211 cells and has 210');
    expect(complaints).toEqual([]);
    await close();
  });

  it('is worked with the keyboard alone', async () => {
    const { page: shown, close } = await visit(browser, page(grid));
    await shown.keyboard.press('Tab');
    expect(await shown.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the summary');
    await shown.focus('#cells-table th button');
    await shown.keyboard.press('Enter');
    expect((await column(shown, 'cells-table', 'cell')).slice(0, 3)).toEqual(['0', '1', '2']);
    await shown.keyboard.press('Space');
    expect((await column(shown, 'cells-table', 'cell')).slice(0, 3)).toEqual(['209', '208', '207']);
    await close();
  });

  const looks: readonly (readonly [string, Look])[] = [
    ['light', {}],
    ['dark', { colorScheme: 'dark' }],
    ['light, 390 pixels wide', { width: 390, height: 844 }],
  ];
  it.each(looks)('is accessible in %s', async (_name, look) => {
    for (const directory of look.width === undefined ? [grid, forward] : [forward, large]) {
      const { page: shown, close } = await visit(browser, page(directory), look);
      expect(await violationsOf(shown)).toEqual([]);
      expect(await shown.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(look.width ?? 1280);
      await close();
    }
  });
});

describe('numbers of the drawings', () => {
  it('have quartiles as spreadsheets have them', () => {
    expect(spreadOf([4, 1, 3, 2])).toEqual({
      count: 4,
      lowest: 1,
      lowerQuartile: 1.75,
      median: 2.5,
      upperQuartile: 3.25,
      highest: 4,
      mean: 2.5,
    });
    expect(spreadOf([7])).toMatchObject({ lowest: 7, median: 7, highest: 7 });
    expect(spreadOf([])).toBeUndefined();
  });

  it('stand on a scale of round ones', () => {
    expect(ticks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(-0.07, 0.31, 4)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(ticks(3, 3, 4)).toEqual([3]);
  });

  it('are grouped so that each value is in one group', () => {
    const values = Array.from({ length: 50 }, (_, at) => String(at));
    const groups = groupsOf(values, 24);
    expect(groups.length).toBeLessThanOrEqual(24);
    expect(groups.flatMap(({ from, until }) => values.slice(from, until))).toEqual(values);
    expect(groups[0]?.label).toBe('0 to 2');
    expect(groupsOf(['a'], 24)).toEqual([{ label: 'a', from: 0, until: 1 }]);
  });
});

import type { Browser } from 'playwright-core';
import { violationsOf } from './axe';
import { describeInBrowser, inkOf, textOf, visit, type Look } from './chromium';
import { usePages, type Pages } from './pages';

let browser: Browser;
let pages: Pages;
let demo = '';
let tools = '';
let memory = '';
let stopped = '';

const TOOL_PLAN = [
  { name: 'get_price_context', args: { step: 0 } },
  { name: 'evaluate_strategy', args: { step: 0 } },
  { name: 'simulate_and_verify', args: { step: 0 } },
  { name: 'execute', args: { step: 0 } },
  { name: 'evaluate_strategy', args: { step: 2 } },
  { name: 'execute', args: { step: 2 } },
];

describeInBrowser('a report page', () => {
  usePages((launched, made) => {
    [browser, pages] = [launched, made];
  });
  beforeAll(async () => {
    demo = await pages.report(await pages.run('demo'));
    stopped = await pages.report(await pages.run('stopped', ['--max-steps', '12']));
    tools = await pages.report(await pages.call('/agentcore/tools', { budget: { max_steps: 6, max_tool_calls: 6 }, tool_plan: TOOL_PLAN }));
    memory = await pages.report(
      await pages.call('/agentcore/memory', {
        budget: { max_memory_ops: 2, max_memory_bytes: 200 },
        requests: [
          { op: 'memory_put', key: 'greeting', value: '<b>hello</b>' },
          { op: 'memory_get', key: 'greeting' },
        ],
      }),
    );
  });

  describe('draws', () => {
    it.each(['light', 'dark'] as const)('every line and every mark of the demo, in %s', async (colorScheme) => {
      const { page, close } = await visit(browser, demo, { colorScheme });
      const panes = await inkOf(page, 'market-chart');
      expect(panes.map(({ title }) => title)).toEqual(['Value', 'Drawdown', 'AAPL', 'AMZN', 'IBM', 'MSFT']);
      for (const { pixels } of panes.slice(2)) {
        expect(pixels['buy']).toBeGreaterThan(40);
        expect(pixels['sell']).toBeGreaterThan(40);
        expect(pixels['rejected']).toBeGreaterThan(20);
      }
      for (const { pixels } of panes)
        for (const [name, count] of Object.entries(pixels))
          if (!['buy', 'sell', 'rejected'].includes(name)) expect({ name, drawn: count > 100 }).toEqual({ name, drawn: true });
      expect(Object.keys(panes[0]?.pixels ?? {})).toEqual(expect.arrayContaining(['equity', 'exposure', 'cash']));
      const budget = await inkOf(page, 'budget-chart');
      expect(budget.map(({ title }) => title)).toEqual(['max_steps']);
      expect(budget[0]?.pixels['used']).toBeGreaterThan(100);
      await close();
    });

    it('every column of its tables in a window of 1280, and each row of the ledger on one line', async () => {
      const { page, close } = await visit(browser, demo, { width: 1280 });
      for (const id of ['steps-table', 'ledger-table']) {
        const hidden = await page.evaluate((name) => {
          const scroller = document.getElementById(name)?.parentElement;
          return scroller === null || scroller === undefined ? undefined : scroller.scrollWidth - scroller.clientWidth;
        }, id);
        expect([id, hidden]).toEqual([id, 0]);
      }
      const rows = await page.evaluate(() => [...document.querySelectorAll('#ledger-table tbody tr')].map((row) => row.clientHeight));
      // But for the line below a row, which the last one has not.
      expect(Math.max(...rows) - Math.min(...rows)).toBeLessThanOrEqual(1);
      const [reason] = await page.evaluate(() =>
        [...document.querySelectorAll('#ledger-table td.clipped')].map((cell) => cell.getAttribute('title')),
      );
      expect(reason).toMatch(/mean of/);
      await close();
    });

    it('the steps and the budget of a tool run, and the budget of a memory run', async () => {
      const first = await visit(browser, tools);
      const panes = await inkOf(first.page, 'market-chart');
      expect(panes.map(({ title }) => title)).toEqual(['Value', 'Drawdown', 'AAPL', 'MSFT']);
      expect(panes[2]?.pixels['buy']).toBeGreaterThan(20);
      expect((await inkOf(first.page, 'budget-chart')).map(({ title, pixels }) => [title, (pixels['used'] ?? 0) > 100])).toEqual([
        ['max_steps', true],
        ['max_tool_calls', true],
      ]);
      await first.close();
      const second = await visit(browser, memory);
      const drawn = (await inkOf(second.page, 'budget-chart')).map(({ title, pixels }) => [title, (pixels['used'] ?? 0) > 100]);
      expect(drawn).toEqual(
        expect.arrayContaining([
          ['max_memory_ops', true],
          ['max_memory_bytes', true],
        ]),
      );
      await second.close();
    });

    it('in the new colours when the system turns dark while the page is open', async () => {
      const { page, close } = await visit(browser, demo);
      const before = await inkOf(page, 'market-chart');
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
      const after = await inkOf(page, 'market-chart');
      // `inkOf` asks for the colours that hold now, so lines that kept the old ones would not be found.
      expect(before.map(({ title }) => title)).toEqual(after.map(({ title }) => title));
      expect(after[0]?.pixels['equity']).toBeGreaterThan(100);
      await close();
    });

    it('for paper in the colours of paper', async () => {
      const { page, close } = await visit(browser, demo, { colorScheme: 'dark' });
      await page.emulateMedia({ media: 'print' });
      await page.waitForSelector('.chart-paper canvas');
      const corners = await page.$$eval('.chart-paper canvas', (canvases) =>
        canvases.map((canvas) => ({
          shown: canvas.getBoundingClientRect().width > 300,
          pixel: [...((canvas as HTMLCanvasElement).getContext('2d')?.getImageData(3, 3, 1, 1).data ?? [])],
        })),
      );
      expect(corners).toEqual(corners.map(() => ({ shown: true, pixel: [255, 255, 255, 255] })));
      expect(corners.length).toBe(2);
      await page.emulateMedia({ media: 'screen' });
      await page.waitForSelector('.chart-paper canvas', { state: 'detached' });
      await close();
    });
  });

  describe('says', () => {
    it('what became of the run', async () => {
      const { page, close } = await visit(browser, demo);
      expect(await textOf(page, '.badges')).toBe('Finished okProven');
      expect(await textOf(page, '[data-figure="return"]')).toContain('+337.74 %');
      expect(await textOf(page, '.identity')).toContain('8e2c4a965fd3cdd6ccba5f8aa1b1693a70545a84917356e9fce25b0c17f6925f');
      await close();
    });

    it('which breaker tripped, and where', async () => {
      const { page, close } = await visit(browser, stopped);
      expect(await textOf(page, '.badges')).toContain('Stopped by max_steps');
      expect(await textOf(page, '.verdict')).toContain('max_steps is 12: 12 spent, 1 more asked for');
      expect(await textOf(page, '.meters')).toContain('12 of 12 stepstripped: 1 more asked for');
      expect((await inkOf(page, 'budget-chart'))[0]?.pixels['sell']).toBeGreaterThan(20);
      await close();
    });

    it('what tools and memory were asked and what was recorded', async () => {
      const first = await visit(browser, tools);
      expect(await first.page.locator('#calls-table tbody tr').count()).toBe(TOOL_PLAN.length);
      expect(await textOf(first.page, '#calls-table tbody')).toContain('evaluate_strategy');
      await first.close();
      const second = await visit(browser, memory);
      expect(await textOf(second.page, '#calls-table tbody tr:nth-child(2)')).toContain('{"bytes":14,"found":true,"value":"<b>hello</b>"}');
      await second.close();
    });
  });

  describe('works with the keyboard', () => {
    it('from step to step', async () => {
      const { page, close } = await visit(browser, demo, { hash: '#step=40' });
      const title = (): Promise<string> => textOf(page, '#inspector-title');
      expect(await title()).toContain('Step 40');
      const walked: string[] = [];
      for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft']) {
        await page.keyboard.press(key);
        walked.push(await title());
      }
      expect(walked.map((text) => /Step (\d+)/.exec(text)?.[1])).toEqual(['41', '42', '41']);
      await page.focus('#inspector');
      for (const [key, step] of [
        ['Home', 0],
        ['PageDown', 10],
        ['End', 122],
        ['ArrowRight', 122],
        ['PageUp', 112],
      ] as const) {
        await page.keyboard.press(key);
        expect(await title()).toContain(`Step ${String(step)}`);
      }
      expect(new URL(page.url()).hash).toBe('#step=112');
      await page.fill('#inspector-step', '7');
      await page.keyboard.press('Enter');
      expect(await title()).toContain('Step 7');
      expect(await page.locator('#steps-table tr[aria-current]').count()).toBe(1);
      await close();
    });

    it('and shows what a refused step broke', async () => {
      const { page, close } = await visit(browser, demo);
      await page.selectOption('#steps-table-choice-0', 'REJECTED');
      await page.focus('#steps-table tbody .row-button');
      await page.keyboard.press('Enter');
      expect(await textOf(page, '.inspector')).toContain('Violations');
      expect(await textOf(page, '.violations code')).toMatch(/^[a-z_]+$/);
      await close();
    });

    it('through the ledger: sorted, filtered, paged', async () => {
      const { page, close } = await visit(browser, demo);
      const notionals = async (): Promise<readonly number[]> =>
        (await page.locator('#ledger-table tbody tr td:nth-child(7)').allTextContents()).map((text) => Number(text.replaceAll(',', '')));
      const head = page.locator('#ledger-table th', { hasText: 'Notional' });
      await head.locator('button').focus();
      await page.keyboard.press('Enter');
      expect(await head.getAttribute('aria-sort')).toBe('ascending');
      const ascending = await notionals();
      expect(ascending).toEqual(ascending.toSorted((a, b) => a - b));
      await page.keyboard.press('Enter');
      expect(await head.getAttribute('aria-sort')).toBe('descending');
      expect((await notionals())[0]).toBeGreaterThan(ascending.at(-1) ?? 0);

      const ledger = page.locator('#ledger');
      await page.selectOption('#ledger-table-choice-1', 'IBM');
      await page.selectOption('#ledger-table-choice-0', 'SELL');
      const rows = await page.locator('#ledger-table tbody tr').allTextContents();
      expect(rows.length).toBeGreaterThan(5);
      for (const row of rows) expect(row).toMatch(/SELLIBM/);
      expect(await ledger.locator('.table-count').textContent()).toBe(`${String(rows.length)} of 230 fills`);
      await page.selectOption('#ledger-table-choice-1', '');
      await page.selectOption('#ledger-table-choice-0', '');
      await page.fill('#ledger-table-filter', 'nothing is called that');
      expect(await ledger.locator('.table-count').textContent()).toBe('0 of 230 fills');
      await page.fill('#ledger-table-filter', '');
      await ledger.getByRole('button', { name: 'Next' }).press('Enter');
      expect(await ledger.locator('.table-where').textContent()).toBe('page 2 of 5');
      await close();
    });

    it('and zooms a chart by buttons, keys and the wheel with Ctrl', async () => {
      const { page, close } = await visit(browser, demo);
      const chart = page.locator('#market-chart');
      // Pressing a button may scroll, and a chart is drawn at the next frames: the place is looked for each time, once that is done.
      const place = async (share: number): Promise<readonly [number, number]> => {
        await chart.evaluate((element) => {
          element.scrollIntoView({ block: 'start' });
        });
        // Two clicks in one place are a double click unless time goes by.
        await page.waitForTimeout(600);
        const box = await chart.locator('.chart-canvas').boundingBox();
        return [(box?.x ?? 0) + 40 + share * ((box?.width ?? 0) - 120), (box?.y ?? 0) + 200];
      };
      const stepAt = async (): Promise<number> => {
        const [x, y] = await place(0);
        // A chart knows what is under the pointer once it moves.
        await page.mouse.move(x + 30, y);
        await page.mouse.move(x, y);
        await page.mouse.click(x, y);
        return Number(/Step (\d+)/.exec(await textOf(page, '#inspector-title'))?.[1]);
      };
      const whole = await stepAt();
      expect(whole).toBeLessThan(15);
      const zoomIn = chart.getByRole('button', { name: 'Zoom in' });
      await zoomIn.press('Enter');
      await zoomIn.press('+');
      const zoomed = await stepAt();
      expect(zoomed).toBeGreaterThan(25);
      await zoomIn.press('ArrowRight');
      expect(await stepAt()).toBeGreaterThan(zoomed);
      await zoomIn.press('0');
      expect(await stepAt()).toBe(whole);
      await page.keyboard.down('Control');
      await page.mouse.move(...(await place(0.5)));
      for (let turn = 0; turn < 3; turn += 1) await page.mouse.wheel(0, -100);
      await page.keyboard.up('Control');
      expect(await stepAt()).toBeGreaterThan(25);
      await chart.getByRole('button', { name: 'Show all' }).press('Enter');
      expect(await stepAt()).toBe(whole);
      await close();
    });

    it('and a click on a chart picks the step under it', async () => {
      const { page, close } = await visit(browser, demo);
      await page.locator('#market-chart').scrollIntoViewIfNeeded();
      const box = await page.locator('#market-chart .chart-canvas').boundingBox();
      await page.mouse.click((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + 60);
      const step = Number(/Step (\d+)/.exec(await textOf(page, '#inspector-title'))?.[1]);
      expect(step).toBeGreaterThan(50);
      expect(step).toBeLessThan(80);
      await close();
    });
  });

  describe('is accessible', () => {
    const looks: readonly (readonly [string, Look])[] = [
      ['light', {}],
      ['dark', { colorScheme: 'dark' }],
      ['light, 390 pixels wide', { width: 390, height: 844 }],
      ['dark, 390 pixels wide', { width: 390, height: 844, colorScheme: 'dark' }],
    ];
    it.each(looks)('in %s: no serious violation', async (_name, look) => {
      for (const file of look.width === undefined ? [demo, tools, memory, stopped] : [demo, memory]) {
        const { page, close } = await visit(browser, file, look);
        expect(await violationsOf(page)).toEqual([]);
        // Nothing sticks out to the side.
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(look.width ?? 1280);
        await close();
      }
    });
  });

  it('loads nothing and complains about nothing', async () => {
    for (const file of [demo, tools, memory, stopped]) {
      const { page, requests, complaints, close } = await visit(browser, file);
      await page.click('#prove');
      await page.waitForSelector('#proof-result[data-state="proven"]');
      expect({ requests, complaints }).toEqual({ requests: [], complaints: [] });
      await close();
    }
  });
});

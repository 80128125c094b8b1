/** What a page holds of a sweep: everything of a small one, and of a large one a bounded part that says what it is. */
import { PAGE_BEST_MAX, PAGE_CELLS_MAX, PAGE_PAIRS_MAX } from '../../../src/domain/report/sweep-page-data';
import { makeTakeBatch } from '../../../src/domain/sweep/batch';
import { axis, FEE, LONG, madeUpRow, marketOf, pageOf, SHORT, sweepPlanOf } from '../../support/sweep-rows';
import { valueOfRight } from '../../support/task';

interface Row {
  readonly cell: number;
  readonly point: Readonly<Record<string, unknown>>;
  readonly window: { readonly pair: number; readonly part: string };
  readonly figures: Readonly<Record<string, string | null>>;
}

test('of a small sweep every cell is there, with the figures of its row and the times of its windows', async () => {
  const market = marketOf(40);
  const plan = sweepPlanOf(market, {
    axes: [axis('short', SHORT, 4), axis('long', LONG, 7, 5), axis('fee', FEE, 1, 0)],
    windows: { in_sample: 16, out_of_sample: 8 },
    objective: { figure: 'return' },
  });
  const rows = valueOfRight(await makeTakeBatch(plan, market)({ from: 0, until: plan.cells }));
  const { data, cells } = pageOf(plan, market, rows);
  expect({ held: data.rows_held, drawn: data.rows_drawn, of: rows.length }).toEqual({ held: 144, drawn: 144, of: 144 });
  cells.forEach(([cell, pair, part, , , point, figures], index) => {
    const row = JSON.parse(rows[index] ?? '') as Row;
    expect({ cell, pair, part }).toEqual({ cell: row.cell, pair: row.window.pair, part: row.window.part });
    expect(Object.fromEntries(data.figures.map(([name], at) => [name, figures[at]]))).toEqual(row.figures);
    expect(Object.fromEntries(data.axes.map(({ name, values }, at) => [name, values[point[at] ?? -1]]))).toEqual(row.point);
  });
  expect(data.market).toEqual({ symbols: ['AAPL'], steps: 40, begins: '2020-01-01', ends: '2020-02-09' });
  expect(data.selections[1]?.windows).toEqual([
    { part: 'in', from: 8, until: 24, begins: '2020-01-09', ends: '2020-01-24' },
    { part: 'out', from: 24, until: 32, begins: '2020-01-25', ends: '2020-02-01' },
  ]);
  // Places by hand: how many points did better out of sample than the one that was chosen.
  for (const { pair, out_of_sample: out, place } of data.selections) {
    const values = rows.map((row) => JSON.parse(row) as Row).filter(({ window }) => window.pair === pair && window.part === 'out');
    const returns = values.map(({ figures }) => Number(figures['return']));
    expect(place).toEqual({ better: returns.filter((value) => value > Number(out?.value)).length, of: 24 });
  }
});

test('of a large sweep the page holds so many and no more: drawn without favour, the best, and the choices', () => {
  const market = marketOf(10);
  const plan = sweepPlanOf(market, {
    axes: [axis('short', SHORT, 5), axis('long', LONG, 15, 6), axis('fee', FEE, 499, 0)],
    objective: { figure: 'sharpe' },
    keep: 3,
    budget: { max_cells: 25_000 },
  });
  const value = (index: number): string => String((index * 7_919) % 25_013);
  const rows = Array.from({ length: 25_000 }, (_, index) => madeUpRow(plan, index, value(index)));
  const { data, cells } = pageOf(plan, market, rows);
  expect(data.rows_drawn).toBe(PAGE_CELLS_MAX);
  expect(data.rows_held).toBe(cells.length);
  expect(cells.length).toBeLessThanOrEqual(PAGE_CELLS_MAX + PAGE_BEST_MAX);
  expect(cells.map(([cell]) => cell)).toEqual([...new Set(cells.map(([cell]) => cell))].sort((a, b) => a - b));
  const best = rows.map((_, index) => index).sort((a, b) => Number(value(b)) - Number(value(a)));
  const held = new Set(cells.map(([cell]) => cell));
  expect(best.slice(0, PAGE_BEST_MAX).filter((cell) => !held.has(cell))).toEqual([]);
  expect(data.kept.map(({ cell }) => cell)).toEqual(best.slice(0, 3));
  // Every value of every axis has its share of what was drawn: a stride through a grid would take some and leave others.
  const drawn = cells.filter(([, , , is]) => is === 1);
  [5, 10, 500].forEach((values, at) => {
    const counts = new Map<number, number>();
    for (const [, , , , , point] of drawn) counts.set(point[at] ?? -1, (counts.get(point[at] ?? -1) ?? 0) + 1);
    expect(counts.size).toBe(values);
    const share = PAGE_CELLS_MAX / values;
    const off = [...counts.values()].map((count) => Math.abs(count - share) / Math.sqrt(share));
    expect(Math.max(...off)).toBeLessThan(6);
  });
  expect(pageOf(plan, market, rows)).toEqual({ data, cells });
});

test('with windows a point is drawn with both of them, and of too many pairs some are left out, counted', () => {
  const market = marketOf(1_250);
  const plan = sweepPlanOf(market, {
    axes: [axis('fee', FEE, 19, 0)],
    windows: { in_sample: 2, out_of_sample: 2 },
    objective: { figure: 'sharpe' },
    budget: { max_cells: 30_000 },
  });
  const rows = Array.from({ length: plan.cells }, (_, index) => madeUpRow(plan, index, String(-((index * 31) % 97))));
  const { data, cells } = pageOf(plan, market, rows);
  expect(plan.cells).toBe(24_960);
  expect({ pairs: data.selections.length, of: data.selections_total }).toEqual({ pairs: PAGE_PAIRS_MAX, of: 624 });
  expect(new Set(data.selections.map(({ pair }) => pair)).size).toBe(PAGE_PAIRS_MAX);
  expect(data.rows_drawn).toBe(PAGE_CELLS_MAX);
  const parts = cells.filter(([, , , is]) => is === 1).map(([, , part]) => part);
  expect(parts.filter((part) => part === 'in')).toHaveLength(PAGE_CELLS_MAX / 2);
  expect(cells.length).toBeLessThanOrEqual(PAGE_CELLS_MAX + PAGE_BEST_MAX + 2 * PAGE_PAIRS_MAX + 3);
  const held = new Set(cells.map(([cell]) => cell));
  for (const { best, out_of_sample: out } of data.selections)
    expect([best, out].map((choice) => choice !== null && held.has(choice.cell))).toEqual([true, true]);
});

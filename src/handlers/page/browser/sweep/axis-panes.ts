/** Small multiples: for each axis, how a figure lies at each of its values, whatever the other axes are. */
import { fill, h } from '../shared/dom';
import { miniTable } from '../views/mini-table';
import { cellFilter, figureSelect, madeOf } from './controls';
import { box, drawing, line, titled, words, type Shape } from './drawing';
import { groupAt, groupedNote } from './heat-map';
import { type CellModel, type FigureModel, figureText, numberOf, type SweepModel } from './model';
import { groupsOf, type Spread, spreadOf, ticks } from './statistics';

/** Boxes of a pane; of more values neighbours are taken together. */
const BOXES_MAX = 24;
const [LEFT, TOP, BOTTOM, STEP, HEIGHT] = [64, 10, 24, 26, 190] as const;
/** Room that a word of an axis needs. Unit: pixels. */
const WORD = 7;

export function axisPanes(model: SweepModel): HTMLElement {
  const { element, figure } = figureSelect(model, draw);
  const filter = cellFilter(model, draw);
  const panes = h('div', { class: 'panes' });
  const note = h('p', { class: 'quiet', attributes: { role: 'status' } });

  function draw(): void {
    const [chosen, cells] = [figure(), filter.cells()];
    const values = cells.flatMap((cell) => numberOf(cell, chosen) ?? []);
    const [low, high] = values.reduce<readonly [number, number]>(
      ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
      [Infinity, -Infinity],
    );
    fill(panes, ...model.axes.flatMap((axis, at) => (axis.values.length > 1 ? [pane(model, at, chosen, cells, low, high)] : [])));
    const grouped = model.axes.map((axis) => groupedNote(axis, BOXES_MAX)).join('');
    fill(
      note,
      `Made of ${madeOf(cells.length, model)}. A box is the middle half of the cells at a value, the line in it their median; the thin line goes from the lowest to the highest.${grouped}`,
    );
  }

  draw();
  return h('div', { id: 'axes-view' }, h('div', { class: 'controls' }, element, ...filter.elements), panes, note);
}

function pane(model: SweepModel, at: number, figure: FigureModel, cells: readonly CellModel[], low: number, high: number): HTMLElement {
  const axis = model.axes[at] ?? { name: '', values: [] };
  const groups = groupsOf(axis.values, BOXES_MAX);
  const lists: number[][] = groups.map(() => []);
  for (const cell of cells) {
    const value = numberOf(cell, figure);
    if (value !== undefined) lists[groupAt(groups, cell, at)]?.push(value);
  }
  const spreads = lists.map(spreadOf);
  const width = LEFT + Math.max(groups.length * STEP, 160) + 8;
  const name = `${figure.title} by ${axis.name}`;
  const shapes = [
    ...scaleShapes(low, high, width, figure),
    ...boxShapes(
      groups.map(({ label }) => label),
      spreads,
      low,
      high,
      width,
      figure,
    ),
  ];
  const rows = groups.map(({ label }, k) => {
    const spread = spreads[k];
    const texts = spread === undefined ? [] : [spread.lowest, spread.lowerQuartile, spread.median, spread.upperQuartile, spread.highest];
    return [label, String(spread?.count ?? 0), ...Array.from({ length: 5 }, (_, n) => figureText(texts[n], figure))];
  });
  const heads = [axis.name, 'cells', 'lowest', 'lower quartile', 'median', 'upper quartile', 'highest'];
  return h(
    'figure',
    { attributes: { 'data-axis': axis.name } },
    h('figcaption', {}, name),
    h(
      'div',
      { class: 'drawing-scroll', attributes: { tabindex: '0', role: 'region', 'aria-label': `Drawing: ${name}` } },
      drawing(width, HEIGHT, name, shapes),
    ),
    h('details', {}, h('summary', {}, 'In digits'), miniTable(name, heads, rows, 1, 2, 3, 4, 5, 6)),
  );
}

function heightOf(value: number, low: number, high: number): number {
  return high > low ? TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM) : (HEIGHT - BOTTOM + TOP) / 2;
}

function scaleShapes(low: number, high: number, width: number, figure: FigureModel): readonly Shape[] {
  if (!Number.isFinite(low)) return [];
  return ticks(low, high, 4).flatMap((value) => {
    const y = heightOf(value, low, high);
    return [line(value === 0 ? 'zero' : 'grid', LEFT, y, width, y), words('mark', LEFT - 6, y + 4, 'end', figureText(value, figure))];
  });
}

function boxShapes(
  labels: readonly string[],
  spreads: readonly (Spread | undefined)[],
  low: number,
  high: number,
  width: number,
  figure: FigureModel,
): readonly Shape[] {
  const step = (width - LEFT - 8) / Math.max(1, labels.length);
  // Words that would stand in one another are left out; the table below has them all.
  const every = Math.ceil((Math.max(...labels.map(({ length }) => length), 1) * WORD + 8) / step);
  return spreads.flatMap((spread, k) => {
    const x = LEFT + (k + 0.5) * step;
    const label = k % every === 0 ? [words('mark', x, HEIGHT - 7, 'middle', labels[k] ?? '')] : [];
    if (spread === undefined) return label;
    const y = (value: number): number => heightOf(value, low, high);
    const half = Math.min(9, step / 3);
    const title = `${labels[k] ?? ''}: median ${figureText(spread.median, figure)}, ${figureText(spread.lowest, figure)} to ${figureText(spread.highest, figure)}`;
    return [
      ...label,
      line('whisker', x, y(spread.lowest), x, y(spread.highest)),
      titled(box('box', x - half, y(spread.lowerQuartile), x + half, y(spread.upperQuartile)), title),
      line('median', x - half, y(spread.median), x + half, y(spread.median)),
    ];
  });
}

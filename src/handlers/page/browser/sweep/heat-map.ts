/** A heat map of any two axes: of the cells that meet in a field one figure, in a colour and in digits. */
import { fill, h } from '../shared/dom';
import { plural } from '../shared/format';
import { cellFilter, figureSelect, madeOf, select } from './controls';
import { type AxisModel, type CellModel, figureText, numberOf, type SweepModel } from './model';
import { type Group, groupsOf, type Spread, spreadOf } from './statistics';

/** Fields of a side; of more values neighbours are taken together. */
const SIDE_MAX = 24;
/** Fields are read beside their colour, so a few steps are enough. */
const SHADES = 8;

const SUMMARIES: Readonly<Record<string, (spread: Spread) => number>> = {
  mean: ({ mean }) => mean,
  median: ({ median }) => median,
  highest: ({ highest }) => highest,
  lowest: ({ lowest }) => lowest,
};

export function heatMap(model: SweepModel): HTMLElement {
  const [first, second = first] = model.axes;
  if (first === undefined || second === undefined) return h('p', { class: 'quiet' }, 'No cell.');
  const names = model.axes.map(({ name }) => [name, name] as const);
  const down = select('Down', names, first.name, draw);
  const across = select('Across', names, second.name, draw);
  const { element: figureElement, figure } = figureSelect(model, draw);
  const summary = select(
    'Of cells that meet',
    Object.keys(SUMMARIES).map((name) => [name, name] as const),
    'mean',
    draw,
  );
  const filter = cellFilter(model, draw);
  const table = h('table', { class: 'heat', id: 'heat-map-table' });
  const scale = h('div', { class: 'heat-scale', id: 'heat-map-scale' });
  const note = h('p', { class: 'quiet', attributes: { role: 'status' } });

  function draw(): void {
    filter.setApart([down.value(), across.value()]);
    const [xAt, yAt] = [across, down].map(({ value }) => model.axes.findIndex(({ name }) => name === value())) as [number, number];
    const [x, y] = [model.axes[xAt] ?? first, model.axes[yAt] ?? first] as [AxisModel, AxisModel];
    const [columns, rows] = [groupsOf(x.values, SIDE_MAX), groupsOf(y.values, SIDE_MAX)];
    const [chosen, cells] = [figure(), filter.cells()];
    const fields = new Map<string, number[]>();
    for (const cell of cells) {
      const value = numberOf(cell, chosen);
      if (value === undefined) continue;
      const key = fieldKey(groupAt(columns, cell, xAt), groupAt(rows, cell, yAt));
      const list = fields.get(key);
      if (list === undefined) fields.set(key, [value]);
      else list.push(value);
    }
    const spreads = new Map([...fields].flatMap(([key, values]) => pairOf(key, spreadOf(values))));
    const of = SUMMARIES[summary.value()] ?? SUMMARIES['mean'];
    const value = (spread: Spread): number => of?.(spread) ?? 0;
    const shade = makeShade([...spreads.values()].map(value));
    fill(
      table,
      h('caption', { class: 'hidden' }, `${summary.value()} ${chosen.title}: ${y.name} down, ${x.name} across`),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('td', { class: 'corner' }, `${y.name} ↓ ${x.name} →`),
          ...columns.map(({ label }) => h('th', { attributes: { scope: 'col' } }, label)),
        ),
      ),
      h(
        'tbody',
        {},
        ...rows.map(({ label }, row) =>
          h(
            'tr',
            {},
            h('th', { attributes: { scope: 'row' } }, label),
            ...columns.map((_, column) => {
              const spread = spreads.get(fieldKey(column, row));
              if (spread === undefined) return h('td');
              const text = figureText(value(spread), chosen);
              const range = `${plural(spread.count, 'cell')}: ${figureText(spread.lowest, chosen)} to ${figureText(spread.highest, chosen)}`;
              return h('td', { class: shade.of(value(spread)), attributes: { title: range } }, text);
            }),
          ),
        ),
      ),
    );
    fill(scale, ...shade.scale.map(([className, at]) => h('span', { class: className }, at === undefined ? '' : figureText(at, chosen))));
    fill(note, `Made of ${madeOf(cells.length, model)}.`, ...[x, y].map((axis) => groupedNote(axis)));
  }

  draw();
  return h(
    'div',
    { id: 'heat-map-view' },
    h('div', { class: 'controls' }, down.element, across.element, figureElement, summary.element, ...filter.elements),
    h('div', { class: 'table-scroll', attributes: { tabindex: '0', role: 'region', 'aria-label': 'Heat map of two axes' } }, table),
    scale,
    note,
  );
}

function fieldKey(column: number, row: number): string {
  return `${String(column)}/${String(row)}`;
}

function pairOf(key: string, spread: Spread | undefined): readonly (readonly [string, Spread])[] {
  return spread === undefined ? [] : [[key, spread]];
}

export function groupAt(groups: readonly Group[], { point }: CellModel, axis: number): number {
  const size = (groups[0]?.until ?? 1) - (groups[0]?.from ?? 0);
  return Math.floor((point[axis] ?? 0) / size);
}

/** Said of an axis whose values are not all told apart. */
export function groupedNote({ name, values }: AxisModel, most = SIDE_MAX): string {
  const groups = groupsOf(values, most).length;
  return groups === values.length
    ? ''
    : ` The ${plural(values.length, 'value')} of ${name} are taken together in ${String(groups)} groups.`;
}

interface Shade {
  readonly of: (value: number) => string;
  /** Classes from the lowest to the highest, with the values at both ends and, where colours turn there, at 0. */
  readonly scale: readonly (readonly [className: string, value: number | undefined])[];
}

/** One colour from the lowest to the highest; where both signs are there, a colour for each, and none at 0. */
function makeShade(values: readonly number[]): Shade {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (values.length === 0) return { of: () => '', scale: [] };
  const steps = Array.from({ length: SHADES }, (_, k) => k + 1);
  if (low < 0 && high > 0) {
    const most = Math.max(-low, high);
    const of = (value: number): string => {
      const step = Math.round((Math.abs(value) / most) * SHADES);
      return step === 0 ? '' : `${value < 0 ? 'below' : 'above'}-${String(step)}`;
    };
    const side = (name: string, end: number): Shade['scale'] => steps.map((k) => [`${name}-${String(k)}`, k === SHADES ? end : undefined]);
    return { of, scale: [...side('below', -most).toReversed(), ['', 0], ...side('above', most)] };
  }
  const of = (value: number): string => `above-${String(high === low ? 1 : 1 + Math.round(((value - low) / (high - low)) * (SHADES - 1)))}`;
  return { of, scale: steps.map((k) => [`above-${String(k)}`, k === 1 ? low : k === SHADES ? high : undefined]) };
}

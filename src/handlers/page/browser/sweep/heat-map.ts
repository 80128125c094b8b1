/** A heat map of two axes: of the cells that meet in a field, the mean or the best of one figure, in a colour and in figures. */
import { fill, h } from '../shared/dom';
import { compareValues, figureText, type SweepPage, type Value, valueText } from './data';

/** Fields are read beside their colour, so a few steps are enough. */
const SHADES = 9;

export function heatMap(page: SweepPage): HTMLElement {
  const [first = '', second = first] = page.axes;
  const parts = [...new Set(page.cells.map(({ part }) => part))];
  const choose = (label: string, options: readonly (readonly [value: string, text: string])[], value: string): HTMLSelectElement => {
    const select = h(
      'select',
      { attributes: { 'aria-label': label } },
      ...options.map(([name, text]) => h('option', { attributes: { value: name } }, text)),
    );
    select.value = value;
    select.addEventListener('change', draw);
    return select;
  };
  const named = page.axes.map((name) => [name, name] as const);
  const across = choose('Across', named, second);
  const down = choose('Down', named, first);
  const figure = choose(
    'Figure',
    page.figures.map(({ name, title }) => [name, title]),
    page.objective.figure,
  );
  const summed = choose(
    'Cells that meet',
    [
      ['mean', 'mean'],
      ['best', 'best'],
      ['worst', 'worst'],
    ],
    'mean',
  );
  const part = choose(
    'Window',
    parts.map((name) => [name, PARTS[name] ?? name]),
    parts[0] ?? '',
  );
  const table = h('table', { class: 'heat' });

  function draw(): void {
    const at = page.figures.findIndex(({ name }) => name === figure.value);
    const unit = page.figures[at]?.unit ?? '';
    const fields = new Map<string, number[]>();
    const [xs, ys] = [new Map<string, Value>(), new Map<string, Value>()];
    for (const cell of page.cells) {
      const [x, y] = [cell.point[across.value] ?? null, cell.point[down.value] ?? null];
      xs.set(valueText(x), x);
      ys.set(valueText(y), y);
      const value = cell.figures[at];
      if (cell.part !== part.value || value === null || value === undefined) continue;
      const key = `${valueText(x)}\n${valueText(y)}`;
      fields.set(key, [...(fields.get(key) ?? []), Number(value)]);
    }
    const sums = new Map([...fields].map(([key, values]) => [key, SUMS[summed.value]?.(values) ?? 0]));
    const all = [...sums.values()];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const shade = (value: number): string =>
      `shade-${String(high === low ? 0 : Math.round(((value - low) / (high - low)) * (SHADES - 1)))}`;
    const sorted = (values: ReadonlyMap<string, Value>): readonly string[] =>
      [...values].sort(([, a], [, b]) => compareValues(a, b)).map(([text]) => text);
    const columns = sorted(xs);
    fill(
      table,
      h('caption', {}, `${summed.value} ${figure.value}, ${down.value} down, ${across.value} across`),
      h('thead', {}, h('tr', {}, h('td'), ...columns.map((x) => h('th', { attributes: { scope: 'col' } }, x)))),
      h(
        'tbody',
        {},
        ...sorted(ys).map((y) =>
          h(
            'tr',
            {},
            h('th', { attributes: { scope: 'row' } }, y),
            ...columns.map((x) => {
              const value = sums.get(`${x}\n${y}`);
              return value === undefined ? h('td', {}, '') : h('td', { class: shade(value) }, figureText(String(value), unit));
            }),
          ),
        ),
      ),
    );
  }

  draw();
  const controls = [down, across, figure, summed, ...(parts.length > 1 ? [part] : [])];
  return h('div', {}, h('p', { class: 'controls' }, ...controls), h('div', { class: 'scroll' }, table));
}

const PARTS: Readonly<Record<string, string>> = { in: 'in sample', out: 'out of sample', whole: 'whole' };

const SUMS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  best: (values) => Math.max(...values),
  worst: (values) => Math.min(...values),
};

/** Every cell in a table; a press on a column sorts by it, a second one turns the order. */
import { button, fill, h } from '../shared/dom';
import { type DrawnCell, compareValues, figureText, type SweepPage, type Value, valueText } from './data';

interface Column {
  readonly title: string;
  readonly value: (cell: DrawnCell) => Value | undefined;
  readonly text: (cell: DrawnCell) => string;
}

const ROWS_SHOWN = 100;

export function cellTable(page: SweepPage, kept: ReadonlySet<string>): HTMLElement {
  const windows = new Set(page.cells.map(({ pair, part }) => `${String(pair)}${part}`)).size > 1;
  const columns: readonly Column[] = [
    { title: 'cell', value: ({ index }) => index, text: ({ index }) => String(index) },
    ...page.axes.map((name): Column => ({
      title: name,
      value: ({ point }) => point[name],
      text: ({ point }) => valueText(point[name] ?? null),
    })),
    ...(windows
      ? [
          {
            title: 'window',
            value: ({ pair }: DrawnCell) => pair,
            text: ({ pair, part }: DrawnCell) => `${String(pair)} ${part === 'in' ? 'in sample' : 'out of sample'}`,
          },
        ]
      : []),
    ...page.figures.map(({ title, unit }, at): Column => ({
      title,
      value: ({ figures }) => figures[at],
      text: ({ figures }) => figureText(figures[at], unit),
    })),
  ];
  const objective = page.figures.findIndex(({ name }) => name === page.objective.figure);
  let sortedBy = columns.length - page.figures.length + objective;
  let descending = page.objective.prefer === 'more';
  let shown = ROWS_SHOWN;
  const head = h('tr');
  const body = h('tbody');
  const more = h('p');

  function draw(): void {
    const column = columns[sortedBy];
    if (column === undefined) return;
    // What is missing stays at the end, whichever way the rest goes.
    const sorted = [...page.cells].sort((a, b) => {
      const [first, second] = [column.value(a), column.value(b)];
      const order = compareValues(first, second);
      return descending && first !== null && second !== null ? -order : order;
    });
    fill(
      head,
      ...columns.map(({ title }, at) =>
        h(
          'th',
          { attributes: { scope: 'col', ...(at === sortedBy ? { 'aria-sort': descending ? 'descending' : 'ascending' } : {}) } },
          button(title, () => {
            descending = at === sortedBy ? !descending : false;
            sortedBy = at;
            draw();
          }),
        ),
      ),
    );
    fill(
      body,
      ...sorted
        .slice(0, shown)
        .map((cell) =>
          h(
            'tr',
            kept.has(cell.runId) ? { class: 'kept' } : {},
            ...columns.map(({ text }, at) => h('td', {}, at === 0 && kept.has(cell.runId) ? runLink(cell.runId, text(cell)) : text(cell))),
          ),
        ),
    );
    const left = sorted.length - shown;
    fill(
      more,
      left > 0
        ? button(`${String(left)} more`, () => {
            shown += 10 * ROWS_SHOWN;
            draw();
          })
        : null,
    );
  }

  draw();
  return h('div', {}, h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, head), body)), more);
}

export function runLink(runId: string, text: string): HTMLElement {
  return h('a', { attributes: { href: `runs/${encodeURIComponent(runId)}.html` } }, text);
}

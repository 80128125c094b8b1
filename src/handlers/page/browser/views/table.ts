/**
 * A table that can be sorted, filtered and paged with the keyboard alone. Invariant: rows that are not shown are counted in words, and the
 * sort order is in `aria-sort`, so nothing depends on seeing it.
 */
import { button, fill, h } from '../shared/dom';
import { grouped, plural } from '../shared/format';

export interface Column<R> {
  readonly title: string;
  readonly numeric?: boolean;
  /** Sentences get room; times and names stay on one line; what is `clipped` takes the room that is left, on one line, and is whole in its title. */
  readonly width?: 'long' | 'short' | 'clipped';
  /** What the filter searches, and what is shown where there is no `cell`. */
  readonly text: (row: R) => string;
  readonly cell?: (row: R) => Node;
  /** What is compared; the text where it is absent. Rows that have nothing to compare come last, whichever way the others go. */
  readonly order?: (row: R) => Key;
}

type Key = number | bigint | string | undefined;

export interface Choice<R> {
  readonly label: string;
  readonly options: readonly string[];
  readonly of: (row: R) => string;
}

export interface TableSpec<R> {
  readonly id: string;
  readonly caption: string;
  /** Singular and plural of what a row is. */
  readonly noun: readonly [string, string];
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly pageRows: number;
  readonly choices?: readonly Choice<R>[];
  readonly onRow?: (row: R) => void;
  /** The order that it begins with; that of `rows` where it is absent. */
  readonly sorted?: Order;
}

interface Order {
  readonly column: number;
  readonly descending: boolean;
}

export interface DataTable<R> {
  readonly element: HTMLElement;
  /** Marks a row, and turns to its page. */
  readonly mark: (row: R | undefined) => void;
}

const ALL = '';

export function makeTable<R>(spec: TableSpec<R>): DataTable<R> {
  const { columns, rows, pageRows, noun } = spec;
  let order: Order | undefined = spec.sorted;
  let shown: readonly R[] = rows;
  let page = 0;
  let marked: R | undefined;

  const search = h('input', {
    id: `${spec.id}-filter`,
    attributes: { type: 'search', autocomplete: 'off', spellcheck: 'false', placeholder: 'Filter' },
  });
  const selects = (spec.choices ?? []).map((choice, index) => ({
    choice,
    select: makeSelect(`${spec.id}-choice-${String(index)}`, choice.options),
  }));
  const count = h('p', { class: 'table-count', attributes: { role: 'status' } });
  const heads = columns.map((column, index) => {
    const sort = button(column.title, () => {
      order =
        order?.column === index
          ? order.descending
            ? undefined
            : { column: index, descending: true }
          : { column: index, descending: false };
      page = 0;
      update();
    });
    return h('th', { attributes: { scope: 'col' }, ...(column.numeric === true ? { class: 'numeric' } : {}) }, sort);
  });
  const body = h('tbody');
  const previous = button('Previous', () => {
    turn(page - 1);
  });
  const next = button('Next', () => {
    turn(page + 1);
  });
  const where = h('span', { class: 'table-where' });
  const pager = h(
    'div',
    { class: 'pager', attributes: { role: 'group', 'aria-label': `Pages of ${spec.caption}` } },
    previous,
    where,
    next,
  );
  const scroller = h(
    'div',
    { class: 'table-scroll', attributes: { tabindex: '0', role: 'region', 'aria-label': spec.caption } },
    h('table', { id: spec.id }, h('caption', { class: 'hidden' }, spec.caption), h('thead', {}, h('tr', {}, ...heads)), body),
  );

  search.addEventListener('input', restart);
  for (const { select } of selects) select.addEventListener('change', restart);

  function restart(): void {
    page = 0;
    update();
  }

  function turn(to: number): void {
    page = to;
    show();
  }

  function update(): void {
    const wanted = search.value.trim().toLowerCase();
    shown = rows.filter(
      (row) =>
        selects.every(({ choice, select }) => select.value === ALL || choice.of(row) === select.value) &&
        (wanted === '' || columns.some((column) => column.text(row).toLowerCase().includes(wanted))),
    );
    if (order !== undefined) {
      const column = columns[order.column];
      const key = column?.order ?? column?.text ?? (() => '');
      const sign = order.descending ? -1 : 1;
      // A key is worked out once a row, and not once a comparison.
      const keyed = shown.map((row): readonly [R, Key] => [row, key(row)]);
      shown = keyed
        .sort(([, a], [, b]) => (a === undefined || b === undefined ? missingLast(a, b) : sign * compare(a, b)))
        .map(([row]) => row);
    }
    heads.forEach((head, index) => {
      if (order?.column === index) head.setAttribute('aria-sort', order.descending ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    });
    fill(
      count,
      shown.length === rows.length ? plural(rows.length, ...noun) : `${grouped(String(shown.length))} of ${plural(rows.length, ...noun)}`,
    );
    show();
  }

  function show(): void {
    const pages = Math.max(1, Math.ceil(shown.length / pageRows));
    page = Math.min(Math.max(page, 0), pages - 1);
    fill(body, ...shown.slice(page * pageRows, (page + 1) * pageRows).map(rowElement));
    pager.hidden = pages === 1;
    previous.disabled = page === 0;
    next.disabled = page === pages - 1;
    fill(where, `page ${String(page + 1)} of ${String(pages)}`);
  }

  function rowElement(row: R): HTMLElement {
    const { onRow } = spec;
    const cells = columns.map((column, index) => {
      const content: Node | string = column.cell?.(row) ?? column.text(row);
      const shownAs =
        index === 0 && onRow !== undefined
          ? button(
              column.text(row),
              () => {
                onRow(row);
              },
              { class: 'row-button' },
            )
          : content;
      const whole = column.width === 'clipped' ? { attributes: { title: column.text(row) } } : {};
      return h('td', { class: column.numeric === true ? 'numeric' : (column.width ?? ''), ...whole }, shownAs);
    });
    const element = h('tr', row === marked ? { attributes: { 'aria-current': 'true' } } : {}, ...cells);
    if (onRow !== undefined) {
      element.classList.add('pickable');
      element.addEventListener('click', ({ target }) => {
        if (target instanceof Element && target.closest('button, summary, a') === null && getSelection()?.isCollapsed !== false) onRow(row);
      });
    }
    return element;
  }

  update();
  return {
    element: h(
      'div',
      { class: 'data-table' },
      h(
        'div',
        { class: 'table-tools' },
        h('label', { attributes: { for: search.id } }, h('span', { class: 'hidden' }, `Filter ${spec.caption}`), search),
        ...selects.map(({ choice, select }) => h('label', { attributes: { for: select.id } }, `${choice.label} `, select)),
        count,
      ),
      scroller,
      pager,
    ),
    mark: (row) => {
      marked = row;
      const at = row === undefined ? -1 : shown.indexOf(row);
      if (at !== -1) page = Math.floor(at / pageRows);
      show();
    },
  };
}

function makeSelect(id: string, options: readonly string[]): HTMLSelectElement {
  const select = h('select', { id }, h('option', { attributes: { value: ALL } }, 'all'));
  for (const option of options) select.append(h('option', { attributes: { value: option } }, option));
  return select;
}

function missingLast(a: Key, b: Key): number {
  return Number(a === undefined) - Number(b === undefined);
}

function compare(a: number | bigint | string, b: number | bigint | string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

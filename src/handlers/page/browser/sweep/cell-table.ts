/** Every cell of the page in a table to sort and to filter, the best by the objective first; a kept run is a link. */
import { h } from '../shared/dom';
import { makeTable, type Choice, type Column } from '../views/table';
import { type CellModel, figureText, type FigureModel, numberOf, PART_NAMES, type SweepModel } from './model';

const PAGE_ROWS = 100;
const PAIRS_MAX = 100;

export function cellTable(model: SweepModel): HTMLElement {
  const { data, cells, axes, figures, objective, forward, whole } = model;
  const kept = new Map(data.kept.map(({ cell, run_id: runId }) => [cell, runId]));
  const number = (figure: FigureModel): Column<CellModel> => ({
    title: figure.title,
    numeric: true,
    text: (cell) => figureText(cell.figures[figure.at], figure),
    order: (cell) => numberOf(cell, figure),
  });
  const before: readonly Column<CellModel>[] = [
    {
      title: 'cell',
      numeric: true,
      text: ({ index }) => String(index),
      order: ({ index }) => index,
      cell: ({ index }) => {
        const runId = kept.get(index);
        return runId === undefined ? document.createTextNode(String(index)) : runLink(model, runId, String(index));
      },
    },
    ...(forward
      ? [
          {
            title: 'window',
            width: 'short' as const,
            text: windowName,
            order: ({ pair, part }: CellModel) => 2 * pair + Number(part === 'out'),
          },
        ]
      : []),
    ...axes.map(({ name, values }, axis): Column<CellModel> => ({
      title: name,
      numeric: true,
      text: ({ point }) => values[point[axis] ?? 0] ?? '',
      order: ({ point }) => point[axis],
    })),
  ];
  const stopped = cells.some(({ stoppedBy }) => stoppedBy !== null);
  const pairs = [...new Set(cells.map(({ pair }) => String(pair + 1)))];
  const choices: readonly Choice<CellModel>[] = [
    ...(forward
      ? [{ label: 'Windows', options: ['in sample', 'out of sample'], of: ({ part }: CellModel) => PART_NAMES[part] ?? part }]
      : []),
    ...(forward && pairs.length > 1 && pairs.length <= PAIRS_MAX
      ? [{ label: 'Pair', options: pairs, of: ({ pair }: CellModel) => String(pair + 1) }]
      : []),
    ...(kept.size === 0
      ? []
      : [{ label: 'Runs', options: ['kept', 'rows only'], of: ({ index }: CellModel) => (kept.has(index) ? 'kept' : 'rows only') }]),
    ...(whole
      ? []
      : [{ label: 'Here', options: ['drawn', 'best or chosen'], of: ({ drawn }: CellModel) => (drawn ? 'drawn' : 'best or chosen') }]),
  ];
  return makeTable<CellModel>({
    id: 'cells-table',
    caption: 'Cells of the sweep',
    noun: ['cell', 'cells'],
    pageRows: PAGE_ROWS,
    rows: cells,
    choices,
    columns: [
      ...before,
      number(objective),
      ...figures.filter((figure) => figure !== objective).map(number),
      ...(stopped ? [{ title: 'stopped by', text: ({ stoppedBy }: CellModel) => stoppedBy ?? '' }] : []),
    ],
    sorted: { column: before.length, descending: data.objective.prefer === 'more' },
  }).element;
}

function windowName({ pair, part }: CellModel): string {
  return `${String(pair + 1)} ${PART_NAMES[part] ?? part}`;
}

/** The page of a kept run. */
export function runLink({ data }: SweepModel, runId: string, text: string): HTMLElement {
  return h('a', { attributes: { href: `${data.runs}/${encodeURIComponent(runId)}.html` } }, text);
}

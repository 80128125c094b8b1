/** Which cells a drawing is made of, and of which figure: lists to choose from, each with its name beside it. */
import { h } from '../shared/dom';
import { grouped } from '../shared/format';
import { type CellModel, type FigureModel, PART_NAMES, type SweepModel } from './model';

/** More values than this are no list to choose from. */
const OPTIONS_MAX = 100;

export interface Select {
  readonly element: HTMLElement;
  readonly value: () => string;
}

export function select(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  value: string,
  onChange: () => void,
): Select {
  const element = h('select', {}, ...options.map(([name, text]) => h('option', { attributes: { value: name } }, text)));
  element.value = value;
  element.addEventListener('change', onChange);
  return { element: h('label', {}, h('span', {}, label), ' ', element), value: () => element.value };
}

export interface FigureSelect {
  readonly element: HTMLElement;
  readonly figure: () => FigureModel;
}

/** Begins with the objective. */
export function figureSelect({ figures, objective }: SweepModel, onChange: () => void): FigureSelect {
  const { element, value } = select(
    'Figure',
    figures.map(({ name, title }) => [name, title]),
    objective.name,
    onChange,
  );
  return { element, figure: () => figures.find(({ name }) => name === value()) ?? objective };
}

const ALL = 'all';

export interface CellFilter {
  /** One for each axis is among them; those of `apart` are hidden. */
  readonly elements: readonly HTMLElement[];
  readonly cells: () => readonly CellModel[];
  readonly setApart: (axes: readonly string[]) => void;
}

/** Of the cells that were drawn: of one part of the windows, and where the reader wants it of one pair and of one value of an axis. */
export function cellFilter({ data, cells, axes, forward }: SweepModel, onChange: () => void): CellFilter {
  const drawn = cells.filter(({ drawn: is }) => is);
  const parts = forward ? ['in', 'out'] : ['whole'];
  const part = select(
    'Windows',
    parts.map((name) => [name, PART_NAMES[name] ?? name] as const),
    parts[0] ?? '',
    onChange,
  );
  const pairs = data.selections.map(({ pair }) => pair);
  const pair = select('Pair', [[ALL, ALL], ...pairs.map((at) => [String(at), String(at + 1)] as const)], ALL, onChange);
  const values = axes.map(({ name, values: list }) =>
    select(name, [[ALL, ALL], ...(list.length > OPTIONS_MAX ? [] : list.map((text, at) => [String(at), text] as const))], ALL, onChange),
  );
  let apart: readonly string[] = [];
  const counts = (axis: number): boolean => !apart.includes(axes[axis]?.name ?? '');
  return {
    elements: [
      ...(forward ? [part.element] : []),
      ...(forward && pairs.length > 1 && pairs.length <= OPTIONS_MAX ? [pair.element] : []),
      ...values.flatMap(({ element }, axis) => ((axes[axis]?.values.length ?? 0) > 1 ? [element] : [])),
    ],
    cells: () =>
      drawn.filter(
        (cell) =>
          cell.part === part.value() &&
          (pair.value() === ALL || cell.pair === Number(pair.value())) &&
          values.every(({ value }, axis) => !counts(axis) || value() === ALL || cell.point[axis] === Number(value())),
      ),
    setApart: (names) => {
      apart = names;
      values.forEach(({ element }, axis) => {
        element.hidden = !counts(axis);
      });
    },
  };
}

/** What a drawing was made of, in words. */
export function madeOf(count: number, { whole, data }: SweepModel): string {
  const cells = `${grouped(String(count))} ${count === 1 ? 'cell' : 'cells'}`;
  return whole ? cells : `${cells} of a sample of ${grouped(String(data.rows_drawn))} from ${grouped(String(data.taken))}`;
}

/** The data of a sweep's page, made ready to be drawn. Invariant: a table shows the very texts of the rows; numbers are for drawings and order alone. */
import type { SweepPageCell, SweepPageChoice, SweepPageData } from '../../../../domain/report/sweep-page-data';
import { decimalForReading, grouped, percentForReading } from '../shared/format';
import { unpackTape } from '../shared/unpack';

export interface CellModel {
  readonly index: number;
  readonly pair: number;
  readonly part: string;
  /** Whether it was drawn: a picture of all cells is made of these, and not of those that are here for being the best. */
  readonly drawn: boolean;
  readonly stoppedBy: string | null;
  /** Positions among the values of each axis, smallest first. */
  readonly point: readonly number[];
  readonly figures: readonly (string | null)[];
}

export interface AxisModel {
  readonly name: string;
  /** In order: numbers by their size, everything else by its text. */
  readonly values: readonly string[];
}

export interface FigureModel {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Its place in the figures of a cell. */
  readonly at: number;
}

export interface SweepModel {
  readonly data: SweepPageData;
  readonly cells: readonly CellModel[];
  readonly axes: readonly AxisModel[];
  readonly figures: readonly FigureModel[];
  readonly objective: FigureModel;
  /** Whether every cell of the sweep is here. */
  readonly whole: boolean;
  /** Whether windows come in pairs. */
  readonly forward: boolean;
  readonly byIndex: ReadonlyMap<number, CellModel>;
}

export async function readSweep(data: SweepPageData): Promise<SweepModel> {
  const { lines, fault } = await unpackTape(data.rows);
  if (fault !== undefined) throw new Error(fault);
  if (lines.length !== data.rows_held) throw new Error(`it names ${String(data.rows_held)} cells and has ${String(lines.length)}`);
  const axes = data.axes.map(({ name, values }) => {
    const texts = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
    const order = texts.map((_, at) => at).sort((a, b) => compareTexts(texts[a] ?? '', texts[b] ?? ''));
    const positions = new Map(order.map((at, position) => [at, position]));
    return { name, values: order.map((at) => texts[at] ?? ''), positions };
  });
  const cells = lines.map((line): CellModel => {
    const [index, pair, part, drawn, stoppedBy, point, figures] = JSON.parse(line) as SweepPageCell;
    return {
      index,
      pair,
      part,
      drawn: drawn === 1,
      stoppedBy,
      point: point.map((at, axis) => axes[axis]?.positions.get(at) ?? 0),
      figures,
    };
  });
  const figures = data.figures.map(([name, title, unit], at) => ({ name, title, unit, at }));
  const objective = figures.find(({ name }) => name === data.objective.figure);
  if (objective === undefined) throw new Error(`no cell has its objective, ${data.objective.figure}`);
  return {
    data,
    cells,
    axes: axes.map(({ name, values }) => ({ name, values })),
    figures,
    objective,
    whole: data.rows_drawn === data.taken,
    forward: cells.some(({ part }) => part !== 'whole'),
    byIndex: new Map(cells.map((cell) => [cell.index, cell])),
  };
}

function compareTexts(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  if (!Number.isNaN(difference) && difference !== 0) return difference;
  return a < b ? -1 : Number(a > b);
}

/** Nothing where the run does not have it. */
export function numberOf(cell: CellModel | undefined, { at }: FigureModel): number | undefined {
  const text = cell?.figures[at];
  return text === null || text === undefined ? undefined : Number(text);
}

/** For reading: a share as per cent, and no more digits than an eye takes in. */
export function figureText(value: string | number | null | undefined, { unit }: Pick<FigureModel, 'unit'>): string {
  if (value === null || value === undefined) return '–';
  const number = Number(value);
  if (unit === 'share') return percentForReading(number * 100);
  if (unit === 'ratio') return grouped(number.toFixed(2));
  return unit === 'count' ? grouped(String(value)) : decimalForReading(number);
}

export function pointText(point: SweepPageChoice['point']): string {
  return Object.entries(point)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

export const PART_NAMES: Readonly<Record<string, string>> = { in: 'in sample', out: 'out of sample', whole: 'whole' };

/** Steps with their times where they have any. */
export function windowText({
  from,
  until,
  begins,
  ends,
}: {
  from: number;
  until: number;
  begins: string | null;
  ends: string | null;
}): string {
  return begins === null || ends === null ? `steps ${String(from)} to ${String(until - 1)}` : `${begins} to ${ends}`;
}

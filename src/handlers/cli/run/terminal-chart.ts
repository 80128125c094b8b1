/** Charts of a terminal. Invariant: no line is wider than asked for, and the lowest and the highest value of a series are in its chart, by name. */
import { plot } from 'simple-ascii-chart';
import { type Decimal, formatDecimal } from '../../../domain/decimal/decimal';

export type ChartColour = 'ansiGreen' | 'ansiCyan';

export interface ChartOptions {
  readonly width: number;
  readonly height: number;
  /** Nothing: plain text. */
  readonly colour: ChartColour | undefined;
}

/** What stands left and right of the columns that are drawn in, beside the labels: the axis, its arrow, and the library's own margin. */
const FRAME_COLUMNS = 4;

/** Columns that a series may be drawn in, given the longest label. */
export function chartColumns(width: number, labelWidth: number): number {
  return Math.max(2, width - labelWidth - FRAME_COLUMNS);
}

/** `points` evenly from the first step to the last; `lowest` and `highest` are among them. */
export function chartLines(points: readonly Decimal[], { width, height, colour }: ChartOptions): readonly string[] {
  const [lowest, highest] = extremes(points);
  // The axis in whole numbers from 0: the labels are exact texts, whatever a double would make of the amounts.
  const scale = highest > lowest ? highest - lowest : 1n;
  const rows = 1_000_000n;
  const heights = points.map((value, x): [number, number] => [x, Number(((value - lowest) * rows) / scale)]);
  const labels = new Map([
    [0, formatDecimal(lowest)],
    [Number(rows), formatDecimal(highest)],
  ]);
  const labelWidth = Math.max(...[...labels.values()].map((label) => label.length));
  const only = heights.length === 1 ? [...heights, [1, heights[0]?.[1] ?? 0] as [number, number]] : heights;
  const text = plot(only, {
    width: chartColumns(width, labelWidth),
    height,
    hideXAxisTicks: true,
    customYAxisTicks: highest > lowest ? [0, Number(rows)] : [0],
    formatter: (value, { axis }) => (axis === 'y' ? (labels.get(Math.round(value)) ?? '') : ''),
    ...(colour === undefined ? {} : { color: colour }),
  });
  return text.split('\n').filter((line) => line.trim() !== '');
}

function extremes(points: readonly Decimal[]): readonly [Decimal, Decimal] {
  let [lowest, highest] = [points[0] ?? 0n, points[0] ?? 0n];
  for (const value of points) {
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return [lowest, highest];
}

/**
 * What a report draws of a run in a world file: lines through values that stand in the rows of its steps. Invariant: a line is a JSON pointer into
 * a row, so a description of charts is data, and no code of a world runs where a run is shown.
 */
import { isLeft } from 'fp-ts/Either';
import { isRecord } from '../codec/codec';
import { pointerKeys, pointerStep } from '../codec/problem';
import { type Decimal, decimalFromJson } from '../decimal/decimal';
import type { Row } from '../tape/chain';

export interface WorldChart {
  readonly title: string;
  /** JSON pointers into the row of a step, such as `/totals/cash`. */
  readonly lines: readonly string[];
}

/** Charts of a page, lines of one chart, and lines of all: of each line a long run keeps both extremes of every stretch. */
export const CHARTS_MAX = 12;
export const CHART_LINES_MAX = 6;
export const LINES_MAX = 24;

/** The members of a row that a line may begin with. */
export const DRAWN_MEMBERS = ['totals', 'score', 'input', 'fuel'] as const;

/** For a world that describes none: a chart for each total that is an amount, or for the score. Nothing where the step says neither. */
export function defaultCharts(row: Row): readonly WorldChart[] | undefined {
  const { totals, score } = row;
  const named = isRecord(totals) ? Object.keys(totals).filter((name) => amountOf(totals[name]) !== undefined) : [];
  const pointers = named.map((name) => ({ title: name, lines: [`/totals${pointerStep(name)}`] }));
  const charts = pointers.length === 0 && amountOf(score) !== undefined ? [{ title: 'score', lines: ['/score'] }] : pointers;
  return charts.length === 0 ? undefined : charts.slice(0, CHARTS_MAX);
}

/** A value of each line of the charts in turn; nothing where the row has no amount there. */
export function makeLineReader(charts: readonly WorldChart[]): (row: Row) => readonly (Decimal | undefined)[] {
  const lines = charts.flatMap((chart) => chart.lines.map(pointerKeys));
  return (row) => lines.map((keys) => amountOf(keys.reduce<unknown>(memberOf, row)));
}

function memberOf(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return (value as unknown[]).find((_, at) => String(at) === key);
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

export function amountOf(value: unknown): Decimal | undefined {
  const amount = decimalFromJson(value);
  return isLeft(amount) ? undefined : amount.right;
}

/** What the input of a step says of when it is; nothing where it has no `date` and no `time`. */
export function timeOf({ input }: Row): string | undefined {
  if (!isRecord(input)) return undefined;
  const stated = input['date'] ?? input['time'];
  return typeof stated === 'string' && stated.length <= TIME_CHARS_MAX ? stated : undefined;
}

const TIME_CHARS_MAX = 40;

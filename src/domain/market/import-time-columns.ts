/** Which column of a price file holds the times, or which two hold a date and a clock. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Problem } from '../codec/problem';
import type { ColumnKind } from './column-kinds';
import { columnName, columnStated } from './column-stated';
import { type CsvRow, rowProblem } from './csv-table';
import { looksLikeTime } from './import-dialect';
import { isNoValue, looksLikeNumber } from './import-number';
import { parseImportTime, type TimeRules } from './import-time';

export interface TimeColumns {
  /** One, or a date and a clock. */
  readonly indices: readonly number[];
}

interface Columns {
  readonly names: readonly string[];
  readonly kinds: readonly (ColumnKind | undefined)[];
  readonly rows: readonly CsvRow[];
  readonly place: CsvRow;
}

export interface DetectedTime {
  /** `undefined` in a file of prices alone. */
  readonly time: TimeColumns | undefined;
  /** Columns that hold the same times again, or the number of the row. */
  readonly others: readonly number[];
  readonly notes: readonly string[];
}

/** Rows that are looked at to tell what a column holds. */
const ROWS_TRIED = 200;

export function detectTimeColumns(
  columns: Columns,
  stated: string | undefined,
  rules: TimeRules,
): Either<readonly Problem[], DetectedTime> {
  if (stated !== undefined) return statedColumns(columns, stated);
  const { names, kinds, place } = columns;
  const unnamed = names.every((name) => name === '');
  const named = names.flatMap((name, index) => {
    const kind = kinds[index];
    const index0 = index === 0 && (name.trim() === '' || /^unnamed: ?0$/i.test(name.trim()) || kinds.length === 0);
    return kind === 'time' || kind === 'clock' || (index0 && (unnamed || holdsTimes(columns, index, rules))) ? [index] : [];
  });
  const candidates = unnamed ? names.map((_, index) => index) : named;
  const full = candidates.filter((index) => holdsTimes(columns, index, rules) && !holdsClock(columns, index));
  const clocks = candidates.filter((index) => holdsClock(columns, index));
  const counters = named.filter((index) => !full.includes(index) && isCounter(columns, index));
  const [first, ...others] = full;
  if (first === undefined) {
    // One that is called time and holds none: its cells say what is wrong with them.
    if (!unnamed && named[0] !== undefined && !isCounter(columns, named[0]))
      return right({ time: { indices: [named[0]] }, others: [], notes: [] });
    if (names.length === 1 && /\S +\S/.test(names[0] ?? ''))
      return left([rowProblem(place, 'the header is one column; cells separated by spaces are read with --delimiter " "')]);
    const dated = names.findIndex((_, index) => !named.includes(index) && holdsDates(columns, index, rules));
    if (dated === -1) return right({ time: undefined, others: counters, notes: [] });
    return left([
      rowProblem(place, `${columnName(names, dated)} holds times, and is not called so; say --time-column ${String(dated + 1)}`),
    ]);
  }
  const clock = clocks.find((index) => (unnamed ? index === first + 1 && !looksLikeNumber(columns.rows[0]?.cells[index] ?? '') : true));
  if (clock !== undefined && (unnamed || others.length === 0) && holdsDays(columns, first, rules))
    return right({ time: { indices: [first, clock] }, others: counters, notes: [] });
  if (unnamed || others.length === 0) return right({ time: { indices: [first] }, others: counters, notes: [] });
  return amongSeveral(columns, full, counters, rules);
}

/** `unix` beside `date`: the same instants twice, or nobody knows which is meant. */
function amongSeveral(
  columns: Columns,
  full: readonly number[],
  counters: readonly number[],
  rules: TimeRules,
): Either<readonly Problem[], DetectedTime> {
  const { names, place, rows } = columns;
  const [first = 0] = full;
  const text = (index: number, row: CsvRow): string => (row.cells[index] ?? '').trim();
  const same = full.slice(1).every((index) =>
    rows.slice(0, ROWS_TRIED).every((row) => {
      const [a, b] = [parseImportTime(text(first, row), rules), parseImportTime(text(index, row), rules)];
      return !isLeft(a) && !isLeft(b) && a.right.seconds === b.right.seconds;
    }),
  );
  const list = full.map((index) => columnName(names, index)).join(' and ');
  if (!same) return left([rowProblem(place, `${list} hold times, and not the same; say --time-column`)]);
  return right({
    time: { indices: [first] },
    others: [...full.slice(1), ...counters],
    notes: [`${list} hold the same times: took ${columnName(names, first)}`],
  });
}

function statedColumns({ place, names }: Columns, stated: string): Either<readonly Problem[], DetectedTime> {
  const whole = columnStated(place, names, stated);
  if (!isLeft(whole)) return right({ time: { indices: [whole.right] }, others: [], notes: [] });
  const parts = stated.split(',');
  if (parts.length !== 2) return left([prefixed(whole.left)]);
  const indices: number[] = [];
  for (const part of parts) {
    const index = columnStated(place, names, part);
    if (isLeft(index)) return left([prefixed(index.left)]);
    indices.push(index.right);
  }
  return right({ time: { indices }, others: [], notes: [] });
}

function prefixed(problem: Problem): Problem {
  return { ...problem, message: `--time-column: ${problem.message}` };
}

// ---- What the cells are ----

function cells({ rows }: Columns, index: number): readonly string[] {
  return rows.slice(0, ROWS_TRIED).flatMap((row) => {
    const cell = (row.cells[index] ?? '').trim();
    return isNoValue(cell) ? [] : [cell];
  });
}

/** Most of them: one that is none is told as a mistake in its place. */
function holdsTimes(columns: Columns, index: number, rules: TimeRules): boolean {
  const found = cells(columns, index);
  return found.length > 0 && found.filter((cell) => looksLikeTime(cell, rules)).length * 2 > found.length;
}

/** Milli-, micro- or nanoseconds since 1970, from 2001 to 2096. */
const LONG_COUNT = /^[1-3](?:\d{12}|\d{15}|\d{18})$/;

/** Dates that are no bare numbers, or counts as long as none of trades or of a volume is, in all rows: a column of prices is none by chance. */
function holdsDates(columns: Columns, index: number, rules: TimeRules): boolean {
  const found = cells(columns, index);
  return found.length > 0 && found.every((cell) => LONG_COUNT.test(cell) || (!looksLikeNumber(cell) && looksLikeTime(cell, rules)));
}

/** Days without a clock. */
function holdsDays(columns: Columns, index: number, rules: TimeRules): boolean {
  return cells(columns, index).every(
    (cell) =>
      (['mdy', 'dmy'] as const).some((order) => {
        const time = parseImportTime(cell, { ...rules, order });
        return !isLeft(time) && time.right.precision === 'date';
      }) || rules.format !== undefined,
  );
}

const CLOCK = /^\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s?(?:[ap]\.?m\.?)?$/i;
const BARE_CLOCK = /^(?:\d{1,6}|\d{9})$/;

function holdsClock(columns: Columns, index: number): boolean {
  const found = cells(columns, index);
  const kind = columns.kinds[index];
  const bare = (kind === 'time' || kind === 'clock') && !isCounter(columns, index);
  return found.length > 0 && found.every((cell) => CLOCK.test(cell) || (bare && isBareClock(cell)));
}

/** 0, 1, 2: the index of a table. */
function isCounter(columns: Columns, index: number): boolean {
  const found = cells(columns, index);
  return found.length > 1 && found.every((cell, at) => cell === String(at) || cell === String(at + 1));
}

function isBareClock(cell: string): boolean {
  return BARE_CLOCK.test(cell) && /^(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]/.test(clockDigits(cell));
}

/** `HHmmss` and perhaps milliseconds. */
function clockDigits(text: string): string {
  return text.length <= 4 ? `${text.padStart(4, '0')}00` : text.length <= 6 ? text.padStart(6, '0') : text;
}

/** A date and a clock of two columns, as one text. Digits alone are `HHmm`, `HHmmss` or with milliseconds behind. */
export function joinedTime(date: string, clock: string): string {
  const text = clock.trim();
  if (!BARE_CLOCK.test(text)) return `${date.trim()} ${text}`;
  const digits = clockDigits(text);
  const fraction = digits.length > 6 ? `.${digits.slice(6)}` : '';
  return `${date.trim()} ${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4, 6)}${fraction}`;
}

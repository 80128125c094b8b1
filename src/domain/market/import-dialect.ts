/**
 * What kind of CSV a price file is, told from its first rows: the separator, the lines that are no table, and how many lines are the header.
 * Invariant: two readings that fit equally well are an error that names the option, never a choice.
 */
import { type Either, left, right } from 'fp-ts/Either';
import { quoted } from '../codec/printable';
import type { Problem } from '../codec/problem';
import { columnKinds, plainName } from './column-kinds';
import { type CsvRow, rowProblem } from './csv-table';
import { isNoValue, looksLikeNumber } from './import-number';
import { parseImportTime, type TimeRules } from './import-time';

export const DELIMITERS = [',', ';', '\t', '|'] as const;

export const HEADER_CHOICES = ['none', 'one', 'many'] as const;
export type HeaderChoice = (typeof HEADER_CHOICES)[number];

/** What the caller states about the form of the table. */
export interface StatedDialect {
  readonly delimiter?: string | undefined;
  readonly header?: HeaderChoice | undefined;
  /** Lines before the table. */
  readonly skipLines?: number | undefined;
}

export interface Dialect {
  readonly delimiter: string;
  /** Lines before the header, or before the first row of a file without one. */
  readonly skipLines: number;
  readonly header: readonly CsvRow[];
  /** The rows of the sample. */
  readonly rows: readonly CsvRow[];
}

/** Rows of a text whose first line is `line`, as far as they can be read. */
export type SplitRows = (text: string, delimiter: string, line: number) => readonly CsvRow[];

/** Enough to tell a separator by. */
const LINES_TRIED = 200;
const HEADER_LINES_MAX = 3;

export function detectDialect(
  text: string,
  split: SplitRows,
  stated: StatedDialect,
  rules: TimeRules,
): Either<readonly Problem[], Dialect> {
  const skipped = stated.skipLines ?? (/^sep=.\r?\n/i.test(text) ? 1 : 0);
  const table = afterLines(text, skipped);
  if (table.trim() === '')
    return left([{ pointer: '', message: skipped === 0 ? 'is empty; expected a CSV header line' : 'has no more lines than are skipped' }]);
  const separator = /^sep=(.)\r?\n/i.exec(text)?.[1];
  const delimiter = detectDelimiter(table, split, stated.delimiter ?? separator, skipped + 1, rules);
  if (delimiter._tag === 'Left') return delimiter;
  const rows = split(table, delimiter.right, skipped + 1).filter((row) => !isBlank(row));
  const start = stated.header === undefined ? guessedStart(rows, rules) : statedStart(rows, stated.header);
  if (start._tag === 'Left') return start;
  const { first, headerRows } = start.right;
  return right({
    delimiter: delimiter.right,
    skipLines: (rows[first]?.line ?? 1) - 1,
    header: rows.slice(first, first + headerRows),
    rows: rows.slice(first + headerRows),
  });
}

/** Neither a row of separators alone nor an empty line is a row. */
export function isBlank({ cells }: CsvRow): boolean {
  return cells.every((cell) => cell.trim() === '');
}

/** A row in which a time stands beside numbers, or nothing but numbers do. */
export function isDataRow({ cells }: CsvRow, rules: TimeRules): boolean {
  let [times, numbers, empty] = [0, 0, 0];
  for (const cell of cells) {
    if (looksLikeTime(cell, rules)) times += 1;
    else if (looksLikeNumber(cell)) numbers += 1;
    else if (isNoValue(cell)) empty += 1;
  }
  if (times > 0) return numbers > 0 || times > 1 || times + empty === cells.length;
  return numbers > 0 && numbers + empty === cells.length;
}

/** Whether a cell is a time in some order of day and month. */
export function looksLikeTime(cell: string, rules: TimeRules): boolean {
  const text = cell.trim();
  if (text.length < 6 || !/\d/.test(text)) return false;
  if (/^\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?:[\sT]|$)/.test(text)) return true;
  return (['mdy', 'dmy'] as const).some((order) => parseImportTime(text, { ...rules, order })._tag === 'Right');
}

export function delimiterName(delimiter: string): string {
  return delimiter === '\t' ? 'tab' : delimiter === ' ' ? 'space' : quoted(delimiter);
}

interface Fit {
  readonly delimiter: string;
  readonly width: number;
  /** Rows of that width which hold data. */
  readonly rows: number;
}

function detectDelimiter(
  text: string,
  split: SplitRows,
  stated: string | undefined,
  line: number,
  rules: TimeRules,
): Either<readonly Problem[], string> {
  if (stated !== undefined) return right(stated);
  const head = text.slice(0, text.length - afterLines(text, LINES_TRIED).length);
  const fits = DELIMITERS.map((delimiter) => fitOf(split(head, delimiter, line), delimiter, rules)).filter(({ rows }) => rows > 0);
  fits.sort((a, b) => weight(b) - weight(a) || b.rows - a.rows || b.width - a.width);
  const [best, second] = fits;
  if (best === undefined) return right(widest(head, split, line));
  if (second !== undefined && second.width > 1 && second.rows === best.rows && second.width === best.width) {
    return left([
      {
        pointer: '',
        message: `cells could be separated by ${delimiterName(best.delimiter)} or ${delimiterName(second.delimiter)}; say --delimiter`,
        line,
      },
    ]);
  }
  return right(best.delimiter);
}

/** One column is no table while several are. */
function weight({ width }: Fit): number {
  return width > 1 ? 1 : 0;
}

function fitOf(rows: readonly CsvRow[], delimiter: string, rules: TimeRules): Fit {
  const first = rows.find((row) => isDataRow(row, rules));
  const width = first?.cells.length ?? 0;
  return { delimiter, width, rows: rows.filter((row) => row.cells.length === width && isDataRow(row, rules)).length };
}

/** Where no row has data that can be read: the separator of most cells, so that the mistake can be told by its column. */
function widest(head: string, split: SplitRows, line: number): string {
  let best: string = DELIMITERS[0];
  let cells = 1;
  for (const delimiter of DELIMITERS) {
    const width = split(head, delimiter, line)[0]?.cells.length ?? 0;
    if (width > cells) [best, cells] = [delimiter, width];
  }
  return best;
}

interface Start {
  readonly first: number;
  readonly headerRows: number;
}

function statedStart(rows: readonly CsvRow[], header: HeaderChoice): Either<readonly Problem[], Start> {
  const first = Math.max(
    0,
    rows.findIndex((row) => !isComment(row)),
  );
  if (header === 'none') return right({ first, headerRows: 0 });
  if (header === 'one') return right({ first, headerRows: 1 });
  const many = manyHeader(rows.slice(first, first + HEADER_LINES_MAX));
  if (many > 0) return right({ first, headerRows: many });
  const [row] = rows.slice(first);
  return left([
    {
      pointer: '',
      message: 'no header of several lines starts here: expected a line of Open, High, Low, Close beside one of symbols',
      line: row?.line ?? 1,
    },
  ]);
}

function guessedStart(rows: readonly CsvRow[], rules: TimeRules): Either<readonly Problem[], Start> {
  const data = rows.findIndex((row) => isDataRow(row, rules));
  if (data === -1) {
    return right({
      first: Math.max(
        0,
        rows.findIndex((row) => !isComment(row)),
      ),
      headerRows: 1,
    });
  }
  const width = rows[data]?.cells.length ?? 0;
  let from = data;
  while (from > 0 && fits(rows[from - 1], width)) from -= 1;
  const above = rows.slice(from, data);
  if (above.length === 0) {
    const before = rows[data - 1];
    if (before === undefined || before.cells.length < 2 || isComment(before)) return right({ first: data, headerRows: 0 });
    // A header it is, by its names: what is wrong is the row.
    if (columnKinds(before.cells).some((kind) => kind !== undefined)) return right({ first: data - 1, headerRows: 1 });
    const message = `${String(before.cells.length)} cells where the rows have ${String(width)}: line ${String(before.line)} is no header; say --skip-lines ${String(before.line)} or --header`;
    return left([rowProblem(before, message)]);
  }
  for (let at = 0; at < above.length; at += 1) {
    const many = manyHeader(above.slice(at));
    if (many > 0 && at + many === above.length) return right({ first: from + at, headerRows: many });
  }
  // Rows between a header and the first one that can be read are data with mistakes, which are told in their place.
  const known = above.map((row) => columnKinds(row.cells).filter((kind) => kind !== undefined).length);
  const best = Math.max(...known);
  return right({ first: from + known.indexOf(best), headerRows: 1 });
}

/** A trailing separator is no column. */
function fits(row: CsvRow | undefined, width: number): boolean {
  if (row === undefined || isComment(row)) return false;
  const { length } = row.cells;
  if (length === width) return true;
  const named = row.cells.findLastIndex((cell) => cell.trim() !== '') + 1;
  return named > 1 && (named === width || length === width - 1);
}

function isComment({ cells }: CsvRow): boolean {
  return /^\s*(?:#|\/\/|--|https?:)/.test(cells[0] ?? '');
}

/**
 * How many of these rows are one header of several lines, as pandas writes columns of two levels: one line of fields, one of symbols, and
 * perhaps one that names the index. 0 when they are none.
 */
export function manyHeader(rows: readonly CsvRow[]): number {
  const levels = headerLevels(rows);
  return levels === undefined ? 0 : levels.lines;
}

export interface HeaderLevels {
  readonly lines: number;
  readonly fields: CsvRow;
  readonly symbols: CsvRow;
}

export function headerLevels(rows: readonly CsvRow[]): HeaderLevels | undefined {
  const [first, second, third] = rows;
  if (first === undefined || second === undefined) return undefined;
  const fields = [first, second].find(namesFields);
  if (fields === undefined) return undefined;
  const symbols = fields === first ? second : first;
  const cells = symbols.cells.slice(1);
  if (cells.some((cell, index) => cell.trim() === '' && (fields.cells[index + 1] ?? '').trim() !== '')) return undefined;
  const index = third !== undefined && third.cells.slice(1).every((cell) => cell.trim() === '');
  return { lines: index ? 3 : 2, fields, symbols };
}

/** All but the first cell are Open, High, Low, Close and the like. */
function namesFields({ cells }: CsvRow): boolean {
  const kinds = columnKinds(cells);
  const named = cells.flatMap((cell, index) => (index > 0 && plainName(cell) !== '' ? [kinds[index]] : []));
  return named.length > 0 && named.every((kind) => kind !== undefined && kind !== 'time' && kind !== 'symbol');
}

export function afterLines(text: string, lines: number): string {
  let at = 0;
  for (let line = 0; line < lines; line += 1) {
    const newline = text.indexOf('\n', at);
    if (newline === -1) return '';
    at = newline + 1;
  }
  return text.slice(at);
}

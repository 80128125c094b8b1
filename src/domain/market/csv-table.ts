/** Rows of a CSV file as the parser hands them over, and where in the file a cell stands, for messages. */
import { type Either, left, right } from 'fp-ts/Either';
import { printable } from '../codec/printable';
import { excerpt, type Problem } from '../codec/problem';
import { type Decimal, decimalFromText } from '../decimal/decimal';
import { plainName } from './column-kinds';

export interface CsvRow {
  /** 1-based line of the file on which the row starts. */
  readonly line: number;
  readonly cells: readonly string[];
  /** The row as it stands in the file, where it may hold quotes. Without it, cells and the text between commas are the same. */
  readonly text?: string;
  /** Between the cells; a comma when absent. One character. */
  readonly delimiter?: string;
}

export interface CsvTable {
  readonly header: CsvRow;
  readonly rows: readonly CsvRow[];
}

/** An input with more mistakes than this is not read further. Unit: problems. */
export const PROBLEMS_MAX = 20;

/** A mistake in one cell: file line and column, and the table's column by name and number. */
export function cellProblem(row: CsvRow, index: number, name: string, message: string): Problem {
  const named = name.trim() === '' ? '' : ` (${printable(name.trim())})`;
  return { pointer: '', message: `column ${String(index + 1)}${named}: ${message}`, ...cellPlace(row, index) };
}

export function rowProblem(row: CsvRow, message: string): Problem {
  return { pointer: '', message, line: row.line, column: 1 };
}

/** A row must have a cell for each column of the header. */
export function widthProblem(row: CsvRow, header: CsvRow): Problem | undefined {
  const [found, expected] = [row.cells.length, header.cells.length];
  return found === expected ? undefined : rowProblem(row, `${String(found)} cells where the header has ${String(expected)}`);
}

const PLAIN = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/;

/** A price in the decimal text form; spaces around it are tolerated. */
export function priceFromCell(cell: string): Either<string, Decimal> {
  const text = cell.trim();
  const price = decimalFromText(text);
  if (price._tag === 'Right') return price.right > 0n ? price : left(`${excerpt(cell)}: a price must be more than 0`);
  if (text === '') return left(`${excerpt(cell)}: no price`);
  return left(
    `${excerpt(cell)}: ${PLAIN.test(text) ? price.left : 'expected a plain decimal such as 99.86, with at most 8 fractional digits'}`,
  );
}

/** The one column with such a name; two of them are an error. */
export function findColumn(header: CsvRow, names: readonly string[], what: string): Either<Problem, number | undefined> {
  const found: number[] = [];
  header.cells.forEach((name, index) => {
    if (names.includes(plainName(name))) found.push(index);
  });
  const [first, second] = found;
  if (first === undefined || second === undefined) return right(first);
  return left(
    cellProblem(
      header,
      second,
      header.cells[second] ?? '',
      `a second ${what} column; the first is ${String(first + 1)} (${printable(header.cells[first] ?? '')})`,
    ),
  );
}

function cellPlace(row: CsvRow, index: number): { readonly line: number; readonly column: number } {
  if (row.text !== undefined) return quotedCellPlace(row, row.text, index);
  let column = 1;
  for (let before = 0; before < index; before += 1) column += (row.cells[before] ?? '').length + 1;
  return { line: row.line, column };
}

function quotedCellPlace(row: CsvRow, text: string, index: number): { readonly line: number; readonly column: number } {
  const { delimiter = ',' } = row;
  let { line } = row;
  let lineStart = 0;
  let cell = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (cell === index) return { line, column: at - lineStart + 1 };
    const char = text.charAt(at);
    // A doubled quote leaves and enters again, which comes to the same.
    if (char === '"') quoted = !quoted;
    else if (char === delimiter && !quoted) cell += 1;
    else if (char === '\n') {
      line += 1;
      lineStart = at + 1;
    }
  }
  return { line, column: Math.max(1, text.length - lineStart + 1) };
}

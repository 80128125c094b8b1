/** Columns as people name them, on the command line and in messages. */
import { type Either, left, right } from 'fp-ts/Either';
import { printable, quoted } from '../codec/printable';
import type { Problem } from '../codec/problem';
import { plainName } from './column-kinds';
import { cellProblem, type CsvRow, rowProblem } from './csv-table';

/** How messages call a column. */
export function columnName(names: readonly string[], index: number): string {
  const name = (names[index] ?? '').trim();
  return name === '' ? `column ${String(index + 1)}` : quoted(name);
}

/** By name, as it is written or without case and punctuation, or by number. */
export function columnStated(place: CsvRow, names: readonly string[], stated: string, what = 'column'): Either<Problem, number> {
  const legal = names.every((name) => name === '')
    ? `the columns are 1 to ${String(names.length)}`
    : `the columns are ${names.map((name) => printable(name.trim())).join(', ')}`;
  const exact = names.flatMap((name, index) => (name.trim() === stated.trim() ? [index] : []));
  const found =
    exact.length > 0 ? exact : names.flatMap((name, index) => (name !== '' && plainName(name) === plainName(stated) ? [index] : []));
  const [first, second] = found;
  if (second !== undefined)
    return left(cellProblem(place, second, names[second] ?? '', `a second column ${quoted(stated)}; say its number`));
  if (first !== undefined) return right(first);
  if (/^[1-9][0-9]{0,3}$/.test(stated.trim())) {
    let number = 0;
    for (const digit of stated.trim()) number = number * 10 + (digit.charCodeAt(0) - 48);
    if (number <= names.length) return right(number - 1);
  }
  return left(rowProblem(place, `no ${what} ${quoted(stated)}; ${legal}`));
}

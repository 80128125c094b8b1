/** The wide form of a market: a column per symbol, a row per step, and perhaps a column of times. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { quoted } from '../codec/printable';
import type { Problem } from '../codec/problem';
import type { Decimal } from '../decimal/decimal';
import { SYMBOLS_MAX } from '../limits';
import { cellProblem, type CsvRow, priceFromCell, PROBLEMS_MAX, rowProblem, widthProblem } from './csv-table';
import type { MarketStep } from './market-path';
import { normalSymbol, SYMBOL_LEGAL } from './symbol';

export interface WideColumn {
  readonly symbol: string;
  readonly index: number;
}

export interface WideHeader {
  readonly row: CsvRow;
  readonly time: number | undefined;
  readonly columns: readonly WideColumn[];
}

/**
 * Reads the header: every column but the skipped ones (of times, say) is a symbol. With `wanted` only those symbols count, in that order, and other columns may be
 * called anything.
 */
export function decodeWideHeader(
  row: CsvRow,
  skipped: ReadonlySet<number>,
  wanted?: readonly string[],
): Either<readonly Problem[], Pick<WideHeader, 'columns'>> {
  const problems: Problem[] = [];
  const bySymbol = new Map<string, number>();
  row.cells.forEach((name, index) => {
    if (skipped.has(index) || problems.length >= PROBLEMS_MAX) return;
    const symbol = normalSymbol(name);
    if (wanted !== undefined && (symbol === undefined || !wanted.includes(symbol))) return;
    const first = symbol === undefined ? undefined : bySymbol.get(symbol);
    if (symbol === undefined) problems.push(cellProblem(row, index, name, `${quoted(name)}: expected ${SYMBOL_LEGAL}`));
    else if (first !== undefined) problems.push(cellProblem(row, index, name, `a duplicate of column ${String(first + 1)}`));
    else bySymbol.set(symbol, index);
  });
  const columns: WideColumn[] = [];
  for (const symbol of wanted ?? bySymbol.keys()) {
    const index = bySymbol.get(symbol);
    if (index === undefined) problems.push(rowProblem(row, `no column for ${symbol}`));
    else columns.push({ symbol, index });
  }
  if (problems.length > 0) return left(problems.slice(0, PROBLEMS_MAX));
  if (columns.length === 0) return left([rowProblem(row, 'no symbol column; expected a header such as time,AAPL,MSFT')]);
  if (columns.length > SYMBOLS_MAX) return left([rowProblem(row, `more than ${String(SYMBOLS_MAX)} symbols`)]);
  return right({ columns });
}

/** One row as a step; its time is kept as it is, and an empty one is none. */
export function decodeWideRow(row: CsvRow, header: WideHeader): Either<readonly Problem[], MarketStep> {
  const width = widthProblem(row, header.row);
  if (width !== undefined) return left([width]);
  const prices: Decimal[] = [];
  const problems: Problem[] = [];
  for (const { symbol, index } of header.columns) {
    const price = priceFromCell(row.cells[index] ?? '');
    if (!isLeft(price)) prices.push(price.right);
    else if (problems.length < PROBLEMS_MAX) problems.push(cellProblem(row, index, symbol, price.left));
  }
  if (problems.length > 0) return left(problems);
  const time = header.time === undefined ? '' : (row.cells[header.time] ?? '');
  return right({ prices, time: time === '' ? undefined : time });
}

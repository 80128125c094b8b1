/** Where a price file of each form has its times, its symbols and its prices, as its header tells. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { excerpt, type Problem } from '../codec/problem';
import { cellProblem, type CsvRow, findColumn, plainName, rowProblem } from './csv-table';
import { normalSymbol, SYMBOL_LEGAL } from './symbol';
import { decodeWideHeader } from './wide-table';

export const IMPORT_FORMS = ['wide', 'long', 'ohlcv'] as const;
export type ImportForm = (typeof IMPORT_FORMS)[number];

/** What the caller states about a header. */
export interface StatedLayout {
  /** Told from the header when not stated. */
  readonly form?: ImportForm | undefined;
  /** What an OHLCV file is about. */
  readonly symbol?: string | undefined;
  /** The price column of a long or OHLCV file. */
  readonly column?: string | undefined;
}

/** Where a row has its time, its symbol (when it names one) and its prices. */
export interface ImportLayout {
  readonly form: ImportForm;
  readonly time: number | undefined;
  readonly symbol: number | undefined;
  /** In a long file the symbol is the row's, and `''` here. */
  readonly prices: readonly { readonly index: number; readonly symbol: string }[];
}

const TIME_NAMES = ['time', 'date', 'timestamp', 'datetime'];
const SYMBOL_NAMES = ['symbol', 'ticker', 'instrument'];
const PRICE_NAMES = ['price', 'close', 'value', 'last'];
const BAR_NAMES = ['open', 'high', 'low', 'volume'];

/** `wanted`: the only symbols that count; other columns of a wide file may be called anything. */
export function importLayout(
  header: CsvRow,
  options: StatedLayout,
  wanted: readonly string[] | undefined,
): Either<readonly Problem[], ImportLayout> {
  const time = findColumn(header, TIME_NAMES, 'time');
  if (isLeft(time)) return left([time.left]);
  const symbol = findColumn(header, SYMBOL_NAMES, 'symbol');
  if (isLeft(symbol)) return left([symbol.left]);
  const form = options.form ?? formOf(header, options, symbol.right);
  if (form === 'wide') {
    const wide = decodeWideHeader(header, time.right, wanted);
    return isLeft(wide) ? wide : right({ form, time: time.right, symbol: undefined, prices: wide.right.columns });
  }

  const price = priceColumn(header, options.column);
  if (isLeft(price)) return left([price.left]);
  if (time.right === undefined) return left([rowProblem(header, `no time column; expected one of ${TIME_NAMES.join(', ')}`)]);
  if (form === 'long') {
    if (symbol.right === undefined) return left([rowProblem(header, `no symbol column; expected one of ${SYMBOL_NAMES.join(', ')}`)]);
    return right({ form, time: time.right, symbol: symbol.right, prices: [{ index: price.right, symbol: '' }] });
  }
  const named = options.symbol === undefined ? undefined : normalSymbol(options.symbol);
  if (named === undefined) {
    const given =
      options.symbol === undefined
        ? 'the rows name no symbol; state symbol'
        : `symbol: ${excerpt(options.symbol)}: expected ${SYMBOL_LEGAL}`;
    return left([rowProblem(header, given)]);
  }
  return right({ form, time: time.right, symbol: undefined, prices: [{ index: price.right, symbol: named }] });
}

function formOf(header: CsvRow, options: StatedLayout, symbol: number | undefined): ImportForm {
  if (symbol !== undefined) return 'long';
  if (options.symbol !== undefined) return 'ohlcv';
  const names = header.cells.map(plainName);
  // LOW and OPEN are tickers too, so one name is not enough.
  return names.includes('close') && BAR_NAMES.some((name) => names.includes(name)) ? 'ohlcv' : 'wide';
}

function priceColumn(header: CsvRow, column: string | undefined): Either<Problem, number> {
  const legal = `the columns are ${header.cells.map((name) => name.trim()).join(', ')}`;
  const names = column === undefined ? PRICE_NAMES : [plainName(column)];
  const found = header.cells.flatMap((name, index) => (names.includes(plainName(name)) ? [index] : []));
  const [first, second] = found;
  if (first === undefined) return left(rowProblem(header, `no price column${column === undefined ? '' : ` ${excerpt(column)}`}; ${legal}`));
  if (second === undefined) return right(first);
  return left(cellProblem(header, second, header.cells[second] ?? '', `a second price column; state column: ${legal}`));
}

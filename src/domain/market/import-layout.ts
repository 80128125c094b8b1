/**
 * Where a price file has its times, its symbols and its prices. Invariant: a column is taken for what its name or all of its cells say it is,
 * and what could be two things is an error that names the option: no kind of column is ever sold as a symbol.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { printable, quoted } from '../codec/printable';
import type { Problem } from '../codec/problem';
import { type ColumnKind, columnKinds, plainName } from './column-kinds';
import { columnName, columnStated } from './column-stated';
import { cellProblem, type CsvRow, rowProblem } from './csv-table';
import { type Dialect, headerLevels } from './import-dialect';
import { isNoValue, looksLikeNumber } from './import-number';
import { chosenAmong, type Renames } from './import-rename';
import { detectTimeColumns, type TimeColumns } from './import-time-columns';
import type { TimeRules } from './import-time';
import { normalSymbol, SYMBOL_LEGAL } from './symbol';
import { decodeWideHeader } from './wide-table';

export const IMPORT_FORMS = ['wide', 'long', 'ohlcv'] as const;
export type ImportForm = (typeof IMPORT_FORMS)[number];

/** What the caller states about the columns. */
export interface StatedLayout {
  /** Told from the columns when not stated. */
  readonly form?: ImportForm | undefined;
  /** What a file of one symbol is about; in a file that names its symbols, the one to take. */
  readonly symbol?: string | undefined;
  /** The price column, by name or number. */
  readonly column?: string | undefined;
  /** The time column, by name or number, or two of them with a comma between. */
  readonly timeColumn?: string | undefined;
}

/** Where a row has its time, its symbol (when it names one) and its prices. */
export interface ImportLayout {
  readonly form: ImportForm;
  /** How wide a row is, and what its columns are called; `''` in a file without a header. */
  readonly names: readonly string[];
  readonly time: TimeColumns | undefined;
  readonly symbol: number | undefined;
  /** In a long file the symbol is the row's, and `''` here. */
  readonly prices: readonly { readonly index: number; readonly symbol: string }[];
  /** What was chosen and not stated. */
  readonly notes: readonly string[];
}

interface Columns {
  readonly place: CsvRow;
  readonly names: readonly string[];
  readonly kinds: readonly (ColumnKind | undefined)[];
  readonly rows: readonly CsvRow[];
}

/** `wanted`: the only symbols that count; other columns of a wide file may be called anything. */
export function importLayout(
  dialect: Dialect,
  options: StatedLayout,
  wanted: readonly string[] | undefined,
  renames: Renames,
  rules: TimeRules,
): Either<readonly Problem[], ImportLayout> {
  const { header, rows } = dialect;
  const levels = header.length > 1 ? headerLevels(header) : undefined;
  const place = header[0] ?? rows[0] ?? { line: 1, cells: [] };
  const names = columnNames(dialect, levels?.fields);
  const columns: Columns = { place, names, kinds: columnKinds(names), rows };
  const time = detectTimeColumns(
    // In a header of several lines one column is no field: the first.
    levels === undefined ? columns : { ...columns, kinds: [], names: names.map((name, index) => (index === 0 ? name : FIELD)) },
    options.timeColumn,
    rules,
  );
  if (isLeft(time)) return time;
  const { time: timeColumns, others, notes } = time.right;
  const common = { names, time: timeColumns };
  const isTime = (index: number): boolean => timeColumns?.indices.includes(index) === true;

  if (levels !== undefined || (options.form === undefined && header.length === 1)) {
    const fields = levels === undefined ? flattened(columns, isTime) : leveled(levels.fields, levels.symbols);
    if (fields !== undefined) {
      const prices = fieldColumns(fields, columns, options, renames, isTime);
      if (isLeft(prices)) return prices;
      const chosen = chosenSymbol(prices.right.columns, options.symbol);
      const all = [...notes, ...prices.right.notes, ...chosen.notes];
      return right({ ...common, form: 'wide', symbol: undefined, prices: wantedColumns(chosen.columns, wanted), notes: all });
    }
  }
  const symbol = symbolColumn(columns, isTime);
  const form = options.form ?? (symbol === undefined ? formOf(columns, options, isTime) : 'long');
  if (form === 'wide') {
    if (header.length === 0) return left([rowProblem(place, 'no header line names the symbols; add one, or say --symbol and --column')]);
    if (options.form === undefined) {
      const doubt = kindAmongSymbols(columns, (index) => isTime(index) || others.includes(index), wanted);
      if (doubt !== undefined) return left([doubt]);
    }
    const wide = wideColumns(columns, (index) => isTime(index) || others.includes(index), wanted, renames);
    if (isLeft(wide)) return wide;
    const chosen = chosenSymbol(wide.right, options.symbol);
    return right({ ...common, form, symbol: undefined, prices: chosen.columns, notes: [...notes, ...chosen.notes] });
  }

  if (timeColumns === undefined) return left([rowProblem(place, 'no column holds times; say --time-column')]);
  if (form === 'ohlcv' && options.symbol === undefined) return left([rowProblem(place, noSymbol(columns, isTime))]);
  const price = priceColumn(columns, options, isTime, symbol);
  if (isLeft(price)) return left([price.left]);
  const all = [...notes, ...price.right.notes];
  if (form === 'long') {
    if (symbol === undefined) return left([rowProblem(place, 'no symbol column; expected one called symbol, ticker or instrument')]);
    return right({ ...common, form, symbol, prices: [{ index: price.right.index, symbol: '' }], notes: all });
  }
  const named = normalSymbol(options.symbol ?? '');
  if (named === undefined) return left([rowProblem(place, `symbol: ${quoted(options.symbol ?? '')}: expected ${SYMBOL_LEGAL}`)]);
  return right({ ...common, form, symbol: undefined, prices: [{ index: price.right.index, symbol: named }], notes: all });
}

const FIELD = 'field';

function columnNames({ header, rows }: Dialect, fields: CsvRow | undefined): readonly string[] {
  const [first] = header;
  if (first === undefined) return (rows[0]?.cells ?? []).map(() => '');
  if (fields === undefined) return withoutLast(first.cells);
  // The last line of several names the index.
  return withoutLast([header.at(-1)?.cells[0] ?? '', ...fields.cells.slice(1)]);
}

function cellsOf({ rows }: Columns, index: number): readonly string[] {
  return rows.map(({ cells }) => (cells[index] ?? '').trim());
}

/** A separator at the end of the header names no column. */
function withoutLast(names: readonly string[]): readonly string[] {
  return names.slice(0, names.findLastIndex((name) => name.trim() !== '') + 1);
}

/** Whether a column has numbers, and nothing else but words for none. */
function isNumeric(columns: Columns, index: number): boolean {
  const cells = cellsOf(columns, index).filter((cell) => !isNoValue(cell));
  return cells.length > 0 && cells.every(looksLikeNumber);
}

// ---- Which form ----

function formOf({ names, kinds }: Columns, options: StatedLayout, isTime: (index: number) => boolean): ImportForm {
  const others = names.flatMap((name, index) => (isTime(index) ? [] : [{ name, kind: kinds[index] }]));
  if (names.every((name) => name === '')) return 'ohlcv';
  if (options.column !== undefined) return 'ohlcv';
  const known = others.filter(({ kind }) => kind !== undefined);
  if (known.length === 0)
    return options.symbol !== undefined && others.filter(({ name }) => name.trim() !== '').length === 1 ? 'ohlcv' : 'wide';
  if (options.symbol !== undefined) return 'ohlcv';
  const bars = known.some(({ kind }) => kind === 'open' || kind === 'high' || kind === 'low' || kind === 'volume' || kind === 'adjusted');
  const prices = known.some(({ kind }) => kind === 'price');
  return prices && (bars || known.length === others.length) ? 'ohlcv' : 'wide';
}

/** `LOW` and `OPEN` are tickers, too; `VOLUME` is none. Only somebody who knows can say. */
function kindAmongSymbols(
  { place, names, kinds }: Columns,
  isTime: (index: number) => boolean,
  wanted: readonly string[] | undefined,
): Problem | undefined {
  const known = names.filter((name, index) => {
    const counts = wanted === undefined || wanted.includes(name.trim().toUpperCase());
    return !isTime(index) && kinds[index] !== undefined && counts;
  });
  return known.length === 0
    ? undefined
    : rowProblem(place, `${kindsText(known)}; say --symbol (the file is about one), or --form wide if they are symbols`);
}

function noSymbol({ names, kinds }: Columns, isTime: (index: number) => boolean): string {
  const known = names.filter((_, index) => !isTime(index) && kinds[index] !== undefined);
  if (known.length === 0 || known.map(plainName).includes('close')) return 'the rows name no symbol; say --symbol';
  return `${kindsText(known)}; say --symbol, or --form wide if they are`;
}

function kindsText(known: readonly string[]): string {
  const list = known.map((name) => printable(name.trim())).join(', ');
  return known.length === 1 ? `${list} is a column kind, not a symbol` : `${list} are column kinds, not symbols`;
}

/** The column that names the symbol of a row: by its name, and by words in it; in a file without a header by words alone. */
function symbolColumn(columns: Columns, isTime: (index: number) => boolean): number | undefined {
  const words = (index: number): boolean => {
    const cells = cellsOf(columns, index).filter((cell) => cell !== '');
    return cells.length === 0 || cells.some((cell) => !looksLikeNumber(cell));
  };
  const named = columns.kinds.flatMap((kind, index) => (kind === 'symbol' && !isTime(index) ? [index] : []));
  if (columns.names.every((name) => name === '')) {
    const found = columns.names.flatMap((_, index) => {
      const cells = cellsOf(columns, index);
      return !isTime(index) && cells.every((cell) => /[A-Za-z^]/.test(cell) && !isNoValue(cell) && normalSymbol(cell) !== undefined)
        ? [index]
        : [];
    });
    return found.length === 1 ? found[0] : undefined;
  }
  const order = ['symbol', 'ticker', 'instrument'];
  const best = order.flatMap((name) => named.filter((index) => plainName(columns.names[index] ?? '') === name));
  return [...best, ...named].find(words);
}

// ---- The price column ----

/** Names of a price, where there is no other. */
const WORTH: readonly string[] = ['value', 'wert'];

interface Chosen {
  readonly index: number;
  readonly notes: readonly string[];
}

function priceColumn(
  columns: Columns,
  options: StatedLayout,
  isTime: (index: number) => boolean,
  symbol: number | undefined,
): Either<Problem, Chosen> {
  const { place, names, kinds } = columns;
  if (options.column !== undefined) {
    const stated = columnStated(place, names, options.column, 'price column');
    return isLeft(stated) ? stated : right({ index: stated.right, notes: [] });
  }
  if (names.every((name) => name === '')) return unnamedPrice(columns, isTime, symbol);
  const legal = `the columns are ${names.map((name) => printable(name.trim())).join(', ')}`;
  const found = kinds.flatMap((kind, index) => (kind === 'price' && !isTime(index) ? [index] : []));
  // Of a bar, `VALUE` is what changed hands.
  const value = found.length > 1 ? found.filter((index) => WORTH.includes(plainName(names[index] ?? ''))) : [];
  const [first, second] = found.filter((index) => !value.includes(index));
  if (first !== undefined && second !== undefined) {
    return left(cellProblem(place, second, names[second] ?? '', `a second price column; say --column: ${legal}`));
  }
  if (first !== undefined) {
    const there = [...value, ...kinds.flatMap((kind, index) => (kind === 'adjusted' ? [index] : []))].map((index) =>
      columnName(names, index),
    );
    return right({ index: first, notes: there.map((name) => `took ${columnName(names, first)}; ${name} is there: --column ${name}`) });
  }
  const numeric = names.flatMap((name, index) =>
    !isTime(index) && index !== symbol && kinds[index] === undefined && name.trim() !== '' && isNumeric(columns, index) ? [index] : [],
  );
  const [only] = numeric;
  if (only !== undefined && numeric.length === 1)
    return right({ index: only, notes: [`took ${columnName(names, only)}, the only other column of numbers`] });
  return left(rowProblem(place, `no price column; say --column: ${legal}`));
}

/** Without a header the numbers have to show by themselves which of them is the close. */
function unnamedPrice(columns: Columns, isTime: (index: number) => boolean, symbol: number | undefined): Either<Problem, Chosen> {
  const { place, names } = columns;
  const numeric = names.flatMap((_, index) => (!isTime(index) && index !== symbol && isNumeric(columns, index) ? [index] : []));
  const [a, b, c, d] = numeric;
  if (isKline(columns))
    return right({
      index: 4,
      notes: ['no header line: 12 columns with a second time in the seventh are klines of Binance, took 5, the close'],
    });
  if (a !== undefined && numeric.length === 1)
    return right({ index: a, notes: [`no header line: took column ${String(a + 1)}, the only one of numbers`] });
  if (a !== undefined && b === a + 1 && c === a + 2 && d === a + 3) {
    const bars = columns.rows.map(({ cells }) => [a, b, c, d].map((index) => cells[index] ?? ''));
    const openFirst = bars.every(([open, high, low, close]) => isBar(open, high, low, close));
    const lowFirst = bars.every(([low, high, open, close]) => isBar(open, high, low, close));
    if (openFirst || lowFirst) {
      const order = openFirst ? 'open, high, low, close' : 'low, high, open, close';
      return right({
        index: d,
        notes: [`no header line: columns ${String(a + 1)} to ${String(d + 1)} are ${order} by their numbers, took ${String(d + 1)}`],
      });
    }
  }
  return left(
    rowProblem(place, `no header line, and ${String(numeric.length)} columns of numbers; say --column with the number of the price column`),
  );
}

/** Open time, open, high, low, close, volume, close time and five more. */
function isKline({ rows, names }: Columns): boolean {
  const epoch = /^[0-9]{10,19}$/;
  return (
    names.length === 12 &&
    rows.every(
      ({ cells: [open = '', , , , , , close = ''] }) =>
        epoch.test(open) && epoch.test(close) && open.length === close.length && open <= close,
    )
  );
}

/** Marks of the same file: a longer number of the same form is no smaller one, so digits are compared as they are aligned. */
function isBar(open = '', high = '', low = '', close = ''): boolean {
  const [o, h, l, c] = [open, high, low, close].map(comparable);
  if (o === undefined || h === undefined || l === undefined || c === undefined) return false;
  return h >= o && h >= c && l <= o && l <= c && l <= h;
}

/** Digits padded on both sides, so that texts compare as the numbers do; the last mark is the decimal mark. */
function comparable(cell: string): string | undefined {
  const match = /^([0-9][0-9.,' ]*?)(?:[.,]([0-9]+))?$/.exec(cell.trim());
  return match === null ? undefined : `${(match[1] ?? '').replaceAll(/[^0-9]/g, '').padStart(20, '0')}.${(match[2] ?? '').padEnd(20, '0')}`;
}

// ---- Columns that are symbols ----

type PriceColumn = ImportLayout['prices'][number];

function wideColumns(
  { place, names, rows }: Columns,
  isTime: (index: number) => boolean,
  wanted: readonly string[] | undefined,
  renames: Renames,
): Either<readonly Problem[], readonly PriceColumn[]> {
  // An index without a name, and what a separator at the end of the lines leaves.
  const unnamed = (name: string, index: number): boolean => {
    const empty = rows.every(({ cells }) => (cells[index] ?? '').trim() === '');
    return (name.trim() === '' || /^unnamed: ?\d+$/i.test(name.trim())) && (empty || index === 0);
  };
  const skipped = new Set(names.flatMap((name, index) => (isTime(index) || unnamed(name, index) ? [index] : [])));
  const renamed = { ...place, cells: names.map((name) => renames.nameOf(name)) };
  const wide = decodeWideHeader(renamed, skipped, wanted);
  return isLeft(wide) ? wide : right(wide.right.columns);
}

/** `--symbol` in a file that names its symbols in its header. */
function chosenSymbol(
  columns: readonly PriceColumn[],
  symbol: string | undefined,
): { readonly columns: readonly PriceColumn[]; readonly notes: readonly string[] } {
  const { kept, called, notes } = chosenAmong(
    columns.map((column) => column.symbol),
    symbol,
  );
  return {
    columns: columns.flatMap((column) => (kept.includes(column.symbol) ? [{ ...column, symbol: called ?? column.symbol }] : [])),
    notes,
  };
}

function wantedColumns(columns: readonly PriceColumn[], wanted: readonly string[] | undefined): readonly PriceColumn[] {
  if (wanted === undefined) return columns;
  return wanted.flatMap((symbol) => columns.filter((column) => column.symbol === symbol));
}

// ---- Columns that are fields of symbols ----

interface Field {
  readonly index: number;
  readonly field: string;
  readonly symbol: string;
}

function leveled(fields: CsvRow, symbols: CsvRow): readonly Field[] {
  return fields.cells.flatMap((field, index) =>
    index === 0 || field.trim() === '' ? [] : [{ index, field, symbol: symbols.cells[index] ?? '' }],
  );
}

const TUPLE = /^\(\s*['"](.*?)['"]\s*,\s*['"](.*?)['"]\s*\)$/;

/** `AAPL_Close`, `Close_AAPL`, `('Close', 'AAPL')`: a header of two levels in one line. All columns are, or none. */
function flattened({ names, kinds }: Columns, isTime: (index: number) => boolean): readonly Field[] | undefined {
  const fields: Field[] = [];
  for (const [index, name] of names.entries()) {
    if (isTime(index) || name.trim() === '') continue;
    const field = kinds[index] === undefined ? fieldAndSymbol(name.trim()) : undefined;
    if (field === undefined) return undefined;
    fields.push({ index, ...field });
  }
  return fields.length === 0 ? undefined : fields;
}

function fieldAndSymbol(name: string): Omit<Field, 'index'> | undefined {
  const tuple = TUPLE.exec(name);
  const splits =
    tuple === null
      ? [...name.matchAll(/[_ .]/g)].map(({ index }) => [name.slice(0, index), name.slice(index + 1)])
      : [[tuple[1] ?? '', tuple[2] ?? '']];
  for (const [first = '', second = ''] of splits) {
    if (isField(first) && normalSymbol(second) !== undefined) return { field: first, symbol: second };
    if (isField(second) && normalSymbol(first) !== undefined) return { field: second, symbol: first };
  }
  return undefined;
}

function isField(name: string): boolean {
  const [kind] = columnKinds([name]);
  return kind !== undefined && kind !== 'time' && kind !== 'clock' && kind !== 'symbol' && kind !== 'other';
}

function fieldColumns(
  fields: readonly Field[],
  { place }: Columns,
  { column }: StatedLayout,
  renames: Renames,
  isTime: (index: number) => boolean,
): Either<readonly Problem[], { readonly columns: readonly PriceColumn[]; readonly notes: readonly string[] }> {
  const there = [...new Set(fields.map(({ field }) => field.trim()))];
  const wanted =
    column === undefined
      ? there.filter((field) => columnKinds([field])[0] === 'price')
      : there.filter((field) => plainName(field) === plainName(column));
  const [field, second] = wanted;
  const legal = `the fields are ${there.map(printable).join(', ')}`;
  if (field === undefined)
    return left([
      rowProblem(place, column === undefined ? `no price field; say --column: ${legal}` : `no field ${quoted(column)}; ${legal}`),
    ]);
  if (second !== undefined) return left([rowProblem(place, `${quoted(field)} and ${quoted(second)} are prices; say --column: ${legal}`)]);
  const columns: PriceColumn[] = [];
  for (const { index, field: own, symbol: text } of fields) {
    if (own.trim() !== field || isTime(index)) continue;
    const symbol = normalSymbol(renames.nameOf(text));
    if (symbol === undefined)
      return left([
        cellProblem(
          place,
          index,
          text,
          `${quoted(text)}: expected ${SYMBOL_LEGAL}; --rename "${printable(text.trim())}=NAME" gives it one`,
        ),
      ]);
    if (columns.some((column_) => column_.symbol === symbol))
      return left([cellProblem(place, index, text, `a second ${printable(field)} of ${symbol}`)]);
    columns.push({ index, symbol });
  }
  const adjusted = column === undefined ? there.find((name) => columnKinds([name])[0] === 'adjusted') : undefined;
  const notes = adjusted === undefined ? [] : [`took ${quoted(field)}; ${quoted(adjusted)} is there: --column ${quoted(adjusted)}`];
  return right({ columns, notes });
}

/**
 * Turns the price files that people have into a market path: wide (a column per symbol), long (a row per symbol and time), and OHLCV (one
 * symbol, several prices a row). Invariant: nothing is guessed: a gap, a second price, an ambiguous date or column is an error until
 * somebody states the choice, and every price that is not taken as it stands is counted.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { excerpt, type Problem } from '../codec/problem';
import { type Decimal, FRACTION_DIGITS, MAGNITUDE_LIMIT } from '../decimal/decimal';
import { SYMBOLS_MAX } from '../limits';
import { cellProblem, type CsvRow, type CsvTable, PROBLEMS_MAX, rowProblem, widthProblem } from './csv-table';
import { type ImportForm, type ImportLayout, importLayout, type StatedLayout } from './import-layout';
import { compareImportTimes, type DateOrder, type ImportTime, parseImportTime, withinBounds } from './import-time';
import type { MarketPath, MarketStep } from './market-path';
import { normalSymbol, SYMBOL_LEGAL } from './symbol';

/** What to do with a step in which a symbol has no price: refuse, leave the step out, or carry the last price forward. */
export const MISSING_CHOICES = ['error', 'drop', 'fill'] as const;
export type MissingChoice = (typeof MISSING_CHOICES)[number];

export interface ImportOptions extends StatedLayout {
  /** Only these, in this order. */
  readonly symbols?: readonly string[] | undefined;
  readonly missing?: MissingChoice | undefined;
  readonly dateOrder?: DateOrder | undefined;
  /** First and last day or instant, both included. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface ImportReport {
  readonly form: ImportForm;
  /** Data rows of the file. */
  readonly rows: number;
  readonly steps: number;
  /** Prices that had more than 8 decimals. */
  readonly rounded: number;
  /** Steps left out because a symbol had no price. */
  readonly dropped: number;
  /** Prices carried forward. */
  readonly filled: number;
}

export interface Imported {
  readonly path: MarketPath;
  readonly report: ImportReport;
}

interface Bounds {
  readonly from: ImportTime | undefined;
  readonly to: ImportTime | undefined;
}

interface Draft {
  readonly time: ImportTime | undefined;
  /** The first row of this time, which messages name. */
  readonly row: CsvRow;
  /** By the number of the symbol; a hole is a gap. */
  readonly prices: (Decimal | undefined)[];
  readonly lines: (number | undefined)[];
}

interface Collected {
  /** Symbols by number. */
  readonly symbols: readonly string[];
  readonly drafts: readonly Draft[];
  readonly rounded: number;
}

export function importMarket(table: CsvTable, options: ImportOptions = {}): Either<readonly Problem[], Imported> {
  const bounds = boundsOf(options);
  if (isLeft(bounds)) return bounds;
  const wanted = wantedSymbols(options);
  if (isLeft(wanted)) return wanted;
  const layout = importLayout(table.header, options, wanted.right);
  if (isLeft(layout)) return layout;
  if (layout.right.time === undefined && (options.from ?? options.to) !== undefined) {
    return left([rowProblem(table.header, 'no time column to choose dates from')]);
  }
  const collected = collect(table, layout.right, options, bounds.right, wanted.right);
  if (isLeft(collected)) return collected;
  const { symbols, drafts, rounded } = inOrder(collected.right, layout.right, wanted.right);
  const closed = closeGaps(symbols, drafts, options.missing ?? 'error');
  if (isLeft(closed)) return closed;
  const { steps, dropped, filled } = closed.right;
  if (steps.length === 0) return left([rowProblem(table.header, `no step is left of ${String(table.rows.length)} rows`)]);
  const report = { form: layout.right.form, rows: table.rows.length, steps: steps.length, rounded, dropped, filled };
  return right({ path: { symbols, steps }, report });
}

function boundsOf({ from, to, dateOrder }: ImportOptions): Either<readonly Problem[], Bounds> {
  const bounds: { from: ImportTime | undefined; to: ImportTime | undefined } = { from: undefined, to: undefined };
  for (const [name, text] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (text === undefined) continue;
    const time = parseImportTime(text, dateOrder);
    if (isLeft(time)) return left([{ pointer: '', message: `${name}: ${time.left}` }]);
    bounds[name] = time.right;
  }
  return right(bounds);
}

function wantedSymbols(options: ImportOptions): Either<readonly Problem[], readonly string[] | undefined> {
  if (options.symbols === undefined) return right(undefined);
  const symbols: string[] = [];
  for (const text of options.symbols) {
    const symbol = normalSymbol(text);
    if (symbol === undefined) return left([{ pointer: '', message: `symbols: ${excerpt(text)}: expected ${SYMBOL_LEGAL}` }]);
    if (symbols.includes(symbol)) return left([{ pointer: '', message: `symbols: ${symbol} is named twice` }]);
    symbols.push(symbol);
  }
  return symbols.length === 0 ? left([{ pointer: '', message: 'symbols: expected at least one' }]) : right(symbols);
}

// ---- The rows ----

function collect(
  { header, rows }: CsvTable,
  layout: ImportLayout,
  options: ImportOptions,
  bounds: Bounds,
  wanted: readonly string[] | undefined,
): Either<readonly Problem[], Collected> {
  const problems: Problem[] = [];
  const drafts: Draft[] = [];
  const byTime = new Map<string, Draft>();
  const numbers = new Map((wanted ?? layout.prices.map(({ symbol }) => symbol)).map((symbol, number) => [symbol, number]));
  if (layout.form === 'long' && wanted === undefined) numbers.clear();
  let rounded = 0;
  let first: { readonly row: CsvRow; readonly time: ImportTime } | undefined;
  let ordered: { readonly row: CsvRow; readonly order: DateOrder } | undefined;

  for (const row of rows) {
    if (problems.length >= PROBLEMS_MAX) break;
    const width = widthProblem(row, header);
    if (width !== undefined) {
      problems.push(width);
      continue;
    }
    const time = timeOf(row);
    if (isLeft(time)) {
      problems.push(time.left);
      continue;
    }
    if (time.right !== undefined && !withinBounds(time.right, bounds.from, bounds.to)) continue;
    const symbol = layout.symbol === undefined ? undefined : symbolOf(row, layout.symbol);
    if (symbol !== undefined && isLeft(symbol)) {
      problems.push(symbol.left);
      continue;
    }
    if (symbol !== undefined && wanted !== undefined && !wanted.includes(symbol.right)) continue;
    const draft = draftOf(row, time.right);
    for (const column of layout.prices) {
      take(row, draft, symbol === undefined ? column.symbol : symbol.right, column.index);
    }
  }
  if (wanted !== undefined && problems.length === 0) {
    for (const [name, number] of numbers) {
      if (!drafts.some((draft) => draft.prices[number] !== undefined))
        problems.push(rowProblem(header, `no price for ${name} in the rows chosen`));
    }
  }
  if (numbers.size > SYMBOLS_MAX) problems.push(rowProblem(header, `more than ${String(SYMBOLS_MAX)} symbols`));
  return problems.length > 0 ? left(problems) : right({ symbols: [...numbers.keys()], drafts, rounded });

  function timeOf(row: CsvRow): Either<Problem, ImportTime | undefined> {
    if (layout.time === undefined) return right(undefined);
    const wrong = (message: string): Either<Problem, never> =>
      left(cellProblem(row, layout.time ?? 0, header.cells[layout.time ?? 0] ?? '', message));
    const time = parseImportTime(row.cells[layout.time] ?? '', options.dateOrder);
    if (isLeft(time)) return wrong(time.left);
    const { order, precision } = time.right;
    if (order !== undefined) {
      ordered ??= { row, order };
      if (ordered.order !== order)
        return wrong(
          `${excerpt(row.cells[layout.time])}: in the order ${order}, but line ${String(ordered.row.line)} is in ${ordered.order}`,
        );
    }
    first ??= { row, time: time.right };
    if (first.time.precision !== precision)
      return wrong(`a ${precision}, but line ${String(first.row.line)} has a ${first.time.precision}`);
    return time;
  }

  function draftOf(row: CsvRow, time: ImportTime | undefined): Draft {
    const known = time === undefined ? undefined : byTime.get(time.text);
    if (known !== undefined) return known;
    const draft: Draft = { time, row, prices: [], lines: [] };
    if (time !== undefined) byTime.set(time.text, draft);
    drafts.push(draft);
    return draft;
  }

  function take(row: CsvRow, draft: Draft, symbol: string, index: number): void {
    let number = numbers.get(symbol);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(symbol, number);
    }
    const wrong = (message: string): void => {
      if (problems.length < PROBLEMS_MAX) problems.push(cellProblem(row, index, header.cells[index] ?? '', message));
    };
    const before = draft.lines[number];
    if (before !== undefined) {
      wrong(`a second price for ${symbol} at ${draft.time?.text ?? 'this row'}; the first is on line ${String(before)}`);
      return;
    }
    draft.lines[number] = row.line;
    const cell = row.cells[index] ?? '';
    if (cell.trim() === '') return;
    const price = priceOf(cell);
    if (isLeft(price)) {
      wrong(`${excerpt(cell)}: ${price.left}`);
      return;
    }
    draft.prices[number] = price.right.price;
    if (price.right.rounded) rounded += 1;
  }

  function symbolOf(row: CsvRow, index: number): Either<Problem, string> {
    const cell = row.cells[index] ?? '';
    const symbol = normalSymbol(cell);
    return symbol === undefined
      ? left(cellProblem(row, index, header.cells[index] ?? '', `${excerpt(cell)}: expected ${SYMBOL_LEGAL}`))
      : right(symbol);
  }
}

const PRICE = /^0*([0-9]*)(?:\.([0-9]*))?$/;

/** A price of any number of decimals, rounded half-even to 8. */
function priceOf(cell: string): Either<string, { readonly price: Decimal; readonly rounded: boolean }> {
  const text = cell.trim();
  const match = PRICE.exec(text);
  if (match === null || !/[0-9]/.test(text)) return left('expected a positive price in plain decimals such as 99.86');
  const [, integer = '', fraction = ''] = match;
  if (integer.length > 18) return left('a magnitude of 10^18 or more');
  let price = BigInt(integer + fraction.slice(0, FRACTION_DIGITS).padEnd(FRACTION_DIGITS, '0'));
  const rest = fraction.slice(FRACTION_DIGITS).replace(/0+$/, '');
  const half = rest === '5' ? (price & 1n) === 1n : rest >= '5';
  if (half) price += 1n;
  if (price >= MAGNITUDE_LIMIT) return left('a magnitude of 10^18 or more');
  if (price === 0n) return left('a price must be more than 0');
  return right({ price, rounded: rest !== '' });
}

// ---- Order and gaps ----

/** Steps by time. Symbols as asked for, as the columns of a wide file stand, and by name for a long one, whose rows have no order. */
function inOrder({ symbols, drafts, rounded }: Collected, layout: ImportLayout, wanted: readonly string[] | undefined): Collected {
  const sorted = [...drafts].sort((a, b) => (a.time === undefined || b.time === undefined ? 0 : compareImportTimes(a.time, b.time)));
  if (wanted !== undefined || layout.form !== 'long') return { symbols, drafts: sorted, rounded };
  const order = symbols.map((symbol, number) => ({ symbol, number })).sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  const reordered = sorted.map((draft) => ({ ...draft, prices: order.map(({ number }) => draft.prices[number]) }));
  return { symbols: order.map(({ symbol }) => symbol), drafts: reordered, rounded };
}

interface Closed {
  readonly steps: readonly MarketStep[];
  readonly dropped: number;
  readonly filled: number;
}

function closeGaps(symbols: readonly string[], drafts: readonly Draft[], missing: MissingChoice): Either<readonly Problem[], Closed> {
  const steps: MarketStep[] = [];
  const last: (Decimal | undefined)[] = [];
  let [dropped, filled, gaps] = [0, 0, 0];
  let firstGap: Problem | undefined;
  for (const draft of drafts) {
    const prices: Decimal[] = [];
    let filledHere = 0;
    symbols.forEach((symbol, number) => {
      const own = draft.prices[number];
      last[number] = own ?? last[number];
      const price = missing === 'fill' ? last[number] : own;
      if (price !== undefined) prices.push(price);
      if (price !== undefined && own === undefined) filledHere += 1;
      if (own === undefined) {
        gaps += 1;
        firstGap ??= rowProblem(draft.row, `no price for ${symbol}${draft.time === undefined ? '' : ` at ${draft.time.text}`}`);
      }
    });
    if (prices.length < symbols.length) {
      dropped += 1;
      continue;
    }
    filled += filledHere;
    steps.push({ prices, time: draft.time?.text });
  }
  if (missing !== 'error' || firstGap === undefined) return right({ steps, dropped, filled });
  const more = gaps === 1 ? '' : ` (and ${String(gaps - 1)} more gaps)`;
  return left([
    {
      ...firstGap,
      message: `${firstGap.message}${more}; state missing: drop (leave such steps out) or fill (carry the last price forward)`,
    },
  ]);
}

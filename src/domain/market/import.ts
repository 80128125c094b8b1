/**
 * Turns the rows of a price file into prices by time and symbol. Invariant: nothing is guessed: a second price, an ambiguous date or column is
 * an error until somebody states the choice, and every price that is not taken as it stands is counted.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { printable, quoted } from '../codec/printable';
import type { Problem } from '../codec/problem';
import { SYMBOLS_MAX } from '../limits';
import { columnName } from './column-stated';
import { cellProblem, type CsvRow, PROBLEMS_MAX, rowProblem } from './csv-table';
import { isBlank } from './import-dialect';
import { isNoValue, parsePrice } from './import-number';
import { type ImportOptions, type ImportPlan, timeTextOf } from './import-plan';
import { addRecord, makeRun, type RecordRun, RUN_RECORDS } from './import-records';
import { chosenAmong } from './import-rename';
import type { StepCounts, StepRules } from './import-steps';
import { type DateOrder, type ImportTime, parseImportTime, type TimeShape, withinBounds } from './import-time';
import { normalSymbol, SYMBOL_LEGAL } from './symbol';

export interface RowCounts {
  /** Data rows of the file. */
  readonly rows: number;
  /** Rows in which no cell holds anything. */
  readonly blank: number;
  /** Prices that had more than 8 decimals. */
  readonly rounded: number;
  /** Prices of 0 or less that were left out, as was stated. */
  readonly notPositive: number;
  /** Clocks without an offset. */
  readonly naive: number;
  /** Whether rows stand in another order than that of time. */
  readonly sorted: boolean;
  readonly shapes: readonly TimeShape[];
}

export type ImportCounts = RowCounts & StepCounts;

interface ImportedRows {
  readonly counts: RowCounts;
  /** What was chosen among the symbols of a long file. */
  readonly notes: readonly string[];
  readonly steps: StepRules;
}

export interface RowImporter {
  /** Takes the prices of a row into `run`. False when there are too many mistakes to go on. */
  readonly add: (row: CsvRow) => boolean;
  /** The prices since the last `reset`. */
  readonly run: RecordRun;
  /** Whether `run` has no room for another row. */
  readonly full: () => boolean;
  readonly reset: () => void;
  readonly end: () => Either<readonly Problem[], ImportedRows>;
}

export function makeRowImporter(plan: ImportPlan, options: ImportOptions): Either<readonly Problem[], RowImporter> {
  const { layout, mark, rules, wanted, renames } = plan;
  const { names, time: timeColumns } = layout;
  const bounds = boundsOf(options, plan);
  if (isLeft(bounds)) return bounds;
  const { from, to } = bounds.right;
  const place = plan.dialect.header[0] ?? plan.dialect.rows[0] ?? { line: 1, cells: [] };
  if (timeColumns === undefined && (from ?? to) !== undefined) return left([rowProblem(place, 'no time column to choose dates from')]);

  const wantedSet = wanted === undefined ? undefined : new Set(wanted);
  const known = layout.form === 'long' ? (wanted ?? []) : layout.prices.map(({ symbol }) => symbol);
  const numbers = new Map(known.map((symbol, number) => [symbol, number]));
  const priced = new Set<number>();
  const problems: Problem[] = [];
  const shapes = new Set<TimeShape>();
  const run = makeRun(RUN_RECORDS);
  let [rows, blank, rounded, notPositive, naive] = [0, 0, 0, 0, 0];
  let chosenRows = 0;
  let sorted = false;
  let first: { readonly line: number; readonly time: ImportTime } | undefined;
  let ordered: { readonly line: number; readonly order: DateOrder } | undefined;
  let before: ImportTime | undefined;

  function wrong(problem: Problem): void {
    if (problems.length < PROBLEMS_MAX) problems.push(problem);
  }

  function add(row: CsvRow): boolean {
    if (isBlank(row)) {
      blank += 1;
      return true;
    }
    rows += 1;
    const width = widthProblem(row, names.length);
    if (width !== undefined) wrong(width);
    else addPrices(row);
    return problems.length < PROBLEMS_MAX;
  }

  function addPrices(row: CsvRow): void {
    const time = timeOf(row);
    if (time !== undefined && isLeft(time)) {
      wrong(time.left);
      return;
    }
    if (time !== undefined && !withinBounds(time.right, from, to)) return;
    let symbol = '';
    if (layout.symbol !== undefined) {
      const found = symbolOf(row, layout.symbol);
      if (isLeft(found)) {
        wrong(found.left);
        return;
      }
      symbol = found.right;
      if (wantedSet !== undefined && !wantedSet.has(symbol)) return;
    }
    if (time !== undefined) {
      sorted ||= before !== undefined && (time.right.seconds - before.seconds || time.right.nanos - before.nanos) < 0;
      before = time.right;
    }
    chosenRows += 1;
    for (const column of layout.prices) {
      take(row, time?.right, layout.symbol === undefined ? column.symbol : symbol, column.index);
    }
  }

  function take(row: CsvRow, time: ImportTime | undefined, symbol: string, index: number): void {
    let number = numbers.get(symbol);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(symbol, number);
      if (number === SYMBOLS_MAX) wrong(rowProblem(row, `more than ${String(SYMBOLS_MAX)} symbols`));
    }
    const cell = row.cells[index] ?? '';
    let price = 0n;
    if (!isNoValue(cell)) {
      const read = parsePrice(cell, mark);
      if (!isLeft(read)) {
        ({ price } = read.right);
        if (read.right.rounded) rounded += 1;
        priced.add(number);
      } else if (read.left._tag === 'NotPositive' && (options.missing === 'drop' || options.missing === 'fill')) {
        notPositive += 1;
      } else {
        const advice =
          read.left._tag === 'NotPositive' ? '; --missing drop leaves such steps out, fill carries the last price forward' : '';
        wrong(cellProblem(row, index, names[index] ?? '', `${quoted(cell)}: ${read.left.message}${advice}`));
        return;
      }
    }
    addRecord(run, time?.seconds ?? rows, time?.nanos ?? 0, number, row.line, price);
  }

  /** `undefined` in a file without times. */
  function timeOf(row: CsvRow): Either<Problem, ImportTime> | undefined {
    if (timeColumns === undefined) return undefined;
    const [index = 0] = timeColumns.indices;
    const text = timeTextOf(row, timeColumns.indices);
    const time = parseImportTime(text, rules);
    const mistake = (message: string): Either<Problem, never> => left(cellProblem(row, index, names[index] ?? '', message));
    if (isLeft(time)) return mistake(time.left);
    const { order, precision, shape } = time.right;
    if (order !== undefined) {
      ordered ??= { line: row.line, order };
      if (ordered.order !== order)
        return mistake(`${quoted(text)}: in the order ${order}, but line ${String(ordered.line)} is in ${ordered.order}`);
    }
    first ??= { line: row.line, time: time.right };
    if (first.time.precision !== precision) return mistake(`a ${precision}, but line ${String(first.line)} has a ${first.time.precision}`);
    if (time.right.naive) naive += 1;
    shapes.add(shape);
    return time;
  }

  function symbolOf(row: CsvRow, index: number): Either<Problem, string> {
    const cell = row.cells[index] ?? '';
    const symbol = normalSymbol(renames.nameOf(cell));
    if (symbol !== undefined) return right(symbol);
    const advice = cell.trim() === '' ? '' : `; --rename ${quoted(`${cell.trim()}=NAME`)} gives it one`;
    return left(cellProblem(row, index, names[index] ?? '', `${quoted(cell)}: expected ${SYMBOL_LEGAL}${advice}`));
  }

  /** No step could have a price of such a symbol, so there would be none. */
  function nothingPriced(unpriced: readonly string[]): string {
    const others = [...numbers.keys()].filter((symbol) => !unpriced.includes(symbol));
    if (others.length > 0) return `no price for ${unpriced.join(', ')} in the rows chosen; leave out with --symbols ${others.join(',')}`;
    const columns = layout.prices.map(({ index }) => columnName(names, index)).join(', ');
    return `no price in ${columns} in the rows chosen; --column names another: the columns are ${names.map((name) => printable(name.trim())).join(', ')}`;
  }

  function end(): ReturnType<RowImporter['end']> {
    if (problems.length > 0) return left(problems);
    const unpriced = [...numbers].flatMap(([symbol, number]) => (priced.has(number) ? [] : [symbol]));
    // Of what was chosen: dates may leave no row.
    if (chosenRows > 0 && unpriced.length > 0) return left([rowProblem(place, nothingPriced(unpriced))]);
    const [unused] = renames.unused();
    if (unused !== undefined) return left([{ pointer: '', message: `--rename ${quoted(unused)}: the file has no such symbol` }]);
    const all = [...numbers].map(([symbol, number]) => ({ symbol, number }));
    // Rows of a long file have no order of symbols.
    if (layout.form === 'long' && wanted === undefined) all.sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
    const chosen = chosenAmong(
      all.map(({ symbol }) => symbol),
      layout.form === 'long' && wanted === undefined ? options.symbol : undefined,
    );
    const symbols = all.flatMap(({ symbol, number }) =>
      chosen.kept.includes(symbol) ? [{ symbol: chosen.called ?? symbol, number }] : [],
    );
    const columnOf = (symbol: string): string => {
      const index = (layout.prices.find((price) => price.symbol === symbol) ?? layout.prices[0])?.index ?? 0;
      const name = (names[index] ?? '').trim();
      return `column ${String(index + 1)}${name === '' ? '' : ` (${printable(name)})`}`;
    };
    return right({
      counts: { rows, blank, rounded, notPositive, naive, sorted, shapes: [...shapes] },
      notes: chosen.notes,
      steps: {
        symbols,
        missing: options.missing,
        duplicates: options.duplicates ?? 'error',
        precision: timeColumns === undefined ? undefined : (first?.time.precision ?? 'date'),
        columnOf,
      },
    });
  }

  return right({
    add,
    run,
    full: () => run.length + layout.prices.length > RUN_RECORDS,
    reset: () => {
      run.length = 0;
    },
    end,
  });
}

/** What a separator at the end of a line leaves is no cell. */
function widthProblem(row: CsvRow, expected: number): Problem | undefined {
  const { cells } = row;
  if (cells.length === expected) return undefined;
  const extra = cells.slice(expected).every((cell) => cell.trim() === '');
  if (cells.length > expected && extra) return undefined;
  return rowProblem(row, `${String(cells.length)} cells where the header has ${String(expected)}`);
}

interface Bounds {
  readonly from: ImportTime | undefined;
  readonly to: ImportTime | undefined;
}

/** Bounds are written as the file writes its times, or as ISO 8601. */
function boundsOf({ from, to }: ImportOptions, { rules }: ImportPlan): Either<readonly Problem[], Bounds> {
  const bounds: { from: ImportTime | undefined; to: ImportTime | undefined } = { from: undefined, to: undefined };
  for (const [name, text] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (text === undefined) continue;
    const iso = parseImportTime(text, { zone: rules.zone, zones: rules.zones, order: rules.order });
    const time = isLeft(iso) && rules.format !== undefined ? parseImportTime(text, rules) : iso;
    if (isLeft(time)) return left([{ pointer: '', message: `--${name} ${time.left}` }]);
    bounds[name] = time.right;
  }
  return right(bounds);
}

/**
 * How a price file is read: what was stated, what its first rows tell, and what was chosen in between, said in words. Invariant: nothing is
 * chosen that its rows leave open and that would change a price, a day or a symbol.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { quoted } from '../codec/printable';
import type { Problem } from '../codec/problem';
import { columnLanguage, plainName } from './column-kinds';
import { columnName } from './column-stated';
import { type CsvRow, rowProblem } from './csv-table';
import { type Dialect, delimiterName, type SplitRows, type StatedDialect, detectDialect } from './import-dialect';
import { type ImportForm, type ImportLayout, importLayout, type StatedLayout } from './import-layout';
import { type DecimalMark, markEvidence } from './import-number';
import { makeRenames, type Renames } from './import-rename';
import type { DuplicateChoice, MissingChoice } from './import-steps';
import { type DateOrder, parseImportTime, timeFormat, type TimeRules } from './import-time';
import { joinedTime } from './import-time-columns';
import { NO_ZONES, type Zone, type ZoneLookup, zoneNamed } from './import-zone';
import { normalSymbol, SYMBOL_LEGAL } from './symbol';

export interface ImportOptions extends StatedDialect, StatedLayout {
  readonly decimal?: DecimalMark | undefined;
  readonly dateFormat?: string | undefined;
  /** Of clocks without an offset: `+05:30` or `Europe/Berlin`. UTC when not stated. */
  readonly zone?: string | undefined;
  /** Only these, in this order. */
  readonly symbols?: readonly string[] | undefined;
  readonly renames?: readonly string[] | undefined;
  readonly missing?: MissingChoice | undefined;
  readonly duplicates?: DuplicateChoice | undefined;
  /** First and last day or instant, both included. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** The first rows of a file. */
export interface Sample {
  /** Whole lines. */
  readonly text: string;
  /** Whether that is the whole file. */
  readonly ended: boolean;
}

export interface ImportPlan {
  readonly dialect: Dialect;
  readonly layout: ImportLayout;
  readonly mark: DecimalMark;
  readonly rules: TimeRules;
  readonly wanted: readonly string[] | undefined;
  readonly renames: Renames;
  /** What was chosen without being stated, and why. */
  readonly notes: readonly string[];
  /** The order of day and month is open: more rows may tell it. */
  readonly undecided: boolean;
}

export function planImport(
  sample: Sample,
  split: SplitRows,
  options: ImportOptions,
  zones: ZoneLookup = NO_ZONES,
): Either<readonly Problem[], ImportPlan> {
  const stated = statedRules(options, zones);
  if (isLeft(stated)) return stated;
  const wanted = wantedSymbols(options);
  if (isLeft(wanted)) return wanted;
  const renames = makeRenames(options.renames ?? []);
  if (isLeft(renames)) return renames;
  const dialect = detectDialect(sample.text, split, options, stated.right);
  if (isLeft(dialect)) return dialect;
  const layout = importLayout(dialect.right, options, wanted.right, renames.right, stated.right);
  if (isLeft(layout)) return layout;
  const mark = decimalMark(dialect.right, layout.right, options.decimal);
  if (isLeft(mark)) return mark;
  const order = dateOrder(dialect.right, layout.right, mark.right, stated.right);
  const zone = headerZone(layout.right, stated.right);
  const notes = [...layout.right.notes, ...skippedNotes(dialect.right, options), ...order.notes, ...zone.notes];
  return right({
    dialect: dialect.right,
    layout: layout.right,
    mark: mark.right,
    rules: { ...stated.right, order: stated.right.order ?? order.order, zone: stated.right.zone ?? zone.zone },
    wanted: wanted.right,
    renames: renames.right,
    notes,
    undecided: order.undecided,
  });
}

/** How the file was read, for people and programs. */
export interface DialectReport {
  readonly delimiter: string;
  readonly decimal: DecimalMark;
  readonly header_lines: number;
  readonly skipped_lines: number;
  readonly form: ImportForm;
  readonly time_columns: readonly string[];
  readonly date_order: DateOrder | null;
  readonly zone: string | null;
  readonly symbol_column: string | null;
  readonly price_columns: readonly string[];
}

export function dialectReport({ dialect, layout, mark, rules }: ImportPlan): DialectReport {
  const name = (index: number): string => (layout.names[index] ?? '').trim() || String(index + 1);
  const stated = rules.format?._tag === 'Order' && rules.format.order !== 'ymd' ? rules.format.order : undefined;
  return {
    delimiter: dialect.delimiter,
    decimal: mark,
    header_lines: dialect.header.length,
    skipped_lines: dialect.skipLines,
    form: layout.form,
    time_columns: layout.time?.indices.map(name) ?? [],
    date_order: stated ?? rules.order ?? null,
    zone: rules.zone?.name ?? null,
    symbol_column: layout.symbol === undefined ? null : name(layout.symbol),
    price_columns: layout.prices.map(({ index }) => name(index)),
  };
}

/** The same in words, a line each. */
export function dialectText({ dialect, layout, mark, rules }: ImportPlan): readonly string[] {
  const { delimiter, skipLines, header } = dialect;
  const headerText = header.length === 0 ? 'no header line' : `${String(header.length)} header ${header.length === 1 ? 'line' : 'lines'}`;
  const skippedText = skipLines === 0 ? '' : ` after ${String(skipLines)} skipped`;
  const columns = (indices: readonly number[], between: string): string =>
    indices.map((index) => columnName(layout.names, index)).join(between);
  const time = layout.time === undefined ? 'no times' : `time from ${columns(layout.time.indices, ' and ')}`;
  const order = rules.order === undefined ? '' : `, ${rules.order === 'dmy' ? 'day before month' : 'month before day'}`;
  const zone = rules.zone === undefined ? '' : `, zone ${rules.zone.name}`;
  const symbol = layout.symbol === undefined ? '' : `; symbol from ${columnName(layout.names, layout.symbol)}`;
  const shown = layout.prices.slice(0, 5).map(({ index }) => index);
  const more = layout.prices.length > shown.length ? ` and ${String(layout.prices.length - shown.length)} more` : '';
  return [
    `cells separated by ${delimiterName(delimiter)}, decimal mark "${mark}", ${headerText}${skippedText}`,
    `${layout.form} form: ${time}${order}${zone}${symbol}; ${layout.prices.length === 1 ? 'price' : 'prices'} from ${columns(shown, ', ')}${more}`,
  ];
}

// ---- What was stated ----

function statedRules({ dateFormat, zone }: ImportOptions, zones: ZoneLookup): Either<readonly Problem[], TimeRules> {
  const format = dateFormat === undefined ? undefined : timeFormat(dateFormat);
  if (format !== undefined && isLeft(format)) return left([{ pointer: '', message: `--date-format ${format.left}` }]);
  const named = zone === undefined ? undefined : zoneNamed(zone.trim(), zones);
  if (zone !== undefined && named === undefined) {
    return left([
      { pointer: '', message: `--zone ${quoted(zone)}: expected an offset from UTC such as +05:30, or a zone such as Europe/Berlin` },
    ]);
  }
  const order = format?.right._tag === 'Order' && format.right.order !== 'ymd' ? format.right.order : undefined;
  return right({
    zones,
    ...(format === undefined ? {} : { format: format.right }),
    ...(order === undefined ? {} : { order }),
    ...(named === undefined ? {} : { zone: named }),
  });
}

function wantedSymbols({ symbols: stated }: ImportOptions): Either<readonly Problem[], readonly string[] | undefined> {
  if (stated === undefined) return right(undefined);
  const symbols: string[] = [];
  for (const text of stated) {
    const symbol = normalSymbol(text);
    if (symbol === undefined) return left([{ pointer: '', message: `--symbols ${quoted(text)}: expected ${SYMBOL_LEGAL}` }]);
    if (symbols.includes(symbol)) return left([{ pointer: '', message: `--symbols ${symbol} is named twice` }]);
    symbols.push(symbol);
  }
  return symbols.length === 0 ? left([{ pointer: '', message: '--symbols: expected at least one' }]) : right(symbols);
}

function skippedNotes({ skipLines, header }: Dialect, { skipLines: stated }: ImportOptions): readonly string[] {
  const more = skipLines - (stated ?? 0);
  const before = header.length === 0 ? 'the first row' : 'the header';
  return more <= 0 ? [] : [`skipped ${String(more)} ${more === 1 ? 'line' : 'lines'} before ${before}`];
}

// ---- What the rows tell ----

interface MarkSeen {
  readonly row: CsvRow;
  readonly cell: string;
}

function decimalMark(
  { rows, header, delimiter }: Dialect,
  layout: ImportLayout,
  stated: DecimalMark | undefined,
): Either<readonly Problem[], DecimalMark> {
  if (stated !== undefined) return right(stated);
  const isPrice = new Set(layout.prices.map(({ index }) => index));
  const isTime = new Set(layout.time?.indices ?? []);
  const sure = new Map<DecimalMark, MarkSeen>();
  const open = new Map<DecimalMark, MarkSeen>();
  for (const row of rows) {
    for (let index = 0; index < row.cells.length; index += 1) {
      if (isTime.has(index) || index === layout.symbol) continue;
      const cell = row.cells[index] ?? '';
      const evidence = markEvidence(cell);
      if (evidence === undefined || (!evidence.sure && !isPrice.has(index))) continue;
      const seen = evidence.sure ? sure : open;
      if (!seen.has(evidence.mark)) seen.set(evidence.mark, { row, cell });
    }
  }
  const [point, comma] = [sure.get('.'), sure.get(',')];
  if (point !== undefined && comma !== undefined) {
    const message = `the decimal mark is "," in ${quoted(comma.cell.trim())} (line ${String(comma.row.line)}) and "." in ${quoted(point.cell.trim())} (line ${String(point.row.line)}); say --decimal`;
    return left([rowProblem(comma.row, message)]);
  }
  if (point !== undefined) return right('.');
  if (comma !== undefined) return right(',');
  const grouped = open.get(',');
  // Where cells end at a semicolon, or the header is German, a point is more often one of thousands than not.
  const continental = delimiter === ';' || language(header) !== undefined;
  const doubted = grouped ?? (continental ? open.get('.') : undefined);
  if (doubted === undefined) return right('.');
  const cell = doubted.cell.trim();
  return left([
    rowProblem(doubted.row, `${quoted(cell)}: the mark could be one of decimals or of thousands; say --decimal . or --decimal ,`),
  ]);
}

function language(header: readonly CsvRow[]): string | undefined {
  return header.flatMap(({ cells }) => cells.map(columnLanguage)).find((found) => found !== undefined);
}

const LANGUAGES: Readonly<Record<string, string>> = {
  de: 'German',
  fr: 'French',
  es: 'Spanish',
  it: 'Italian',
  nl: 'Dutch',
  pt: 'Portuguese',
  pl: 'Polish',
};

interface DetectedOrder {
  readonly order: DateOrder | undefined;
  readonly notes: readonly string[];
  readonly undecided: boolean;
}

/** Rows first; then who wrote the file: some venues and some languages have one order only. */
function dateOrder({ rows, header }: Dialect, layout: ImportLayout, mark: DecimalMark, rules: TimeRules): DetectedOrder {
  const detected = (order: DateOrder | undefined, why?: string): DetectedOrder => ({
    order,
    notes:
      why === undefined || order === undefined ? [] : [`dates are ${order === 'dmy' ? 'day before month' : 'month before day'}: ${why}`],
    undecided: false,
  });
  if (layout.time === undefined || rules.format !== undefined) return detected(undefined);
  const seen = new Map<DateOrder, CsvRow>();
  let open = false;
  for (const row of rows) {
    const text = timeTextOf(row, layout.time.indices);
    const time = parseImportTime(text, rules);
    if (isLeft(time)) open ||= time.left.includes('could mean two days');
    else if (time.right.order !== undefined && !seen.has(time.right.order)) seen.set(time.right.order, row);
  }
  const [only, second] = [...seen];
  // Two orders in one file: the rows tell it, in their place.
  if (second !== undefined) return detected(undefined);
  if (only !== undefined) return detected(only[0], `line ${String(only[1].line)} can mean nothing else`);
  if (!open) return detected(undefined);
  const plain = header.flatMap(({ cells }) => cells.map(plainName));
  if (plain.includes('closelast')) return detected('mdy', "a header with Close/Last is Nasdaq's");
  if (plain.includes('gmttime') || plain.includes('localtime')) return detected('dmy', 'the header is that of Dukascopy');
  const spoken = language(header);
  if (spoken !== undefined) return detected('dmy', `the header is ${LANGUAGES[spoken] ?? spoken}`);
  if (mark === ',') return detected('dmy', 'where the decimal mark is a comma, the day comes first');
  return { order: undefined, notes: [], undecided: true };
}

/** `Gmt time`, `Time (UTC)`: the header says whose clock it is. */
function headerZone(
  layout: ImportLayout,
  { zone, zones }: TimeRules,
): { readonly zone: Zone | undefined; readonly notes: readonly string[] } {
  const named = layout.time?.indices.map((index) => plainName(layout.names[index] ?? '')).find((name) => /utc|gmt/.test(name));
  if (named === undefined || zone !== undefined) return { zone: undefined, notes: [] };
  return { zone: zoneNamed('UTC', zones ?? NO_ZONES), notes: [] };
}

/** The time of a row as text: one cell, or a date and a clock. */
export function timeTextOf({ cells }: CsvRow, indices: readonly number[]): string {
  const [first = 0, second] = indices;
  const date = cells[first] ?? '';
  return second === undefined ? date : joinedTime(date, cells[second] ?? '');
}

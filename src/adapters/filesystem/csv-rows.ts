/**
 * Reads CSV (RFC 4180) a batch of rows at a time; csv-parse does the parsing. Invariant: rows come out with the line they start on, and
 * the rows before a mistake come out before it, however the bytes arrive.
 */
import { CsvError, type Options, parse } from 'csv-parse/sync';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Problem } from '../../domain/codec/problem';
import { LINE_BYTES_MAX } from '../../domain/limits';
import type { CsvRow } from '../../domain/market/csv-table';
import { countNewlines } from '../../domain/market/line-splitter';
import { makeTextReader } from '../../domain/episode/text-reader';
import type { MarketInputError } from '../../ports/market-input';
import type { ByteCursor } from '../../ports/run-files';
import { withoutByteOrderMark } from './json-document';

export interface CsvRows {
  /** The next rows; none at the end. An error comes again when asked again. */
  readonly next: () => Promise<Either<MarketInputError, readonly CsvRow[]>>;
  readonly close: () => Promise<void>;
}

export function emptyCsv(source: string): MarketInputError {
  return { _tag: 'InvalidInput', source, problems: [{ pointer: '', message: 'is empty; expected a CSV header line' }] };
}

/** What is not as RFC 4180 has it. */
export interface CsvForm {
  /** One character; a comma when absent. */
  readonly delimiter?: string;
  /** Lines that are no part of the table. */
  readonly skipLines?: number;
  /** Blank lines are rows of one empty cell; without it one between rows is a mistake. */
  readonly blankLines?: boolean;
  /** Spaces between a separator and a quote are no part of a cell. */
  readonly trimBeforeQuote?: boolean;
}

/** `source` names the input in errors. */
export function makeCsvRows(cursor: ByteCursor, source: string, csv: CsvForm = {}): CsvRows {
  const { skipLines = 0, blankLines = false, delimiter = ',' } = csv;
  const reader = makeTextReader(cursor, LINE_BYTES_MAX);
  let failed: MarketInputError | undefined;
  let ended = false;
  let toSkip = skipLines;
  /** Line of the next row to come. */
  let line = skipLines + 1;
  let blankLine: number | undefined;

  function fail(problem: Problem): void {
    failed = { _tag: 'InvalidInput', source, problems: [problem] };
  }

  /** Text of whole rows: a quoted cell may run over several lines, and then the quotes seen so far are odd in number. */
  async function wholeRows(): Promise<string> {
    const parts: string[] = [];
    let chars = 0;
    let openQuote = false;
    do {
      const text = await reader.next();
      if (isLeft(text)) {
        if (text.left._tag === 'Store') failed = text.left.error;
        else fail({ pointer: '', ...text.left.error });
        // What stands before it still has its rows; an unfinished one would hide the error.
        return openQuote ? '' : parts.join('');
      }
      ended = text.right === '';
      const kept = withoutSkipped(text.right);
      parts.push(kept);
      chars += kept.length;
      if (oddQuotes(kept)) openQuote = !openQuote;
      // A row that is too long is left to the parser, which says so.
    } while (openQuote && !ended && chars <= LINE_BYTES_MAX);
    const text = parts.join('');
    return line === 1 ? withoutByteOrderMark(text) : text;
  }

  function withoutSkipped(text: string): string {
    let at = 0;
    while (toSkip > 0 && at < text.length) {
      at = nextLine(text, at);
      toSkip -= 1;
    }
    return at === 0 ? text : text.slice(at);
  }

  function parseRows(text: string): readonly CsvRow[] {
    const quoted = text.includes('"');
    const rows: CsvRow[] = [];
    let at = 0;
    const onRecord = (cells: readonly string[]): null => {
      if (failed !== undefined) return null;
      const start = at;
      const startLine = line;
      // Counted from the cells and not by the parser, which takes a CR LF inside quotes for two lines.
      let lines = 1;
      if (quoted) for (const cell of cells) lines += countNewlines(cell);
      if (quoted) for (let k = 0; k < lines; k += 1) at = nextLine(text, at);
      line += lines;
      if (!blankLines && cells.length === 1 && cells[0]?.trim() === '') {
        blankLine ??= startLine;
      } else if (blankLine !== undefined) {
        fail({ pointer: '', message: 'a blank line', line: blankLine });
      } else {
        rows.push({
          line: startLine,
          cells,
          ...(quoted ? { text: text.slice(start, at) } : {}),
          ...(delimiter === ',' ? {} : { delimiter }),
        });
      }
      return null;
    };
    if (!quoted) {
      eachPlainRow(text, delimiter, onRecord);
      return rows;
    }
    try {
      parse(text, { ...parserOptions(csv), on_record: onRecord });
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      if (failed === undefined) fail({ pointer: '', message: CSV_MISTAKES[error.code] ?? 'not CSV', line });
    }
    return rows;
  }

  async function next(): Promise<Either<MarketInputError, readonly CsvRow[]>> {
    while (failed === undefined && !ended) {
      const text = await wholeRows();
      const rows = text === '' ? [] : parseRows(text);
      if (rows.length > 0) return right(rows);
    }
    return failed === undefined ? right([]) : left(failed);
  }

  return { next, close: reader.close };
}

function parserOptions({ delimiter = ',', trimBeforeQuote = false }: CsvForm): Options {
  return {
    delimiter,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    max_record_size: LINE_BYTES_MAX,
    ltrim: trimBeforeQuote,
  };
}

/** Rows of a text that is at hand, up to the first mistake. */
export function splitCsv(text: string, csv: CsvForm & { readonly firstLine: number }): readonly CsvRow[] {
  const { delimiter = ',' } = csv;
  const rows: CsvRow[] = [];
  let line = csv.firstLine;
  const onRecord = (cells: readonly string[]): null => {
    rows.push(delimiter === ',' ? { line, cells } : { line, cells, delimiter });
    line += 1;
    for (const cell of cells) line += countNewlines(cell);
    return null;
  };
  try {
    parse(text, { ...parserOptions(csv), on_record: onRecord });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
  }
  return rows;
}

const CSV_MISTAKES: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quoted cell that does not end',
  CSV_INVALID_CLOSING_QUOTE: 'text after the closing quote of a cell; a quote inside a quoted cell is written twice',
  INVALID_OPENING_QUOTE: 'a quote inside a cell that does not start with one; quote the whole cell and write the inner quote twice',
  CSV_MAX_RECORD_SIZE: `a row longer than ${String(LINE_BYTES_MAX)} bytes`,
};

const CARRIAGE_RETURN = 13;

/** The rows of text without a quote, where every separator and every newline counts: in a tenth of the time that a parser takes. */
function eachPlainRow(text: string, delimiter: string, onRecord: (cells: readonly string[]) => void): void {
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const end = newline === -1 ? text.length : newline;
    const cut = newline > at && text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end;
    onRecord(text.slice(at, cut).split(delimiter));
    at = end + 1;
  }
}

function oddQuotes(text: string): boolean {
  let odd = false;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

function nextLine(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline === -1 ? text.length : newline + 1;
}

/**
 * A market file (`.json`, `.jsonl`, `.csv`, or stdin) as the text of its normal form. Invariant: the same content gives the same text
 * whatever the form, and the steps before a mistake come out before it, wherever the chunks of the file end.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { isRecord } from '../../domain/codec/codec';
import { printable } from '../../domain/codec/printable';
import { excerpt, type Problem, problemsOf } from '../../domain/codec/problem';
import { LINE_BYTES_MAX } from '../../domain/limits';
import { rawColumns } from '../../domain/market/column-kinds';
import { cellProblem, findColumn, PROBLEMS_MAX, rowProblem } from '../../domain/market/csv-table';
import { makeMarketForm, makeScannedStep, type MarketForm, type ScannedStep } from '../../domain/market/market-form';
import { otherKind } from '../../domain/codec/document-kind';
import { decodeMarketHeader, decodeNestedStep, marketPathCodec } from '../../domain/market/market-path';
import { makeTimeOrder } from '../../domain/market/time-order';
import { decodeWideHeader, decodeWideRow, type WideHeader } from '../../domain/market/wide-table';
import { makeTextReader } from '../../domain/episode/text-reader';
import type { MarketInput, MarketInputError } from '../../ports/market-input';
import type { ByteCursor } from '../../ports/run-files';
import { makeMarketDocument } from '../in-process/market-document';
import { openBytes, readAhead, type Sources, sourceName, unread } from './byte-source';
import { emptyCsv, makeCsvRows } from './csv-rows';
import { parseJsonText, readJsonCursor, withoutByteOrderMark } from './json-document';

type Result<A> = Either<MarketInputError, A>;

/** One form of market file, once its bytes are open. */
interface FormReader {
  readonly open: () => Promise<Result<readonly string[]>>;
  readonly read: () => Promise<Result<string>>;
}

/** Nothing is opened before `open`. A name with another ending, or `-`, is told apart by its first line. */
export function openMarketFile(path: string, sources: Sources = {}): MarketInput {
  const source = sourceName(path);
  let cursor: ByteCursor | undefined;
  let reader: FormReader | undefined;

  async function open(): Promise<Result<readonly string[]>> {
    const opened = await openBytes(path, sources)();
    if (isLeft(opened)) return opened;
    cursor = opened.right;
    let form = formOfName(path);
    if (form === undefined) {
      const detected = await detectForm(cursor, source);
      if (isLeft(detected)) return detected;
      ({ form, cursor } = detected.right);
    }
    reader = FORMS[form](cursor, source);
    return reader.open();
  }

  return {
    open: () => open,
    read: () => async () => (reader === undefined ? right('') : reader.read()),
    close: async () => {
      await cursor?.close();
    },
  };
}

type Form = 'json' | 'jsonl' | 'csv';

const FORMS: Readonly<Record<Form, (cursor: ByteCursor, source: string) => FormReader>> = {
  json: makeJsonReader,
  jsonl: makeJsonLinesReader,
  csv: makeWideCsvReader,
};

function formOfName(path: string): Form | undefined {
  const ending = /\.(json|jsonl|csv)$/i.exec(path)?.[1]?.toLowerCase();
  return ending === 'json' || ending === 'jsonl' || ending === 'csv' ? ending : undefined;
}

const NEWLINE = 10;

async function detectForm(cursor: ByteCursor, source: string): Promise<Result<{ readonly form: Form; readonly cursor: ByteCursor }>> {
  const head = await readAhead(cursor, LINE_BYTES_MAX, (chunk) => chunk.includes(NEWLINE));
  if (isLeft(head)) return head;
  if (head.right.bytes.length === 0) {
    return left(invalid(source, [{ pointer: '', message: 'is empty; expected a market in the form of a .jsonl, .json or .csv file' }]));
  }
  const text = new TextDecoder('utf-8').decode(head.right.bytes);
  return right({ form: formOfText(text), cursor: unread(head.right.bytes, cursor) });
}

/** `{"symbols":...}` alone on the first line is the header of a `.jsonl`; with its steps, or over several lines, it is a document. */
function formOfText(text: string): Form {
  if (!/^\s*[{[]/.test(text)) return 'csv';
  const newline = text.indexOf('\n');
  const header = parseJsonText(newline === -1 ? text : text.slice(0, newline));
  if (isLeft(header) || !isRecord(header.right.value)) return 'json';
  return Object.hasOwn(header.right.value, 'symbols') && !Object.hasOwn(header.right.value, 'steps') ? 'jsonl' : 'json';
}

function invalid(source: string, problems: readonly Problem[]): MarketInputError {
  return { _tag: 'InvalidInput', source, problems: problems.slice(0, PROBLEMS_MAX) };
}

// ---- .json ----

function makeJsonReader(cursor: ByteCursor, source: string): FormReader {
  let input: MarketInput | undefined;
  return {
    open: async () => {
      const document = await readJsonCursor(cursor, source);
      if (isLeft(document)) return document;
      const decoded = marketPathCodec.decode(document.right.value);
      if (isLeft(decoded)) {
        const other = otherKind(document.right.value, 'a market path');
        const problems = other === undefined ? problemsOf(decoded.left.slice(0, PROBLEMS_MAX)) : [other];
        return left(invalid(source, document.right.problemsAt(problems)));
      }
      input = makeMarketDocument(decoded.right);
      return input.open()();
    },
    read: async () => (input === undefined ? right('') : input.read()()),
  };
}

// ---- .jsonl ----

function makeJsonLinesReader(cursor: ByteCursor, source: string): FormReader {
  const text = makeTextReader(cursor, LINE_BYTES_MAX);
  const order = makeTimeOrder();
  let form: MarketForm | undefined;
  let scratch: ScannedStep | undefined;
  /** What was read with the header line. */
  let pending = '';
  let lines = 0;
  let steps = 0;
  let blankLine: number | undefined;
  let failed: MarketInputError | undefined;

  async function nextText(): Promise<Result<string>> {
    if (pending !== '') {
      const rest = pending;
      pending = '';
      return right(rest);
    }
    const read = await text.next();
    if (!isLeft(read)) return read;
    return left(read.left._tag === 'Store' ? read.left.error : invalid(source, [{ pointer: '', ...read.left.error }]));
  }

  async function open(): Promise<Result<readonly string[]>> {
    const first = await nextText();
    if (isLeft(first)) return first;
    if (first.right === '') return left(invalid(source, [{ pointer: '', message: 'is empty; expected a header line {"symbols":[...]}' }]));
    const newline = first.right.indexOf('\n');
    const header = newline === -1 ? first.right : first.right.slice(0, newline);
    pending = newline === -1 ? '' : first.right.slice(newline + 1);
    lines = 1;
    const document = parseJsonText(withoutByteOrderMark(header));
    if (isLeft(document)) return left(invalid(source, [document.left]));
    const symbols = decodeMarketHeader(document.right.value);
    const other = isLeft(symbols) ? otherKind(document.right.value, 'a market path') : undefined;
    if (isLeft(symbols)) return left(invalid(source, document.right.problemsAt(other === undefined ? symbols.left : [other])));
    form = makeMarketForm(symbols.right);
    scratch = makeScannedStep(symbols.right);
    return symbols;
  }

  async function read(): Promise<Result<string>> {
    while (failed === undefined && form !== undefined && scratch !== undefined) {
      const chunk = await nextText();
      if (isLeft(chunk)) {
        failed = chunk.left;
        break;
      }
      if (chunk.right === '') {
        if (steps > 0) return right('');
        failed = invalid(source, [{ pointer: '', message: 'expected at least one step after the header', line: lines }]);
        break;
      }
      const normal = normalText(chunk.right, form, scratch);
      if (normal !== '') return right(normal);
    }
    return failed === undefined ? right('') : left(failed);
  }

  /** The chunk in normal form, up to the first mistake. A chunk that already is goes through as it stands: most are, and copying costs. */
  function normalText(chunk: string, { scan, render, symbols }: MarketForm, into: ScannedStep): string {
    let out = '';
    let kept = 0;
    let start = 0;
    while (start < chunk.length) {
      const newline = chunk.indexOf('\n', start);
      const end = newline === -1 ? chunk.length : newline;
      lines += 1;
      if (newline === -1 || blankLine !== undefined || !scan(chunk, start, end, into)) {
        const line = chunk.slice(start, end);
        out += chunk.slice(kept, start);
        kept = Math.min(chunk.length, end + 1);
        if (line.trim() === '') {
          blankLine ??= lines;
        } else {
          if (blankLine !== undefined) failed = invalid(source, [{ pointer: '', message: 'a blank line', line: blankLine }]);
          else out += normalLine(line);
          if (failed !== undefined) return out;
          steps += 1;
        }
      } else {
        const { timeText } = into;
        const late = timeText === '' ? undefined : order.next(timeOf(timeText), steps);
        if (late !== undefined) {
          failLine([{ pointer: '/time', message: `${timeText}: ${late}` }]);
          return out + chunk.slice(kept, start);
        }
        steps += 1;
      }
      start = end + 1;
    }
    return kept === 0 ? chunk : out + chunk.slice(kept);

    function normalLine(line: string): string {
      const document = parseJsonText(line);
      if (isLeft(document)) {
        failLine([document.left]);
        return '';
      }
      const step = decodeNestedStep(document.right.value, symbols);
      if (!isLeft(step)) {
        const { time } = step.right;
        const late = order.next(time, steps);
        if (late === undefined) return `${render(step.right)}\n`;
        failLine(document.right.problemsAt([{ pointer: '/time', message: `${excerpt(time)}: ${late}` }]));
        return '';
      }
      failLine(document.right.problemsAt(step.left.slice(0, PROBLEMS_MAX)));
      return '';
    }
  }

  function failLine(problems: readonly Problem[]): void {
    failed = invalid(
      source,
      problems.map((problem) => ({ ...problem, line: lines })),
    );
  }

  return { open, read };
}

/** The time of a canonical line, from its JSON literal. */
function timeOf(literal: string): string {
  return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
}

// ---- .csv ----

const TIME_NAMES = ['time', 'date'];

function rawAdvice(names: readonly string[], source: string): string {
  const list = names.map((name) => printable(name.trim())).join(', ');
  const file = source === '<stdin>' ? '-' : source;
  return `${list}: column kinds, not symbols; this is a price file, not a market yet: ewm market import ${file} --symbol NAME --out market.jsonl`;
}

function makeWideCsvReader(cursor: ByteCursor, source: string): FormReader {
  const rows = makeCsvRows(cursor, source);
  const order = makeTimeOrder();
  let header: WideHeader | undefined;
  let form: MarketForm | undefined;
  let failed: MarketInputError | undefined;
  let steps = 0;
  /** Rows that came with the header. */
  let pending: Awaited<ReturnType<typeof rows.next>> | undefined;

  async function open(): Promise<Result<readonly string[]>> {
    const batch = await rows.next();
    if (isLeft(batch)) return batch;
    const [first, ...rest] = batch.right;
    if (first === undefined) return left(emptyCsv(source));
    pending = right(rest);
    const time = findColumn(first, TIME_NAMES, 'time');
    if (isLeft(time)) return left(invalid(source, [time.left]));
    const raw = rawColumns(first.cells);
    if (raw.length > 0) return left(invalid(source, [rowProblem(first, rawAdvice(raw, source))]));
    const decoded = decodeWideHeader(first, new Set(time.right === undefined ? [] : [time.right]));
    if (isLeft(decoded)) return left(invalid(source, decoded.left));
    header = { row: first, time: time.right, columns: decoded.right.columns };
    const symbols = header.columns.map(({ symbol }) => symbol);
    form = makeMarketForm(symbols);
    return right(symbols);
  }

  async function read(): Promise<Result<string>> {
    while (failed === undefined && header !== undefined && form !== undefined) {
      const batch = pending !== undefined && !isLeft(pending) && pending.right.length > 0 ? pending : await rows.next();
      pending = undefined;
      if (isLeft(batch)) return batch;
      if (batch.right.length === 0) {
        if (steps > 0) return right('');
        failed = invalid(source, [{ pointer: '', message: 'expected at least one row after the header', line: header.row.line }]);
        break;
      }
      let text = '';
      for (const row of batch.right) {
        const step = decodeWideRow(row, header);
        if (isLeft(step)) {
          failed = invalid(source, step.left);
          break;
        }
        const { time } = step.right;
        const late = order.next(time, steps);
        if (late !== undefined) {
          failed = invalid(source, [cellProblem(row, header.time ?? 0, 'time', `${excerpt(time)}: ${late}`)]);
          break;
        }
        text += `${form.render(step.right)}\n`;
        steps += 1;
      }
      if (text !== '') return right(text);
    }
    return failed === undefined ? right('') : left(failed);
  }

  return { open, read };
}

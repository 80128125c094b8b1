/**
 * Inputs of a world file (`.jsonl`, or `.csv` whose rows become objects of text by their column) as the text of their normal form. Invariant: what
 * stands before a mistake comes out before it, and each line is checked as every other JSON that comes in.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { canonical, hasCanonicalForm } from '../../domain/canonical/canonical';
import type { Problem } from '../../domain/codec/problem';
import { makeTextReader } from '../../domain/episode/text-reader';
import { LINE_BYTES_MAX } from '../../domain/limits';
import { inputMistake } from '../../domain/world/file/input';
import type { MarketInputError } from '../../ports/market-input';
import type { ByteCursor } from '../../ports/run-files';
import type { WorldInputLines } from '../../ports/world-inputs';
import { openBytes, type Sources, sourceName } from './byte-source';
import { emptyCsv, makeCsvRows } from './csv-rows';
import { parseJsonText, withoutByteOrderMark } from './json-document';

type Read = () => Promise<Either<MarketInputError, string>>;

/** A name that ends in `.csv` is CSV, everything else a JSON value a line. Nothing is opened before the first `read`. */
export function openWorldInputs(path: string, sources: Sources = {}): WorldInputLines {
  const source = sourceName(path);
  let cursor: ByteCursor | undefined;
  let read: Read | undefined;
  return {
    read: () => async () => {
      if (read === undefined) {
        const opened = await openBytes(path, sources)();
        if (isLeft(opened)) return opened;
        cursor = opened.right;
        read = /\.csv$/i.test(path) ? csvReader(cursor, source) : linesReader(cursor, source);
      }
      return read();
    },
    close: async () => {
      await cursor?.close();
    },
  };
}

function invalid(source: string, problem: Problem): Either<MarketInputError, never> {
  return left({ _tag: 'InvalidInput', source, problems: [problem] });
}

function linesReader(cursor: ByteCursor, source: string): Read {
  const text = makeTextReader(cursor, LINE_BYTES_MAX);
  let lines = 0;
  let failed: Either<MarketInputError, never> | undefined;
  return async () => {
    if (failed !== undefined) return failed;
    const chunk = await text.next();
    if (isLeft(chunk)) return chunk.left._tag === 'Store' ? left(chunk.left.error) : invalid(source, { pointer: '', ...chunk.left.error });
    const out: string[] = [];
    const whole = chunk.right.endsWith('\n') ? chunk.right.slice(0, -1) : chunk.right;
    if (chunk.right === '') return right('');
    for (const line of whole.split('\n')) {
      lines += 1;
      const document = parseJsonText(lines === 1 ? withoutByteOrderMark(line) : line);
      const input = isLeft(document) ? document : normalInput(document.right.value);
      if (isLeft(input)) {
        failed = invalid(source, { ...input.left, line: lines });
        break;
      }
      out.push(`${input.right}\n`);
    }
    return out.length === 0 && failed !== undefined ? failed : right(out.join(''));
  };
}

function csvReader(cursor: ByteCursor, source: string): Read {
  const rows = makeCsvRows(cursor, source);
  let columns: readonly string[] | undefined;
  let failed: Either<MarketInputError, never> | undefined;
  return async () => {
    if (failed !== undefined) return failed;
    for (;;) {
      const batch = await rows.next();
      if (isLeft(batch)) return batch;
      if (batch.right.length === 0) return columns === undefined ? left(emptyCsv(source)) : right('');
      const out: string[] = [];
      for (const { line, cells } of batch.right) {
        const wrong = columns === undefined ? headerMistake(cells) : rowMistake(cells, columns);
        const input = wrong === undefined ? rowInput(cells, columns) : left({ pointer: '', message: wrong });
        if (isLeft(input)) {
          failed = invalid(source, { ...input.left, line });
          break;
        }
        if (columns === undefined) columns = cells.map((cell) => withoutByteOrderMark(cell).trim());
        else out.push(`${input.right}\n`);
      }
      if (out.length > 0) return right(out.join(''));
      if (failed !== undefined) return failed;
    }
  };
}

function normalInput(value: unknown): Either<Problem, string> {
  if (!hasCanonicalForm(value))
    return left({ pointer: '', message: 'text that is not well-formed Unicode, or nested deeper than 64 levels' });
  const text = canonical(value);
  const message = inputMistake(text);
  return message === undefined ? right(text) : left({ pointer: '', message });
}

/** Nothing of the header itself. */
function rowInput(cells: readonly string[], columns: readonly string[] | undefined): Either<Problem, string> {
  return columns === undefined ? right('') : normalInput(Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? ''])));
}

function headerMistake(cells: readonly string[]): string | undefined {
  const names = cells.map((cell) => withoutByteOrderMark(cell).trim());
  if (names.includes('')) return 'a column without a name; expected a header line';
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? undefined : `two columns are called ${twice}`;
}

function rowMistake(cells: readonly string[], columns: readonly string[]): string | undefined {
  if (cells.length !== columns.length) return `${String(cells.length)} cells, the header has ${String(columns.length)}`;
  return cells.every((cell) => cell.isWellFormed()) ? undefined : 'text that is not well-formed Unicode';
}

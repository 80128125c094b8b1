/**
 * Reads a whole JSON document (strategy, policy, `.json` market) and gives every mistake in it its line and column.
 * Invariant: no text, however large, deep or broken, gets past this file as anything but a value or a list of problems.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { createScanner, type JSONPath, type ParseErrorCode, printParseErrorCode, visit } from 'jsonc-parser';
import { jsonFault, NESTING_MAX } from '../../domain/codec/json-faults';
import { excerpt, type Problem, pointerStep } from '../../domain/codec/problem';
import { DOCUMENT_BYTES_MAX } from '../../domain/limits';
import type { MarketInputError } from '../../ports/market-input';
import type { ByteCursor } from '../../ports/run-files';
import { openBytes, readAhead, type Sources, sourceName } from './byte-source';

export interface JsonDocument {
  readonly value: unknown;
  /** The same problems with the line and column of what their pointers name, or of the nearest thing around it that exists. */
  readonly problemsAt: (problems: readonly Problem[]) => readonly Problem[];
}

/** Reads `path`, or stdin for `-`. */
export function readJsonDocument(path: string, sources: Sources = {}): TaskEither<MarketInputError, JsonDocument> {
  return async () => {
    const cursor = await openBytes(path, sources)();
    if (isLeft(cursor)) return cursor;
    try {
      return await readJsonCursor(cursor.right, sourceName(path));
    } finally {
      await cursor.right.close();
    }
  };
}

/** Reads what a cursor holds; the caller closes it. */
export async function readJsonCursor(cursor: ByteCursor, source: string): Promise<Either<MarketInputError, JsonDocument>> {
  const invalid = (problem: Problem): Either<MarketInputError, never> => left({ _tag: 'InvalidInput', source, problems: [problem] });
  const read = await readAhead(cursor, DOCUMENT_BYTES_MAX);
  if (isLeft(read)) return read;
  if (!read.right.ended) {
    const limit = `${String(DOCUMENT_BYTES_MAX / 1024 / 1024)} MiB`;
    return invalid({
      pointer: '',
      message: `larger than ${limit}, the most a JSON document may have; a longer market is read as .jsonl or .csv`,
    });
  }
  const text = decodeUtf8(read.right.bytes);
  if (isLeft(text)) return invalid(text.left);
  const document = parseJsonText(withoutByteOrderMark(text.right));
  return isLeft(document) ? invalid(document.left) : document;
}

/** Some editors and shells put a byte order mark before a file; it is no part of what the file says. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** Parses one JSON text; the left is the first thing that is wrong with it as JSON. */
export function parseJsonText(text: string): Either<Problem, JsonDocument> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return left(syntaxProblem(text));
  }
  const fault = jsonFault(text);
  if (fault !== undefined) return left({ pointer: fault.pointer, message: fault.message, ...placeAt(text, fault.offset) });
  return right({ value, problemsAt: (problems) => placeProblems(text, problems) });
}

function decodeUtf8(bytes: Uint8Array): Either<Problem, string> {
  try {
    return right(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    return left({ pointer: '', message: 'bytes that are not UTF-8', ...placeAt(text, firstReplaced(text, bytes)) });
  }
}

/** Offset of the first U+FFFD that stands for broken bytes and not for itself (EF BF BD). */
function firstReplaced(text: string, bytes: Uint8Array): number {
  const encoder = new TextEncoder();
  let byteAt = 0;
  let from = 0;
  for (let at = text.indexOf('\ufffd'); at !== -1; at = text.indexOf('\ufffd', from)) {
    byteAt += encoder.encode(text.slice(from, at)).length;
    if (bytes[byteAt] !== 0xef || bytes[byteAt + 1] !== 0xbf || bytes[byteAt + 2] !== 0xbd) return at;
    byteAt += 3;
    from = at + 1;
  }
  return text.length;
}

/** What each parser error means to a reader. */
const SYNTAX: Readonly<Record<ReturnType<typeof printParseErrorCode>, string>> = {
  InvalidSymbol: 'not a JSON value',
  InvalidNumberFormat: 'not a JSON number',
  PropertyNameExpected: 'expected a key in double quotes',
  ValueExpected: 'expected a value',
  ColonExpected: 'expected ":"',
  CommaExpected: 'expected ","',
  CloseBraceExpected: 'expected "," or "}"',
  CloseBracketExpected: 'expected "," or "]"',
  EndOfFileExpected: 'something stands after the end of the document',
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfComment: 'JSON has no comments',
  UnexpectedEndOfString: 'a string that does not end on its line',
  UnexpectedEndOfNumber: 'a number that is cut off',
  InvalidUnicode: 'a \\u escape needs four hexadecimal digits',
  InvalidEscapeCharacter: 'a backslash escape that JSON does not have',
  InvalidCharacter: 'a control character in a string; write it as an escape',
  '<unknown ParseErrorCode>': 'not JSON',
};

function syntaxProblem(text: string): Problem {
  if (text.trim() === '')
    return {
      pointer: '',
      message: text === '' ? 'is empty; expected a JSON document' : 'holds only white space; expected a JSON document',
    };
  const deep = tooDeepAt(text);
  if (deep !== undefined) return { pointer: '', message: `nested deeper than ${String(NESTING_MAX)} levels`, ...placeAt(text, deep) };
  let first: { readonly code: ParseErrorCode; readonly offset: number; readonly length: number } | undefined;
  visit(text, { onError: (code, offset, length) => (first ??= { code, offset, length }) }, { disallowComments: true });
  if (first === undefined) return { pointer: '', message: 'not JSON' };
  const { code, offset, length } = first;
  const found = offset >= text.length ? 'the text ends too early' : excerpt(text.slice(offset, offset + Math.max(1, length)));
  return { pointer: '', message: `not JSON: ${found}: ${SYNTAX[printParseErrorCode(code)]}`, ...placeAt(text, offset) };
}

/** Where broken text opens a level too many: the parser that finds the mistake recurses, the scanner does not. */
function tooDeepAt(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  while (scanner.getPosition() < text.length) {
    scanner.scan();
    const first = text.charAt(scanner.getTokenOffset());
    if (first === '{' || first === '[') depth += 1;
    if (first === '}' || first === ']') depth -= 1;
    if (depth > NESTING_MAX) return scanner.getTokenOffset();
  }
  return undefined;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

function placeAt(text: string, offset: number): Place {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

function placeProblems(text: string, problems: readonly Problem[]): readonly Problem[] {
  const places = placesOf(text, new Set(problems.flatMap(({ pointer }) => withParents(pointer))));
  return problems.map((problem) => {
    const nearest = withParents(problem.pointer).find((pointer) => places.has(pointer));
    return { ...problem, ...(nearest === undefined ? {} : places.get(nearest)) };
  });
}

/** `/a/b`, `/a` and the document. */
function withParents(pointer: string): readonly string[] {
  const pointers = [pointer];
  for (let cut = pointer.lastIndexOf('/'); cut !== -1; cut = pointer.lastIndexOf('/', cut - 1)) {
    pointers.push(pointer.slice(0, cut));
    if (cut === 0) break;
  }
  return pointers;
}

/** Where the values of the wanted pointers start. A walk and not a tree: a tree of a large market is many times its text. */
function placesOf(text: string, wanted: ReadonlySet<string>): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  let depthMax = 0;
  for (const pointer of wanted) depthMax = Math.max(depthMax, pointer.split('/').length - 1);
  const note = (line: number, character: number, path: JSONPath): boolean => {
    const pointer = path.map(pointerStep).join('');
    if (wanted.has(pointer)) places.set(pointer, { line: line + 1, column: character + 1 });
    // Nothing below an unwanted value is wanted, for wanted pointers come with their parents.
    return wanted.has(pointer) && path.length < depthMax;
  };
  visit(text, {
    onObjectBegin: (_offset, _length, line, character, path) => note(line, character, path()),
    onArrayBegin: (_offset, _length, line, character, path) => note(line, character, path()),
    onLiteralValue: (_value, _offset, _length, line, character, path) => {
      note(line, character, path());
    },
    // The parser leaves a part it was told to skip only where somebody listens for its end.
    onObjectEnd: () => undefined,
    onArrayEnd: () => undefined,
  });
  return places;
}

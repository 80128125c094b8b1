/** The output of a verifier: every byte the engine appends is compared with the byte that stands in the run directory. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { ByteCursor, RunFile, RunReader, StoreError } from '../../ports/run-files';
import { bytesEqual, concatBytes, copyBytes, countByte, firstDifference } from '../bytes';
import { ROW_BYTES_MAX } from '../limits';
import { eachChunk, withCursor } from './cursors';
import { compareRows, type Divergence } from './divergence';
import type { RunOutput } from '../episode/output';

export type CompareError = StoreError | { readonly _tag: 'Diverged'; readonly divergence: Divergence };

export interface Comparison extends RunOutput<CompareError> {
  /** Bytes of a file compared so far, counted from its beginning. */
  readonly offset: (file: RunFile) => number;
  /** That a file ends where the comparison stands. */
  readonly expectEnd: (file: RunFile) => Promise<Either<CompareError, void>>;
  readonly close: () => Promise<void>;
}

const NEWLINE = 10;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** `offsets` says where the comparison of a file begins, in bytes; at its beginning when not given. */
export function makeComparison(reader: RunReader, offsets: Partial<Record<RunFile, number>> = {}): Comparison {
  const cursors = new Map<RunFile, ByteCursor>();
  const compared = new Map<RunFile, number>();
  const offset = (file: RunFile): number => compared.get(file) ?? offsets[file] ?? 0;

  async function cursorOf(file: RunFile): Promise<Either<StoreError, ByteCursor>> {
    const open = cursors.get(file);
    if (open !== undefined) return right(open);
    const opened = await reader.open(file, offset(file))();
    if (!isLeft(opened)) cursors.set(file, opened.right);
    return opened;
  }

  async function append(file: RunFile, bytes: Uint8Array): Promise<Either<CompareError, void>> {
    const cursor = await cursorOf(file);
    if (isLeft(cursor)) return cursor;
    let at = 0;
    while (at < bytes.length) {
      const actual = await cursor.right.read(bytes.length - at)();
      if (isLeft(actual)) return actual;
      const length = actual.right.length;
      if (length === 0 || !bytesEqual(actual.right, bytes.subarray(at, at + length))) return locate(reader, file, offset(file), bytes);
      at += length;
    }
    compared.set(file, offset(file) + bytes.length);
    return right(undefined);
  }

  async function expectEnd(file: RunFile): Promise<Either<CompareError, void>> {
    const cursor = await cursorOf(file);
    if (isLeft(cursor)) return cursor;
    const more = await cursor.right.read(1)();
    if (isLeft(more)) return more;
    return more.right.length === 0 ? right(undefined) : locate(reader, file, offset(file), new Uint8Array());
  }

  return {
    append: (file, bytes) => () => append(file, bytes),
    offset,
    expectEnd,
    close: async () => {
      for (const cursor of cursors.values()) await cursor.close();
    },
  };
}

/** Reads the file again around the difference: only a run that is not proven pays for it. */
async function locate(reader: RunReader, file: RunFile, start: number, expected: Uint8Array): Promise<Either<CompareError, never>> {
  const actual = await readSome(reader, file, start, expected.length);
  if (isLeft(actual)) return actual;
  const differs = firstDifference(expected, actual.right);
  const lineStart = differs === 0 ? 0 : expected.lastIndexOf(NEWLINE, differs - 1) + 1;
  const line = await readSome(reader, file, start + lineStart, ROW_BYTES_MAX);
  if (isLeft(line)) return line;
  const row = await countLines(reader, file, start + lineStart);
  if (isLeft(row)) return row;
  return left({
    _tag: 'Diverged',
    divergence: { file, row: row.right, ...compareRows(firstLine(expected.subarray(lineStart)), firstLine(line.right)) },
  });
}

/** Nothing where there is no byte; an empty line is a line. */
function firstLine(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return undefined;
  const end = bytes.indexOf(NEWLINE);
  return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end));
}

function readSome(reader: RunReader, file: RunFile, start: number, bytesMax: number): Promise<Either<StoreError, Uint8Array>> {
  return withCursor(reader.open(file, start), async (cursor) => {
    const parts: Uint8Array[] = [];
    let left = bytesMax;
    const read = await eachChunk(cursor, (bytes) => {
      parts.push(copyBytes(bytes.subarray(0, left)));
      left -= Math.min(left, bytes.length);
      return left === 0 ? right(undefined) : undefined;
    });
    return isLeft(read) ? read : right(concatBytes(parts));
  });
}

function countLines(reader: RunReader, file: RunFile, end: number): Promise<Either<StoreError, number>> {
  return withCursor(reader.open(file), async (cursor) => {
    let [lines, left] = [0, end];
    const read = await eachChunk(cursor, (bytes) => {
      lines += countByte(bytes.subarray(0, left), NEWLINE);
      left -= Math.min(left, bytes.length);
      return left === 0 ? right(undefined) : undefined;
    });
    return isLeft(read) ? read : right(lines);
  });
}

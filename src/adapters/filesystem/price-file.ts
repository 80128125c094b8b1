/**
 * A price file as somebody has it, opened as rows of cells: unpacked, turned into UTF-8, and split at whatever separates its cells.
 * Invariant: what the bytes are is told by marks that can mean nothing else, or stated; nothing is guessed from the letters.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { Buffer } from 'node:buffer';
import type { Problem } from '../../domain/codec/problem';
import { LINE_BYTES_MAX } from '../../domain/limits';
import { makeLineSplitter } from '../../domain/market/line-splitter';
import type { MarketInputError } from '../../ports/market-input';
import type { FileFacts, PriceFile } from '../../ports/price-file';
import type { ByteCursor } from '../../ports/run-files';
import { openBytes, readAhead, type Sources, sourceName, unread } from './byte-source';
import { makeCsvRows, splitCsv } from './csv-rows';
import { containerAdvice, unpack } from './unpack';

export interface PriceFileOptions {
  /** A label of the WHATWG encoding standard; told by a byte order mark, or UTF-8, when not stated. */
  readonly encoding?: string | undefined;
}

/** Enough for every magic number and mark. Unit: bytes. */
const HEAD_BYTES = 1_024;

export function openPriceFile(
  path: string,
  { encoding }: PriceFileOptions,
  sources: Sources = {},
): TaskEither<MarketInputError, PriceFile> {
  return async () => {
    const source = sourceName(path);
    const decoder = decoderOf(encoding);
    if (isLeft(decoder)) return left({ _tag: 'InvalidInput', source: '', problems: [decoder.left] });
    const opened = await openBytes(path, sources)();
    if (isLeft(opened)) return opened;
    const file = await openCursor(opened.right, source, decoder.right);
    if (isLeft(file)) await opened.right.close();
    return file;
  };
}

type Decoder = InstanceType<typeof TextDecoder>;

interface Encoding {
  readonly label: string;
  /** Of what is no UTF-8; `undefined` leaves the bytes as they are, to be checked line by line. */
  readonly decoder: Decoder | undefined;
}

function decoderOf(stated: string | undefined): Either<Problem, Encoding | undefined> {
  if (stated === undefined) return right(undefined);
  try {
    const decoder = new TextDecoder(stated.trim(), { fatal: true });
    return right({ label: decoder.encoding, decoder: decoder.encoding === 'utf-8' ? undefined : decoder });
  } catch {
    const message = `--encoding ${JSON.stringify(stated)}: expected utf-8, utf-16le, utf-16be, windows-1252, iso-8859-2 or another of the WHATWG encoding standard`;
    return left({ pointer: '', message });
  }
}

async function openCursor(bytes: ByteCursor, source: string, stated: Encoding | undefined): Promise<Either<MarketInputError, PriceFile>> {
  const packedHead = await readAhead(bytes, HEAD_BYTES);
  if (isLeft(packedHead)) return packedHead;
  const unpacked = unpack(packedHead.right.bytes, unread(packedHead.right.bytes, bytes), source);
  if (isLeft(unpacked)) return unpacked;
  const { compression, cursor } = unpacked.right;
  const head = await readAhead(cursor, HEAD_BYTES);
  if (isLeft(head)) return head;
  // What was packed may be packed again, as a .tar.gz is.
  const packed = compression === 'none' ? undefined : containerAdvice(head.right.bytes);
  if (packed !== undefined) return left({ _tag: 'Unreadable', path: source, reason: `unpacked from ${compression}, ${packed}` });
  const encoding = encodingOf(head.right.bytes, stated, source);
  if (isLeft(encoding)) return encoding;
  const { label, decoder, markBytes } = encoding.right;
  const rest = unread(head.right.bytes.subarray(markBytes), cursor);
  const text = makeText(decoder === undefined ? rest : transcoded(rest, decoder, label, source));

  const first = await text.lines(1);
  if (isLeft(first)) return first;
  const lineEnd = first.right.includes(10) ? (/\r\n/.test(latin1(first.right)) ? 'crlf' : 'lf') : first.right.includes(13) ? 'cr' : 'lf';
  if (lineEnd === 'cr') text.endLinesAtCr();
  return right(makePriceFile(text, { encoding: label, compression, line_end: lineEnd }, source));
}

function makePriceFile(text: Text, facts: FileFacts, source: string): PriceFile {
  /** Whether quotes follow a space behind a separator; told from the sample. */
  let spaced = false;
  return {
    source,
    facts,
    sample: (bytesMax) => async () => {
      const lines = await text.lines(bytesMax);
      if (isLeft(lines)) return lines;
      const decoded = decodedLines(lines.right);
      // Lines before one that is no UTF-8 tell the dialect; the reader comes to the other and says so.
      if (isLeft(decoded)) return left({ _tag: 'InvalidInput', source, problems: [withAdvice(decoded.left)] });
      spaced = /(?:^|[,;|]) +"/m.test(decoded.right);
      return right({ text: decoded.right, ended: text.ended() });
    },
    split: (lines, delimiter, line) => splitCsv(lines, { delimiter, trimBeforeQuote: spaced && delimiter !== ' ', firstLine: line }),
    rows: ({ delimiter, skipLines }) => {
      const rows = makeCsvRows(text.cursor(), source, {
        delimiter,
        skipLines,
        blankLines: true,
        trimBeforeQuote: spaced && delimiter !== ' ',
      });
      return {
        next: () => async () => {
          const batch = await rows.next();
          if (!isLeft(batch) || batch.left._tag !== 'InvalidInput') return batch;
          return left({ ...batch.left, problems: batch.left.problems.map(withAdvice) });
        },
      };
    },
    close: text.close,
  };
}

function withAdvice(problem: Problem): Problem {
  if (problem.message !== 'bytes that are not UTF-8') return problem;
  return { ...problem, message: `${problem.message}; say --encoding, such as --encoding windows-1252` };
}

function decodedLines(bytes: Uint8Array): Either<Problem, string> {
  const splitter = makeLineSplitter();
  const text = splitter.push(bytes);
  if (isLeft(text)) return left({ pointer: '', ...text.left });
  const rest = splitter.end();
  return isLeft(rest) ? left({ pointer: '', ...rest.left }) : right(text.right + rest.right);
}

// ---- Encodings ----

const MARKS: readonly { readonly label: string; readonly bytes: readonly number[] }[] = [
  { label: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { label: 'utf-16le', bytes: [0xff, 0xfe] },
  { label: 'utf-16be', bytes: [0xfe, 0xff] },
];

function encodingOf(
  head: Uint8Array,
  stated: Encoding | undefined,
  source: string,
): Either<MarketInputError, Encoding & { readonly markBytes: number }> {
  const mark = MARKS.find(({ bytes }) => bytes.every((byte, index) => head[index] === byte));
  if (mark !== undefined && (stated === undefined || stated.label === mark.label)) {
    const decoder = mark.label === 'utf-8' ? undefined : new TextDecoder(mark.label, { fatal: true });
    return right({ label: `${mark.label} with byte order mark`, decoder, markBytes: mark.bytes.length });
  }
  if (stated !== undefined) return right({ ...stated, markBytes: 0 });
  const zeros = [0, 1].map((parity) => head.slice(0, 256).filter((byte, index) => index % 2 === parity && byte === 0).length);
  const [even = 0, odd = 0] = zeros;
  if (Math.max(even, odd) * 4 > Math.min(head.length, 256) && Math.min(even, odd) === 0) {
    const label = odd > even ? 'utf-16le' : 'utf-16be';
    return left({
      _tag: 'InvalidInput',
      source,
      problems: [{ pointer: '', message: `every other byte is 0, as in UTF-16 without a byte order mark; say --encoding ${label}` }],
    });
  }
  return right({ label: 'utf-8', decoder: undefined, markBytes: 0 });
}

/** The same text as UTF-8. */
function transcoded(cursor: ByteCursor, decoder: Decoder, label: string, source: string): ByteCursor {
  let rest: Uint8Array = new Uint8Array(0);
  let ended = false;
  return {
    read: (bytesMax) => async () => {
      while (rest.length === 0 && !ended) {
        const bytes = await cursor.read(bytesMax)();
        if (isLeft(bytes)) return bytes;
        ended = bytes.right.length === 0;
        try {
          rest = Buffer.from(decoder.decode(bytes.right, { stream: !ended }), 'utf8');
        } catch {
          return left({ _tag: 'Unreadable', path: source, reason: `has bytes that are not ${label}` });
        }
      }
      const head = rest.subarray(0, bytesMax);
      rest = rest.subarray(head.length);
      return right(head);
    },
    close: cursor.close,
  };
}

// ---- Text that can be looked at before it is read ----

interface Text {
  /** Whole lines from the front, at least `bytesMin` of them or all there are; kept, and read again by `cursor`. */
  readonly lines: (bytesMin: number) => Promise<Either<MarketInputError, Uint8Array>>;
  readonly ended: () => boolean;
  readonly endLinesAtCr: () => void;
  readonly cursor: () => ByteCursor;
  readonly close: () => Promise<void>;
}

const [LF, CR] = [10, 13];

function makeText(bytes: ByteCursor): Text {
  let seen: Uint8Array = new Uint8Array(0);
  let ended = false;
  let atCr = false;

  const source: ByteCursor = {
    read: (bytesMax) => async () => {
      const next = await bytes.read(bytesMax)();
      return isLeft(next) || !atCr ? next : right(withLf(next.right));
    },
    close: bytes.close,
  };

  return {
    lines: async (bytesMin) => {
      // A first line that does not end is left to the reader of rows, which knows how long one may be.
      const wanted = (): boolean => seen.length < bytesMin || (!seen.includes(LF) && seen.length <= LINE_BYTES_MAX);
      while (wanted() && !ended) {
        const more = await readAhead(source, Math.max(bytesMin - seen.length, HEAD_BYTES));
        if (isLeft(more)) return more;
        ({ ended } = more.right);
        seen = Buffer.concat([seen, more.right.bytes]);
      }
      const cut = seen.lastIndexOf(LF) + 1;
      return right(ended || cut === 0 ? seen : seen.subarray(0, cut));
    },
    ended: () => ended,
    endLinesAtCr: () => {
      atCr = true;
      seen = withLf(seen);
    },
    cursor: () => unread(seen, source),
    close: bytes.close,
  };
}

function withLf(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte === CR ? LF : byte));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** Every way in which one file of a run directory is tampered with, one after the other, and whether the verifier notices. */
import { isRight } from 'fp-ts/Either';
import { makeMemoryRunReader, type RunFileBytes } from '../../src/adapters/in-process/run-files';
import { verify } from '../../src/domain/run/verify';
import { RUN_FILES, type RunFile } from '../../src/ports/run-files';

export interface Tampering {
  readonly what: string;
  /** Valid until the next one is asked for: bytes are flipped in place. */
  readonly files: RunFileBytes;
}

export interface Score {
  readonly tried: number;
  /** What was proven, or made the verifier throw. */
  readonly missed: readonly string[];
}

const NEWLINE = 10;
const FLIPS: readonly number[] = [0x01, 0x20];

export function* tamperings(files: RunFileBytes, flips: readonly number[] = FLIPS): Generator<Tampering> {
  for (const file of RUN_FILES) {
    if (files[file] === undefined) continue;
    const bytes = Buffer.from(files[file]);
    yield* flippedBytes(files, file, bytes, flips);
    yield* rearrangedRows(files, file, bytes);
    yield* replacedFiles(files, file, bytes);
  }
}

function* flippedBytes(files: RunFileBytes, file: RunFile, original: Buffer, flips: readonly number[]): Generator<Tampering> {
  const bytes = Buffer.from(original);
  const tampered = { ...files, [file]: bytes };
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    for (const flip of flips) {
      bytes[at] = byte ^ flip;
      yield { what: `${file}: byte ${String(at)} xor ${String(flip)}`, files: tampered };
    }
    bytes[at] = byte;
  }
}

function* rearrangedRows(files: RunFileBytes, file: RunFile, bytes: Buffer): Generator<Tampering> {
  const rows = splitRows(bytes);
  for (const [index, row] of rows.entries()) {
    const before = rows.slice(0, index);
    const after = rows.slice(index + 1);
    const half = row.subarray(0, Math.floor(row.length / 2));
    const next = after[0];
    const kinds: Record<string, readonly Uint8Array[]> = {
      dropped: [...before, ...after],
      doubled: [...before, row, row, ...after],
      'cut in half': [...before, half, Uint8Array.of(NEWLINE), ...after],
      'without its newline': [...before, row.subarray(0, -1), ...after],
      'the last, cut in half': [...before, half],
      'the last': [...before, row],
      'moved to the end': [...before, ...after, row],
      ...(next === undefined ? {} : { 'swapped with the next': [...before, next, row, ...after.slice(1)] }),
    };
    for (const [kind, parts] of Object.entries(kinds)) {
      const changed = Buffer.concat(parts);
      // The last row moved to the end, or blank lines of the report swapped: nothing changed.
      if (!changed.equals(bytes)) yield { what: `${file}: row ${String(index)} ${kind}`, files: { ...files, [file]: changed } };
    }
  }
}

function* replacedFiles(files: RunFileBytes, file: RunFile, bytes: Buffer): Generator<Tampering> {
  const { [file]: _deleted, ...others } = files;
  yield { what: `${file}: deleted`, files: others };
  const replaced = (what: string, ...parts: readonly Uint8Array[]): Tampering => ({
    what: `${file}: ${what}`,
    files: { ...files, [file]: Buffer.concat(parts) },
  });
  if (bytes.length > 0) yield replaced('emptied');
  for (const byte of [0, NEWLINE, 0x20, 0x7b, 0xff]) {
    yield replaced(`byte ${String(byte)} appended`, bytes, Uint8Array.of(byte));
    yield replaced(`byte ${String(byte)} put before`, Uint8Array.of(byte), bytes);
  }
  yield replaced('byte order mark put before', Uint8Array.of(0xef, 0xbb, 0xbf), bytes);
  yield replaced('twice', bytes, bytes, Uint8Array.of(NEWLINE));
}

/** The rows of a file, each with its newline. */
function splitRows(bytes: Buffer): readonly Buffer[] {
  const rows: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, at);
    const next = end === -1 ? bytes.length : end + 1;
    rows.push(bytes.subarray(at, next));
    at = next;
  }
  return rows;
}

/** Tries every `of`-th tampering, from the `share`-th on. */
export async function tryTamperings(attempts: Iterable<Tampering>, share = 0, of = 1): Promise<Score> {
  const missed: string[] = [];
  let [tried, index] = [0, 0];
  for (const { what, files } of attempts) {
    index += 1;
    if (index % of !== share) continue;
    tried += 1;
    const answer = await answerTo(files);
    if (answer !== undefined) missed.push(`${what} ${answer}`);
  }
  return { tried, missed };
}

/** The directory must not be proven, and the verifier must not throw; anything else is answered. */
async function answerTo(files: RunFileBytes): Promise<string | undefined> {
  try {
    const verdict = await verify(makeMemoryRunReader(files));
    return isRight(verdict) && verdict.right._tag === 'Proven' ? 'was proven' : undefined;
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

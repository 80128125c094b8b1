/** What a file is by its first bytes, and gzip and zip unpacked as a stream. Other containers are named, with what to do about them. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { Unzip, UnzipInflate } from 'fflate';
import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CHUNK_BYTES } from '../../domain/limits';
import type { ByteCursor, StoreError } from '../../ports/run-files';
import { makeStreamCursor } from './byte-source';

export type Compression = 'none' | 'gzip' | 'zip';

export interface Unpacked {
  readonly compression: Compression;
  readonly cursor: ByteCursor;
}

interface Container {
  /** Where the bytes stand; at the beginning when absent. */
  readonly at?: number;
  readonly magic: readonly number[];
  /** What it is, and what to do. */
  readonly advice: string;
}

const CONTAINERS: readonly Container[] = [
  // Reached where it was packed twice.
  { magic: [0x1f, 0x8b], advice: 'is gzip again: gunzip -c FILE | ewm market import -' },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], advice: 'is Zstandard: zstd -dc FILE | ewm market import -' },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], advice: 'is xz: xz -dc FILE | ewm market import -' },
  { magic: [0x42, 0x5a, 0x68], advice: 'is bzip2: bzip2 -dc FILE | ewm market import -' },
  { magic: [0x37, 0x7a, 0xbc, 0xaf], advice: 'is a 7z archive: unpack it first' },
  { magic: [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07], advice: 'is a RAR archive: unpack it first' },
  { at: 257, magic: [0x75, 0x73, 0x74, 0x61, 0x72], advice: 'is a tar archive: tar -xOf FILE NAME | ewm market import -' },
  {
    magic: [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31],
    advice: 'is Arrow or Feather: write it as CSV first (pandas: read_feather(...).to_csv(...))',
  },
  { magic: [0x89, 0x48, 0x44, 0x46], advice: 'is HDF5: write it as CSV first (pandas: read_hdf(...).to_csv(...))' },
  { magic: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], advice: 'is an array of NumPy: write it as CSV first' },
  {
    magic: [0x80, 0x04, 0x95],
    advice: 'is a pickle of Python, which is a program and not only data: write it as CSV first, where you trust it',
  },
  { magic: [0x89, 0x50, 0x4e, 0x47], advice: 'is a picture: export the prices as CSV' },
  { magic: [0xff, 0xfe, 0, 0], advice: 'is UTF-32: iconv -f UTF-32 -t UTF-8 FILE | ewm market import -' },
  { magic: [0, 0, 0xfe, 0xff], advice: 'is UTF-32: iconv -f UTF-32 -t UTF-8 FILE | ewm market import -' },
  { magic: [0x50, 0x41, 0x52, 0x31], advice: 'is Parquet: write it as CSV first (pandas: read_parquet(...).to_csv(...))' },
  { magic: [0xd0, 0xcf, 0x11, 0xe0], advice: 'is a workbook of Excel (.xls): save it as CSV' },
  { magic: [0x25, 0x50, 0x44, 0x46], advice: 'is a PDF: export the prices as CSV' },
  {
    magic: [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65],
    advice: 'is an SQLite database: sqlite3 -csv -header FILE "select ..." | ewm market import -',
  },
];

/** `head`: the first bytes, which `cursor` gives again. */
export function unpack(head: Uint8Array, cursor: ByteCursor, source: string): Either<StoreError, Unpacked> {
  if (startsWith(head, [0x1f, 0x8b])) return right({ compression: 'gzip', cursor: gunzipped(cursor, source) });
  if (startsWith(head, [0x50, 0x4b, 0x03, 0x04])) return right({ compression: 'zip', cursor: unzipped(cursor, source) });
  const reason = containerAdvice(head);
  if (reason !== undefined) return left({ _tag: 'Unreadable', path: source, reason });
  const text = Buffer.from(head)
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart();
  if (/^<(?:!doctype|html|\?xml|table)/i.test(text)) {
    return left({
      _tag: 'Unreadable',
      path: source,
      reason: 'is a web page or XML, no CSV: the download may have been an error page or a login',
    });
  }
  if (/^[{[]/.test(text) && /^(?:\{\s*"|\[\s*[[{"])/.test(text)) {
    return left({ _tag: 'Unreadable', path: source, reason: 'is JSON: import reads CSV; a market path in JSON goes to ewm run as it is' });
  }
  return right({ compression: 'none', cursor });
}

/** What nobody here unpacks, and what to do about it. */
export function containerAdvice(head: Uint8Array): string | undefined {
  return CONTAINERS.find(({ at = 0, magic }) => startsWith(head.subarray(at), magic))?.advice;
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** Bytes of a cursor for a stream, which keeps them. */
async function* bytesOf(cursor: ByteCursor, failed: (error: StoreError) => void): AsyncGenerator<Buffer, void> {
  for (;;) {
    const bytes = await cursor.read(CHUNK_BYTES)();
    if (isLeft(bytes)) {
      failed(bytes.left);
      return;
    }
    if (bytes.right.length === 0) return;
    yield Buffer.from(bytes.right);
  }
}

function gunzipped(cursor: ByteCursor, source: string): ByteCursor {
  let failed: StoreError | undefined;
  const stream = Readable.from(
    bytesOf(cursor, (error) => {
      failed = error;
    }),
  ).pipe(createGunzip());
  const unpacked = makeStreamCursor(stream as AsyncIterable<Uint8Array>, source);
  return {
    read: (bytesMax) => async () => {
      const bytes = await unpacked.read(bytesMax)();
      if (failed !== undefined) return left(failed);
      if (!isLeft(bytes)) return bytes;
      return left({ _tag: 'Unreadable', path: source, reason: 'is gzip that is cut off or damaged' });
    },
    close: async () => {
      await unpacked.close();
      await cursor.close();
    },
  };
}

/** The one file of an archive; what a Mac adds does not count. */
function unzipped(cursor: ByteCursor, source: string): ByteCursor {
  const names: string[] = [];
  let ready: Uint8Array[] = [];
  let reason: string | undefined;
  let ended = false;
  const unzip = new Unzip((file) => {
    if (file.name.endsWith('/') || /(?:^|\/)(?:__MACOSX\/|\.DS_Store$|\._)/.test(file.name)) return;
    names.push(file.name);
    if (file.name === '[Content_Types].xml' || file.name.startsWith('xl/')) reason = 'is a workbook of Excel (.xlsx): save it as CSV';
    else if (file.name === 'mimetype') reason = 'is a document of LibreOffice or OpenOffice: save it as CSV';
    else if (names.length > 1) reason = `is a zip of several files (${names.join(', ')}): unzip -p FILE NAME | ewm market import -`;
    if (reason !== undefined) return;
    file.ondata = (error, data) => {
      if (error === null) ready.push(data);
      else reason = 'is a zip that is damaged, or packed in a way that is not read here: unpack it first';
    };
    file.start();
  });
  unzip.register(UnzipInflate);

  async function fill(): Promise<StoreError | undefined> {
    for (;;) {
      ready = ready.filter((bytes) => bytes.length > 0);
      if (ready.length > 0 || ended || reason !== undefined) break;
      const bytes = await cursor.read(CHUNK_BYTES)();
      if (isLeft(bytes)) return bytes.left;
      ended = bytes.right.length === 0;
      try {
        unzip.push(Uint8Array.from(bytes.right), ended);
      } catch {
        reason ??= 'is a zip that is cut off or damaged, or packed in a way that is not read here: unpack it first';
      }
    }
    if (ended && names.length === 0) reason ??= 'is a zip without a file in it';
    return reason === undefined ? undefined : { _tag: 'Unreadable', path: source, reason };
  }

  return {
    read: (bytesMax) => async () => {
      const failed = await fill();
      if (failed !== undefined) return left(failed);
      const [first] = ready;
      if (first === undefined) return right(new Uint8Array(0));
      const bytes = first.subarray(0, bytesMax);
      ready[0] = first.subarray(bytes.length);
      return right(bytes);
    },
    close: cursor.close,
  };
}

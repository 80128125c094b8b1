/** A run file read as text made of whole lines, from a byte cursor. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { ByteCursor, StoreError } from '../../ports/run-files';
import { CHUNK_BYTES, ROW_BYTES_MAX } from '../limits';
import { type LineError, makeLineSplitter } from '../market/line-splitter';

export type TextError = { readonly _tag: 'Store'; readonly error: StoreError } | { readonly _tag: 'Line'; readonly error: LineError };

export interface TextReader {
  /** The next whole lines; at the end what stands after the last newline, if anything, and then `''`. */
  readonly next: () => Promise<Either<TextError, string>>;
  readonly close: () => Promise<void>;
}

/** `lineBytesMax`: what the writer of a run keeps to, where it is not a file from elsewhere. */
export function makeTextReader(cursor: ByteCursor, lineBytesMax: number = ROW_BYTES_MAX): TextReader {
  const splitter = makeLineSplitter(lineBytesMax);
  let ended = false;
  return {
    next: async () => {
      while (!ended) {
        const bytes = await cursor.read(CHUNK_BYTES)();
        if (isLeft(bytes)) return left({ _tag: 'Store', error: bytes.left });
        ended = bytes.right.length === 0;
        const text = ended ? splitter.end() : splitter.push(bytes.right);
        if (isLeft(text)) return left({ _tag: 'Line', error: text.left });
        if (text.right !== '') return right(text.right);
      }
      return right('');
    },
    close: cursor.close,
  };
}

/** The streams of a command: data goes to stdout, words to stderr. Invariant: a closed pipe ends the output, not the program with an error. */
import type { ByteStream } from '../../adapters/filesystem/byte-source';

export interface TextSink {
  /** Resolves when the text was taken; writers that await it do not outrun a slow reader. */
  readonly write: (text: string) => Promise<void>;
  readonly isTerminal: boolean;
  /** Characters per line of the terminal. */
  readonly columns: number;
}

export interface Io {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly stdin: ByteStream;
  /** True once the user asked to stop. */
  readonly interrupted: () => boolean;
}

const DEFAULT_COLUMNS = 80;

export function makeSink(stream: NodeJS.WriteStream): TextSink {
  let closed = false;
  stream.on('error', () => {
    closed = true;
  });
  return {
    isTerminal: stream.isTTY,
    columns: stream.isTTY ? stream.columns : DEFAULT_COLUMNS,
    write: (text) =>
      new Promise((resolve) => {
        if (closed) resolve();
        else stream.write(text, () => {
          resolve();
        });
      }),
  };
}

/** The streams of a command: data goes to stdout, words to stderr. Invariant: nothing that was read drives the terminal it is shown on. */
import type { ByteStream } from '../../../adapters/filesystem/byte-source';
import { printableLines } from '../../../domain/codec/printable';

export interface TextSink {
  /** Resolves when the text was taken; writers that await it do not outrun a slow reader. */
  readonly write: (text: string) => Promise<void>;
  /** The same for text with colours of our own; whoever calls it has made what was read `printable`. */
  readonly writeStyled: (text: string) => Promise<void>;
  readonly isTerminal: boolean;
  /** Characters per line of the terminal. */
  readonly columns: number;
}

export interface Io {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly stdin: ByteStream;
  /**
   * From this call on the first request to stop (Ctrl-C) is left to the caller, who asks for it between two pieces of work and leaves
   * things in order; after `graceMs` (one second when not given) it is ended all the same. A command that never calls it is ended at once.
   */
  readonly watchInterrupts: (graceMs?: number) => () => boolean;
}

const DEFAULT_COLUMNS = 80;

/** `onLost` hears, once, that the stream takes nothing more; what is written from then on goes nowhere. */
export function makeSink(stream: NodeJS.WriteStream, onLost: (error: NodeJS.ErrnoException) => void): TextSink {
  let lost = false;
  const lose = (error: NodeJS.ErrnoException): void => {
    if (lost) return;
    lost = true;
    onLost(error);
  };
  stream.on('error', lose);
  const send = (text: string): Promise<void> =>
    new Promise((resolve) => {
      if (lost) resolve();
      else
        stream.write(text, (error) => {
          if (error instanceof Error) lose(error);
          resolve();
        });
    });
  return {
    isTerminal: stream.isTTY,
    columns: stream.isTTY ? stream.columns : DEFAULT_COLUMNS,
    write: (text) => send(stream.isTTY ? printableLines(text) : text),
    writeStyled: send,
  };
}

/** The streams of a command, kept for a test to read. */
import type { Io } from '../../src/handlers/cli/io';
import { Readable } from 'node:stream';

export interface CapturedIo {
  readonly io: Io;
  readonly out: () => string;
  readonly err: () => string;
  /** What a signal does to the real program. */
  readonly interrupt: () => void;
}

export function captureIo(): CapturedIo {
  const text = { out: '', err: '' };
  let interrupted = false;
  const sink = (which: 'out' | 'err'): Io['stdout'] => ({
    isTerminal: false,
    columns: 80,
    write: (more) => {
      text[which] += more;
      return Promise.resolve();
    },
  });
  return {
    io: { stdout: sink('out'), stderr: sink('err'), stdin: Readable.from([]), watchInterrupts: () => () => interrupted },
    out: () => text.out,
    err: () => text.err,
    interrupt: () => {
      interrupted = true;
    },
  };
}

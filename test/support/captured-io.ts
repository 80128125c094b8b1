/** The streams of a command, kept for a test to read. */
import type { Io } from '../../src/handlers/cli/shared/io';
import { Readable } from 'node:stream';

export interface CapturedIo {
  readonly io: Io;
  readonly out: () => string;
  readonly err: () => string;
  /** What a signal does to the real program. */
  readonly interrupt: () => void;
}

export interface Screen {
  readonly isTerminal: boolean;
  readonly columns: number;
}

export function captureIo(screen: Screen = { isTerminal: false, columns: 80 }): CapturedIo {
  const text = { out: '', err: '' };
  let interrupted = false;
  const sink = (which: 'out' | 'err'): Io['stdout'] => {
    const write = (more: string): Promise<void> => {
      text[which] += more;
      return Promise.resolve();
    };
    return { ...(which === 'out' ? screen : { isTerminal: false, columns: 80 }), write, writeStyled: write };
  };
  return {
    io: { stdout: sink('out'), stderr: sink('err'), stdin: Readable.from([]), watchInterrupts: () => () => interrupted },
    out: () => text.out,
    err: () => text.err,
    interrupt: () => {
      interrupted = true;
    },
  };
}

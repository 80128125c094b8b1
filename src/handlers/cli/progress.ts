/** A progress bar on a terminal, for work that takes longer than a blink; nothing at all when piped. */
import { Format, SingleBar } from 'cli-progress';
import type { Io } from './io';

export interface Progress {
  readonly update: (done: number, total: number) => void;
  readonly stop: () => void;
}

const QUIET_MS = 500;

export function makeProgress(io: Io, what: string): Progress {
  if (!io.stderr.isTerminal) return { update: () => undefined, stop: () => undefined };
  const started = Date.now();
  let bar: SingleBar | undefined;
  return {
    update: (done, total) => {
      if (bar === undefined) {
        if (Date.now() - started < QUIET_MS) return;
        const format = `${what} {bar} {percentage} % | {value} of {total} steps | {rate} steps/s | {eta_formatted} left`;
        bar = new SingleBar({ format, barsize: 24, clearOnComplete: true, hideCursor: true, stream: process.stderr, formatValue: Format.ValueFormat });
        bar.start(total, done, { rate: '-' });
      }
      const rate = Math.round((done / Math.max(1, Date.now() - started)) * 1000);
      bar.update(done, { rate: String(rate) });
    },
    stop: () => bar?.stop(),
  };
}

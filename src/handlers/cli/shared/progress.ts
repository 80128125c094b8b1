/** A progress bar on a terminal, for work that takes longer than a blink; nothing at all when piped. */
import type { SingleBar } from 'cli-progress';
import type { Io } from './io';

export interface Progress {
  readonly update: (done: number, total: number) => void;
  readonly stop: () => void;
}

const QUIET_MS = 500;

export async function makeProgress(io: Io, what: string): Promise<Progress> {
  if (!io.stderr.isTerminal) return { update: () => undefined, stop: () => undefined };
  const { Format, SingleBar: Bar } = await import('./progress-bar');
  const started = Date.now();
  let bar: SingleBar | undefined;
  return {
    update: (done, total) => {
      if (bar === undefined) {
        if (Date.now() - started < QUIET_MS) return;
        const format = `${what} {bar} {percentage} % | {value} of {total} steps | {rate} steps/s | {left} left`;
        // The cursor stays: a program that is ended could not bring it back.
        bar = new Bar({
          format,
          barsize: 24,
          clearOnComplete: true,
          hideCursor: false,
          stream: process.stderr,
          formatValue: Format.ValueFormat,
        });
        bar.start(total, done, { rate: '-', left: '-' });
      }
      const rate = Math.round((done / Math.max(1, Date.now() - started)) * 1000);
      bar.update(done, { rate: String(rate), left: rate === 0 ? '-' : `${String(Math.ceil((total - done) / rate))} s` });
    },
    stop: () => bar?.stop(),
  };
}

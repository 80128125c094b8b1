/** A progress bar on a terminal, for work that takes longer than a blink; nothing at all when piped. */
import type { SingleBar } from 'cli-progress';
import type { Io } from './io';

export interface Progress {
  /** `note` stands at the end of the line. */
  readonly update: (done: number, total: number, note?: string) => void;
  readonly stop: () => void;
}

const QUIET_MS = 500;

/** `unit`: what is counted. */
export async function makeProgress(io: Io, what: string, unit = 'steps'): Promise<Progress> {
  if (!io.stderr.isTerminal) return { update: () => undefined, stop: () => undefined };
  const { Format, SingleBar: Bar } = await import('./progress-bar');
  const started = Date.now();
  let bar: SingleBar | undefined;
  return {
    update: (done, total, note = '') => {
      if (bar === undefined) {
        if (Date.now() - started < QUIET_MS) return;
        const format = `${what} {bar} {percentage} % | {value} of {total} ${unit} | {rate} ${unit}/s | {left} left{note}`;
        // The cursor stays: a program that is ended could not bring it back.
        bar = new Bar({
          format,
          barsize: 24,
          clearOnComplete: true,
          hideCursor: false,
          stream: process.stderr,
          formatValue: Format.ValueFormat,
        });
        bar.start(total, done, { rate: '-', left: '-', note: '' });
      }
      const rate = Math.round((done / Math.max(1, Date.now() - started)) * 1000);
      bar.update(done, { rate: String(rate), left: rate === 0 ? '-' : `${String(Math.ceil((total - done) / rate))} s`, note });
    },
    stop: () => bar?.stop(),
  };
}

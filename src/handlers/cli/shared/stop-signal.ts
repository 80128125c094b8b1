/** How a command that serves others hears that it is to end. */
import type { Io } from './io';

/** How often a wish to stop is looked for. */
const INTERRUPT_POLL_MS = 50;

/** A signal, or the end of the process that started this one with a channel to it. */
export function stopSignal(io: Io, graceMs: number): Promise<void> {
  const interrupted = io.watchInterrupts(graceMs);
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (interrupted()) done();
    }, INTERRUPT_POLL_MS);
    const done = (): void => {
      clearInterval(timer);
      process.off('disconnect', done);
      resolve();
    };
    process.on('disconnect', done);
  });
}

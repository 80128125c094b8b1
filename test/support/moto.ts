/** A `moto_server` of this test, on a port the system chose; absent where the program is not installed. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Moto {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starting Python takes a few seconds on a busy machine. Unit: milliseconds. */
const START_TIMEOUT_MS = 30_000;

export async function startMoto(path: string): Promise<Moto> {
  // A group of its own, for a launcher such as pyenv's may stand between us and the server.
  const child = spawn(path, ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  const stop = (): Promise<void> => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
    return ended;
  };
  const timer = setTimeout(() => void stop(), START_TIMEOUT_MS);
  try {
    for await (const line of createInterface({ input: child.stderr })) {
      const url = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (url !== undefined) {
        // Its request log is not read; a full pipe must not stop it.
        child.stderr.resume();
        return { url, stop };
      }
    }
  } finally {
    clearTimeout(timer);
  }
  throw new Error('moto_server ended before it said where it listens');
}

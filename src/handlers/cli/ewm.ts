/** The program `ewm`, and the worker threads it starts of itself. */
import { enableCompileCache } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { InvariantError } from '../../domain/assert';
import { EXIT } from './exit-codes';
import { makeSink } from './io';
import { runCli } from './main';
import { workerMain } from './verify-workers';

async function main(): Promise<void> {
  let interrupts = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      interrupts += 1;
      // The first asks the run to stop between two steps; the second does not wait.
      if (interrupts > 1) process.exit(EXIT.interrupted);
    });
  }
  const io = { stdout: makeSink(process.stdout), stderr: makeSink(process.stderr), stdin: process.stdin, interrupted: () => interrupts > 0 };
  try {
    process.exitCode = await runCli(process.argv.slice(2), io);
  } catch (error) {
    const what = error instanceof InvariantError ? `a broken invariant: ${error.message}` : String(error);
    await io.stderr.write(`ewm: ${what}. This is a bug of ewm ${EWM_VERSION}; please report it with the command and its inputs.\n`);
    process.exitCode = EXIT.bug;
  }
  // An open pipe on stdin would keep the process waiting for input that nobody reads any more.
  process.exit();
}

// Node 22 keeps compiled code between starts; Node 20 does without.
(enableCompileCache as typeof enableCompileCache | undefined)?.();
void (isMainThread ? main() : workerMain());

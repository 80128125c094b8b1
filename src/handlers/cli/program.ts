/** The process around a command: its streams, its signals, its exit code. */
import { InvariantError } from '../../domain/assert';
import { EXIT } from './shared/exit-codes';
import { type Io, makeSink } from './shared/io';
import { runCli } from './main';

/** What a command that was asked to stop may take for it; one that waits for input would take for ever. */
const GRACE_MS = 1_000;

export async function main(argv: readonly string[]): Promise<void> {
  let watched = false;
  let graceMs = GRACE_MS;
  let interrupts = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupts += 1;
      if (interrupts > 1 || !watched) endInterrupted();
      setTimeout(endInterrupted, graceMs).unref();
    });
  }
  // A file that grows past `ulimit -f` is then the error of a write, and not the death of the process.
  process.on('SIGXFSZ', () => undefined);

  const io: Io = {
    stdout: makeSink(process.stdout, endStdout),
    stderr: makeSink(process.stderr, () => undefined),
    stdin: process.stdin,
    watchInterrupts: (wanted = GRACE_MS) => {
      watched = true;
      graceMs = wanted;
      return () => interrupts > 0;
    },
  };
  try {
    process.exitCode = await runCli(argv, io);
  } catch (error) {
    const what = error instanceof InvariantError ? `a broken invariant: ${error.message}` : String(error);
    await io.stderr.write(`ewm: ${what}\newm: This is a bug of ewm ${EWM_VERSION}; please report it with the command and its inputs.\n`);
    process.exitCode = EXIT.bug;
  }
  // An open pipe on stdin would keep the process waiting for input that nobody reads any more.
  process.exit();
}

/** Whatever was being written still has the name of something unfinished. */
function endInterrupted(): never {
  process.stderr.write('ewm: interrupted\n');
  process.exit(EXIT.interrupted);
}

/** Nobody reads on (`| head -1`): end as quietly as every other program. Anything else is data that got lost. */
function endStdout(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(EXIT.readerGone);
  process.stderr.write(`ewm: stdout: cannot be written: ${error.message}\n`);
  process.exit(EXIT.cannotWrite);
}

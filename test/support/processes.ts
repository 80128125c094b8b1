/**
 * Long loops in processes of their own, bundled like the program itself: code in Jest's sandbox runs at half the speed, and one test on one
 * core. Not worker threads: the same loop costs twice the time there, most of it in the kernel.
 */
import { build } from 'esbuild';
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `entry` (a file of this folder) once for each task, and answers what each process sent. */
export async function inProcesses<T>(entry: string, tasks: readonly object[]): Promise<readonly T[]> {
  const directory = await mkdtemp(join(tmpdir(), 'ewm-processes-'));
  try {
    const outfile = join(directory, 'worker.cjs');
    await build({
      entryPoints: [join(__dirname, entry)],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      logLevel: 'error',
    });
    return await Promise.all(tasks.map((task) => inProcess<T>(outfile, task)));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function inProcess<T>(path: string, task: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = fork(path, { serialization: 'advanced', execArgv: ['--max-semi-space-size=64'] });
    child.once('message', (answer) => {
      resolve(answer as T);
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`the process ended with ${String(code)} and without an answer`));
    });
    child.send(task);
  });
}

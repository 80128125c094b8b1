/** The built program as a child process. `make test` builds it first. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const PROGRAM = join(__dirname, '../../dist/ewm.cjs');

export interface Ended {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

const RUN_TIMEOUT_MS = 30_000;
/** A server lives as long as the tests of a file; should they die, it goes, too. */
const SERVE_TIMEOUT_MS = 180_000;

/** A clean environment: nothing of the machine says where an API is, or whom to trust. */
function clean(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: '/nonexistent', ...env };
}

export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}, timeout = RUN_TIMEOUT_MS): ChildProcess {
  if (!existsSync(PROGRAM)) throw new Error('dist/ewm.cjs is missing: make build');
  return spawn(process.execPath, [PROGRAM, ...args], { env: clean(env), stdio: ['ignore', 'pipe', 'pipe'], timeout });
}

export async function ended(child: ChildProcess): Promise<Ended> {
  const text = { out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (more: string) => (text.out += more));
  child.stderr?.setEncoding('utf8').on('data', (more: string) => (text.err += more));
  const [exit] = (await once(child, 'close')) as [number | null];
  return { exit, ...text };
}

export function ewm(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return ended(start(args, env));
}

export interface Served {
  readonly url: string;
  readonly child: ChildProcess;
  /** Sends the signal and answers how the server ended. */
  readonly stop: (signal: NodeJS.Signals) => Promise<Ended>;
}

/** `ewm serve` on a free port, once it listens. */
export async function serveBuilt(directory: string, env: Readonly<Record<string, string>> = {}): Promise<Served> {
  const child = start(['serve', '--port', '0', '--json', '--data', directory], env, SERVE_TIMEOUT_MS);
  const end = ended(child);
  if (child.stdout === null) throw new Error('no stdout');
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    end.then(({ err }) => {
      throw new Error(`the server ended: ${err}`);
    }),
  ]);
  const { url } = JSON.parse(String(line[0])) as { url: string };
  return {
    url,
    child,
    stop: (signal) => {
      child.kill(signal);
      return end;
    },
  };
}

/**
 * `ewm smoke local`: the built server on a free port with a directory of its own and memory on, all smoke tests, and its end.
 * Invariant: whatever happens, the server is stopped and its directory is gone. It also stops by itself when this process dies: the channel
 * between the two breaks.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { textAt } from './api-answer';
import type { Environment } from '../../config';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail } from '../shared/failure';
import type { Io } from '../shared/io';
import { API_MODES, smokeCommand } from './smoke-command';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
/** For the check that is under way, and for the server to stop. */
const STOP_GRACE_MS = 2 * STOP_TIMEOUT_MS;

/** `program` is the file that this process runs: the server is the same build. */
export async function smokeLocalCommand(program: string, json: boolean, io: Io, env: Environment): Promise<ExitCode> {
  const directory = await mkdtemp(join(tmpdir(), 'ewm-smoke-'));
  // What is said of an API on AWS is not meant for this one.
  const ours = { ...env, ENABLE_AGENTCORE_MEMORY: '1', EWM_ARTIFACT_BUCKET: '', EWM_ARTIFACT_PREFIX: '' };
  const server = spawn(process.execPath, [program, 'serve', '--port', '0', '--json', '--data', directory], {
    env: ours,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const interrupted = io.watchInterrupts(STOP_GRACE_MS);
  const printed: string[] = [];
  server.stderr?.setEncoding('utf8').on('data', (text: string) => printed.push(text));
  try {
    const url = await readyUrl(server);
    if (url === undefined) {
      return await fail(io, json, {
        exit: EXIT.notProven,
        code: 'server_not_started',
        messages: [`the server did not start: ${printed.join('').trim()}`],
      });
    }
    let worst: ExitCode = EXIT.ok;
    for (const mode of API_MODES) {
      if (interrupted()) return EXIT.interrupted;
      const exit = await smokeCommand(mode, { json }, io, { ...ours, EWM_API_URL: url, EWM_API_AUTH: 'none' });
      if (exit !== EXIT.ok) worst = exit;
    }
    if (worst !== EXIT.ok) await io.stderr.write(printed.join(''));
    return worst;
  } finally {
    await stopped(server);
    await rm(directory, { recursive: true, force: true });
  }
}

/** The first line of the server, once it listens. */
function readyUrl(server: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(undefined);
    }, START_TIMEOUT_MS);
    const done = (url: string | undefined): void => {
      clearTimeout(timer);
      resolve(url);
    };
    server.once('error', () => {
      done(undefined);
    });
    server.once('exit', () => {
      done(undefined);
    });
    if (server.stdout !== null) {
      createInterface({ input: server.stdout }).once('line', (line) => {
        done(textAt(parsed(line), 'url'));
      });
    }
  });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function stopped(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.kill('SIGKILL'), STOP_TIMEOUT_MS);
    server.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    server.kill('SIGTERM');
  });
}

/**
 * A Lambda function as Lambda runs it: AWS's own runtime client loads what was unpacked from its zip, in a process that has Lambda's
 * environment and nothing of this machine, and asks a Runtime API of ours for events.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { FUNCTION } from '../support/aws-calls';

/** Of the checkout, which is where `make` runs the tests and the benchmarks. */
const FOLDER = resolve('tmp/runtime-client');
const CLIENT = join(FOLDER, 'node_modules/aws-lambda-ric');

/** Why there is no runtime client here; undefined where there is one. `make test-infra` installs it. */
export function missingRuntimeClient(): string | undefined {
  if (existsSync(join(CLIENT, 'rapid-client.node'))) return undefined;
  const reason = join(FOLDER, 'missing.txt');
  return existsSync(reason) ? readFileSync(reason, 'utf8').trim() : 'aws-lambda-ric is not installed: make test-infra does that';
}

/** The runtimes of Lambda that the zips are for (variable `runtime`), and the Node of each. */
export const RUNTIMES: Readonly<Record<string, string>> = {
  'nodejs22.x': process.execPath,
  'nodejs24.x': resolve('tmp/node24/node_modules/.bin/node'),
};

export function missingRuntime(runtime: string): string | undefined {
  return existsSync(RUNTIMES[runtime] ?? '') ? undefined : `the Node of ${runtime} is not installed: make test-infra does that`;
}

export interface FunctionSettings {
  /** `nodejs22.x` where left out. */
  readonly runtime?: string;
  /** Where the zip was unpacked: /var/task. */
  readonly taskRoot: string;
  readonly name: string;
  /** Added to what every function has. */
  readonly env: Readonly<Record<string, string>>;
  /** For directories that are written to: Lambda has /tmp. */
  readonly scratch: string;
}

export type Outcome =
  | { readonly _tag: 'Response'; readonly payload: unknown }
  /** What the client reports of an error that the handler throws, or of a start that fails. */
  | { readonly _tag: 'Failed'; readonly during: 'invocation' | 'init'; readonly error: unknown };

export interface LambdaFunction {
  readonly pid: number;
  /** One after the other, as a concurrency of one has it. */
  readonly invoke: (event: unknown, requestId: string, timeoutMs?: number) => Promise<Outcome>;
  /** Whole lines of both streams until now. */
  readonly lines: () => readonly string[];
  readonly stop: () => Promise<void>;
}

const TIMEOUT_MS = 29_000;
const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:';

export async function startFunction(settings: FunctionSettings): Promise<LambdaFunction> {
  const api = await startRuntimeApi(settings.name);
  const child = spawn(RUNTIMES[settings.runtime ?? 'nodejs22.x'] ?? '', [join(CLIENT, 'index.mjs'), 'index.handler'], {
    cwd: settings.taskRoot,
    env: { ...lambdaEnvironment(settings, api.host), ...settings.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { out: '' };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (more: string) => (text.out += more));
  const ended = once(child, 'close');
  void ended.then(() => {
    api.ended(text.out);
  });
  return {
    pid: child.pid ?? 0,
    invoke: api.invoke,
    lines: () => text.out.split('\n').filter((line) => line !== ''),
    stop: async () => {
      await stop(child, ended);
      await api.close();
    },
  };
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

/** What Lambda sets for every function, with JSON as the log format, and nothing else. */
function lambdaEnvironment(
  { name, taskRoot, scratch, runtime = 'nodejs22.x' }: FunctionSettings,
  host: string,
): Readonly<Record<string, string>> {
  return {
    _HANDLER: 'index.handler',
    AWS_ACCESS_KEY_ID: FUNCTION,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: '2025/11/24/[$LATEST]0123456789abcdef0123456789abcdef',
    AWS_LAMBDA_RUNTIME_API: host,
    AWS_REGION: 'us-east-1',
    AWS_SECRET_ACCESS_KEY: 'secret-example',
    AWS_SESSION_TOKEN: 'session-example',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LAMBDA_TASK_ROOT: taskRoot,
    LANG: 'en_US.UTF-8',
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin:/bin',
    TMPDIR: scratch,
    TZ: ':UTC',
  };
}

interface RuntimeApi {
  readonly host: string;
  readonly invoke: LambdaFunction['invoke'];
  /** Nobody will answer any more. */
  readonly ended: (output: string) => void;
  readonly close: () => Promise<void>;
}

interface Pending {
  readonly event: unknown;
  readonly requestId: string;
  readonly timeoutMs: number;
  readonly settle: (outcome: Outcome) => void;
  readonly fail: (error: Error) => void;
}

const API = '/2018-06-01/runtime';

/** The server side of the Runtime API, for one function whose events come one after the other. */
async function startRuntimeApi(name: string): Promise<RuntimeApi> {
  let pending: Pending | undefined;
  let waiting: http.ServerResponse | undefined;
  let failedStart: Outcome | undefined;
  let gone: Error | undefined;

  const give = (): void => {
    if (pending === undefined || waiting === undefined) return;
    const headers = {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': pending.requestId,
      'lambda-runtime-deadline-ms': String(Date.now() + pending.timeoutMs),
      'lambda-runtime-invoked-function-arn': ARN + name,
      'lambda-runtime-trace-id': 'Root=1-65a0b1c2-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0',
    };
    waiting.writeHead(200, headers).end(JSON.stringify(pending.event));
    waiting = undefined;
  };
  const settle = (outcome: Outcome): void => {
    pending?.settle(outcome);
    pending = undefined;
  };
  const take = (path: string, body: string, outgoing: http.ServerResponse): void => {
    const value: unknown = body === '' ? undefined : JSON.parse(body);
    outgoing.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
    if (path === `${API}/init/error`) settle((failedStart = { _tag: 'Failed', during: 'init', error: value }));
    else if (path === `${API}/invocation/${pending?.requestId ?? ''}/response`) settle({ _tag: 'Response', payload: value });
    else if (path === `${API}/invocation/${pending?.requestId ?? ''}/error`) settle({ _tag: 'Failed', during: 'invocation', error: value });
    else pending?.fail(new Error(`the runtime client called ${path}`));
  };
  const server = http.createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      if (incoming.method === 'GET' && incoming.url === `${API}/invocation/next`) {
        waiting = outgoing;
        give();
      } else take(incoming.url ?? '', Buffer.concat(chunks).toString(), outgoing);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    invoke: (event, requestId, timeoutMs = TIMEOUT_MS) =>
      new Promise((resolve, reject) => {
        if (failedStart !== undefined) resolve(failedStart);
        else if (gone !== undefined) reject(gone);
        else {
          pending = { event, requestId, timeoutMs, settle: resolve, fail: reject };
          give();
        }
      }),
    ended: (output) => {
      gone = new Error(`the function ended: ${output}`);
      pending?.fail(gone);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

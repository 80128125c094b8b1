/**
 * `make bench`, the part about the API: what a request costs in the handler, through the local server, and to AgentCore Memory; what an act over
 * MCP takes beside the same act over plain HTTP; what a reservation costs; and a million schedules against the breaker. Printed and stored in
 * tmp/bench-api.json; a breaker that overshoots and MCP above its bar end it with an error, a slow machine does not. `--quick` takes a tenth of
 * everything; `mcp` behind it measures MCP alone.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { makeAgentCoreClient } from '../../src/adapters/agentcore/client';
import { makeAgentCoreMemory } from '../../src/adapters/agentcore/memory';
import { makeMemoryArtifactStore } from '../../src/adapters/in-process/artifact-store';
import { systemClock } from '../../src/adapters/in-process/clock';
import { makeInProcessMemory } from '../../src/adapters/in-process/memory';
import { silentTelemetry } from '../../src/adapters/in-process/telemetry';
import { makeBreaker } from '../../src/domain/budget/breaker';
import { CEILINGS, DEFAULT_BUDGET } from '../../src/domain/budget/budget';
import type { Handler } from '../../src/handlers/http/edge/handler';
import type { HandlerConfig } from '../../src/handlers/config';
import { baseFunction, memoryFunction } from '../../src/handlers/compose-http';
import type { Memory } from '../../src/ports/memory';
import { startAgentCoreStub, STUB_MEMORY_ID } from '../support/agentcore-stub';
import { useStubEnvironment } from '../support/aws-environment';
import { call } from '../support/http-call';
import { httpEvent } from '../support/http-events';
import { runSchedules } from '../support/overshoot';
import { startS3Stub } from '../support/s3-stub';
import { actsInBundles, actsOnServer, type ActTimes, MCP_BAR } from './mcp-acts';

const SCALE = process.argv.includes('--quick') ? 0.1 : 1;
const HANDLER_REQUESTS = Math.round(5_000 * SCALE);
const SERVER_REQUESTS = Math.round(500 * SCALE);
const MCP_ACTS = Math.round(1_000 * SCALE);
/** Of each request to S3, where it is not as fast as it can be. Unit: ms. */
const S3_MS = 20;
const MEMORY_PUTS = Math.round(2_000 * SCALE);
const RESERVATIONS = Math.round(20_000_000 * SCALE);
const SCHEDULES = Number(process.env['EWM_OVERSHOOT_RUNS'] ?? Math.round(1_000_000 * SCALE));
const SEED = Number(process.env['EWM_SEED'] ?? 20_251_124);
/** The client holds several, and uses one at a time: a function has a concurrency of 1. */
const CONNECTIONS = 4;

const CONFIG: HandlerConfig = {
  version: 'bench',
  ceilings: CEILINGS,
  enabled: { memory: true, code_interpreter: false, planner: false },
  bodyBytesMax: 1_048_576,
  artifactBytesMax: Infinity,
  storeReserveMs: 3_000,
  basePath: '',
  corsOrigins: [],
};

async function main(): Promise<void> {
  mkdirSync('tmp', { recursive: true });
  const figures: Record<string, number | string> = { node: process.version, cores: availableParallelism() };
  const show = (name: string, value: number, unit: string): void => {
    figures[name] = value;
    console.log(`${name.padEnd(52)} ${value.toLocaleString('en-US', { maximumFractionDigits: 3 })} ${unit}`);
  };

  const missed = await mcpTimes(show);
  if (process.argv.includes('mcp')) {
    finish(figures, missed);
    return;
  }

  show('one reservation of a breaker', reservation(), 'ns');

  const base = await times(HANDLER_REQUESTS, baseRequests());
  show('base, 1 step, through the handler: p50', quantile(base, 0.5), 'ms (bar: 2)');
  show('base, 1 step, through the handler: p99', quantile(base, 0.99), 'ms');

  // The first writes and syncs ten files, the second compares them, the third never gets to a run.
  const served = [
    ['new runs', 200, (k: number) => ({ initial_state: { cash: String(1_000 + k) } })],
    ['one run, repeated', 200, () => ({})],
    ['refused bodies', 400, () => ({ no_such_field: 1 })],
  ] as const;
  for (const [name, status, bodyOf] of served) {
    const spent = await serverTimes(status, bodyOf);
    show(`base through the local server, ${name}`, 1_000 / mean(spent), 'requests/s');
    show(`base through the local server, ${name}: p50`, quantile(spent, 0.5), 'ms');
    show(`base through the local server, ${name}: p99`, quantile(spent, 0.99), 'ms');
  }

  const { here, there } = await memoryTimes();
  show('memory, 1 put in this process: p50', quantile(here, 0.5), 'ms');
  show('memory, 1 put to the AgentCore stub: p50', quantile(there, 0.5), 'ms');
  show('memory, 1 put to the AgentCore stub: p99', quantile(there, 0.99), 'ms');
  show('added by AgentCore Memory to one put: p50', quantile(there, 0.5) - quantile(here, 0.5), 'ms');

  const startedMs = performance.now();
  const outcome = runSchedules(makeBreaker, SEED, SCHEDULES);
  if (outcome._tag === 'Broken')
    throw new Error(`OVERSHOOT: EWM_SEED=${String(SEED)}, schedule ${String(outcome.schedule)}: ${outcome.why}`);
  show(
    `schedules without overshoot (EWM_SEED=${String(SEED)})`,
    outcome.tally.schedules,
    `in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`,
  );
  show('events looked at', outcome.tally.events, `(${String(outcome.tally.parallelMax)} acts at once at most)`);

  finish(figures, missed);
}

type Show = (name: string, value: number, unit: string) => void;

function finish(figures: object, missed: readonly string[]): void {
  writeFileSync(join('tmp', 'bench-api.json'), `${JSON.stringify(figures, null, 2)}\n`);
  console.log('stored in tmp/bench-api.json');
  for (const miss of missed) console.error(`FAILED: ${miss}`);
  if (missed.length > 0) process.exitCode = 1;
}

/** What is above the bar. */
async function mcpTimes(show: Show): Promise<readonly string[]> {
  const missed: string[] = [];
  const compare = (where: string, { http: plain, ...ways }: ActTimes): void => {
    show(`one act over HTTP, ${where}: p50`, plain, 'ms');
    for (const [way, ms] of Object.entries(ways)) {
      show(`one act over ${way}, ${where}: p50`, ms, 'ms');
      show(`${way} over HTTP, ${where}`, ms / plain, `times (bar: ${String(MCP_BAR)})`);
      if (ms > plain * MCP_BAR) missed.push(`an act over ${way}, ${where}, takes ${(ms / plain).toFixed(2)} times as long as over HTTP`);
    }
  };
  compare('local server', await actsOnServer(MCP_ACTS));
  for (const takesMs of [0, S3_MS]) {
    const stub = spawn(process.execPath, [__filename, 's3', String(takesMs)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [url] = (await once(createInterface({ input: stub.stdout }), 'line')) as [string];
    try {
      compare(`Lambda bundles, S3 at ${String(takesMs)} ms`, await actsInBundles(url, takesMs === 0 ? MCP_ACTS : Math.ceil(MCP_ACTS / 10)));
    } finally {
      stub.stdin.end();
      await once(stub, 'exit');
    }
  }
  return missed;
}

function reservation(): number {
  const samples: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    const breaker = makeBreaker({ ...DEFAULT_BUDGET, max_memory_bytes: RESERVATIONS });
    const startedMs = performance.now();
    for (let k = 0; k < RESERVATIONS; k += 1) breaker.reserve('memory_bytes', 1);
    samples.push(((performance.now() - startedMs) / RESERVATIONS) * 1e6);
  }
  return quantile(samples.slice(1), 0.5);
}

type Act = (k: number) => Promise<void>;

/** Milliseconds of each, after enough of them to warm the compiler. One after the other. */
async function times(count: number, act: Act): Promise<readonly number[]> {
  const warmUp = Math.ceil(count / 5);
  const measured: number[] = [];
  for (let k = 0; k < warmUp + count; k += 1) {
    const startedMs = performance.now();
    await act(k);
    if (k >= warmUp) measured.push(performance.now() - startedMs);
  }
  return measured;
}

/** Each one another run, so that nothing is answered from what is there. */
function baseRequests(): Act {
  let handle = baseFunction(CONFIG, { artifacts: makeMemoryArtifactStore(), telemetry: silentTelemetry, openApi: () => '{}' });
  return async (k) => {
    // What is stored in this process does not pile up until the garbage collector is what is measured.
    if (k % 500 === 0)
      handle = baseFunction(CONFIG, { artifacts: makeMemoryArtifactStore(), telemetry: silentTelemetry, openApi: () => '{}' });
    await ask(handle, '/agentcore/base', { initial_state: { cash: String(1_000 + k) } }, k);
  };
}

async function ask(handle: Handler, path: string, body: object, k: number): Promise<void> {
  const context = { awsRequestId: `request-${String(k)}`, getRemainingTimeInMillis: () => 29_000 };
  const result = await handle(httpEvent({ path, body: JSON.stringify(body) }), context);
  if (!('statusCode' in result) || result.statusCode !== 200) throw new Error(`no answer: ${JSON.stringify(result)}`);
}

/** The built program in a process of its own, as `make serve` starts it. */
async function serverTimes(expected: number, bodyOf: (k: number) => object): Promise<readonly number[]> {
  const directory = mkdtempSync(join(tmpdir(), 'ewm-bench-'));
  const server = spawn(process.execPath, [join('dist', 'ewm.cjs'), 'serve', '--port', '0', '--json', '--data', directory], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const agents = Array.from({ length: CONNECTIONS }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
  try {
    const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
    const { url } = JSON.parse(line) as { readonly url: string };
    return await times(SERVER_REQUESTS, async (k) => {
      const agent = agents[k % CONNECTIONS];
      const options = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(bodyOf(k)) };
      const { status, text } = await call(url, '/agentcore/base', agent === undefined ? options : { ...options, agent });
      if (status !== expected) throw new Error(`the server answered ${String(status)}: ${text}`);
    });
  } finally {
    for (const agent of agents) agent.destroy();
    server.kill('SIGTERM');
    await once(server, 'exit');
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The same request with the memory of this process and with AgentCore's; the stub is a process of its own. */
async function memoryTimes(): Promise<{ readonly here: readonly number[]; readonly there: readonly number[] }> {
  const stub = spawn(process.execPath, [__filename, 'stub'], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [url] = (await once(createInterface({ input: stub.stdout }), 'line')) as [string];
    useStubEnvironment({ AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: url });
    const client = makeAgentCoreClient({ connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 });
    const here = putTo(makeInProcessMemory());
    const there = putTo(makeAgentCoreMemory({ client, memoryId: STUB_MEMORY_ID, actorId: 'ewm', clock: systemClock }));
    const thereMs = await times(MEMORY_PUTS, there);
    client.destroy();
    return { here: await times(MEMORY_PUTS, here), there: thereMs };
  } finally {
    stub.stdin.end();
    await once(stub, 'exit');
  }
}

function putTo(memory: Memory): Act {
  const handle = memoryFunction(CONFIG, { artifacts: makeMemoryArtifactStore(), memory, telemetry: silentTelemetry, openApi: () => '{}' });
  const budget = { max_memory_ops: 1, max_memory_bytes: 200 };
  return (k) =>
    ask(handle, '/agentcore/memory', { budget, requests: [{ op: 'memory_put', key: `key ${String(k % 100)}`, value: { count: k } }] }, k);
}

/** Serves until whoever started it closes its input. */
async function stubMain(stub: { readonly url: string; readonly close: () => Promise<void> }): Promise<void> {
  console.log(stub.url);
  process.stdin.resume();
  await once(process.stdin, 'end');
  await stub.close();
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

void (process.argv[2] === 'stub'
  ? startAgentCoreStub().then(stubMain)
  : process.argv[2] === 's3'
    ? startS3Stub({ takesMs: Number(process.argv[3]) }).then(stubMain)
    : main());

/**
 * `make bench`, the part about sessions: acts a second, one after another, in this process, on a disk, and on an S3 that takes 20 ms for each request, from
 * one process and from cold ones; an act and a fork after 10 acts and after 100,000, taken in turn so that both meet the same machine. Printed and stored in
 * tmp/bench-session.json; a session that grows slower, or falls below 33 acts a second (20 cold), ends it with an error. `--quick` takes a tenth.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type MessagePort, parentPort, Worker } from 'node:worker_threads';
import { isLeft } from 'fp-ts/Either';
import { makeFilesystemArtifactStore } from '../../src/adapters/filesystem/artifact-store';
import { makeFilesystemSessionLog } from '../../src/adapters/filesystem/session-log';
import { makeMemoryArtifactStore } from '../../src/adapters/in-process/artifact-store';
import { noDeadline, systemClock } from '../../src/adapters/in-process/clock';
import { makeMarketDocument } from '../../src/adapters/in-process/market-document';
import { makeInProcessSessionLog } from '../../src/adapters/in-process/session-log';
import { makeS3ArtifactStore } from '../../src/adapters/s3/artifact-store';
import { makeS3Client } from '../../src/adapters/s3/client';
import { makeS3SessionLog } from '../../src/adapters/s3/session-log';
import { segmentPath } from '../../src/adapters/session-key';
import type { Budget } from '../../src/domain/budget/budget';
import { marketPathCodec } from '../../src/domain/market/market-path';
import type { SessionAnswer } from '../../src/domain/session/answer';
import type { SessionContext, SessionPorts } from '../../src/domain/session/context';
import { makeSessionContext } from '../../src/domain/session/worlds';
import { callSession, createSession, forkSession, observeSession } from '../../src/domain/session/verbs';
import { useStubEnvironment } from '../support/aws-environment';
import { startS3Stub, STUB_BUCKET } from '../support/s3-stub';

const SCALE = process.argv.includes('--quick') ? 0.1 : 1;
const LONG = Math.round(100_000 * SCALE);
const SHORT = 10;
const DISK_ACTS = Math.round(1_000 * SCALE);
const S3_ACTS = Math.round(200 * SCALE);
const S3_MS = 20;
const WARM_UP = 30;
/** Acts a second on it, one after another. */
const S3_BAR = 33;
const S3_COLD_BAR = 20;
/** How much slower an act may be at the end than at the beginning. */
const FLAT = 1.15;
/** Acts, and forks, of each of two sessions that are compared. */
const PAIRS = Math.round(2_000 * SCALE);
const DISK_PAIRS = Math.round(300 * SCALE);
/** After so many a young session is old. */
const YOUNG = 20;
const FORKS = 21;

const TIMES = { work: noDeadline, storing: noDeadline };
const BUDGET: Budget = { max_steps: 10_000_000, max_tool_calls: 10_000_000, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 };
const CHILD: Budget = { ...BUDGET, max_steps: 1, max_tool_calls: 1 };
const LOOK = { name: 'get_price_context', args: {} };

type Ports = Pick<SessionPorts, 'log' | 'documents'>;

const contextOf = (ports: Ports): SessionContext => makeSessionContext({ ...ports, clock: systemClock, outside: {} });

async function create(context: SessionContext, name = 'bench'): Promise<SessionAnswer> {
  const market = marketPathCodec.decode({
    symbols: ['A', 'B'],
    steps: Array.from({ length: 250 }, (_, step) => ({ A: 100 + (step % 7), B: 50 + (step % 5) })),
  });
  if (isLeft(market)) throw new Error('a market');
  const strategy = {
    metadata: { name: 'bench', version: '1', description: '' },
    universe: { symbols: ['A'] },
    sizing: { order_qty: 1, max_position_qty_per_symbol: 5 },
    rules: [{ type: 'threshold_price', symbol: 'A', buy_below: 101, sell_above: 105 }],
  };
  const policy = { policy_id: 'bench', risk_limits: { max_leverage: 2, max_position_pct: 0.8, max_position_value: 5000 } };
  const documents = { strategy, policy, initialState: { cash: 1000, positions: {} } };
  return answered(await createSession(context, { name, documents, market: makeMarketDocument(market.right), budget: BUDGET }, noDeadline));
}

function answered<A>(answer: { readonly _tag: 'Left'; readonly left: unknown } | { readonly _tag: 'Right'; readonly right: A }): A {
  if (answer._tag === 'Left') throw new Error(JSON.stringify(answer.left));
  return answer.right;
}

async function act(context: SessionContext, { session_id: session, head }: SessionAnswer): Promise<SessionAnswer> {
  return answered(await callSession(context, { session, head, calls: [LOOK] }, TIMES));
}

async function grown(context: SessionContext, acts: number, name?: string): Promise<SessionAnswer> {
  let answer = await create(context, name);
  for (let done = 0; done < acts; done += 1) answer = await act(context, answer);
  return answer;
}

/** Acts one after another; each from a process of its own where `cold`, so that nothing is known of the session. */
async function actsASecond(ports: Ports, acts: number, cold = false): Promise<number> {
  const warm = contextOf(ports);
  let answer = await create(warm, String(acts));
  const startedMs = performance.now();
  for (let done = 0; done < acts; done += 1) answer = await act(cold ? contextOf(ports) : warm, answer);
  return (acts / (performance.now() - startedMs)) * 1_000;
}

interface Remote {
  readonly ports: Ports;
  /** Since the last time this was asked. */
  readonly requests: () => Promise<number>;
  readonly close: () => Promise<unknown>;
}

/** The adapters of S3 before a stub of it, over HTTP; the stub has a thread of its own, as S3 has machines. */
async function remote(): Promise<Remote> {
  const stub = new Worker(__filename);
  const [url] = (await once(stub, 'message')) as [string];
  useStubEnvironment({ AWS_ENDPOINT_URL_S3: url });
  const client = makeS3Client({ connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 });
  const deps = { client, bucket: STUB_BUCKET };
  return {
    ports: { log: makeS3SessionLog(deps), documents: makeS3ArtifactStore(deps) },
    requests: async () => {
      const told = once(stub, 'message');
      stub.postMessage('requests');
      return ((await told) as [number])[0];
    },
    close: () => {
      client.destroy();
      return stub.terminate();
    },
  };
}

async function serveStub(port: MessagePort): Promise<void> {
  const stub = await startS3Stub({ takesMs: S3_MS });
  port.on('message', () => {
    port.postMessage(stub.requests().length);
    stub.reset();
  });
  port.postMessage(stub.url);
}

const inProcess = (): Ports => ({ log: makeInProcessSessionLog(), documents: makeMemoryArtifactStore() });

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function timed<A>(act: () => Promise<A>): Promise<readonly [A, number]> {
  const startedMs = performance.now();
  const made = await act();
  return [made, (performance.now() - startedMs) * 1_000];
}

type Pair = readonly [young: number, old: number];

/** An act of a session of `SHORT` acts, one of a long one, and again: medians. Unit: microseconds. */
async function actsInTurn(context: SessionContext, long: SessionAnswer, pairs: number): Promise<Pair> {
  const took: { readonly young: number[]; readonly old: number[] } = { young: [], old: [] };
  let old = long;
  let young = long;
  for (let pair = 0; pair < pairs; pair += 1) {
    if (pair % YOUNG === 0) young = await grown(context, SHORT, `young ${String(pair)}`);
    const [nextYoung, youngUs] = await timed(() => act(context, young));
    const [nextOld, oldUs] = await timed(() => act(context, old));
    took.young.push(youngUs);
    took.old.push(oldUs);
    [young, old] = [nextYoung, nextOld];
  }
  return [median(took.young), median(took.old)];
}

async function forksInTurn(context: SessionContext, long: SessionAnswer): Promise<Pair> {
  const took: { readonly young: number[]; readonly old: number[] } = { young: [], old: [] };
  let old = await act(context, long);
  let young = await grown(context, SHORT, 'forked');
  const fork = async ({ session_id: session, head }: SessionAnswer, name: string): Promise<SessionAnswer> =>
    answered(await forkSession(context, { session, head, budget: CHILD, name }, TIMES));
  for (let pair = 0; pair < FORKS; pair += 1) {
    const [nextYoung, youngUs] = await timed(() => fork(young, String(pair)));
    const [nextOld, oldUs] = await timed(() => fork(old, String(pair)));
    took.young.push(youngUs);
    took.old.push(oldUs);
    [young, old] = [nextYoung, nextOld];
  }
  return [median(took.young), median(took.old)];
}

/** The segments of a session as files, written without waiting for the disk. */
async function copyToDisk({ log }: Ports, session: string, directory: string, segments: number): Promise<void> {
  for (let seq = 0; seq <= segments; seq += 1) {
    const path = join(directory, segmentPath({ session, seq }));
    if (seq === 0) mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, answered(await log.read({ session, seq }, noDeadline)()));
  }
}

async function main(): Promise<void> {
  mkdirSync('tmp', { recursive: true });
  const figures: Record<string, number> = {};
  const failures: string[] = [];
  const show = (name: string, value: number, unit: string): void => {
    figures[name] = value;
    console.log(`${name.padEnd(60)} ${value.toLocaleString('en-US', { maximumFractionDigits: 3 })} ${unit}`);
  };
  const compare = (what: string, where: string, [young, old]: Pair): void => {
    show(`${what} after ${String(SHORT)} acts, ${where}`, young, 'us');
    show(`${what} after ${String(LONG)} acts, ${where}`, old, 'us');
    if (old > young * FLAT) failures.push(`${what}, ${where}, takes ${(old / young).toFixed(2)} times as long after ${String(LONG)} acts`);
  };

  // The machine of JavaScript is warm before anything is compared.
  const ports = inProcess();
  const context = contextOf(ports);
  await grown(context, 2_000, 'warm-up');
  const startedMs = performance.now();
  const long = await grown(context, LONG, 'long');
  show('a session in this process', (LONG / (performance.now() - startedMs)) * 1_000, 'acts/s');

  const directory = mkdtempSync(join(tmpdir(), 'ewm-bench-sessions-'));
  const disk = { log: makeFilesystemSessionLog({ directory }), documents: makeFilesystemArtifactStore({ directory }) };
  show('a session on a disk, durable', await actsASecond(disk, DISK_ACTS), 'acts/s');

  const s3 = await remote();
  // The SDK's code, too.
  await actsASecond(s3.ports, WARM_UP, true);
  const warm = await actsASecond(s3.ports, S3_ACTS);
  show(`a session on S3 at ${String(S3_MS)} ms a request, one process`, warm, 'acts/s');
  await s3.requests();
  const coldActs = Math.ceil(S3_ACTS / 4);
  const cold = await actsASecond(s3.ports, coldActs, true);
  show(`the same, each act from a cold process`, cold, 'acts/s');
  // Without those that began the session: four documents and a segment.
  show('requests of a cold act', ((await s3.requests()) - 5) / coldActs, '');
  await s3.close();
  if (warm < S3_BAR) failures.push(`${warm.toFixed(1)} acts/s on S3, the bar is ${String(S3_BAR)}`);
  if (cold < S3_COLD_BAR) failures.push(`${cold.toFixed(1)} cold acts/s on S3, the bar is ${String(S3_COLD_BAR)}`);

  compare('an act', 'in this process', await actsInTurn(context, long, PAIRS));
  const newest = { ...long, head: await headOf(context, long) };
  compare('a fork', 'in this process', await forksInTurn(context, newest));
  const onDisk = contextOf(disk);
  await create(onDisk, 'long');
  await copyToDisk(ports, long.session_id, directory, LONG);
  compare('an act', 'on a disk', await actsInTurn(onDisk, long, DISK_PAIRS));
  rmSync(directory, { recursive: true });

  writeFileSync('tmp/bench-session.json', `${JSON.stringify(figures, null, 2)}\n`);
  for (const failure of failures) console.error(`FAILED: ${failure}`);
  if (failures.length > 0) process.exitCode = 1;
}

async function headOf(context: SessionContext, { session_id: session }: SessionAnswer): Promise<string> {
  return answered(await observeSession(context, session, 0, noDeadline)).head;
}

void (parentPort === null ? main() : serveStub(parentPort));

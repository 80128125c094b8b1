/**
 * `make bench`, the part about sessions: acts a second, one after another, in this process, on a disk, and on an S3 that takes 20 ms for each request, from
 * one process and from cold ones; the time of an act after 10 and after 100,000 of them; and a fork there. Printed and stored in
 * tmp/bench-session.json; a session that grows slower, or falls below 33 acts a second (20 cold), ends it with an error. `--quick` takes a tenth.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import { makeFilesystemArtifactStore } from '../../src/adapters/filesystem/artifact-store';
import { makeFilesystemSessionLog } from '../../src/adapters/filesystem/session-log';
import { makeMemoryArtifactStore } from '../../src/adapters/in-process/artifact-store';
import { noDeadline, systemClock } from '../../src/adapters/in-process/clock';
import { makeMarketDocument } from '../../src/adapters/in-process/market-document';
import { makeInProcessSessionLog } from '../../src/adapters/in-process/session-log';
import type { Budget } from '../../src/domain/budget/budget';
import { marketPathCodec } from '../../src/domain/market/market-path';
import type { SessionAnswer } from '../../src/domain/session/answer';
import type { SessionContext, SessionPorts } from '../../src/domain/session/context';
import { makeSessionContext } from '../../src/domain/session/worlds';
import { callSession, createSession, forkSession } from '../../src/domain/session/verbs';
import type { SessionLog } from '../../src/ports/session-log';

const SCALE = process.argv.includes('--quick') ? 0.1 : 1;
const LONG = Math.round(100_000 * SCALE);
const DISK_ACTS = Math.round(1_000 * SCALE);
const S3_ACTS = Math.round(200 * SCALE);
const S3_MS = 20;
/** Acts a second on it, one after another. */
const S3_BAR = 33;
const S3_COLD_BAR = 20;
/** How much slower an act may be at the end than at the beginning. */
const FLAT = 1.15;
const WINDOW = Math.round(2_000 * SCALE);

const TIMES = { work: noDeadline, storing: noDeadline };
const BUDGET: Budget = { max_steps: 10_000_000, max_tool_calls: 10_000_000, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 };
const CHILD: Budget = { ...BUDGET, max_steps: 1, max_tool_calls: 1 };
const LOOK = { name: 'get_price_context', args: {} };

type Ports = Pick<SessionPorts, 'log' | 'documents'>;

const contextOf = (ports: Ports): SessionContext => makeSessionContext({ ...ports, clock: systemClock, outside: {} });

async function create(context: SessionContext): Promise<SessionAnswer> {
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
  return answered(
    await createSession(context, { name: 'bench', documents, market: makeMarketDocument(market.right), budget: BUDGET }, noDeadline),
  );
}

function answered<A>(answer: { readonly _tag: 'Left'; readonly left: unknown } | { readonly _tag: 'Right'; readonly right: A }): A {
  if (answer._tag === 'Left') throw new Error(JSON.stringify(answer.left));
  return answer.right;
}

async function act(context: SessionContext, { session_id: session, head }: SessionAnswer): Promise<SessionAnswer> {
  return answered(await callSession(context, { session, head, calls: [LOOK] }, TIMES));
}

/** Acts one after another; each from a process of its own where `cold`, so that nothing is known of the session. */
async function actsASecond(ports: Ports, acts: number, cold = false): Promise<number> {
  const warm = contextOf(ports);
  let answer = await create(warm);
  const startedMs = performance.now();
  for (let done = 0; done < acts; done += 1) answer = await act(cold ? contextOf(ports) : warm, answer);
  return (acts / (performance.now() - startedMs)) * 1_000;
}

/** Every request takes as long as S3 does. */
function remote({ log, documents }: Ports): Ports {
  const late =
    <A extends readonly unknown[], R>(task: (...args: A) => () => Promise<R>) =>
    (...args: A) =>
    async (): Promise<R> => {
      await new Promise((resolve) => setTimeout(resolve, S3_MS));
      return task(...args)();
    };
  const remoteLog: SessionLog = { ...log, create: late(log.create), read: late(log.read), newest: late(log.newest), list: late(log.list) };
  return { log: remoteLog, documents: { ...documents, put: late(documents.put), get: late(documents.get) } };
}

const inProcess = (): Ports => ({ log: makeInProcessSessionLog(), documents: makeMemoryArtifactStore() });

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function main(): Promise<void> {
  mkdirSync('tmp', { recursive: true });
  const figures: Record<string, number> = {};
  const failures: string[] = [];
  const show = (name: string, value: number, unit: string): void => {
    figures[name] = value;
    console.log(`${name.padEnd(60)} ${value.toLocaleString('en-US', { maximumFractionDigits: 3 })} ${unit}`);
  };

  const directory = mkdtempSync(join(tmpdir(), 'ewm-bench-sessions-'));
  const disk = { log: makeFilesystemSessionLog({ directory }), documents: makeFilesystemArtifactStore({ directory }) };
  show('a session on a disk, durable', await actsASecond(disk, DISK_ACTS), 'acts/s');
  rmSync(directory, { recursive: true });
  const warm = await actsASecond(remote(inProcess()), S3_ACTS);
  show(`a session on S3 at ${String(S3_MS)} ms a request, one process`, warm, 'acts/s');
  const cold = await actsASecond(remote(inProcess()), Math.ceil(S3_ACTS / 4), true);
  show(`the same, each act from a cold process`, cold, 'acts/s');
  if (warm < S3_BAR) failures.push(`${warm.toFixed(1)} acts/s on S3, the bar is ${String(S3_BAR)}`);
  if (cold < S3_COLD_BAR) failures.push(`${cold.toFixed(1)} cold acts/s on S3, the bar is ${String(S3_COLD_BAR)}`);

  const context = contextOf(inProcess());
  let answer = await create(context);
  const windows = new Map<string, number[]>([
    ['first', []],
    ['last', []],
  ]);
  const forks: Record<'first' | 'last', number[]> = { first: [], last: [] };
  const fork = async (at: 'first' | 'last'): Promise<void> => {
    for (let n = 0; n < 15; n += 1) {
      const startedMs = performance.now();
      const forked = answered(
        await forkSession(context, { session: answer.session_id, head: answer.head, budget: CHILD, name: `${at} ${String(n)}` }, TIMES),
      );
      forks[at].push(performance.now() - startedMs);
      answer = { ...answer, head: forked.head };
    }
  };
  const startedMs = performance.now();
  for (let done = 1; done <= LONG; done += 1) {
    const actMs = performance.now();
    answer = await act(context, answer);
    const tookMs = performance.now() - actMs;
    // The first acts warm the machine up.
    if (done > WINDOW && done <= 2 * WINDOW) windows.get('first')?.push(tookMs);
    if (done > LONG - WINDOW) windows.get('last')?.push(tookMs);
    if (done === WINDOW) await fork('first');
  }
  show('a session in this process', (LONG / (performance.now() - startedMs)) * 1_000, 'acts/s');
  await fork('last');
  const [early, late] = [median(windows.get('first') ?? []), median(windows.get('last') ?? [])];
  show(`an act near the beginning, median of ${String(WINDOW)}`, early * 1_000, 'us');
  show(`an act after ${String(LONG)}, median of ${String(WINDOW)}`, late * 1_000, 'us');
  show('a fork near the beginning, median of 15', median(forks.first) * 1_000, 'us');
  show(`a fork at act ${String(LONG)}, median of 15`, median(forks.last) * 1_000, 'us');
  if (late > early * FLAT) failures.push(`an act takes ${(late / early).toFixed(2)} times as long after ${String(LONG)} acts`);

  writeFileSync('tmp/bench-session.json', `${JSON.stringify(figures, null, 2)}\n`);
  for (const failure of failures) console.error(`FAILED: ${failure}`);
  if (failures.length > 0) process.exitCode = 1;
}

void main();

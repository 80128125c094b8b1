/** A run of several checkpoints in memory, and its proof in segments; shared by the test and by the processes that tamper with it. */
import fc from 'fast-check';
import { isLeft } from 'fp-ts/Either';
import { makeMarketDocument } from '../../src/adapters/in-process/market-document';
import { makeMemoryRunReader, makeMemoryRunWriter, type RunFileBytes } from '../../src/adapters/in-process/run-files';
import type { MarketStep } from '../../src/domain/market/market-path';
import { run } from '../../src/domain/run/run';
import { checkFiles, joinProofs, planSegments, proveSegment, type Segment, type SegmentProof } from '../../src/domain/run/segments';
import type { RunSummary } from '../../src/domain/run/summary';
import { filesOf } from '../../src/domain/run/modes';
import type { RunFile, RunReader } from '../../src/ports/run-files';
import { bytesOf, expectRight } from './harness';
import type { Score } from './tamper';

const LOCAL_FILES = filesOf('local');

export const STEPS = 45_500;
export const CENT = 1_000_000n;

/** A walk of a price in whole cents, from a generator of its own: every byte of these runs follows from this line. */
function walk(steps: number): readonly MarketStep[] {
  let [seed, cents] = [20_240_301, 10_000];
  return Array.from({ length: steps }, (_, t) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    cents = Math.max(5_000, Math.min(20_000, cents + ((seed >>> 16) % 201) - 100));
    return { prices: [BigInt(cents) * CENT], time: t % 1_000 === 0 ? `Märkte ${String(t)}` : undefined };
  });
}

export const longMarket = { symbols: ['AAPL'], steps: walk(STEPS) };

/** Windows of up to 300 prices: a segment that starts without them decides otherwise. */
export const windows = [
  { type: 'sma_crossover', symbol: 'AAPL', short_window: 20, long_window: 300 },
  { type: 'mean_reversion_zscore', symbol: 'AAPL', window: 50, z_buy_below: '-2', z_sell_above: '2' },
];
/** Buys at once, and never again. */
export const once = [{ type: 'threshold_price', symbol: 'AAPL', buy_below: '1000' }];
export const never = [{ type: 'threshold_price', symbol: 'AAPL', buy_below: '1' }];

export interface LongLimits {
  readonly steps?: number;
  readonly maxSteps?: number;
  readonly cash?: string;
}

export async function longRun(rules: unknown, limits: LongLimits = {}): Promise<RunFileBytes> {
  const strategy = {
    metadata: { name: 'long', version: '1', description: '' },
    universe: { symbols: ['AAPL'] },
    sizing: { order_qty: 1, max_position_qty_per_symbol: 3 },
    rules,
  };
  const { cash = '1000', ...rest } = limits;
  const writer = makeMemoryRunWriter();
  expectRight(
    await run({ strategy, policy: { costs: { fee_bps: 0.5 } }, initialState: { cash }, ...rest }, makeMarketDocument(longMarket), writer),
  );
  return writer.files();
}

export interface Joined {
  readonly summary: RunSummary | undefined;
  readonly segments: number;
}

/** The joined proof with these jobs. A segment that fails ends it, so the one that `suspect` picks goes first. */
export async function proveJoined(reader: RunReader, jobs: number, suspect?: (segment: Segment) => boolean): Promise<Joined> {
  const plan = await planSegments(reader, jobs);
  if (plan === undefined) return { summary: undefined, segments: 0 };
  const segments = plan.segments.length;
  const first = suspect === undefined ? undefined : plan.segments.findLast(suspect);
  if (first !== undefined && isLeft(await proveSegment(reader, plan.evidence, first))) return { summary: undefined, segments };
  const proofs: SegmentProof[] = [];
  for (const segment of plan.segments) {
    const proof = await proveSegment(reader, plan.evidence, segment);
    if (isLeft(proof)) return { summary: undefined, segments };
    proofs.push(proof.right);
  }
  const digests = await checkFiles(reader, plan.evidence);
  return { summary: digests === undefined ? undefined : await joinProofs(reader, plan, proofs, digests), segments };
}

/** How many bytes of each file are changed: 80 in all, half of them in the rows that segments share out. */
const SAMPLES: Partial<Record<RunFile, number>> = {
  'tape.jsonl': 24,
  'executions.jsonl': 16,
  'market.jsonl': 20,
  'report.md': 4,
  'run.json': 4,
  'strategy.json': 6,
  'policy.json': 6,
};

/** Changes random bytes, every `of`-th of them from the `share`-th on; none may leave a joined proof. */
export async function tamperWithSegments(files: RunFileBytes, seed: number, share: number, of: number): Promise<Score> {
  const missed: string[] = [];
  let tried = 0;
  for (const file of LOCAL_FILES) {
    const bytes = Uint8Array.from(bytesOf(files, file));
    const reader = makeMemoryRunReader({ ...files, [file]: bytes });
    const place = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.constantFrom(2, 3, 4, 5, 5, 5));
    for (const [index, [at, flip, jobs]] of fc.sample(place, { numRuns: SAMPLES[file] ?? 0, seed }).entries()) {
      if (index % of !== share) continue;
      const inRows = file === 'tape.jsonl' || file === 'executions.jsonl';
      const holds = ({ tapeOffset, ledgerOffset }: Segment): boolean => at >= (file === 'tape.jsonl' ? tapeOffset : ledgerOffset);
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      const { summary } = await proveJoined(reader, jobs, inRows ? holds : undefined);
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      if (summary !== undefined) missed.push(`${file}: byte ${String(at)} xor ${String(flip)} was proven in ${String(jobs)} segments`);
      tried += 1;
    }
  }
  return { tried, missed };
}

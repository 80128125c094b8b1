/** Verification in segments says what the sequential one says, and never more: over checkpoints, windows, budgets, and tampered bytes. */
import { isLeft } from 'fp-ts/Either';
import { makeMemoryRunReader, type RunFileBytes } from '../../../src/adapters/in-process/run-files';
import { planSegments, proveSegment, type Segment, type SegmentPlan } from '../../../src/domain/run/segments';
import { verify } from '../../../src/domain/run/verify';
import { linkRow } from '../../../src/domain/tape/chain';
import { stateText } from '../../../src/domain/world/market/state';
import type { RunFile, RunReader } from '../../../src/ports/run-files';
import { forge, withDigests } from '../../support/forge';
import {
  bytesOf,
  elementAt,
  advancedBy,
  marketRunOf,
  sealed,
  expectRight,
  fromText,
  linesOf,
  makeCollected,
  sampleSeed,
  textOf,
  verdictOn,
} from '../../support/harness';
import { CENT, type LongLimits, longMarket, longRun, never, once, proveJoined, STEPS, windows } from '../../support/long-run';
import { inProcesses } from '../../support/processes';
import type { JsonObject } from '../../support/reference-model';
import type { Score } from '../../support/tamper';

async function expectJobsToAgree(files: RunFileBytes, jobs: readonly number[], segments: readonly number[]): Promise<void> {
  const verdict = await verdictOn(files);
  if (verdict._tag !== 'Proven') throw new Error(`expected Proven, got ${verdict._tag}`);
  for (const [index, count] of jobs.entries()) {
    const joined = await proveJoined(makeMemoryRunReader(files), count);
    expect(joined.segments).toBe(segments[index]);
    expect(joined.summary).toEqual(verdict.summary);
  }
}

/** Some ten seconds on two free cores. */
const BUSY_MACHINE_MS = 240_000;

describe('a run of 45,500 steps', () => {
  let files: RunFileBytes;
  beforeAll(async () => {
    files = await longRun(windows);
  });

  test('is proven in 2 to 5 segments as it is in one', async () => {
    // Starts are the checkpoints nearest to an even split.
    await expectJobsToAgree(files, [2, 3, 4, 5], [2, 3, 4, 5]);
    expect(linesOf(files, 'executions.jsonl').length).toBeGreaterThan(1_000);
  });

  test('a segment reads the windows before its start, and no byte before the oldest price they need', async () => {
    const reader = makeMemoryRunReader(files);
    const plan = await planOf(reader, 3);
    const second: Segment = elementAt(plan.segments, 1);
    const text = Buffer.from(bytesOf(files, 'market.jsonl'));
    expect(text.subarray(0, second.marketOffset).filter((byte) => byte === 10).length).toBe(1 + (second.from?.steps ?? 0) - 299);
    // One step later, and the windows are short: the segment is no longer proven.
    const late = { ...second, marketOffset: text.indexOf('\n', second.marketOffset) + 1 };
    expect(isLeft(await proveSegment(reader, plan.evidence, late))).toBe(true);
  });

  test(
    'any of 80 random bytes changed: the joined proof does not come about',
    async () => {
      const tasks = [0, 1].map((share) => ({ seed: sampleSeed(), share, of: 2 }));
      const scores = await inProcesses<Score>('segments-worker.ts', tasks);
      expect(scores.flatMap(({ missed }) => missed)).toEqual([]);
      expect(scores.reduce((sum, { tried }) => sum + tried, 0)).toBe(80);
    },
    BUSY_MACHINE_MS,
  );

  test('a checkpoint that was forged, and everything behind it executed from there', async () => {
    const market = await marketRunOf(files);
    const lines = linesOf(files, 'market.jsonl').slice(1);
    const [output, cut] = [makeCollected(), 10_000];
    const honest = expectRight(await advancedBy(market, undefined, cut, lines, [500], output)).cursor();
    if (honest.world === undefined) throw new Error('a market run has a world');
    const rows = output.text('tape.jsonl').slice(0, -1).split('\n');
    const last = JSON.parse(elementAt(rows, -2)) as JsonObject;
    expect(JSON.parse(elementAt(rows, -1))).toMatchObject({ type: 'checkpoint', step_index: 9_999 });

    const state = { ...honest.world.state, cash: honest.world.state.cash + 1_000n * 100n * CENT };
    const checkpoint = linkRow(
      { type: 'checkpoint', step_index: 9_999, state: stateText(state, longMarket.symbols) },
      last['hash'] as string,
    );
    const forged = makeCollected();
    await forged.append('tape.jsonl', `${rows.slice(0, -1).join('\n')}\n${checkpoint.line}`);
    await forged.append('executions.jsonl', output.text('executions.jsonl'));
    const from = { ...honest, world: { ...honest.world, state }, tapeHead: checkpoint.hash };
    const end = expectRight(await advancedBy(market, from, STEPS, lines.slice(cut - market.world.lookback), [500], forged));
    await sealed(market, end);

    const tampered = {
      ...files,
      'tape.jsonl': fromText(forged.text('tape.jsonl')),
      'executions.jsonl': fromText(forged.text('executions.jsonl')),
    };
    const reader = makeMemoryRunReader(tampered);
    // The segment behind the forged checkpoint is proven, on the checkpoint's word ...
    const plan = await planOf(reader, 5);
    const behind = elementAt(plan.segments, 1);
    expect(behind.from?.steps).toBe(cut);
    expect(isLeft(await proveSegment(reader, plan.evidence, behind))).toBe(false);
    // ... and the one before it is not, as it does not end there.
    expect((await proveJoined(reader, 5)).summary).toBeUndefined();
    expect(await verdictOn(tampered)).toMatchObject({
      _tag: 'NotProven',
      divergence: { file: 'tape.jsonl', row: 10_001, pointer: '/state/cash' },
    });
  });

  test('a changed price far behind the first checkpoint is named as its row of the market', async () => {
    const lines = [...linesOf(files, 'market.jsonl')];
    const at = 30_004;
    lines[at] = elementAt(lines, at).replace(/"AAPL":"[^"]+"/, '"AAPL":"123.45"');
    const tampered = { ...files, 'market.jsonl': fromText(`${lines.join('\n')}\n`) };
    expect(await verdictOn(tampered)).toMatchObject({
      _tag: 'NotProven',
      divergence: { file: 'market.jsonl', row: at, pointer: '/prices/AAPL', actual: '"123.45"' },
    });
    expect((await proveJoined(makeMemoryRunReader(tampered), 3)).summary).toBeUndefined();
  });
});

describe('runs whose ledger or budget ends early', () => {
  test.each<[string, unknown, LongLimits, number]>([
    ['one fill at the start', once, { cash: '150', steps: 20_001 }, 2],
    ['no fill', never, { steps: 20_001 }, 2],
    ['stopped between two checkpoints', windows, { steps: 40_000, maxSteps: 25_000 }, 3],
    ['stopped at a checkpoint', windows, { steps: 40_000, maxSteps: 20_000 }, 2],
    ['ending at a checkpoint', windows, { steps: 30_000 }, 3],
  ])('%s', async (_name, rules, limits, segments) => {
    const files = await longRun(rules, limits);
    await expectJobsToAgree(files, [3], [segments]);
    if (rules === never) expect(textOf(files, 'executions.jsonl')).toBe('');
  });

  test('fewer steps than a checkpoint is one segment', async () => {
    await expectJobsToAgree(await longRun(windows, { steps: 9_999 }), [2, 5], [1, 1]);
  });

  describe('files that no segment looks at in full', () => {
    let files: RunFileBytes;
    beforeAll(async () => {
      files = withDigests(await longRun(windows, { steps: 20_001 }));
      expect((await proveJoined(makeMemoryRunReader(files), 2)).summary).toBeDefined();
    });

    const withLines = (file: RunFile, lines: readonly string[]): RunFileBytes =>
      withDigests({ ...files, [file]: fromText(lines.map((line) => `${line}\n`).join('')) });

    async function expectNoProof(tampered: RunFileBytes): Promise<void> {
      const joined = await proveJoined(makeMemoryRunReader(tampered), 2);
      expect(joined.summary).toBeUndefined();
      expect(await verdictOn(tampered)).toMatchObject({ _tag: 'NotProven' });
    }

    test.each([
      ['type', '"type":"run"', '"type":"ran"'],
      ['run_id', /"run_id":"./, '"run_id":"x'],
      ['hash', /"hash":"./, '"hash":"x'],
      ['prev_hash', /"prev_hash":"./, '"prev_hash":"x'],
    ])('row 0, before the first segment: its %s', async (_name, from, to) => {
      const [opening = '', ...rest] = linesOf(files, 'tape.jsonl');
      expect(opening.replace(from, to)).not.toBe(opening);
      await expectNoProof(withLines('tape.jsonl', [opening.replace(from, to), ...rest]));
    });

    // So many rows that claim an early step that the search for the start of the second segment lands among them, and goes on behind them.
    const gap = Array<string>(20_000).fill('{"step_index":0,"type":"fill","why":"nobody reads this, so let there be enough of it"}');

    test('rows between two segments of the tape, behind them the checkpoint once more', async () => {
      const rows = linesOf(files, 'tape.jsonl');
      const checkpoint = rows.findIndex((row) => row.includes('"type":"checkpoint"'));
      const tampered = withLines('tape.jsonl', [...rows.slice(0, checkpoint + 1), ...gap, ...rows.slice(checkpoint)]);
      // Both segments are proven: what lies between them is not in either.
      const reader = makeMemoryRunReader(tampered);
      const plan = await planOf(reader, 2);
      for (const segment of plan.segments) expect(isLeft(await proveSegment(reader, plan.evidence, segment))).toBe(false);
      await expectNoProof(tampered);
    });

    test('rows between two segments of the ledger', async () => {
      const rows = linesOf(files, 'executions.jsonl');
      const second = rows.findIndex((row) => (JSON.parse(row) as { step_index: number }).step_index >= 10_000);
      const tampered = withLines('executions.jsonl', [...rows.slice(0, second), ...gap, ...rows.slice(second)]);
      const reader = makeMemoryRunReader(tampered);
      const plan = await planOf(reader, 2);
      for (const segment of plan.segments) expect(isLeft(await proveSegment(reader, plan.evidence, segment))).toBe(false);
      await expectNoProof(tampered);
    });
  });

  test('a forged run with whole chains is not proven in segments either', async () => {
    const files = await longRun(windows, { steps: 20_001 });
    const forged = forge(files, { tape: (rows) => rows.map((row, index) => (index === 15_000 ? { ...row, why: 'because' } : row)) });
    expect((await proveJoined(makeMemoryRunReader(forged), 2)).summary).toBeUndefined();
    expect(expectRight(await verify(makeMemoryRunReader(forged)))).toMatchObject({
      _tag: 'NotProven',
      divergence: { row: 15_000, pointer: '/why' },
    });
  });
});

async function planOf(reader: RunReader, jobs: number): Promise<SegmentPlan> {
  const plan = await planSegments(reader, jobs);
  if (plan === undefined) throw new Error('the run cannot be split');
  return plan;
}

test('rules that remember: entry prices come from the checkpoint, exponential means from every price before it', async () => {
  const rules = [
    { type: 'ema_crossover', symbol: 'AAPL', short_window: 5, long_window: 40 },
    { type: 'rsi_threshold', symbol: 'AAPL', window: 14, buy_below: 30, sell_above: 70 },
    { type: 'stop_loss', symbol: 'AAPL', loss_pct: '0.03' },
    { type: 'take_profit', symbol: 'AAPL', gain_pct: '0.03' },
  ];
  const files = await longRun(rules, { steps: 20_001 });
  expect(linesOf(files, 'executions.jsonl').length).toBeGreaterThan(100);
  await expectJobsToAgree(files, [2], [2]);
});

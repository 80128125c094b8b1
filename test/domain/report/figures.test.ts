/** The figures of a report against counts of this test's own, and the ledger that follows from the tape against the one that was written. */
import { costOf } from '../../../src/domain/budget/budget';
import fc from 'fast-check';
import type { RunFileBytes } from '../../../src/adapters/in-process/run-files';
import { sha256Hex } from '../../../src/domain/hash';
import { fillMembers, makeDerivedLedger } from '../../../src/domain/report/derived-ledger';
import { drawdownShare } from '../../../src/domain/report/drawdown';
import { makeFigureReader, returnShare } from '../../../src/domain/report/figures';
import { limitsOf, makeSpending, tripOf } from '../../../src/domain/report/spending';
import { stepPoint } from '../../../src/domain/report/step-point';
import type { Row } from '../../../src/domain/tape/chain';
import { splitAtHash, withHash } from '../../../src/domain/tape/row-text';
import type { TradingCosts } from '../../../src/domain/world/market/costs';
import { decodePolicy } from '../../../src/domain/world/market/policy';
import { arbitraryCase } from '../../support/arbitraries';
import { readFixture } from '../../support/fixture';
import { elementAt, expectRight, linesOf, localRequest, rowsOf, runCase, RUNS, seeded, textOf } from '../../support/harness';
import { arbitraryMemoryRun, arbitraryToolRun, memoryRun, toolRun } from '../../support/plan-runs';
import { parseDecimal, type JsonObject } from '../../support/reference-model';

const arbitraryLocal = arbitraryCase.map(localRequest);

function tapeOf(files: RunFileBytes): readonly Row[] {
  return rowsOf(linesOf(files, 'tape.jsonl'));
}

function textAt(row: Row, key: string): string {
  return row[key] as string;
}

function costsOf(files: RunFileBytes): TradingCosts {
  return expectRight(decodePolicy(JSON.parse(textOf(files, 'policy.json')))).costs;
}

function derivedLedger(files: RunFileBytes): string {
  const ledger = makeDerivedLedger(costsOf(files));
  const rows = tapeOf(files);
  const opening = elementAt(rows, 0);
  let head = textAt(opening, 'hash');
  let text = '';
  for (const row of rows) {
    for (const fill of ledger.next(row)) {
      const around = splitAtHash(fillMembers(fill, textAt(opening, 'run_id'), head));
      head = sha256Hex(around.before + around.after);
      text += `${withHash(around, head)}\n`;
    }
  }
  return text;
}

describe('the derived ledger', () => {
  test('is executions.jsonl, byte for byte, of any local run', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryLocal, async (request) => {
        const { files } = await runCase(request);
        expect(derivedLedger(files)).toBe(textOf(files, 'executions.jsonl'));
      }),
      seeded(2 * RUNS.whole),
    );
  });

  test('and of any tool plan, which may act where no rule spoke', async () => {
    let fills = 0;
    await fc.assert(
      fc.asyncProperty(arbitraryToolRun, async (run) => {
        const files = await toolRun(run);
        expect(derivedLedger(files)).toBe(textOf(files, 'executions.jsonl'));
        fills += linesOf(files, 'executions.jsonl').length;
      }),
      seeded(2 * RUNS.whole),
    );
    expect(fills).toBeGreaterThan(RUNS.whole / 2);
  });
});

describe('spending', () => {
  function expectSpent(files: RunFileBytes): void {
    const spending = makeSpending();
    const rows = tapeOf(files);
    const seal = elementAt(rows, -1);
    const uses = rows.map((row) => spending.next(row));
    expect(uses.at(-1)).toEqual(seal['budget_state']);
    // It only grows, and never passes a limit.
    for (const { dimension, tool, max } of limitsOf(elementAt(rows, 0))) {
      const used = uses.map((use) => costOf({ dimension, tool }, use));
      expect(used).toEqual([...used].sort((a, b) => a - b));
      expect(Math.max(...used)).toBeLessThanOrEqual(max);
    }
    const error = seal['error'] as { code: string; limiter: string } | null;
    expect(tripOf(seal)?.limiter).toBe(error?.code === 'budget_exceeded' ? error.limiter : undefined);
  }

  test('ends where the seal says, for local runs, tool plans and memory plans', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryLocal, arbitraryToolRun, arbitraryMemoryRun, async (request, tools, memory) => {
        expectSpent((await runCase(request)).files);
        expectSpent(await toolRun(tools));
        expectSpent(await memoryRun(memory));
      }),
      seeded(2 * RUNS.whole),
    );
  });

  test('the plans of this test trip, withhold and ask', async () => {
    const seen = new Set<string>();
    for (const memory of fc.sample(arbitraryMemoryRun, seeded(100))) {
      for (const row of tapeOf(await memoryRun(memory))) {
        if (row['type'] === 'memory' && (row['result'] as JsonObject | null)?.['withheld'] === true) seen.add('withheld');
        if (row['type'] === 'memory' && (row['result'] as JsonObject | null)?.['value'] !== undefined) seen.add('value');
      }
    }
    for (const tools of fc.sample(arbitraryToolRun, seeded(100)))
      for (const row of tapeOf(await toolRun(tools))) seen.add(textAt(row, 'type'));
    expect([...seen].sort()).toEqual(['model', 'run', 'seal', 'step', 'tool', 'value', 'withheld']);
  });
});

describe('figures', () => {
  test('equal those that this test counts from the files', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryLocal, async (request) => {
        const { files, executions } = await runCase(request);
        const reader = makeFigureReader(costsOf(files));
        const rows = tapeOf(files);
        const points = rows.map((row) => reader.next(row)).filter((point) => point !== undefined);
        const figures = reader.figures();

        const steps = rows.filter(({ type }) => type === 'step') as readonly JsonObject[];
        const fills = rowsOf(executions);
        const seal = elementAt(rows, -1);
        const total = (key: string): bigint => fills.reduce((sum, fill) => sum + parseDecimal(textAt(fill, key)), 0n);
        expect(figures).toMatchObject({
          steps: steps.length,
          decisions: seal['decisions'],
          fills: { BUY: fills.filter(({ side }) => side === 'BUY').length, SELL: fills.filter(({ side }) => side === 'SELL').length },
          fees: total('fee'),
          turnover: total('notional'),
          finalEquity: parseDecimal(textAt(seal, 'final_equity')),
          finalExposure: parseDecimal(textAt(seal, 'final_exposure')),
        });

        const amount = (row: JsonObject, name: string, side: string): bigint =>
          parseDecimal(textAt((row['state_delta'] as JsonObject)[name] as JsonObject, side));
        const equities = [amount(elementAt(steps, 0), 'equity', 'before'), ...steps.map((row) => amount(row, 'equity', 'after'))];
        expect(figures.startEquity).toBe(equities[0]);
        const exposures = steps.map((row) => amount(row, 'exposure', 'after'));
        const most = exposures.reduce((a, b) => (b > a ? b : a));
        expect(figures.maxExposure).toEqual({ value: most, step: exposures.indexOf(most) });
        expectDrawdown(figures.maxDrawdown, equities);
        expect(points.map(({ after }) => after.equity)).toEqual(equities.slice(1));
        expect(points.flatMap((point) => point.fills).length).toBe(fills.length);
      }),
      seeded(2 * RUNS.whole),
    );
  });

  /** Every pair of a peak and what came after it, as fractions. */
  function expectDrawdown(
    found: ReturnType<ReturnType<typeof makeFigureReader>['figures']>['maxDrawdown'],
    equities: readonly bigint[],
  ): void {
    let deepest: { readonly peak: bigint; readonly fall: bigint } | undefined;
    for (let from = 0; from < equities.length; from += 1) {
      for (let to = from + 1; to < equities.length; to += 1) {
        const [peak, fall] = [equities[from] ?? 0n, (equities[from] ?? 0n) - (equities[to] ?? 0n)];
        if (fall > 0n && (deepest === undefined || fall * deepest.peak > deepest.fall * peak)) deepest = { peak, fall };
      }
    }
    if (deepest === undefined || found === undefined) {
      expect([deepest, found]).toEqual([undefined, undefined]);
      return;
    }
    const fall = found.peak - found.equity;
    expect(fall * deepest.peak).toBe(deepest.fall * found.peak);
    // The steps are where these amounts stand: the first amount is that before step 0, and its row is that of step 0.
    expect(equities.slice(found.peakStep === 0 ? 0 : found.peakStep + 1, found.peakStep + 2)).toContain(found.peak);
    expect(equities[found.step + 1]).toBe(found.equity);
    expect(found.peakStep).toBeLessThanOrEqual(found.step);
  }

  test('of the fixture, for display', async () => {
    const { files } = await runCase(readFixture());
    const reader = makeFigureReader({ fee_bps: 0n });
    for (const row of tapeOf(files)) reader.next(row);
    const figures = reader.figures();
    const change = (figures.finalEquity ?? 0n) - (figures.startEquity ?? 1n);
    expect(returnShare(figures)).toBe((change * 100_000_000n) / (figures.startEquity ?? 1n));
    expect(drawdownShare({ peak: 0n, peakStep: 0, equity: 0n, step: 0 })).toBe(0n);
  });

  test('of nothing are nothing', () => {
    const figures = makeFigureReader({ fee_bps: 0n }).figures();
    expect(figures).toMatchObject({ steps: 0, startEquity: undefined, maxDrawdown: undefined, maxExposure: undefined });
    expect(returnShare(figures)).toBeUndefined();
  });

  test.each<[string, (row: JsonObject) => JsonObject]>([
    ['another type', (row) => ({ ...row, type: 'run' })],
    ['no number', (row) => ({ ...row, step_index: '1' })],
    ['no state', (row) => ({ ...row, state_delta: null })],
    ['a price that is none', (row) => ({ ...row, prices: { AAPL: '1e5' } })],
    ['prices that are none', (row) => ({ ...row, prices: ['1'] })],
    ['an amount that is none', (row) => ({ ...row, state_delta: { ...(row['state_delta'] as JsonObject), equity: { before: '1' } } })],
  ])('a row with %s gives no point', async (_name, change) => {
    const { files } = await runCase(readFixture());
    const row = elementAt(tapeOf(files), 1) as JsonObject;
    expect(stepPoint(row as Row)).toBeDefined();
    expect(stepPoint(change(row) as Row)).toBeUndefined();
  });
});

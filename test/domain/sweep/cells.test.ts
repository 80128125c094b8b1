/** Cells are runs like any other: each row says what `run` of the same documents comes to, and its figures follow from the tape of that run. */
import { makeMarketDocument } from '../../../src/adapters/in-process/market-document';
import { makeMemoryRunWriter } from '../../../src/adapters/in-process/run-files';
import { formatDecimal } from '../../../src/domain/decimal/decimal';
import { makeMarketForm } from '../../../src/domain/market/market-form';
import { FIGURES } from '../../../src/domain/report/figure-table';
import { makeFigureReader } from '../../../src/domain/report/figures';
import { run } from '../../../src/domain/run/run';
import { prepareCell, takeCell } from '../../../src/domain/sweep/cell';
import { makeCellMarket } from '../../../src/domain/sweep/market';
import { planSweep, type SweepPlan } from '../../../src/domain/sweep/plan';
import { decodeSweep } from '../../../src/domain/sweep/spec';
import { makeSummary } from '../../../src/domain/sweep/summary';
import { sha256Hex } from '../../../src/domain/hash';
import { decodePolicy } from '../../../src/domain/world/market/policy';
import { expectRight, linesOf, rowsOf, textOf } from '../../support/harness';
import { longMarket } from '../../support/long-run';

const market = { symbols: longMarket.symbols, steps: longMarket.steps.slice(0, 120).map(({ prices }, t) => ({ prices, time: dated(t) })) };

function dated(t: number): string {
  return new Date(Date.UTC(2020, 0, 1 + 7 * t)).toISOString().slice(0, 10);
}

const SPEC = {
  name: 'cells',
  strategy: {
    metadata: { name: 'n', version: '1', description: '' },
    universe: { symbols: ['AAPL'] },
    sizing: { order_qty: 1, max_position_qty_per_symbol: 4 },
    rules: [
      { type: 'sma_crossover', symbol: 'AAPL', short_window: 2, long_window: 5 },
      { type: 'stop_loss', symbol: 'AAPL', loss_pct: 0.02 },
    ],
  },
  policy: { costs: { fee_bps: 1, slippage_bps: 2 } },
  axes: [
    { name: 'short', pointers: ['/strategy/rules/0/short_window'], values: { from: 1, to: 4, step: 1 } },
    { name: 'loss', pointers: ['/strategy/rules/1/loss_pct'], values: [0.01, '0.05'] },
    { name: 'most', pointers: ['/budget/max_steps'], values: [40, 1000] },
  ],
  windows: { in_sample: 60, out_of_sample: 30 },
  objective: { figure: 'return' },
};

const form = makeMarketForm(market.symbols);
const lines = market.steps.map((step) => `${form.render(step)}\n`);
const bytes = new TextEncoder().encode(lines.join(''));
const starts = Float64Array.from([0, ...lines.map((_, at) => new TextEncoder().encode(lines.slice(0, at + 1).join('')).length)]);
const facts = { sha256: sha256Hex(`${form.header}\n${lines.join('')}`), symbols: market.symbols, steps: lines.length };
const plan: SweepPlan = expectRight(planSweep(expectRight(decodeSweep(SPEC)), facts));
const cellMarket = makeCellMarket({ symbols: market.symbols, lines: bytes, starts });

async function rowOf(index: number): Promise<string> {
  const cell = plan.cellAt(index);
  return expectRight(await takeCell(cell, expectRight(prepareCell(cell, cellMarket)), market.symbols));
}

test('every row is the run of its cell, and its figures follow from the tape of that run', async () => {
  expect(plan.cells).toBe(64);
  let traded = 0;
  for (let index = 0; index < plan.cells; index += 1) {
    const row = JSON.parse(await rowOf(index)) as Readonly<Record<string, unknown>>;
    const { documents, window } = plan.cellAt(index);
    const writer = makeMemoryRunWriter();
    const slice = makeMarketDocument({ symbols: market.symbols, steps: market.steps.slice(window.from, window.until) });
    const request = {
      strategy: documents.strategy,
      policy: documents.policy,
      initialState: documents.initialState,
      maxSteps: documents.maxSteps as number,
    };
    const { summary } = expectRight(await run(request, slice, writer));
    expect(row).toMatchObject({
      cell: index,
      run_id: summary.runId,
      head_hash: summary.headHash,
      inputs: summary.inputs,
      steps: summary.steps,
    });
    expect([row['ok'], row['stopped_by']]).toEqual(summary.error === null ? [true, null] : [false, 'max_steps']);
    const files = writer.files();
    const reader = makeFigureReader(expectRight(decodePolicy(JSON.parse(textOf(files, 'policy.json')))).costs);
    for (const tapeRow of rowsOf(linesOf(files, 'tape.jsonl'))) reader.next(tapeRow);
    const figures = reader.figures();
    const named = FIGURES.map(({ name, of }) => {
      const value = of(figures);
      return [name, value === undefined ? null : formatDecimal(value)];
    });
    expect(row['figures']).toEqual(Object.fromEntries(named));
    expect(row['decisions']).toEqual(figures.decisions);
    if (figures.measures.roundTrips.closed > 0) traded += 1;
  }
  expect(traded).toBeGreaterThan(40);
});

test('a row does not depend on what was run before it', async () => {
  const forwards = [await rowOf(3), await rowOf(10), await rowOf(60)];
  const backwards = [await rowOf(60), await rowOf(10), await rowOf(3)];
  expect(backwards.reverse()).toEqual(forwards);
});

test('the summary chooses in sample, and says what the choice came to out of it', async () => {
  const reader = makeSummary(plan);
  const rows = await Promise.all(Array.from({ length: plan.cells }, (_, index) => rowOf(index)));
  for (const row of rows) expect(reader.next(row)).toBe(true);
  expect(reader.next(rows[0] ?? '')).toBe(false);
  const summary = JSON.parse(reader.summary().json) as {
    readonly selections: readonly {
      readonly best: { readonly cell: number; readonly value: string };
      readonly out_of_sample: { readonly cell: number; readonly value: string };
    }[];
    readonly kept: readonly { readonly cell: number }[];
    readonly decay: { readonly pairs: number; readonly in_sample: string; readonly out_of_sample: string };
    readonly stopped: number;
  };
  const parsed = rows.map(
    (row) =>
      JSON.parse(row) as {
        readonly cell: number;
        readonly ok: boolean;
        readonly window: { readonly pair: number; readonly part: string };
        readonly figures: { readonly return: string };
      },
  );
  const best = [0, 1].map((pair) =>
    parsed
      .filter(({ window }) => window.pair === pair && window.part === 'in')
      .reduce((a, b) => (Number(b.figures.return) > Number(a.figures.return) ? b : a)),
  );
  expect(summary.selections.map(({ best: { cell, value } }) => [cell, value])).toEqual(
    best.map(({ cell, figures }) => [cell, figures.return]),
  );
  expect(summary.selections.map(({ out_of_sample: { cell, value } }) => [cell, value])).toEqual(
    best.map(({ cell }) => [cell + 1, parsed[cell + 1]?.figures.return]),
  );
  const inSample = parsed
    .filter(({ window }) => window.part === 'in')
    .sort((a, b) => Number(b.figures.return) - Number(a.figures.return) || a.cell - b.cell);
  expect(summary.kept.map(({ cell }) => cell)).toEqual(inSample.slice(0, 3).map(({ cell }) => cell));
  expect(Number(summary.decay.in_sample)).toBeCloseTo(best.reduce((sum, { figures }) => sum + Number(figures.return), 0) / 2, 7);
  expect(summary.stopped).toBe(parsed.filter(({ ok }) => !ok).length);
});

/** Figures of a run: tables worked by hand, and on random runs what floats make of the tape and the ledger on their own. */
import fc from 'fast-check';
import { FIGURES } from '../../../src/domain/report/figure-table';
import { type Figures, makeFigureReader } from '../../../src/domain/report/figures';
import { formatDecimal } from '../../../src/domain/decimal/decimal';
import { decodePolicy } from '../../../src/domain/world/market/policy';
import { arbitraryCase } from '../../support/arbitraries';
import { elementAt, expectRight, linesOf, localRequest, rowsOf, runCase, RUNS, seeded, textOf } from '../../support/harness';
import type { JsonObject, ReferenceRequest } from '../../support/reference-model';

interface Ran {
  readonly steps: readonly JsonObject[];
  readonly fills: readonly JsonObject[];
  readonly figures: Figures;
}

async function ran(request: ReferenceRequest): Promise<Ran> {
  const { files, executions } = await runCase(localRequest(request));
  const reader = makeFigureReader(expectRight(decodePolicy(JSON.parse(textOf(files, 'policy.json')))).costs);
  const rows = rowsOf(linesOf(files, 'tape.jsonl'));
  for (const row of rows) reader.next(row);
  return { steps: rows.filter(({ type }) => type === 'step'), fills: rowsOf(executions), figures: reader.figures() };
}

const named = (figures: Figures): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(
    FIGURES.map(({ name, of }) => {
      const value = of(figures);
      return [name, value === undefined ? undefined : formatDecimal(value)];
    }),
  );

function priced(prices: readonly string[], rules: ReferenceRequest['strategy']['rules'], times?: readonly string[]): ReferenceRequest {
  return {
    market: {
      symbols: ['X'],
      steps: prices.map((price, t) => ({ prices: { X: price }, ...(times?.[t] === undefined ? {} : { time: times[t] }) })),
    },
    strategy: {
      metadata: { name: 'hand', version: '1', description: '' },
      universe: { symbols: ['X'] },
      sizing: { order_qty: 10, max_position_qty_per_symbol: 10 },
      rules,
    },
    policy: { risk_limits: { max_leverage: 10, max_position_pct: 1, max_position_value: 1e6 } },
    initialState: { cash: '1000', positions: {} },
    steps: prices.length,
    budget: { max_steps: prices.length, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 },
  };
}

describe('by hand', () => {
  const rules: ReferenceRequest['strategy']['rules'] = [{ type: 'threshold_price', symbol: 'X', buy_below: 100, sell_above: 120 }];

  test('two round trips over two years', async () => {
    // Bought at 100, sold at 120: 200. Bought at 100, sold at 120 once more. Equity 1000, 1100, 1200, 1200, 1400 a half-year apart.
    const { figures } = await ran(
      priced(['100', '110', '120', '100', '120'], rules, ['2001-01-01', '2001-07-02', '2002-01-01', '2002-07-02', '2003-01-01']),
    );
    expect(named(figures)).toMatchObject({
      final_equity: '1400',
      return: '0.4',
      max_drawdown: '0',
      return_over_drawdown: undefined,
      calmar: undefined,
      round_trips: '2',
      win_rate: '1',
      profit_factor: undefined,
      // Of five steps, held after the first, second and fourth.
      exposure_time: '0.6',
      buy_and_hold: '0.2',
      fills: '4',
      turnover: '4400',
    });
    // 730 days are 1.99863107 years of 365.25 days.
    expect(Number(named(figures)['cagr'])).toBeCloseTo(1.4 ** (1 / 1.9986310746) - 1, 8);
  });

  test('a loss and a gain without dates are told by step', async () => {
    const falling: typeof rules = [
      { type: 'threshold_price', symbol: 'X', buy_below: 100 },
      { type: 'stop_loss', symbol: 'X', loss_pct: '0.1' },
      { type: 'take_profit', symbol: 'X', gain_pct: '0.2' },
    ];
    // 1000 at 100; sold at 90: 900; bought at 50: sold at 60: 1000. Returns 0, -1/10, 0, 1/9.
    const { figures } = await ran(priced(['100', '90', '50', '60', '150'], falling));
    expect(named(figures)).toMatchObject({
      return: '0',
      max_drawdown: '0.1',
      return_over_drawdown: '0',
      cagr: undefined,
      round_trips: '2',
      win_rate: '0.5',
      profit_factor: '1',
    });
    const returns = [-1 / 10, 0, 1 / 9, 0];
    const mean = returns.reduce((sum, value) => sum + value, 0) / 4;
    const deviation = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3);
    expect(Number(named(figures)['volatility'])).toBeCloseTo(deviation, 8);
    expect(Number(named(figures)['sharpe'])).toBeCloseTo(mean / deviation, 8);
    expect(Number(named(figures)['sortino'])).toBeCloseTo(mean / Math.sqrt(0.01 / 4), 8);
  });
});

test('no step, one step, and nothing to earn on are no figures and no fault', async () => {
  expect(named(makeFigureReader({ fee_bps: 0n }).figures())).toMatchObject({
    cagr: undefined,
    sharpe: undefined,
    exposure_time: undefined,
  });
  const one = await ran(priced(['100'], [{ type: 'threshold_price', symbol: 'X', buy_below: 1 }]));
  expect(named(one.figures)).toMatchObject({ cagr: undefined, volatility: undefined, return: '0', exposure_time: '0', buy_and_hold: '0' });
  const broke = {
    ...priced(['100', '110'], [{ type: 'threshold_price', symbol: 'X', buy_below: 1 }]),
    initialState: { cash: '0', positions: {} },
  };
  expect(named((await ran(broke)).figures)).toMatchObject({ sharpe: undefined, volatility: undefined, return: undefined });
});

const DAY = 86_400_000;

/** Floats, from the rows alone. */
function expected({ steps, fills }: Ran, years: number | undefined): Readonly<Record<string, number | undefined>> {
  const delta = (row: JsonObject, member: string, side: string): number =>
    Number(((row['state_delta'] as JsonObject)[member] as JsonObject)[side]);
  const equity = steps.map((row, t) => delta(row, 'equity', t === 0 ? 'before' : 'after'));
  const returns = equity.slice(1).map((value, t) => value / (equity[t] ?? 1) - 1);
  const n = returns.length;
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  const mean = total(returns) / n;
  const spread = total(returns.map((value) => (value - mean) ** 2));
  const yearly = years === undefined ? 1 : n / years;
  const open = new Map<string, number>();
  const profits: number[] = [];
  const first = elementAt(steps, 0)['prices'] as Readonly<Record<string, string>>;
  for (const fill of fills) {
    const symbol = fill['symbol'] as string;
    const held = Number(fill['position_before']);
    const flow = (fill['side'] === 'BUY' ? -1 : 1) * Number(fill['notional']) - Number(fill['fee']);
    const sum = (open.get(symbol) ?? -held * Number(first[symbol])) + flow;
    if (fill['position_after'] === '0') {
      profits.push(sum);
      open.delete(symbol);
    } else open.set(symbol, sum);
  }
  const last = elementAt(steps, -1)['prices'] as Readonly<Record<string, string>>;
  const universe = Object.keys(elementAt(steps, 0)['signals'] as JsonObject);
  return {
    volatility: Math.sqrt((spread / (n - 1)) * yearly),
    sharpe: (mean / Math.sqrt(spread / (n - 1))) * Math.sqrt(yearly),
    sortino: (mean / Math.sqrt(total(returns.map((value) => Math.min(value, 0) ** 2)) / n)) * Math.sqrt(yearly),
    cagr: years === undefined ? undefined : ((equity.at(-1) ?? 0) / (equity[0] ?? 1)) ** (1 / years) - 1,
    round_trips: profits.length,
    win_rate: profits.filter((profit) => profit > 1e-9).length / profits.length,
    profit_factor: total(profits.filter((profit) => profit > 0)) / -total(profits.filter((profit) => profit < 0)),
    exposure_time: steps.filter((row) => delta(row, 'exposure', 'after') > 0).length / steps.length,
    buy_and_hold: total(universe.map((symbol) => Number(last[symbol]) / Number(first[symbol]))) / universe.length - 1,
  };
}

test('floats come to the same on random runs', async () => {
  let compared = 0;
  const dated = fc.integer({ min: 1, max: 400 });
  await fc.assert(
    fc.asyncProperty(arbitraryCase, dated, async (random, days) => {
      const steps = random.market.steps.map(({ prices }, t) => ({ prices, time: new Date(t * days * DAY).toISOString().slice(0, 10) }));
      const run = await ran({ ...random, market: { ...random.market, steps } });
      const taken = run.steps.length;
      if (taken < 4) return;
      const years = ((taken - 1) * days) / 365.25;
      const figures = named(run.figures);
      for (const [name, value] of Object.entries(expected(run, years))) {
        const found = figures[name];
        // Where a float divides by nothing, or by dust, there is no figure to hold it against.
        if (found === undefined || value === undefined || !Number.isFinite(value) || Math.abs(value) > 1e6) continue;
        compared += 1;
        expect([name, Math.abs(Number(found) - value) <= 1e-5 + 1e-5 * Math.abs(value)]).toEqual([name, true]);
      }
    }),
    seeded(RUNS.whole / 2),
  );
  expect(compared).toBeGreaterThan(RUNS.whole);
});

/** Rules on tables that were worked out by hand: what each signals, what it orders, and what a fill then costs. */
import { localRequest, rowsOf, runCase } from '../../../../support/harness';
import type { ReferencePolicy, ReferenceRule } from '../../../../support/reference-model';

interface Hand {
  readonly rules: readonly ReferenceRule[];
  readonly prices: readonly (string | readonly string[])[];
  readonly cash?: string;
  readonly held?: Readonly<Record<string, string>>;
  readonly qty?: string;
  readonly costs?: ReferencePolicy['costs'];
  readonly maxQty?: string;
}

const SYMBOLS = ['X', 'Y'];

type FillText = Readonly<Record<'side' | 'quantity' | 'symbol' | 'price', string>> & { readonly step_index: number };

/** `BUY 1 @10` for each fill, by step, and the last cash. */
async function taken({ rules, prices, cash = '1000', held = {}, qty = '1', costs, maxQty = '1000' }: Hand): Promise<readonly string[]> {
  const rows = prices.map((price) => (typeof price === 'string' ? [price] : price));
  const symbols = SYMBOLS.slice(0, rows[0]?.length ?? 1);
  const { executions, tape } = await runCase(
    localRequest({
      market: {
        symbols,
        steps: rows.map((row) => ({ prices: Object.fromEntries(symbols.map((symbol, index) => [symbol, row[index] ?? '1'])) })),
      },
      strategy: {
        metadata: { name: 'hand', version: '1', description: '' },
        universe: { symbols },
        sizing: { order_qty: qty, max_position_qty_per_symbol: maxQty },
        rules: [...rules],
      },
      policy: {
        risk_limits: { max_leverage: 10, max_position_pct: 1, max_position_value: 1_000_000 },
        ...(costs === undefined ? {} : { costs }),
      },
      initialState: { cash, positions: { ...held } },
      steps: rows.length,
      budget: { max_steps: rows.length, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 },
    }),
  );
  const fills = (rowsOf(executions) as unknown as readonly FillText[]).map(
    ({ step_index: step, side, quantity, symbol, price }) =>
      `${String(step)}: ${side} ${quantity}${symbols.length > 1 ? ` ${symbol}` : ''} @${price}`,
  );
  const seal = rowsOf(tape).at(-1) ?? {};
  return [...fills, `cash ${(seal['final_state'] as { cash: string }).cash}`];
}

const buyAt = (price: string): ReferenceRule => ({ type: 'threshold_price', symbol: 'X', buy_below: price });

describe('rules on prices', () => {
  test('a breakout is above the highest before, and not as high; its exit has a window of its own', async () => {
    const rule: ReferenceRule = { type: 'donchian_breakout', symbol: 'X', entry_window: 3, exit_window: 2 };
    // Three prices before: 10, 12, 11. At step 3 12 is as high as the highest; at 4 13 is above; at 6 11 is below the lowest of 13 and 12.
    expect(await taken({ rules: [rule], prices: ['10', '12', '11', '12', '13', '12', '11'] })).toEqual([
      '4: BUY 1 @13',
      '6: SELL 1 @11',
      'cash 998',
    ]);
  });

  test('exponential means begin as plain ones and are rounded at each price', async () => {
    const rule: ReferenceRule = { type: 'ema_crossover', symbol: 'X', short_window: 1, long_window: 2 };
    // Over 2: 10.5 at step 1; at 2 (10.5 + 2 x 12) / 3 = 11.5; at 3 (11.5 + 2 x 11) / 3 = 11.16666667, above 11; at 4 a tie to the last digit.
    expect(await taken({ rules: [rule], prices: ['10', '11', '12', '11', '11.16666667'] })).toEqual([
      '1: BUY 1 @11',
      '2: BUY 1 @12',
      '3: SELL 1 @11',
      'cash 988',
    ]);
  });

  test("Wilder's index smooths by one part in its window, and meets its levels", async () => {
    const rule: ReferenceRule = { type: 'rsi_threshold', symbol: 'X', window: 2, buy_below: 25, sell_above: 75 };
    // Changes +3 -1: means 1.5 and 0.5, index 75. Then -2: 0.75 and 1.25, 37.5. Then -2: 0.375 and 1.625, 18.75. Then +1: 0.6875, 0.8125.
    expect(await taken({ rules: [rule], prices: ['10', '13', '12', '10', '8', '9'], held: { X: '1' } })).toEqual([
      '2: SELL 1 @12',
      '4: BUY 1 @8',
      'cash 1004',
    ]);
    // A flat market has no strength; one that only rises has all of it.
    expect(await taken({ rules: [rule], prices: ['10', '10', '10', '10'], held: { X: '1' } })).toEqual(['cash 1000']);
    expect(await taken({ rules: [rule], prices: ['10', '11', '12'], held: { X: '1' } })).toEqual(['2: SELL 1 @12', 'cash 1012']);
  });
});

describe('rules on the position', () => {
  test('a stop sells all of it at the loss from the mean entry, to the last digit', async () => {
    const rules: ReferenceRule[] = [buyAt('100'), { type: 'stop_loss', symbol: 'X', loss_pct: '0.1' }];
    // 100 and 80 make an entry of 90: the stop is at 81. A last rule wins over the one that would buy.
    expect(await taken({ rules, prices: ['100', '90.00000001', '101', '81', '101'], qty: '2' })).toEqual([
      '0: BUY 2 @100',
      '1: BUY 2 @90.00000001',
      '3: SELL 4 @81',
      'cash 943.99999998',
    ]);
    expect(await taken({ rules, prices: ['100', '90', '101', '100'] })).toEqual([
      '0: BUY 1 @100',
      '1: SELL 1 @90',
      '3: BUY 1 @100',
      'cash 890',
    ]);
  });

  test('a position from before the run enters at the price of the first step', async () => {
    const rules: ReferenceRule[] = [{ type: 'take_profit', symbol: 'X', gain_pct: '0.1' }];
    expect(await taken({ rules, prices: ['50', '54.99999999', '55'], held: { X: '3' } })).toEqual(['2: SELL 3 @55', 'cash 1165']);
  });

  test('rebalancing sells first, rounds towards the position, and buys what cash covers with the fee', async () => {
    const rules: ReferenceRule[] = [
      { type: 'rebalance', symbol: 'X', target_pct: '0.5', every_steps: 2 },
      { type: 'rebalance', symbol: 'Y', target_pct: '0.5', every_steps: 2 },
    ];
    const prices = [
      ['10', '3'],
      ['20', '3'],
      ['30', '3'],
    ];
    // 500 each. At step 2 equity is 2000: X is sold down to half, for 499.9999998, and Y bought with that and the 0.00000002 that were left.
    expect(await taken({ rules, prices })).toEqual([
      '0: BUY 50 X @10',
      '0: BUY 166.66666666 Y @3',
      '2: SELL 16.66666666 X @30',
      '2: BUY 166.6666666 Y @3',
      'cash 0.00000002',
    ]);
    const all: ReferenceRule[] = [{ type: 'rebalance', symbol: 'X', target_pct: 1, every_steps: 1 }];
    // 1000 / 1.01 = 990.09900990 buys 99.00990099 at 10; the fee on 990.0990099 is 9.90099010.
    expect(await taken({ rules: all, prices: ['10'], costs: { fee_bps: 100 } })).toEqual(['0: BUY 99.00990099 @10', 'cash 0']);
  });
});

test('slippage moves the price of a fill against the order, and the fee is on what was paid', async () => {
  const rules: ReferenceRule[] = [{ type: 'threshold_price', symbol: 'X', buy_below: 100, sell_above: 110 }];
  // 100.5 paid with 1.005 on it; 109.45 received less 1.0945.
  expect(await taken({ rules, prices: ['100', '110'], costs: { fee_bps: 100, slippage_bps: 50 } })).toEqual([
    '0: BUY 1 @100.5',
    '1: SELL 1 @109.45',
    'cash 1006.8505',
  ]);
});

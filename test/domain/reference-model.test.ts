/** Hand-worked goldens of the reference model, so that an agreement with it means agreement with docs/spec.md. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { arbitraryCase } from '../support/arbitraries';
import {
  canonicalText,
  divideHalfEven,
  formatDecimal,
  multiply,
  parseDecimal,
  referenceRun,
  referenceVerify,
  verifyChain,
  type Json,
  type JsonObject,
  type ReferencePolicy,
  type ReferenceRequest,
  type ReferenceRule,
} from '../support/reference-model';

const SEED = 20_240_102;

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

const fixture: ReferenceRequest = {
  market: {
    symbols: ['AAPL', 'MSFT'],
    steps: [
      { prices: { AAPL: '99.86', MSFT: '197.65' } },
      { prices: { AAPL: '99.74', MSFT: '194.19' } },
      { prices: { AAPL: '99.51', MSFT: '194.52' } },
      { prices: { AAPL: '100.33', MSFT: '194.84' } },
      { prices: { AAPL: '100.66', MSFT: '204.14' } },
    ],
  },
  strategy: {
    metadata: { name: 'threshold_demo', version: '1', description: '' },
    universe: { symbols: ['AAPL', 'MSFT'] },
    sizing: { order_qty: 1, max_position_qty_per_symbol: '5', max_new_exposure_per_step: 300 },
    rules: [
      { type: 'threshold_price', symbol: 'AAPL', buy_below: '100.00', sell_above: 103 },
      { type: 'threshold_price', symbol: 'MSFT', buy_below: 197, sell_above: 205 },
    ],
  },
  policy: {},
  initialState: { cash: '1000', positions: {} },
  steps: 5,
  budget: { max_steps: 5, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 },
};

interface OneSymbol {
  prices: string[];
  rules: ReferenceRule[];
  qty?: string;
  maxQty?: string;
  maxNewExposure?: string;
  frequency?: number;
  policy?: ReferencePolicy;
  cash?: string;
  held?: string;
}

/** A run on the one symbol X with limits that do not bind unless given. */
function runOf(one: OneSymbol): { steps: JsonObject[]; fills: JsonObject[]; seal: JsonObject } {
  const { tape, executions } = referenceRun({
    market: { symbols: ['X'], steps: one.prices.map((price) => ({ prices: { X: price } })) },
    strategy: {
      metadata: { name: 'one', version: '1', description: '' },
      universe: { symbols: ['X'] },
      timing: { evaluation_frequency_steps: one.frequency ?? 1 },
      sizing: {
        order_qty: one.qty ?? '1',
        max_position_qty_per_symbol: one.maxQty ?? '1000',
        ...(one.maxNewExposure === undefined ? {} : { max_new_exposure_per_step: one.maxNewExposure }),
      },
      rules: one.rules,
    },
    policy: one.policy ?? loose,
    initialState: { cash: one.cash ?? '1000', positions: one.held === undefined ? {} : { X: one.held } },
    steps: one.prices.length,
    budget: { ...fixture.budget, max_steps: one.prices.length },
  });
  return { steps: tape.filter((row) => row['type'] === 'step'), fills: executions, seal: last(tape) };
}

const loose: ReferencePolicy = { risk_limits: { max_leverage: 10, max_position_pct: 10, max_position_value: 1e9 } };
const buyAlways: ReferenceRule = { type: 'threshold_price', symbol: 'X', buy_below: '1000000' };
const sellAlways: ReferenceRule = { type: 'threshold_price', symbol: 'X', sell_above: '0.00000001' };
const signalsOf = (one: OneSymbol): Json[] => runOf(one).steps.map((row) => (row['signals'] as JsonObject)['X'] ?? null);
const skipsOf = (one: OneSymbol): Json[] => runOf(one).steps.map((row) => ((row['skipped'] as JsonObject[])[0] ?? {})['reason'] ?? null);

describe('the five-step fixture', () => {
  const { tape, executions } = referenceRun(fixture);

  test('decides BUY AAPL, BUY both twice, BUY MSFT, HOLD', () => {
    const seen = tape
      .filter((row) => row['type'] === 'step')
      .map((row) => [row['decision'], (row['actions'] as JsonObject[]).map((action) => action['symbol'])]);
    expect(seen).toEqual([
      ['APPROVED', ['AAPL']],
      ['APPROVED', ['AAPL', 'MSFT']],
      ['APPROVED', ['AAPL', 'MSFT']],
      ['APPROVED', ['MSFT']],
      ['HOLD', []],
    ]);
  });

  test('hashes the normalised files and the inputs', () => {
    const market =
      '{"symbols":["AAPL","MSFT"]}\n' +
      '{"prices":{"AAPL":"99.86","MSFT":"197.65"}}\n' +
      '{"prices":{"AAPL":"99.74","MSFT":"194.19"}}\n' +
      '{"prices":{"AAPL":"99.51","MSFT":"194.52"}}\n' +
      '{"prices":{"AAPL":"100.33","MSFT":"194.84"}}\n' +
      '{"prices":{"AAPL":"100.66","MSFT":"204.14"}}\n';
    const strategy =
      '{"metadata":{"description":"","name":"threshold_demo","version":"1"},' +
      '"rules":[{"buy_below":"100","sell_above":"103","symbol":"AAPL","type":"threshold_price"},' +
      '{"buy_below":"197","sell_above":"205","symbol":"MSFT","type":"threshold_price"}],' +
      '"sizing":{"max_new_exposure_per_step":"300","max_position_qty_per_symbol":"5","order_qty":"1"},' +
      '"timing":{"evaluation_frequency_steps":1},"universe":{"symbols":["AAPL","MSFT"]}}\n';
    const policy =
      '{"costs":{"fee_bps":"0"},"policy_id":"default",' +
      '"risk_limits":{"max_leverage":"2","max_position_pct":"0.8","max_position_value":"5000"}}\n';
    const inputs =
      '{"budget":{"max_memory_bytes":0,"max_memory_ops":0,"max_model_calls":0,"max_steps":5,"max_tool_calls":0},' +
      `"initial_state":{"cash":"1000","positions":{}},"invocation":null,"market_sha256":"${sha(market)}","mode":"local",` +
      `"policy_sha256":"${sha(policy)}","spec_version":1,"steps":5,"strategy_sha256":"${sha(strategy)}"}`;
    expect(tape[0]).toEqual({ type: 'run', run_id: sha(inputs).slice(0, 32), inputs: JSON.parse(inputs) as Json });
  });

  test('records step 1 with both fills', () => {
    const runId = tape[0]?.['run_id'] as string;
    expect(tape[2]).toEqual({
      type: 'step',
      step_index: 1,
      prices: { AAPL: '99.74', MSFT: '194.19' },
      signals: { AAPL: 'BUY', MSFT: 'BUY' },
      skipped: [],
      actions: [
        { type: 'PlaceBuy', symbol: 'AAPL', quantity: '1', price: '99.74' },
        { type: 'PlaceBuy', symbol: 'MSFT', quantity: '1', price: '194.19' },
      ],
      decision: 'APPROVED',
      verifier_errors: [],
      state_delta: {
        cash: { before: '900.14', after: '606.21', delta: '-293.93' },
        equity: { before: '999.88', after: '999.88', delta: '0' },
        exposure: { before: '99.74', after: '393.67', delta: '293.93' },
        positions: { AAPL: { before: '1', after: '2', delta: '1' }, MSFT: { before: '0', after: '1', delta: '1' } },
      },
      state_hash: sha('{"cash":"606.21","positions":{"AAPL":"2","MSFT":"1"}}'),
    });
    expect(executions[2]).toEqual({
      type: 'fill',
      event_id: `${runId}:1:1`,
      run_id: runId,
      step_index: 1,
      action_index: 1,
      symbol: 'MSFT',
      side: 'BUY',
      quantity: '1',
      price: '194.19',
      notional: '194.19',
      fee: '0',
      status: 'FILLED',
      cash_before: '800.4',
      cash_after: '606.21',
      position_before: '0',
      position_after: '1',
      exposure_before: '199.48',
      exposure_after: '393.67',
    });
  });

  test('seals what is left at the prices of the last step', () => {
    expect(last(tape)).toEqual({
      type: 'seal',
      ok: true,
      error: null,
      steps: 5,
      decisions: { APPROVED: 4, REJECTED: 0, HOLD: 1 },
      final_state: { cash: '117.34', positions: { AAPL: '3', MSFT: '3' } },
      final_equity: '1031.74',
      final_exposure: '914.4',
      budget_state: { steps: 5, tool_calls: 0, model_calls: 0, memory_ops: 0, memory_bytes: 0 },
      executions: { rows: 6 },
    });
  });

  test('stops before the step that the budget does not hold', () => {
    const short = referenceRun({ ...fixture, budget: { ...fixture.budget, max_steps: 2 } });
    const budgetState = { steps: 2, tool_calls: 0, model_calls: 0, memory_ops: 0, memory_bytes: 0 };
    expect(short.tape.map((row) => row['type'])).toEqual(['run', 'step', 'step', 'seal']);
    expect(last(short.tape)).toEqual({
      type: 'seal',
      ok: false,
      error: {
        code: 'budget_exceeded',
        limiter: 'max_steps',
        requested: 1,
        budgets: { budget: { ...fixture.budget, max_steps: 2 }, budget_state: budgetState },
      },
      steps: 2,
      decisions: { APPROVED: 2, REJECTED: 0, HOLD: 0 },
      final_state: { cash: '606.21', positions: { AAPL: '2', MSFT: '1' } },
      // 606.21 + 2 x 99.74 + 194.19, at the prices of step 1.
      final_equity: '999.88',
      final_exposure: '393.67',
      budget_state: budgetState,
      executions: { rows: 3 },
    });
  });
});

describe('decimals', () => {
  test.each([
    [1e-7, '0.0000001'],
    [1.5e-7, '0.00000015'],
    [-2.5e-7, '-0.00000025'],
    [-0, '0'],
    ['-0', '0'],
    ['99.860', '99.86'],
    [99.86, '99.86'],
    ['-0.50', '-0.5'],
    ['999999999999999999.99999999', '999999999999999999.99999999'],
  ])('reads %p as %s', (input, text) => {
    expect(formatDecimal(parseDecimal(input))).toBe(text);
  });

  test.each(['', '1.', '.5', '01', '+1', '1e3', ' 1', '0.000000001', 0.1 + 0.2, NaN])('refuses %p', (input) => {
    expect(() => parseDecimal(input)).toThrow('not a decimal');
  });

  test.each(['1000000000000000000', '-1000000000000000000', 1e18])('refuses %p for its size', (input) => {
    expect(() => parseDecimal(input)).toThrow('10^18 or over');
  });

  test.each([
    [1n, 2n, 0n],
    [3n, 2n, 2n],
    [5n, 2n, 2n],
    [-1n, 2n, 0n],
    [-3n, 2n, -2n],
    [-5n, 2n, -2n],
    [-7n, 4n, -2n],
    [-5n, 4n, -1n],
    [6n, 3n, 2n],
  ])('rounds %p / %p half-even to %p', (dividend, divisor, quotient) => {
    expect(divideHalfEven(dividend, divisor)).toBe(quotient);
  });

  test('rounds a product to the even neighbour on a tie only', () => {
    const half = parseDecimal('0.5');
    expect(['0.00000001', '0.00000003', '0.00000005'].map((text) => formatDecimal(multiply(half, parseDecimal(text))))).toEqual([
      '0',
      '0.00000002',
      '0.00000002',
    ]);
    expect(formatDecimal(multiply(parseDecimal('0.50000001'), parseDecimal('0.00000001')))).toBe('0.00000001');
  });

  test('rounds a fee twice: half a unit of 5000.3 is dropped before the division', () => {
    const { fills } = runOf({ prices: ['0.00000001'], rules: [buyAlways], policy: { ...loose, costs: { fee_bps: '5000.3' } } });
    expect(fills.map((fill) => [fill['notional'], fill['fee'], fill['cash_after']])).toEqual([['0.00000001', '0', '999.99999999']]);
  });

  test('takes the fee from the cash of a sale', () => {
    const policy: ReferencePolicy = { ...loose, costs: { fee_bps: 12.5 } };
    const { fills } = runOf({ prices: ['200'], rules: [sellAlways], cash: '0', held: '1', policy });
    expect(fills.map((fill) => [fill['side'], fill['fee'], fill['cash_after']])).toEqual([['SELL', '0.25', '199.75']]);
  });
});

describe('signals', () => {
  const zRule = (window: number, below: string, above: string): ReferenceRule => ({
    type: 'mean_reversion_zscore',
    symbol: 'X',
    window,
    z_buy_below: below,
    z_sell_above: above,
  });

  test('a z-score of exactly 1 meets a bound of 1 and not the next decimal', () => {
    // Of two different prices the second is one deviation away, whatever they are.
    const prices = ['100', '99.86', '99.87'];
    expect(signalsOf({ prices, rules: [zRule(2, '-1', '1')] })).toEqual(['HOLD', 'BUY', 'SELL']);
    expect(signalsOf({ prices, rules: [zRule(2, '-1.00000001', '1.00000001')] })).toEqual(['HOLD', 'HOLD', 'HOLD']);
  });

  test('one outlier among five is exactly 2 away, where floats say 1.9999999999999785 or 2.000000000000009', () => {
    const up = ['100.33', '100.33', '100.33', '100.33', '100.66'];
    expect(signalsOf({ prices: up, rules: [zRule(5, '-2', '2')] })[4]).toBe('SELL');
    expect(signalsOf({ prices: up, rules: [zRule(5, '-2', '2.00000001')] })[4]).toBe('HOLD');
    const down = ['10.1', '10.1', '10.1', '10.1', '10'];
    expect(signalsOf({ prices: down, rules: [zRule(5, '-2', '2')] })[4]).toBe('BUY');
    expect(signalsOf({ prices: down, rules: [zRule(5, '-2.00000001', '2')] })[4]).toBe('HOLD');
  });

  test('the root of 2 lies between two decimals', () => {
    const prices = ['10', '10', '10.00000001'];
    expect(signalsOf({ prices, rules: [zRule(3, '-1', '1.41421356')] })[2]).toBe('SELL');
    expect(signalsOf({ prices, rules: [zRule(3, '-1', '1.41421357')] })[2]).toBe('HOLD');
  });

  test('no deviation and too few prices hold, and a window forgets', () => {
    const signals = signalsOf({ prices: ['9', '5', '5', '5', '6'], rules: [zRule(3, '-0.5', '0.5')] });
    expect(signals).toEqual(['HOLD', 'HOLD', 'BUY', 'HOLD', 'SELL']);
  });

  test('a moving average compares exactly and a tie holds', () => {
    const rules: ReferenceRule[] = [{ type: 'sma_crossover', symbol: 'X', short_window: 1, long_window: 3 }];
    // The means of three from step 2 on: 10, then 10 and a third of a unit twice, then less by a third of 1 (and above 9).
    const signals = signalsOf({ prices: ['10', '10', '10', '10.00000001', '10', '9'], rules });
    expect(signals).toEqual(['HOLD', 'HOLD', 'HOLD', 'BUY', 'SELL', 'SELL']);
  });

  test('thresholds include their bound, and buying comes first', () => {
    const rules: ReferenceRule[] = [{ type: 'threshold_price', symbol: 'X', buy_below: '10', sell_above: '10.00' }];
    expect(signalsOf({ prices: ['10', '10.00000001', '9.99999999'], rules })).toEqual(['BUY', 'SELL', 'BUY']);
  });

  test('the last rule that does not hold wins', () => {
    const late: ReferenceRule = { type: 'sma_crossover', symbol: 'X', short_window: 1, long_window: 2 };
    expect(signalsOf({ prices: ['10', '9', '9', '11'], rules: [buyAlways, late] })).toEqual(['BUY', 'SELL', 'BUY', 'BUY']);
    expect(signalsOf({ prices: ['10', '9', '9', '11'], rules: [late, buyAlways] })).toEqual(['BUY', 'BUY', 'BUY', 'BUY']);
  });

  test('between evaluations everything holds, while windows go on', () => {
    const rules: ReferenceRule[] = [{ type: 'sma_crossover', symbol: 'X', short_window: 1, long_window: 2 }];
    expect(signalsOf({ prices: ['10', '9', '10', '12', '11'], rules, frequency: 2 })).toEqual(['HOLD', 'HOLD', 'BUY', 'HOLD', 'SELL']);
  });
});

describe('sizing', () => {
  test('a limit may be reached and not passed', () => {
    const at = { prices: ['10', '10', '10'], rules: [buyAlways] };
    expect(skipsOf({ ...at, maxQty: '2' })).toEqual([null, null, 'max_position_qty_per_symbol']);
    expect(skipsOf({ ...at, maxNewExposure: '10' })).toEqual([null, null, null]);
    expect(skipsOf({ ...at, maxNewExposure: '9.99999999' })).toEqual(Array(3).fill('max_new_exposure_per_step'));
    expect(skipsOf({ ...at, cash: '20' })).toEqual([null, null, 'insufficient_cash']);
    const withFee: ReferencePolicy = { ...loose, costs: { fee_bps: '1' } };
    expect(skipsOf({ ...at, cash: '20', policy: withFee })).toEqual([null, 'insufficient_cash', 'insufficient_cash']);
  });

  test('the reasons have an order', () => {
    const at = { prices: ['10'], rules: [buyAlways], cash: '0', maxNewExposure: '1' };
    expect(skipsOf({ ...at, maxQty: '0.5' })).toEqual(['max_position_qty_per_symbol']);
    expect(skipsOf(at)).toEqual(['max_new_exposure_per_step']);
  });

  test('a sale sells what is there', () => {
    const { steps, fills } = runOf({ prices: ['10', '10', '10'], rules: [sellAlways], qty: '2', held: '2.5' });
    expect(fills.map((fill) => [fill['quantity'], fill['position_after']])).toEqual([
      ['2', '0.5'],
      ['0.5', '0'],
    ]);
    expect(steps[2]?.['skipped']).toEqual([{ symbol: 'X', reason: 'no_position' }]);
  });

  test('what an earlier sale brings in, a later buy may spend, in universe order', () => {
    const swap = (universe: string[]): JsonObject => {
      const { tape } = referenceRun({
        ...fixture,
        market: { symbols: ['X', 'Y'], steps: [{ prices: { X: '10', Y: '10' } }] },
        strategy: {
          ...fixture.strategy,
          universe: { symbols: universe },
          rules: [buyAlways, { type: 'threshold_price', symbol: 'Y', sell_above: 1 }],
        },
        policy: loose,
        initialState: { cash: '0', positions: { Y: '1' } },
        steps: 1,
      });
      return tape[1] ?? {};
    };
    expect(swap(['Y', 'X'])).toMatchObject({ decision: 'APPROVED', skipped: [], state_delta: { cash: { after: '0' } } });
    expect(swap(['X', 'Y'])).toMatchObject({
      decision: 'APPROVED',
      skipped: [{ symbol: 'X', reason: 'insufficient_cash' }],
      state_delta: { cash: { after: '10' } },
    });
  });
});

describe('verification', () => {
  const buy = (quantity: string): { type: 'PlaceBuy'; symbol: string; quantity: string; price: string } => ({
    type: 'PlaceBuy',
    symbol: 'X',
    quantity,
    price: '10',
  });
  const codes = (quantity: string, cash: string, policy: ReferencePolicy, others: Record<string, string> = {}): string[] =>
    referenceVerify([buy(quantity)], { X: '10', Z: '100' }, { cash, positions: others }, policy).map((failure) => failure.code);

  test('all codes of the first failing action, in order', () => {
    expect(codes('600', '1000', {})).toEqual(['insufficient_cash', 'leverage_limit', 'position_value_limit', 'position_concentration']);
    expect(codes('1', '0', { costs: { fee_bps: 10_000 } })).toEqual([
      'insufficient_cash',
      'invalid_equity',
      'leverage_limit',
      'position_concentration',
    ]);
  });

  test('a limit may be met exactly', () => {
    const limits = (risk: NonNullable<ReferencePolicy['risk_limits']>): ReferencePolicy => ({
      risk_limits: { ...loose.risk_limits, ...risk },
    });
    expect(codes('8', '100', {})).toEqual([]);
    expect(codes('8.00000001', '100', {})).toEqual(['position_concentration']);
    expect(codes('8', '100', limits({ max_position_value: '79.99999999' }))).toEqual(['position_value_limit']);
    expect(codes('8', '100', limits({ max_leverage: '0.8' }))).toEqual([]);
    expect(codes('8', '100', limits({ max_leverage: '0.79999999' }))).toEqual(['leverage_limit']);
    // Exposure counts the position in Z that the plan does not touch: 180 of 200.
    expect(codes('8', '100', limits({ max_leverage: '0.9' }), { Z: '1' })).toEqual([]);
    expect(codes('8', '100', limits({ max_leverage: '0.89999999' }), { Z: '1' })).toEqual(['leverage_limit']);
  });

  test('ratios are compared without rounding the product', () => {
    // 0.33333333 x 0.00000003 is 0.0000000099999999: rounded it would allow the 0.00000001 it must refuse.
    const policy: ReferencePolicy = { risk_limits: { ...loose.risk_limits, max_position_pct: '0.33333333' } };
    const plan = [{ type: 'PlaceBuy' as const, symbol: 'X', quantity: '1', price: '0.00000001' }];
    const failures = referenceVerify(plan, { X: '0.00000001' }, { cash: '0.00000003', positions: {} }, policy);
    expect(failures).toEqual([{ action_index: 0, code: 'position_concentration' }]);
  });

  test('a sale needs a position, no limit blocks it, and what is no action is not valued', () => {
    const sell = { type: 'PlaceSell' as const, symbol: 'X', quantity: '2', price: '10' };
    const zero: ReferencePolicy = { risk_limits: { max_leverage: 0, max_position_pct: 0, max_position_value: 0 } };
    const check = (actions: Parameters<typeof referenceVerify>[0]): JsonObject[] =>
      referenceVerify(actions, { X: '10' }, { cash: '0', positions: { X: '3' } }, zero).map((failure) => ({ ...failure }));
    expect(check([sell])).toEqual([]);
    expect(check([sell, sell])).toEqual([{ action_index: 1, code: 'insufficient_position' }]);
    expect(check([{ ...sell, symbol: 'Q', quantity: '0' }])).toEqual([
      { action_index: 0, code: 'invalid_action' },
      { action_index: 0, code: 'unknown_symbol' },
    ]);
  });

  test('a rejected plan leaves the state alone', () => {
    const { steps, fills, seal } = runOf({ prices: ['10'], rules: [buyAlways], qty: '9', cash: '100', policy: {} });
    expect(fills).toEqual([]);
    expect(steps[0]).toMatchObject({
      decision: 'REJECTED',
      actions: [{ quantity: '9' }],
      verifier_errors: [{ action_index: 0, code: 'position_concentration' }],
      state_delta: { cash: { before: '100', after: '100', delta: '0' }, positions: {} },
    });
    expect(seal).toMatchObject({ ok: true, decisions: { APPROVED: 0, REJECTED: 1, HOLD: 0 } });
    expect(seal['final_state']).toEqual({ cash: '100', positions: {} });
  });

  test('nothing bought with nothing is no fill', () => {
    const { steps } = runOf({ prices: ['0.1'], rules: [buyAlways], qty: '0.00000001', cash: '0' });
    expect(steps[0]).toMatchObject({ decision: 'REJECTED', verifier_errors: [{ action_index: 0, code: 'invalid_action' }] });
  });
});

describe('rows', () => {
  test('a checkpoint follows every ten-thousandth step', () => {
    const prices = Array<string>(10_001).fill('10');
    const { tape } = referenceRun({
      ...fixture,
      market: { symbols: ['X'], steps: prices.map((price) => ({ prices: { X: price } })) },
      strategy: {
        ...fixture.strategy,
        universe: { symbols: ['X'] },
        timing: { evaluation_frequency_steps: 10_000 },
        rules: [buyAlways],
      },
      steps: 10_001,
      budget: { ...fixture.budget, max_steps: 10_001 },
    });
    expect(tape.length).toBe(10_004);
    expect(tape[10_000]).toMatchObject({ type: 'step', step_index: 9_999 });
    expect(tape[10_001]).toEqual({ type: 'checkpoint', step_index: 9_999, state: { cash: '990', positions: { X: '1' } } });
    expect(tape[10_002]).toMatchObject({ type: 'step', step_index: 10_000, decision: 'APPROVED' });
  });

  test('a written position of zero is absent and a time is kept as it is', () => {
    const time = '\u0007 "é" \\ 🕓';
    const { tape } = referenceRun({
      ...fixture,
      market: { symbols: ['X'], steps: [{ time, prices: { X: '10.00' } }] },
      strategy: { ...fixture.strategy, universe: { symbols: ['X'] }, rules: [sellAlways] },
      initialState: { cash: '5.50', positions: { X: '0' } },
      steps: 1,
    });
    expect(tape[0]).toMatchObject({
      inputs: {
        initial_state: { cash: '5.5', positions: {} },
        market_sha256: sha('{"symbols":["X"]}\n{"prices":{"X":"10"},"time":"\\u0007 \\"é\\" \\\\ 🕓"}\n'),
      },
    });
    expect(tape[1]).toMatchObject({ time, prices: { X: '10' }, decision: 'HOLD', skipped: [{ symbol: 'X', reason: 'no_position' }] });
  });

  test('canonical JSON sorts by UTF-16 code units and escapes as RFC 8785 does', () => {
    expect(canonicalText({ '\ufb33': 1, '😀': 2, b: [true, null, 1e21, -0], a: '\u001f\n/\u007f\u2028' })).toBe(
      '{"a":"\\u001f\\n/\u007f\u2028","b":[true,null,1e+21,0],"😀":2,"\ufb33":1}',
    );
    expect(() => canonicalText('\ud800')).toThrow('surrogate');
  });
});

describe('verifyChain', () => {
  const genesis = sha('genesis');

  test('returns the head, and without a row the hash before it', () => {
    const lines = chained(referenceRun(fixture).tape, genesis);
    expect(verifyChain(lines, genesis)).toBe((JSON.parse(last(lines)) as JsonObject)['hash']);
    expect(verifyChain([], genesis)).toBe(genesis);
  });

  test('names the row that was changed, moved, reformatted or rehashed alone', () => {
    const lines = chained(referenceRun(fixture).tape, genesis);
    const withLine = (index: number, line: string): string[] => lines.map((original, at) => (at === index ? line : original));
    const third = JSON.parse(lines[3] ?? '') as JsonObject;
    const forged = chained([withoutHashes({ ...third, decision: 'HOLD' })], third['prev_hash'] as string);
    expect(() => verifyChain(withLine(3, (lines[3] ?? '').replace('APPROVED', 'REJECTED')), genesis)).toThrow(/^row 3: hash/);
    expect(() => verifyChain(withLine(3, (lines[3] ?? '').replace('{', '{ ')), genesis)).toThrow(/^row 3: .*canonical/);
    expect(() => verifyChain(withLine(3, forged[0] ?? ''), genesis)).toThrow(/^row 4: prev_hash/);
    expect(() => verifyChain(lines.toSpliced(3, 1), genesis)).toThrow(/^row 3: prev_hash/);
    expect(() => verifyChain(withLine(6, '{'), genesis)).toThrow('row 6: not JSON');
    expect(() => verifyChain(withLine(0, '[]'), genesis)).toThrow('row 0: not an object');
    expect(() => verifyChain(lines, sha('another genesis'))).toThrow(/^row 0: prev_hash/);
  });
});

describe('random cases', () => {
  test('keep the invariants of the ledger, and every kind of decision occurs', () => {
    const seen = new Set<Json>();
    fc.assert(
      fc.property(arbitraryCase, (request) => {
        const { tape, executions } = referenceRun(request);
        const total = new Map<string, bigint>();
        const gain = (key: string, amount: bigint): Map<string, bigint> => total.set(key, (total.get(key) ?? 0n) + amount);
        let cash = parseDecimal(request.initialState.cash);
        for (const fill of executions) {
          const read = (key: string): bigint => parseDecimal(fill[key] as string);
          expect(read('cash_before')).toBe(cash);
          cash = read('cash_after');
          expect(cash >= 0n && read('position_after') >= 0n).toBe(true);
          const sign = fill['side'] === 'BUY' ? 1n : -1n;
          gain('cash', -sign * read('notional') - read('fee'));
          gain(fill['symbol'] as string, sign * read('quantity'));
        }
        const final = last(tape)['final_state'] as { cash: string; positions: Record<string, string> };
        expect(parseDecimal(final.cash)).toBe(parseDecimal(request.initialState.cash) + (total.get('cash') ?? 0n));
        for (const symbol of request.market.symbols) {
          const held = parseDecimal(request.initialState.positions[symbol] ?? '0') + (total.get(symbol) ?? 0n);
          expect(parseDecimal(final.positions[symbol] ?? '0')).toBe(held);
        }
        for (const row of tape) seen.add(row['decision'] ?? null);
        const genesis = sha(canonicalText(tape[0]?.['inputs'] ?? null));
        expect(() => verifyChain(chained(tape, genesis), genesis)).not.toThrow();
      }),
      { seed: SEED, numRuns: 60 },
    );
    expect([...seen].sort()).toEqual(['APPROVED', 'HOLD', 'REJECTED', null]);
  });
});

/** Chains rows the way `jq -cS 'del(.hash)'` and `sha256sum` would check them. */
function chained(rows: JsonObject[], genesis: string): string[] {
  let head = genesis;
  return rows.map((row) => {
    const linked = { ...row, prev_hash: head };
    head = sha(canonicalText(linked));
    return canonicalText({ ...linked, hash: head });
  });
}

function withoutHashes(row: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(row).filter(([key]) => key !== 'hash' && key !== 'prev_hash'));
}

function last<T>(values: readonly T[]): T {
  const value = values.at(-1);
  if (value === undefined) throw new Error('no last value');
  return value;
}

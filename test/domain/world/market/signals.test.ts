/** Signals: rolling windows say what windows rescanned at every step say, exactly, with what lies before the window forgotten. */
import fc from 'fast-check';
import { exactDecimal, ONE } from '../../../../src/domain/decimal/decimal';
import { lookbackSteps, makeSignalSource, type Signal } from '../../../../src/domain/world/market/signals';
import type { Rule } from '../../../../src/domain/world/market/rules/table';
import { decodeStrategy, type Strategy } from '../../../../src/domain/world/market/strategy';
import { expectRight, RUNS, seeded } from '../../../support/harness';

function strategyOf(rules: readonly unknown[], frequency = 1, symbols: readonly string[] = ['X']): Strategy {
  return expectRight(
    decodeStrategy({
      metadata: { name: 'n', version: '1', description: '' },
      universe: { symbols },
      timing: { evaluation_frequency_steps: frequency },
      sizing: { order_qty: 1, max_position_qty_per_symbol: 1 },
      rules,
    }),
  );
}

function signalsOf(strategy: Strategy, prices: readonly bigint[]): Signal[] {
  const source = makeSignalSource(strategy, ['X']);
  return prices.map((price, t) => {
    source.observe([price]);
    return source.evaluate(t).signals[0] ?? 'HOLD';
  });
}

/** Rescans the window; the deviation is a sum of squares of differences, where the windows keep sums of squares. */
function naive(rule: Rule, history: readonly bigint[]): Signal {
  const price = history.at(-1) ?? 0n;
  const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
  switch (rule.type) {
    case 'threshold_price':
      if (rule.buy_below !== undefined && price <= rule.buy_below) return 'BUY';
      return rule.sell_above !== undefined && price >= rule.sell_above ? 'SELL' : 'HOLD';
    case 'sma_crossover': {
      if (history.length < rule.long_window) return 'HOLD';
      const difference =
        sum(history.slice(-rule.short_window)) * BigInt(rule.long_window) -
        sum(history.slice(-rule.long_window)) * BigInt(rule.short_window);
      return difference > 0n ? 'BUY' : difference < 0n ? 'SELL' : 'HOLD';
    }
    case 'mean_reversion_zscore': {
      if (history.length < rule.window) return 'HOLD';
      const window = history.slice(-rule.window);
      const n = BigInt(rule.window);
      const total = sum(window);
      const spread = sum(window.map((value) => (n * value - total) ** 2n));
      if (spread === 0n) return 'HOLD';
      const distance = n * price - total;
      // z^2 = n distance^2 / spread.
      const beyond = (bound: bigint): boolean => n * distance * distance * ONE * ONE >= bound * bound * spread;
      if (distance < 0n && beyond(rule.z_buy_below)) return 'BUY';
      return distance > 0n && beyond(rule.z_sell_above) ? 'SELL' : 'HOLD';
    }
    case 'donchian_breakout': {
      const before = history.slice(0, -1);
      const [entry, exit] = [before.slice(-rule.entry_window), before.slice(-rule.exit_window)];
      if (entry.length === rule.entry_window && entry.every((value) => value < price)) return 'BUY';
      return exit.length === rule.exit_window && exit.every((value) => value > price) ? 'SELL' : 'HOLD';
    }
    default:
      throw new Error(`${rule.type} is checked against the reference model`);
  }
}

// Few levels, so that means tie and deviations vanish; and large ones, so that a float would not do. Often several times the longest window.
const arbitraryPrices = fc
  .oneof(
    fc.constantFrom(10n, 11n, 12n).map((level) => [level * ONE, (level + 1n) * ONE, (level + 2n) * ONE]),
    fc.tuple(fc.bigInt(1n, 10n ** 6n), fc.bigInt(1n, 10n ** 6n)).map(([a, b]) => [a, b, a + b, 1n]),
    fc.bigInt(10n ** 25n, 10n ** 25n + 5n).map((level) => [level, level + 1n, level + 2n, level + 3n]),
  )
  .chain((levels) => fc.array(fc.constantFrom(...levels), { minLength: 1, maxLength: 150, size: 'max' }));
const arbitraryRule = fc.oneof(
  fc
    .tuple(fc.noBias(fc.integer({ min: 1, max: 30 })), fc.noBias(fc.integer({ min: 1, max: 40 })))
    .map(([short, more]) => ({ type: 'sma_crossover', symbol: 'X', short_window: short, long_window: short + more })),
  fc
    .tuple(
      fc.noBias(fc.integer({ min: 2, max: 50 })),
      fc.constantFrom('-0.00000001', '-0.5', '-1', '-1.41421356', '-2'),
      fc.constantFrom('0.00000001', '0.5', '1', '1.41421357', '2'),
    )
    .map(([window, low, high]) => ({ type: 'mean_reversion_zscore', symbol: 'X', window, z_buy_below: low, z_sell_above: high })),
  fc
    .tuple(fc.noBias(fc.integer({ min: 1, max: 20 })), fc.noBias(fc.integer({ min: 1, max: 20 })))
    .map(([entry, exit]) => ({ type: 'donchian_breakout', symbol: 'X', entry_window: entry, exit_window: exit })),
  fc
    .tuple(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 0, max: 3 }))
    .map(([low, more]) => ({ type: 'threshold_price', symbol: 'X', buy_below: low, sell_above: low + more })),
);

describe('rolling windows', () => {
  test('equal windows rescanned at every step', () => {
    fc.assert(
      fc.property(arbitraryRule, arbitraryPrices, (random, prices) => {
        const strategy = strategyOf([random]);
        const [rule] = strategy.rules;
        if (rule === undefined) throw new Error('no rule');
        expect(signalsOf(strategy, prices)).toEqual(prices.map((_, t) => naive(rule, prices.slice(0, t + 1))));
      }),
      seeded(RUNS.call / 2),
    );
  });

  test('depend on the lookback and the present price alone, for several rules at once', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryRule, { minLength: 1, maxLength: 4 }),
        arbitraryPrices,
        fc.integer({ min: 1, max: 5 }),
        (rules, prices, frequency) => {
          const strategy = strategyOf(rules, frequency);
          const lookback = lookbackSteps(strategy);
          const whole = makeSignalSource(strategy, ['X']);
          prices.forEach((price, t) => {
            whole.observe([price]);
            const said = whole.evaluate(t);
            // Only near the edges, where a window fills or forgets: a fresh source at every step is slow.
            if (t % 17 > 2 && t < prices.length - 2) return;
            const fresh = makeSignalSource(strategy, ['X']);
            for (const earlier of prices.slice(Math.max(0, t - lookback), t + 1)) fresh.observe([earlier]);
            expect(fresh.evaluate(t)).toEqual(said);
            if (t % frequency !== 0) expect(said.signals).toEqual(['HOLD']);
          });
        },
      ),
      seeded(RUNS.call / 5),
    );
  });
});

describe('rules', () => {
  const decimals = (...prices: string[]): bigint[] => prices.map(exactDecimal);
  const threshold = (buy?: string, sell?: string): unknown => ({
    type: 'threshold_price',
    symbol: 'X',
    ...(buy === undefined ? {} : { buy_below: buy }),
    ...(sell === undefined ? {} : { sell_above: sell }),
  });

  test('thresholds include their bound, and buying comes first', () => {
    expect(signalsOf(strategyOf([threshold('10', '10')]), decimals('9.99999999', '10', '10.00000001'))).toEqual(['BUY', 'BUY', 'SELL']);
    expect(signalsOf(strategyOf([threshold(undefined, '10')]), decimals('9.99999999', '10'))).toEqual(['HOLD', 'SELL']);
    expect(signalsOf(strategyOf([threshold('10')]), decimals('10', '10.00000001'))).toEqual(['BUY', 'HOLD']);
  });

  test('a crossover waits for its long window, and a tie holds', () => {
    const sma = { type: 'sma_crossover', symbol: 'X', short_window: 1, long_window: 3 };
    expect(signalsOf(strategyOf([sma]), decimals('10', '10', '10', '10.00000001', '10', '9'))).toEqual([
      'HOLD',
      'HOLD',
      'HOLD',
      'BUY',
      'SELL',
      'SELL',
    ]);
  });

  test('a z-score of exactly the bound counts, where floats would miss it; no deviation holds', () => {
    const z = (above: string): unknown => ({
      type: 'mean_reversion_zscore',
      symbol: 'X',
      window: 5,
      z_buy_below: '-2',
      z_sell_above: above,
    });
    const outlier = decimals('100.33', '100.33', '100.33', '100.33', '100.66');
    expect(signalsOf(strategyOf([z('2')]), outlier)).toEqual(['HOLD', 'HOLD', 'HOLD', 'HOLD', 'SELL']);
    expect(signalsOf(strategyOf([z('2.00000001')]), outlier)[4]).toBe('HOLD');
    expect(signalsOf(strategyOf([z('2')]), decimals('5', '5', '5', '5', '5', '5'))).toEqual(Array(6).fill('HOLD'));
  });

  test('the last rule that does not hold wins, with its rationale', () => {
    const source = makeSignalSource(strategyOf([threshold('10'), threshold(undefined, '5'), threshold('1')]), ['X']);
    source.observe(decimals('7'));
    expect(source.evaluate(0)).toEqual({ signals: ['SELL'], whys: ['threshold_price: price at or above 5'] });
    source.observe(decimals('4'));
    expect(source.evaluate(1)).toEqual({ signals: ['BUY'], whys: ['threshold_price: price at or below 10'] });
    source.observe(decimals('11'));
    expect(source.evaluate(2).signals).toEqual(['SELL']);
  });

  test('each symbol has its own signal, in universe order, whatever the market order', () => {
    const rules = [
      { type: 'threshold_price', symbol: 'B', buy_below: 10 },
      { type: 'threshold_price', symbol: 'A', sell_above: 10 },
    ];
    const source = makeSignalSource(strategyOf(rules, 1, ['A', 'B']), ['C', 'B', 'A']);
    source.observe(decimals('1', '10', '10'));
    expect(source.evaluate(0).signals).toEqual(['SELL', 'BUY']);
    source.observe(decimals('1', '11', '9'));
    expect(source.evaluate(1)).toEqual({ signals: ['HOLD', 'HOLD'], whys: ['', ''] });
  });

  test('what was said is not changed by what is said later', () => {
    const source = makeSignalSource(strategyOf([threshold('10', '20')]), ['X']);
    source.observe(decimals('10'));
    const first = source.evaluate(0);
    source.observe(decimals('20'));
    source.evaluate(1);
    expect(first.signals).toEqual(['BUY']);
  });

  test.each([
    [[threshold('1')], 0],
    [[{ type: 'sma_crossover', symbol: 'X', short_window: 1, long_window: 2 }], 1],
    [
      [
        threshold('1'),
        { type: 'sma_crossover', symbol: 'X', short_window: 1, long_window: 20 },
        { type: 'mean_reversion_zscore', symbol: 'X', window: 7, z_buy_below: -1, z_sell_above: 1 },
      ],
      19,
    ],
  ])('%# look back as far as the longest window', (rules, steps) => {
    expect(lookbackSteps(strategyOf(rules))).toBe(steps);
  });
});

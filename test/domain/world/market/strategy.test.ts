/** Strategy documents: every mistake at once, each with its pointer and what is legal; defaults; one normal form. */
import fc from 'fast-check';
import { isLeft, left } from 'fp-ts/Either';
import { RULES } from '../../../../src/domain/world/market/rules/table';
import { decodeStrategy, normalStrategy } from '../../../../src/domain/world/market/strategy';
import { arbitraryAnyCase } from '../../../support/arbitraries';
import { readExample } from '../../../support/fixture';
import { expectLeft, expectRight, runCase, RUNS, seeded, localRequest, textOf } from '../../../support/harness';

const rule = { type: 'threshold_price', symbol: 'AAPL', buy_below: '100.00' };
const minimal = {
  metadata: { name: 'n', version: '1', description: '' },
  universe: { symbols: ['AAPL', 'MSFT'] },
  sizing: { order_qty: 1, max_position_qty_per_symbol: '5.0' },
  rules: [rule],
};

const KINDS = RULES.map(({ type }) => type).join(', ');

const NORMAL =
  '{"metadata":{"description":"","name":"n","version":"1"},"rules":[{"buy_below":"100","symbol":"AAPL","type":"threshold_price"}],' +
  '"sizing":{"max_position_qty_per_symbol":"5","order_qty":"1"},"timing":{"evaluation_frequency_steps":1},"universe":{"symbols":["AAPL","MSFT"]}}';

function problems(value: unknown, market?: readonly string[]): readonly string[] {
  return expectLeft(decodeStrategy(value, market)).map(({ pointer, message }) => `${pointer} ${message}`);
}

function pointers(value: unknown, market?: readonly string[]): readonly string[] {
  return expectLeft(decodeStrategy(value, market)).map(({ pointer }) => pointer);
}

describe('the normal form', () => {
  test('has defaults filled in, decimals as shortest text, and keys in order', () => {
    expect(normalStrategy(expectRight(decodeStrategy(minimal)))).toBe(NORMAL);
  });

  test('does not depend on how the document was written', () => {
    const other = {
      rules: [{ buy_below: 100, symbol: ' aapl', type: 'threshold_price' }],
      $schema: '../docs/schema/strategy.schema.json',
      timing: {},
      sizing: { max_position_qty_per_symbol: 5, order_qty: '1.00000000' },
      universe: { symbols: ['aapl', 'Msft'] },
      metadata: { version: '1', description: '', name: 'n' },
    };
    expect(normalStrategy(expectRight(decodeStrategy(other)))).toBe(NORMAL);
  });

  test('reads back as itself, for every kind of rule', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryAnyCase, async (request) => {
        const line = normalStrategy(expectRight(decodeStrategy(request.strategy, request.market.symbols)));
        expect(normalStrategy(expectRight(decodeStrategy(JSON.parse(line))))).toBe(line);
        expect(textOf((await runCase(localRequest(request))).files, 'strategy.json')).toBe(`${line}\n`);
      }),
      seeded(RUNS.whole / 2),
    );
  });
});

describe('mistakes', () => {
  test('all of them at once, in document order, the cross checks last', () => {
    const value: unknown = {
      metadata: { name: 1, version: '1', extra: true },
      universe: { symbols: ['AAPL', 'MSFT'] },
      timing: { evaluation_frequency_steps: 0 },
      sizing: { order_qty: 0, max_position_qty_per_symbol: -1, max_new_exposure_per_step: '1e3' },
      rules: [
        { type: 'threshold_price', symbol: 'GOOG' },
        { type: 'sma_crossover', symbol: 'AAPL', short_window: 5, long_window: 5 },
        { type: 'mean_reversion_zscore', symbol: 'AAPL', window: 1, z_buy_below: 0, z_sell_above: 0 },
        { type: 'hunch', symbol: 'AAPL' },
        { symbol: 'AAPL' },
        'sell everything',
      ],
      author: 'me',
    };
    expect(problems(value, ['AAPL'])).toEqual([
      '/metadata/name 1: expected a string',
      '/metadata/extra true: unknown field; legal here: name, version, description',
      '/metadata/description missing: a required field: string',
      '/timing/evaluation_frequency_steps 0: expected an integer of 1 or more',
      '/sizing/order_qty 0: must be more than 0',
      '/sizing/max_position_qty_per_symbol -1: must be more than 0',
      expect.stringMatching(/^\/sizing\/max_new_exposure_per_step "1e3": expected a decimal/),
      '/rules/0 an object: needs buy_below, sell_above or both',
      '/rules/1/long_window 5: must be more than short_window (5)',
      '/rules/2/window 1: expected an integer from 2 to 1000000',
      '/rules/2/z_buy_below 0: must be less than 0',
      '/rules/2/z_sell_above 0: must be more than 0',
      `/rules/3/type "hunch": expected one of ${KINDS}`,
      `/rules/4/type missing: expected one of ${KINDS}`,
      `/rules/5 "sell everything": expected an object whose type is one of ${KINDS}`,
      '/author "me": unknown field; legal here: metadata, universe, sizing, rules, $schema, timing',
      '/universe/symbols/1 "MSFT": not in the market, which prices AAPL',
      '/rules/0/symbol "GOOG": not in the universe, which is AAPL, MSFT',
    ]);
  });

  test('keys that are names of the prototype are unknown fields like any other', () => {
    const value: unknown = JSON.parse(
      JSON.stringify(minimal)
        .replace('{', '{"__proto__":{"rules":[]},"constructor":1,"toString":2,')
        .replace('{"name"', '{"__proto__":1,"name"'),
    );
    expect(pointers(value).toSorted()).toEqual(['/__proto__', '/constructor', '/metadata/__proto__', '/toString']);
    expect(pointers({ ...minimal, rules: [{ type: 'constructor' }] })).toEqual(['/rules/0/type']);
    expect(pointers({ ...minimal, rules: [{ type: '__proto__' }] })).toEqual(['/rules/0/type']);
    // What is inherited is not a field.
    expect(pointers(Object.create(minimal) as unknown)).toEqual(['/metadata', '/universe', '/sizing', '/rules']);
  });

  test.each<[string, unknown, readonly string[]]>([
    ['null', null, ['']],
    ['a list', [], ['']],
    ['a text', 'strategy', ['']],
    ['an empty object', {}, ['/metadata', '/universe', '/sizing', '/rules']],
    ['no rule', { ...minimal, rules: [] }, ['/rules']],
    ['a thousand and one rules', { ...minimal, rules: Array(1_001).fill(rule) }, ['/rules']],
    ['rules in an object', { ...minimal, rules: { 0: rule } }, ['/rules']],
    ['no symbol', { ...minimal, universe: { symbols: [] } }, ['/universe/symbols']],
    ['a symbol twice', { ...minimal, universe: { symbols: ['AAPL', 'MSFT', ' aapl'] } }, ['/universe/symbols/2']],
    [
      'symbols that are none',
      { ...minimal, universe: { symbols: ['AAPL', '', '=X', 'A B', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456', 7, 'Ä'] } },
      [1, 2, 3, 4, 5, 6].map((index) => `/universe/symbols/${String(index)}`),
    ],
    [
      'letters that only become one in upper case',
      { ...minimal, universe: { symbols: ['AAPL', 'ı', 'ſ', 'ß', 'ﬁ'] } },
      [1, 2, 3, 4].map((index) => `/universe/symbols/${String(index)}`),
    ],
    ['nine decimals', { ...minimal, sizing: { ...minimal.sizing, order_qty: 1.123456789 } }, ['/sizing/order_qty']],
    ['10^18', { ...minimal, sizing: { ...minimal.sizing, order_qty: '1000000000000000000' } }, ['/sizing/order_qty']],
    ['NaN', { ...minimal, sizing: { ...minimal.sizing, order_qty: NaN } }, ['/sizing/order_qty']],
    ['1e400', { ...minimal, sizing: { ...minimal.sizing, order_qty: Infinity } }, ['/sizing/order_qty']],
    ['a lone surrogate', { ...minimal, metadata: { ...minimal.metadata, name: '\ud800' } }, ['/metadata/name']],
    [
      'a window of a million and one',
      { ...minimal, rules: [{ type: 'sma_crossover', symbol: 'AAPL', short_window: 1, long_window: 1_000_001 }] },
      ['/rules/0/long_window'],
    ],
    [
      'a frequency beyond exact integers',
      { ...minimal, timing: { evaluation_frequency_steps: 2 ** 53 } },
      ['/timing/evaluation_frequency_steps'],
    ],
    [
      'half a window',
      { ...minimal, rules: [{ type: 'sma_crossover', symbol: 'AAPL', short_window: 1.5, long_window: 3 }] },
      ['/rules/0/short_window'],
    ],
    ['a field of another rule', { ...minimal, rules: [{ ...rule, window: 3 }] }, ['/rules/0/window']],
  ])('%s', (_name, value, expected) => {
    expect(pointers(value)).toEqual(expected);
  });

  test('a pointer escapes what RFC 6901 escapes', () => {
    expect(pointers({ ...minimal, 'a/b~c': 1 })).toEqual(['/a~1b~0c']);
  });

  test('no value whatever makes the decoder throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.anything({ withBigInt: true, withNullPrototype: true }), fc.jsonValue()),
        fc.constantFrom('metadata', 'universe', 'timing', 'sizing', 'rules'),
        (value, key) => {
          expect(['Left', 'Right']).toContain(decodeStrategy(value)._tag);
          expect(['Left', 'Right']).toContain(decodeStrategy({ ...minimal, [key]: value }, ['AAPL'])._tag);
        },
      ),
      seeded(RUNS.call),
    );
  });
});

describe('examples', () => {
  test.each(['threshold_demo', 'sma_crossover', 'mean_reversion_zscore'])('%s is legal', (name) => {
    expect(expectRight(decodeStrategy(readExample(`strategies/${name}.json`))).metadata.name).toBe(name);
  });
});

test('a slip of a name is told with what was probably meant', () => {
  const document = {
    metadata: { name: 'n', version: '1', description: '' },
    universe: { symbols: ['APPL'] },
    sizing: { order_qty: 1, maxPositionQtyPerSymbol: 5 },
    timing: { fill_at: 'nextStep' },
    rules: [{ type: 'treshold_price', symbol: 'APLP', buy_below: 1 }],
  };
  const decoded = decodeStrategy(document, ['AAPL', 'MSFT']);
  const said = isLeft(decoded) ? decoded.left.map(({ pointer, message }) => `${pointer} ${message}`).join('\n') : '';
  for (const [pointer, meant] of [
    ['/universe/symbols/0', 'AAPL'],
    ['/sizing/maxPositionQtyPerSymbol', 'max_position_qty_per_symbol'],
    ['/timing/fill_at', 'next_step'],
    ['/rules/0/type', 'threshold_price'],
    ['/rules/0/symbol', 'APPL'],
  ] as const)
    expect(said).toMatch(new RegExp(`^${pointer} .*; did you mean "${meant}"\\?$`, 'm'));
});

test.each<[string, unknown]>([
  ['a market path', { symbols: ['A'], steps: [] }],
  ['a policy', { risk_limits: {} }],
  ['a request for the API', { tool_plan: [] }],
])('%s is told as that and not field by field', (kind, document) => {
  expect(decodeStrategy(document)).toEqual(left([{ pointer: '', message: `this is ${kind}, not a strategy` }]));
});

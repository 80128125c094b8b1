/** The step is atomic, and what it is made of is decoded once: states and policies with every mistake at once. */
import { exactDecimal } from '../../../../src/domain/decimal/decimal';
import { decodeStrategy } from '../../../../src/domain/world/market/strategy';
import { decodePolicy, DEFAULT_POLICY, normalPolicy } from '../../../../src/domain/world/market/policy';
import { assertState, canonicalState, decodeState, stateText, valueOf } from '../../../../src/domain/world/market/state';
import { commit, makeWorld, step } from '../../../../src/domain/world/market/step';
import { expectLeft, expectRight } from '../../../support/harness';

const SYMBOLS = ['MSFT', 'AAPL'];
const strategy = expectRight(
  decodeStrategy({
    metadata: { name: 'n', version: '1', description: '' },
    universe: { symbols: ['AAPL', 'MSFT'] },
    sizing: { order_qty: 1, max_position_qty_per_symbol: 100 },
    rules: [{ type: 'threshold_price', symbol: 'AAPL', buy_below: 1 }],
  }),
);
const world = makeWorld(SYMBOLS, strategy, DEFAULT_POLICY);
const prices = [exactDecimal('20'), exactDecimal('10')];
const none = { signals: ['HOLD', 'HOLD'], whys: ['', ''] } as const;

describe('step', () => {
  test('the universe knows its places in the market', () => {
    expect(world.universe).toEqual([1, 0]);
  });

  test('HOLD leaves the very same state object', () => {
    const state = expectRight(decodeState({}, SYMBOLS));
    const made = step(world, state, prices, none);
    expect(made).toMatchObject({ decision: 'HOLD', actions: [], errors: [], fills: [] });
    expect(made.after).toBe(state);
    expect(made.valueAfter).toBe(made.valueBefore);
  });

  test('a rejected plan leaves it too, with nothing of its first actions', () => {
    const state = expectRight(decodeState({ cash: '25' }, SYMBOLS));
    // AAPL alone would pass; MSFT is 20 of an equity of 25, the limit is 0.8; two AAPL more leave no cash.
    const actions = ['10', '20'].map((price, index) => ({
      type: 'PlaceBuy' as const,
      symbol: ['AAPL', 'MSFT'][index] ?? '',
      quantity: exactDecimal('1'),
      price: exactDecimal(price),
    }));
    const made = commit(world, state, prices, actions, none, []);
    expect(made).toMatchObject({ decision: 'REJECTED', errors: [{ actionIndex: 1, code: 'insufficient_cash' }], fills: [] });
    expect(made.after).toBe(state);
  });

  test('an approved one is a new state, and the old one is as it was', () => {
    const state = expectRight(decodeState({ cash: '1000', positions: { MSFT: '2' } }, SYMBOLS));
    const made = step(world, state, prices, { signals: ['BUY', 'SELL'], whys: ['a', 'b'] });
    expect(made.decision).toBe('APPROVED');
    expect(stateText(made.after, SYMBOLS)).toEqual({ cash: '1010', positions: { AAPL: '1', MSFT: '1' } });
    expect(stateText(state, SYMBOLS)).toEqual({ cash: '1000', positions: { MSFT: '2' } });
    expect(made.valueAfter).toEqual(valueOf(made.after, prices));
  });
});

describe('decodeState', () => {
  test('fills in the defaults, and a position of zero is absent in every text', () => {
    expect(stateText(expectRight(decodeState({}, SYMBOLS)), SYMBOLS)).toEqual({ cash: '1000', positions: {} });
    const state = expectRight(decodeState({ cash: 0.5, positions: { ' aapl ': '1.50', MSFT: 0 } }, SYMBOLS));
    expect(canonicalState(state, SYMBOLS)).toBe('{"cash":"0.5","positions":{"AAPL":"1.5"}}');
  });

  test('names every mistake at once', () => {
    const value: unknown = JSON.parse(
      '{"cash":"-1","positions":{"GOOG":1,"AAPL":"x","aapl":"1","__proto__":1,"MSFT":-0.1},"loan":1,"__proto__":{}}',
    );
    expect(expectLeft(decodeState(value, SYMBOLS)).map(({ pointer }) => pointer)).toEqual([
      '/loan',
      '/__proto__',
      '/cash',
      '/positions/GOOG',
      '/positions/AAPL',
      '/positions/aapl',
      '/positions/__proto__',
      '/positions/MSFT',
    ]);
  });

  test.each([
    null,
    undefined,
    3,
    'cash',
    [],
    { cash: null },
    { cash: '1e3' },
    { cash: 1e18 },
    { positions: [] },
    { positions: null },
    { positions: { AAPL: null } },
  ])('refuses %j', (value) => {
    expect(expectLeft(decodeState(value, SYMBOLS))).not.toHaveLength(0);
  });

  test('a negative state is a bug', () => {
    expect(() => {
      assertState({ cash: -1n, positions: [] });
    }).toThrow('cash is never negative');
    expect(() => {
      assertState({ cash: 0n, positions: [0n, -1n] });
    }).toThrow('a position is never negative');
  });
});

describe('decodePolicy', () => {
  test('fills in the defaults of docs/spec.md, at every depth', () => {
    const line =
      '{"costs":{"fee_bps":"0"},"policy_id":"default","risk_limits":{"max_leverage":"2","max_position_pct":"0.8","max_position_value":"5000"}}';
    expect(normalPolicy(expectRight(decodePolicy({})))).toBe(line);
    expect(normalPolicy(DEFAULT_POLICY)).toBe(line);
    expect(normalPolicy(expectRight(decodePolicy({ $schema: 'x', risk_limits: {}, costs: {} })))).toBe(line);
    expect(
      normalPolicy(expectRight(decodePolicy({ policy_id: 'é', risk_limits: { max_leverage: '1.50' }, costs: { fee_bps: 12.5 } }))),
    ).toBe(
      '{"costs":{"fee_bps":"12.5"},"policy_id":"é","risk_limits":{"max_leverage":"1.5","max_position_pct":"0.8","max_position_value":"5000"}}',
    );
  });

  test('names every mistake at once', () => {
    const value: unknown = JSON.parse(
      '{"policy_id":1,"risk_limits":{"max_leverage":-1,"max_position_pct":"0.123456789","limit":1},"costs":{"fee_bps":10000.00000001},"__proto__":1}',
    );
    expect(expectLeft(decodePolicy(value)).map(({ pointer }) => pointer)).toEqual([
      '/policy_id',
      '/risk_limits/max_leverage',
      '/risk_limits/max_position_pct',
      '/risk_limits/limit',
      '/costs/fee_bps',
      '/__proto__',
    ]);
  });

  test('a fee may be the whole notional and no more, so that a sale never costs cash', () => {
    expect(expectRight(decodePolicy({ costs: { fee_bps: 10_000 } })).costs.fee_bps).toBe(exactDecimal('10000'));
    expect(expectLeft(decodePolicy({ costs: { fee_bps: '10000.00000001' } }))[0]?.message).toContain('10000 basis points');
  });
});

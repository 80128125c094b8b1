/** Sizing: universe order, the order of the reasons, limits that may be met and not passed, and what an earlier action leaves. */
import type { Signal } from '../../../../src/domain/world/market/signals';
import { decodeStrategy } from '../../../../src/domain/world/market/strategy';
import { exactDecimal, formatDecimal } from '../../../../src/domain/decimal/decimal';
import { feeOf } from '../../../../src/domain/world/market/costs';
import { size } from '../../../../src/domain/world/market/sizing';
import { decodeState } from '../../../../src/domain/world/market/state';
import { expectRight } from '../../../support/harness';

interface Setup {
  readonly universe?: readonly string[];
  readonly prices?: readonly string[];
  readonly signals: readonly Signal[];
  readonly qty?: string;
  readonly maxQty?: string;
  readonly maxNew?: string;
  readonly feeBps?: string;
  readonly cash?: string;
  readonly held?: Readonly<Record<string, string>>;
}

const MARKET = ['A', 'B', 'C'];

/** `BUY 1 A @10` for an action, `A no_position` for a skip. */
function sized({
  universe = MARKET,
  prices = ['10', '20', '30'],
  signals,
  qty = '1',
  maxQty = '5',
  maxNew,
  feeBps = '0',
  cash = '1000',
  held = {},
}: Setup): readonly string[] {
  const strategy = expectRight(
    decodeStrategy({
      metadata: { name: 'n', version: '1', description: '' },
      universe: { symbols: universe },
      sizing: {
        order_qty: qty,
        max_position_qty_per_symbol: maxQty,
        ...(maxNew === undefined ? {} : { max_new_exposure_per_step: maxNew }),
      },
      rules: [{ type: 'threshold_price', symbol: universe[0], buy_below: 1 }],
    }),
  );
  const state = expectRight(decodeState({ cash, positions: held }, MARKET));
  const market = universe.map((symbol) => MARKET.indexOf(symbol));
  const { actions, skipped } = size(strategy, { fee_bps: exactDecimal(feeBps) }, market, state, prices.map(exactDecimal), {
    signals,
    whys: [],
  });
  return [
    ...actions.map(
      ({ type, symbol, quantity, price }) =>
        `${type === 'PlaceBuy' ? 'BUY' : 'SELL'} ${formatDecimal(quantity)} ${symbol} @${formatDecimal(price)}`,
    ),
    ...skipped.map(({ symbol, reason }) => `${symbol} ${reason}`),
  ];
}

const buyA: readonly Signal[] = ['BUY', 'HOLD', 'HOLD'];
const sellA: readonly Signal[] = ['SELL', 'HOLD', 'HOLD'];

describe('size', () => {
  test.each<[string, Setup, readonly string[]]>([
    ['nothing for HOLD', { signals: ['HOLD', 'HOLD', 'HOLD'] }, []],
    ['in universe order, whatever the market order', { universe: ['C', 'A'], signals: ['BUY', 'BUY'] }, ['BUY 1 C @30', 'BUY 1 A @10']],
    ['a position limit may be met', { signals: buyA, held: { A: '4' } }, ['BUY 1 A @10']],
    ['and not passed, by one unit', { signals: buyA, held: { A: '4.00000001' } }, ['A max_position_qty_per_symbol']],
    ['the exposure limit of a step may be met', { signals: ['BUY', 'BUY', 'HOLD'], maxNew: '30' }, ['BUY 1 A @10', 'BUY 1 B @20']],
    [
      'and not passed, by one unit',
      { signals: ['BUY', 'BUY', 'HOLD'], maxNew: '29.99999999' },
      ['BUY 1 A @10', 'B max_new_exposure_per_step'],
    ],
    [
      'a skipped BUY adds no exposure',
      { signals: ['BUY', 'BUY', 'BUY'], maxNew: '40', held: { B: '5' } },
      ['BUY 1 A @10', 'BUY 1 C @30', 'B max_position_qty_per_symbol'],
    ],
    [
      'a SELL frees none',
      { signals: ['SELL', 'BUY', 'BUY'], maxNew: '45', held: { A: '1' } },
      ['SELL 1 A @10', 'BUY 1 B @20', 'C max_new_exposure_per_step'],
    ],
    ['cash may be spent to the last unit, fee included', { signals: buyA, cash: '10.1', feeBps: '100' }, ['BUY 1 A @10']],
    ['and no further', { signals: buyA, cash: '10.09999999', feeBps: '100' }, ['A insufficient_cash']],
    ['an earlier BUY leaves less cash', { signals: ['BUY', 'BUY', 'HOLD'], cash: '29.99999999' }, ['BUY 1 A @10', 'B insufficient_cash']],
    [
      'an earlier SELL leaves more, after its fee',
      { signals: ['SELL', 'BUY', 'HOLD'], cash: '10.1', held: { A: '1' }, feeBps: '50' },
      ['SELL 1 A @10', 'B insufficient_cash'],
    ],
    [
      'just enough more',
      { signals: ['SELL', 'BUY', 'HOLD'], cash: '10.15', held: { A: '1' }, feeBps: '50' },
      ['SELL 1 A @10', 'BUY 1 B @20'],
    ],
    [
      'a later SELL comes too late',
      { signals: ['BUY', 'SELL', 'HOLD'], cash: '9', held: { B: '1' } },
      ['SELL 1 B @20', 'A insufficient_cash'],
    ],
    ['a SELL of the order quantity', { signals: sellA, held: { A: '3' } }, ['SELL 1 A @10']],
    ['a SELL of what is left', { signals: sellA, held: { A: '0.4' } }, ['SELL 0.4 A @10']],
    ['no SELL of nothing', { signals: sellA }, ['A no_position']],
    ['the position limit is asked first', { signals: buyA, held: { A: '5' }, maxNew: '1', cash: '0' }, ['A max_position_qty_per_symbol']],
    ['then the exposure limit', { signals: buyA, maxNew: '1', cash: '0' }, ['A max_new_exposure_per_step']],
    ['then cash', { signals: buyA, maxNew: '10', cash: '0' }, ['A insufficient_cash']],
    [
      'skips stand in universe order',
      { signals: ['SELL', 'BUY', 'SELL'], cash: '0' },
      ['A no_position', 'B insufficient_cash', 'C no_position'],
    ],
  ])('%s', (_name, setup, expected) => {
    expect(sized(setup)).toEqual(expected);
  });
});

describe('feeOf', () => {
  test.each([
    ['100', '0', '0'],
    ['100', '12.5', '0.125'],
    ['100', '10000', '100'],
    // 0.00005 of a unit: rounded to nothing, twice.
    ['0.00000001', '5000', '0'],
    ['0.00000003', '5000', '0.00000002'],
    // The product is rounded before it is divided: 1.5000300001 units of 10^-8 become 1.50003.
    ['0.00000001', '5000.3', '0'],
    ['0.00000001', '10000', '0.00000001'],
  ])('of %s at %s basis points is %s', (notional, bps, fee) => {
    expect(formatDecimal(feeOf(exactDecimal(notional), { fee_bps: exactDecimal(bps) }))).toBe(fee);
  });
});

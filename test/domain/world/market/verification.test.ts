/** Every code of the verifier, at the boundary: what meets a limit passes, one unit beyond it is refused, with all codes in their order. */
import { exactDecimal } from '../../../../src/domain/decimal/decimal';
import type { Action } from '../../../../src/domain/world/market/plan';
import { decodePolicy } from '../../../../src/domain/world/market/policy';
import { decodeState, stateText, valueOf } from '../../../../src/domain/world/market/state';
import { type Verification, VERIFIER_CODES, verifyPlan } from '../../../../src/domain/world/market/verification';
import { expectRight } from '../../../support/harness';

const SYMBOLS = ['X', 'Z'];
const PRICES = ['10', '100'];

type Limits = Partial<Record<'max_leverage' | 'max_position_pct' | 'max_position_value' | 'fee_bps', string>>;

interface Setup {
  readonly actions: readonly Action[];
  readonly cash?: string;
  readonly held?: Readonly<Record<string, string>>;
  readonly limits?: Limits;
  readonly prices?: readonly string[];
}

function verified({ actions, cash = '100', held = {}, limits = {}, prices = PRICES }: Setup): Verification {
  const { fee_bps = '0', ...risk } = limits;
  const policy = expectRight(
    decodePolicy({
      risk_limits: { max_leverage: '10', max_position_pct: '10', max_position_value: '1000000', ...risk },
      costs: { fee_bps },
    }),
  );
  const state = expectRight(decodeState({ cash, positions: held }, SYMBOLS));
  const exact = prices.map(exactDecimal);
  return verifyPlan(policy, SYMBOLS, state, valueOf(state, exact), exact, actions);
}

function codesOf(setup: Setup): readonly string[] {
  const verification = verified(setup);
  return verification.ok ? [] : verification.errors.map(({ actionIndex, code }) => `${String(actionIndex)} ${code}`);
}

const buy = (quantity: string, symbol = 'X', price = '10'): Action => ({
  type: 'PlaceBuy',
  symbol,
  quantity: exactDecimal(quantity),
  price: exactDecimal(price),
});
const sell = (quantity: string, symbol = 'X', price = '10'): Action => ({ ...buy(quantity, symbol, price), type: 'PlaceSell' });

describe('the codes, each at its boundary', () => {
  test.each<[string, Setup, readonly string[]]>([
    ['nothing', { actions: [] }, []],
    ['a quantity of one unit', { actions: [buy('0.00000001')] }, []],
    ['a quantity of zero', { actions: [buy('0')] }, ['0 invalid_action']],
    ['a negative quantity', { actions: [sell('-1')], held: { X: '1' } }, ['0 invalid_action']],
    ['a price of zero', { actions: [buy('1', 'X', '0')] }, ['0 invalid_action']],
    ['a negative price', { actions: [sell('1', 'X', '-10')], held: { X: '1' } }, ['0 invalid_action']],
    ['a notional that rounds to 0', { actions: [buy('0.00000001', 'X', '0.5')], prices: ['0.5', '1'] }, ['0 invalid_action']],
    ['the least notional', { actions: [buy('0.00000001', 'X', '0.50000001')], prices: ['0.50000001', '1'] }, []],
    ['a sale for nothing', { actions: [sell('0.00000001', 'X', '0.5')], held: { X: '1' }, prices: ['0.5', '1'] }, ['0 invalid_action']],
    ['a notional of 10^18', { actions: [buy('100000000000000000')] }, ['0 out_of_range']],
    ['a unit less', { actions: [sell('99999999999999999.99999999')], cash: '0' }, ['0 insufficient_position']],
    [
      'a notional of 10^18 in a symbol that is not there',
      { actions: [buy('100000000000000000', 'Q')] },
      ['0 out_of_range', '0 unknown_symbol'],
    ],
    ['cash that a sale takes to 10^18', { actions: [sell('1')], cash: '999999999999999990', held: { X: '1' } }, ['0 out_of_range']],
    ['cash that stays a unit below', { actions: [sell('1')], cash: '999999999999999989.99999999', held: { X: '1' } }, []],
    [
      'a position of 10^18',
      { actions: [buy('1', 'X', '0.00000001')], held: { X: '999999999999999999' }, prices: ['0.00000001', '1'] },
      ['0 out_of_range'],
    ],
    ['an unknown symbol', { actions: [buy('1', 'Q')] }, ['0 unknown_symbol']],
    ['both, in order, and nothing else', { actions: [buy('0', 'Q')] }, ['0 invalid_action', '0 unknown_symbol']],
    ['all of the cash', { actions: [buy('10')] }, []],
    ['all of the cash and a unit', { actions: [buy('10.00000001')] }, ['0 insufficient_cash']],
    ['all of the cash with the fee', { actions: [buy('5')], cash: '50.05', limits: { fee_bps: '10' } }, []],
    ['a unit short of the fee', { actions: [buy('5')], cash: '50.04999999', limits: { fee_bps: '10' } }, ['0 insufficient_cash']],
    // 10 bought for 10, charged 10: equity 0.
    [
      'equity of zero',
      { actions: [buy('1')], cash: '10', limits: { fee_bps: '10000' } },
      ['0 insufficient_cash', '0 invalid_equity', '0 leverage_limit', '0 position_concentration'],
    ],
    ['leverage met: 80 of 100', { actions: [buy('8')], limits: { max_leverage: '0.8' } }, []],
    ['leverage passed', { actions: [buy('8')], limits: { max_leverage: '0.79999999' } }, ['0 leverage_limit']],
    ['leverage over all positions: 180 of 200', { actions: [buy('8')], held: { Z: '1' }, limits: { max_leverage: '0.9' } }, []],
    ['and passed by the others', { actions: [buy('8')], held: { Z: '1' }, limits: { max_leverage: '0.89999999' } }, ['0 leverage_limit']],
    ['position value met', { actions: [buy('8')], limits: { max_position_value: '80' } }, []],
    ['position value passed', { actions: [buy('8')], limits: { max_position_value: '79.99999999' } }, ['0 position_value_limit']],
    [
      'position value of what is held and bought',
      { actions: [buy('1')], held: { X: '7.1' }, limits: { max_position_value: '80' } },
      ['0 position_value_limit'],
    ],
    ['concentration met: 80 of 100', { actions: [buy('8')], limits: { max_position_pct: '0.8' } }, []],
    ['concentration passed', { actions: [buy('8.00000001')], limits: { max_position_pct: '0.8' } }, ['0 position_concentration']],
    [
      'a position at the price of the market, not of the order',
      { actions: [buy('1', 'X', '1')], limits: { max_position_value: '9.99999999' } },
      ['0 position_value_limit'],
    ],
    [
      'all codes of a BUY',
      { actions: [buy('600')], limits: { max_leverage: '2', max_position_value: '5000', max_position_pct: '0.8' } },
      ['0 insufficient_cash', '0 leverage_limit', '0 position_value_limit', '0 position_concentration'],
    ],
    ['all of a position', { actions: [sell('3')], held: { X: '3' } }, []],
    ['all of a position and a unit', { actions: [sell('3.00000001')], held: { X: '3' } }, ['0 insufficient_position']],
    [
      'no limit blocks a sale',
      {
        actions: [sell('1')],
        cash: '0',
        held: { X: '3', Z: '9' },
        limits: { max_leverage: '0', max_position_pct: '0', max_position_value: '0' },
      },
      [],
    ],
    ['a sale that its fee eats whole', { actions: [sell('1')], cash: '0', held: { X: '1' }, limits: { fee_bps: '10000' } }, []],
    ['the first action that fails ends it', { actions: [sell('1'), buy('0', 'Q')] }, ['0 insufficient_position']],
    ['what an earlier action leaves counts', { actions: [sell('3'), buy('13')], held: { X: '3' } }, []],
    ['and what it took', { actions: [sell('3'), sell('1')], held: { X: '3' } }, ['1 insufficient_position']],
    ['cash of an earlier BUY is gone', { actions: [buy('6'), buy('4.1')] }, ['1 insufficient_cash']],
    ['the action that fails is named by its index', { actions: [buy('1'), buy('1'), buy('0')] }, ['2 invalid_action']],
  ])('%s', (_name, setup, expected) => {
    expect(codesOf(setup)).toEqual(expected);
  });

  test('a ratio is compared without rounding the product', () => {
    // 0.33333333 x 0.00000003 is 0.0000000099999999: rounded it would allow the 0.00000001 that it must refuse.
    const setup = { actions: [buy('1', 'X', '0.00000001')], prices: ['0.00000001', '1'], cash: '0.00000003' };
    expect(codesOf({ ...setup, limits: { max_position_pct: '0.33333333' } })).toEqual(['0 position_concentration']);
    expect(codesOf({ ...setup, limits: { max_position_pct: '0.33333334' } })).toEqual([]);
  });

  test('the list of codes is closed and in the order in which they are reported', () => {
    expect(VERIFIER_CODES).toEqual([
      'invalid_action',
      'out_of_range',
      'unknown_symbol',
      'insufficient_cash',
      'invalid_equity',
      'leverage_limit',
      'position_value_limit',
      'position_concentration',
      'insufficient_position',
    ]);
  });
});

describe('a plan that passes', () => {
  test('comes with its fills, one linked to the next, and with the state and the worth after it', () => {
    const verification = verified({ actions: [buy('2'), sell('1', 'Z', '100')], held: { Z: '1' }, limits: { fee_bps: '100' } });
    if (!verification.ok) throw new Error('expected the plan to pass');
    expect(stateText(verification.state, SYMBOLS)).toEqual({ cash: '178.8', positions: { X: '2' } });
    expect(verification.value).toEqual({ exposure: exactDecimal('20'), equity: exactDecimal('198.8') });
    const [first, second] = verification.fills;
    expect(first).toMatchObject({
      side: 'BUY',
      notional: exactDecimal('20'),
      fee: exactDecimal('0.2'),
      cashBefore: exactDecimal('100'),
      cashAfter: exactDecimal('79.8'),
      exposureBefore: exactDecimal('100'),
      exposureAfter: exactDecimal('120'),
    });
    expect(second).toMatchObject({
      side: 'SELL',
      actionIndex: 1,
      cashBefore: first?.cashAfter,
      positionBefore: exactDecimal('1'),
      positionAfter: 0n,
      exposureBefore: first?.exposureAfter,
      exposureAfter: exactDecimal('20'),
    });
  });

  test('does not touch the state it was checked on', () => {
    const state = expectRight(decodeState({ cash: '100', positions: { X: '1' } }, SYMBOLS));
    const copy = structuredClone(state);
    const exact = PRICES.map(exactDecimal);
    verifyPlan(expectRight(decodePolicy({})), SYMBOLS, state, valueOf(state, exact), exact, [buy('1'), sell('2')]);
    expect(state).toEqual(copy);
  });
});

describe('messages', () => {
  test.each([
    [{ actions: [buy('0')] }, 'quantity 0 and price 10 must both be more than 0'],
    [{ actions: [buy('1', 'Q')] }, 'the market does not price Q'],
    [{ actions: [buy('11')] }, 'costs 110 with fee, cash is 100'],
    [{ actions: [buy('8')], limits: { max_leverage: '0.5' } }, 'exposure would be 80, more than max_leverage 0.5 x equity 100'],
    [{ actions: [buy('8')], limits: { max_position_value: '5' } }, 'position would be worth 80, more than 5'],
    [
      { actions: [buy('8')], limits: { max_position_pct: '0.5' } },
      'position would be worth 80, more than max_position_pct 0.5 x equity 100',
    ],
    [{ actions: [sell('8')] }, 'sells 8, position is 0'],
  ])('%# say what was asked and what was there', (setup, message) => {
    const verification = verified(setup);
    expect(verification.ok ? [] : verification.errors.map((error) => error.message)).toEqual([message]);
  });
});

/**
 * Verification of a plan, action by action on a scratch state. docs/spec.md section 3.3.
 * Invariant: nothing of a plan is applied unless all of it passes; limits bind what adds risk and never block a sale.
 */
import { type Decimal, formatDecimal, inRange, mul, ONE } from '../../decimal/decimal';
import type { Fill } from '../../ledger/fill';
import type { Action } from './plan';
import type { RiskPolicy } from './policy';
import { feeOf, fillPrice } from './costs';
import type { State, Valuation } from './state';

/** In the order in which the codes of one action are reported. */
export const VERIFIER_CODES = [
  'invalid_action',
  'out_of_range',
  'unknown_symbol',
  'insufficient_cash',
  'invalid_equity',
  'leverage_limit',
  'position_value_limit',
  'position_concentration',
  'insufficient_position',
] as const;

export type VerifierCode = (typeof VERIFIER_CODES)[number];

export interface VerifierError {
  readonly actionIndex: number;
  readonly code: VerifierCode;
  readonly message: string;
}

/** A verifier error as it stands on a tape. */
export type VerifierErrorText = { readonly action_index: number; readonly code: VerifierCode; readonly message: string };

export function verifierErrorText({ actionIndex, code, message }: VerifierError): VerifierErrorText {
  return { action_index: actionIndex, code, message };
}

export type Verification =
  | { readonly ok: true; readonly state: State; readonly value: Valuation; readonly fills: readonly Fill[] }
  | { readonly ok: false; readonly errors: readonly VerifierError[] };

/** Checks `actions` against `state`, worth `value` at `prices` (market order). */
export function verifyPlan(
  policy: RiskPolicy,
  symbols: readonly string[],
  state: State,
  value: Valuation,
  prices: readonly Decimal[],
  actions: readonly Action[],
): Verification {
  const positions = [...state.positions];
  const fills: Fill[] = [];
  let cash = state.cash;
  let exposure = value.exposure;
  for (let actionIndex = 0; actionIndex < actions.length; actionIndex += 1) {
    const action = actions[actionIndex];
    if (action === undefined) continue;
    const index = symbols.indexOf(action.symbol);
    const buy = action.type === 'PlaceBuy';
    const paid = fillPrice(action.price, buy, policy.costs);
    const notional = mul(action.quantity, paid);
    const malformed = malformedErrors(action, actionIndex, notional, index !== -1);
    if (malformed.length > 0) return { ok: false, errors: malformed };

    const price = prices[index] ?? 0n;
    const before = positions[index] ?? 0n;
    const after = buy ? before + action.quantity : before - action.quantity;
    const fee = feeOf(notional, policy.costs);
    const cashAfter = buy ? cash - notional - fee : cash + notional - fee;
    const positionValue = mul(after, price);
    const exposureAfter = exposure - mul(before, price) + positionValue;
    const beyond = beyondName(paid, notional + fee, cashAfter, after, exposureAfter);
    if (beyond !== undefined) return { ok: false, errors: [{ actionIndex, code: 'out_of_range', message: beyondRange(beyond) }] };
    const errors = buy
      ? buyErrors(policy, actionIndex, { cash, cashAfter, exposureAfter, positionValue, cost: notional + fee })
      : sellErrors(actionIndex, before, action.quantity);
    if (errors.length > 0) return { ok: false, errors };

    fills.push({
      actionIndex,
      symbol: action.symbol,
      side: buy ? 'BUY' : 'SELL',
      quantity: action.quantity,
      price: paid,
      notional,
      fee,
      cashBefore: cash,
      cashAfter,
      positionBefore: before,
      positionAfter: after,
      exposureBefore: exposure,
      exposureAfter,
    });
    positions[index] = after;
    cash = cashAfter;
    exposure = exposureAfter;
  }
  return { ok: true, state: { cash, positions }, value: { exposure, equity: cash + exposure }, fills };
}

/** Of an amount that no document could hold, and so no tape: docs/spec.md section 1. */
export function beyondRange(what: string): string {
  return `${what} would be 10^18 or more; amounts stay below it`;
}

/** The first result of a fill that is out of range; the fee, the position's value and the delta of each are below these. */
function beyondName(price: Decimal, cost: Decimal, cash: Decimal, position: Decimal, exposure: Decimal): string | undefined {
  if (!inRange(price)) return 'price with slippage';
  if (!inRange(cost)) return 'notional with fee';
  if (!inRange(cash)) return 'cash';
  if (!inRange(position)) return 'position';
  if (!inRange(exposure)) return 'exposure';
  return inRange(cash + exposure) ? undefined : 'equity';
}

function malformedErrors(action: Action, actionIndex: number, notional: Decimal, known: boolean): readonly VerifierError[] {
  const errors: VerifierError[] = [];
  const [quantity, price] = [formatDecimal(action.quantity), formatDecimal(action.price)];
  if (action.quantity <= 0n || action.price <= 0n) {
    errors.push({ actionIndex, code: 'invalid_action', message: `quantity ${quantity} and price ${price} must both be more than 0` });
  } else if (notional === 0n) {
    // Units would change hands for nothing.
    const message = `quantity ${quantity} at price ${price} comes to 0 at 8 fractional digits; a fill has a notional of at least 0.00000001`;
    errors.push({ actionIndex, code: 'invalid_action', message });
  }
  if (!inRange(notional)) errors.push({ actionIndex, code: 'out_of_range', message: beyondRange('notional') });
  if (!known) errors.push({ actionIndex, code: 'unknown_symbol', message: `the market does not price ${action.symbol}` });
  return errors;
}

interface AfterBuy {
  readonly cash: Decimal;
  readonly cashAfter: Decimal;
  readonly exposureAfter: Decimal;
  readonly positionValue: Decimal;
  readonly cost: Decimal;
}

function buyErrors(policy: RiskPolicy, actionIndex: number, buy: AfterBuy): readonly VerifierError[] {
  const { max_leverage: leverageMax, max_position_value: valueMax, max_position_pct: shareMax } = policy.risk_limits;
  const errors: VerifierError[] = [];
  const refuse = (code: VerifierCode, message: string): void => {
    errors.push({ actionIndex, code, message });
  };
  const equity = buy.cashAfter + buy.exposureAfter;
  if (buy.cash < buy.cost) refuse('insufficient_cash', `costs ${formatDecimal(buy.cost)} with fee, cash is ${formatDecimal(buy.cash)}`);
  if (equity <= 0n) refuse('invalid_equity', `equity would be ${formatDecimal(equity)}`);
  // Ratios are compared cross-multiplied: both sides at scale 10^16, nothing rounded.
  if (buy.exposureAfter * ONE > leverageMax * equity) {
    const limit = `max_leverage ${formatDecimal(leverageMax)} x equity ${formatDecimal(equity)}`;
    refuse('leverage_limit', `exposure would be ${formatDecimal(buy.exposureAfter)}, more than ${limit}`);
  }
  if (buy.positionValue > valueMax) {
    refuse('position_value_limit', `position would be worth ${formatDecimal(buy.positionValue)}, more than ${formatDecimal(valueMax)}`);
  }
  if (buy.positionValue * ONE > shareMax * equity) {
    const limit = `max_position_pct ${formatDecimal(shareMax)} x equity ${formatDecimal(equity)}`;
    refuse('position_concentration', `position would be worth ${formatDecimal(buy.positionValue)}, more than ${limit}`);
  }
  return errors;
}

function sellErrors(actionIndex: number, position: Decimal, quantity: Decimal): readonly VerifierError[] {
  if (quantity <= position) return [];
  const message = `sells ${formatDecimal(quantity)}, position is ${formatDecimal(position)}`;
  return [{ actionIndex, code: 'insufficient_position', message }];
}

/** Sizing: signals into actions, in universe order, on a scratch state that each action updates. docs/spec.md section 3.2. */
import { type Decimal, divHalfEven, mul } from '../decimal/decimal';
import type { Signal } from './market/signals';
import type { Strategy } from './market/strategy';
import type { Action, Skip } from './plan';
import { BPS_PER_UNIT } from './policy';
import type { State } from './state';

export interface Sizing {
  readonly actions: readonly Action[];
  readonly skipped: readonly Skip[];
}

const NOTHING: Sizing = { actions: [], skipped: [] };

/** Fee of a fill: mul(notional, fee_bps) / 10^4, both half-even. */
export function feeOf(notional: Decimal, feeBps: Decimal): Decimal {
  return feeBps === 0n ? 0n : divHalfEven(mul(notional, feeBps), BPS_PER_UNIT);
}

/** `universe[k]` is the market index of the k-th universe symbol. */
export function size(
  strategy: Strategy,
  feeBps: Decimal,
  universe: readonly number[],
  state: State,
  prices: readonly Decimal[],
  signals: readonly Signal[],
): Sizing {
  const { order_qty: orderQty, max_position_qty_per_symbol: positionMax, max_new_exposure_per_step: exposureMax } = strategy.sizing;
  let actions: Action[] | undefined;
  let skipped: Skip[] | undefined;
  let cash = state.cash;
  let newExposure = 0n;
  for (let k = 0; k < universe.length; k += 1) {
    const signal = signals[k];
    if (signal === 'HOLD') continue;
    const index = universe[k] ?? 0;
    const symbol = strategy.universe.symbols[k] ?? '';
    // Universe symbols are unique, so the scratch state differs from the state in cash alone where a symbol is concerned.
    const position = state.positions[index] ?? 0n;
    const price = prices[index] ?? 0n;
    if (signal === 'BUY') {
      if (position + orderQty > positionMax) {
        (skipped ??= []).push({ symbol, reason: 'max_position_qty_per_symbol' });
        continue;
      }
      const notional = mul(orderQty, price);
      if (exposureMax !== undefined && newExposure + notional > exposureMax) {
        (skipped ??= []).push({ symbol, reason: 'max_new_exposure_per_step' });
        continue;
      }
      const cost = notional + feeOf(notional, feeBps);
      if (cash < cost) {
        (skipped ??= []).push({ symbol, reason: 'insufficient_cash' });
        continue;
      }
      cash -= cost;
      newExposure += notional;
      (actions ??= []).push({ type: 'PlaceBuy', symbol, quantity: orderQty, price });
    } else {
      if (position === 0n) {
        (skipped ??= []).push({ symbol, reason: 'no_position' });
        continue;
      }
      const quantity = position < orderQty ? position : orderQty;
      const notional = mul(quantity, price);
      cash += notional - feeOf(notional, feeBps);
      (actions ??= []).push({ type: 'PlaceSell', symbol, quantity, price });
    }
  }
  if (actions === undefined && skipped === undefined) return NOTHING;
  return { actions: actions ?? NOTHING.actions, skipped: skipped ?? NOTHING.skipped };
}

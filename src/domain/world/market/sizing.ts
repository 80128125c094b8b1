/** Sizing: signals into actions, on a scratch state that each action updates. docs/spec.md section 3.2. */
import { type Decimal, mul, ONE } from '../../decimal/decimal';
import { BPS_PER_UNIT, type TradingCosts, feeOf, fillPrice } from './costs';
import type { Signals } from './signals';
import type { Strategy } from './strategy';
import type { Action, Skip } from './plan';
import type { State } from './state';

export interface Sizing {
  readonly actions: readonly Action[];
  readonly skipped: readonly Skip[];
}

const NOTHING: Sizing = { actions: [], skipped: [] };

/** `universe[k]` is the market index of the k-th universe symbol. */
export function size(
  strategy: Strategy,
  costs: TradingCosts,
  universe: readonly number[],
  state: State,
  prices: readonly Decimal[],
  { signals, quantities }: Signals,
): Sizing {
  const { order_qty: orderQty, max_position_qty_per_symbol: positionMax, max_new_exposure_per_step: exposureMax } = strategy.sizing;
  let actions: Action[] | undefined;
  let skipped: Skip[] | undefined;
  let cash = state.cash;
  let newExposure = 0n;
  // Where a rule names a quantity, what sales bring in is there for the purchases of the step.
  for (const side of quantities === undefined ? EITHER : SALES_FIRST) {
    for (let k = 0; k < universe.length; k += 1) {
      const signal = signals[k];
      if (signal === 'HOLD' || (side !== undefined && signal !== side)) continue;
      const index = universe[k] ?? 0;
      const symbol = strategy.universe.symbols[k] ?? '';
      // Universe symbols are unique, so the scratch state differs from the state in cash alone where a symbol is concerned.
      const position = state.positions[index] ?? 0n;
      const price = prices[index] ?? 0n;
      const wanted = quantities?.[k];
      if (signal === 'BUY') {
        const paid = fillPrice(price, true, costs);
        const quantity = wanted === undefined ? orderQty : atMost(affordable(cash, paid, costs), wanted);
        if (position + quantity > positionMax) {
          (skipped ??= []).push({ symbol, reason: 'max_position_qty_per_symbol' });
          continue;
        }
        const exposure = mul(quantity, price);
        if (exposureMax !== undefined && newExposure + exposure > exposureMax) {
          (skipped ??= []).push({ symbol, reason: 'max_new_exposure_per_step' });
          continue;
        }
        const notional = paid === price ? exposure : mul(quantity, paid);
        const cost = notional + feeOf(notional, costs);
        if (cash < cost || quantity === 0n) {
          (skipped ??= []).push({ symbol, reason: 'insufficient_cash' });
          continue;
        }
        cash -= cost;
        newExposure += exposure;
        (actions ??= []).push({ type: 'PlaceBuy', symbol, quantity, price });
      } else {
        if (position === 0n) {
          (skipped ??= []).push({ symbol, reason: 'no_position' });
          continue;
        }
        const quantity = atMost(position, wanted ?? orderQty);
        const notional = mul(quantity, fillPrice(price, false, costs));
        cash += notional - feeOf(notional, costs);
        (actions ??= []).push({ type: 'PlaceSell', symbol, quantity, price });
      }
    }
  }
  if (actions === undefined && skipped === undefined) return NOTHING;
  return { actions: actions ?? NOTHING.actions, skipped: skipped ?? NOTHING.skipped };
}

const EITHER = [undefined] as const;
const SALES_FIRST = ['SELL', 'BUY'] as const;

/** The most that cash buys at a price, fee included: rounded down twice, so that what it costs is never more than there is. */
function affordable(cash: Decimal, price: Decimal, { fee_bps: feeBps }: TradingCosts): Decimal {
  const whole = BPS_PER_UNIT * ONE;
  return (((cash * whole) / (whole + feeBps)) * ONE) / price;
}

function atMost(bound: Decimal, value: Decimal): Decimal {
  return value > bound ? bound : value;
}

/** What a fill costs beside its price: the fee, and the slippage that moves the price against the order. docs/spec.md section 3.3. */
import { type Decimal, divHalfEven, mul } from '../../decimal/decimal';

/** In basis points; 10^4 of them are the whole. Slippage is absent where there is none. */
export interface TradingCosts {
  readonly fee_bps: Decimal;
  readonly slippage_bps?: Decimal;
}

export const BPS_PER_UNIT = 10_000n;

/** Both products are rounded half-even, one after the other. */
function basisPointsOf(amount: Decimal, bps: Decimal): Decimal {
  return bps === 0n ? 0n : divHalfEven(mul(amount, bps), BPS_PER_UNIT);
}

export function feeOf(notional: Decimal, { fee_bps: feeBps }: TradingCosts): Decimal {
  return basisPointsOf(notional, feeBps);
}

/** The price of a fill: above that of the action for a purchase, below it for a sale. */
export function fillPrice(price: Decimal, buy: boolean, { slippage_bps: slippageBps }: TradingCosts): Decimal {
  if (slippageBps === undefined) return price;
  const slippage = basisPointsOf(price, slippageBps);
  return buy ? price + slippage : price - slippage;
}

/** A fill: one executed action, with the cash, position and exposure on both sides of it. docs/spec.md section 4. */
import type { Decimal } from '../decimal/decimal';

/** The reason of a fill that no rule spoke for. */
export const PLAN_RATIONALE = 'asked for by the plan';

export type Side = 'BUY' | 'SELL';

export interface Fill {
  readonly actionIndex: number;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Decimal;
  readonly price: Decimal;
  readonly notional: Decimal;
  readonly fee: Decimal;
  readonly cashBefore: Decimal;
  readonly cashAfter: Decimal;
  readonly positionBefore: Decimal;
  readonly positionAfter: Decimal;
  /** Over all positions, at the prices of the step. */
  readonly exposureBefore: Decimal;
  readonly exposureAfter: Decimal;
}

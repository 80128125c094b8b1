/** What rules may know of the account at the step they are asked about, for one symbol. */
import type { Decimal } from '../../../decimal/decimal';

export interface Account {
  readonly step: () => number;
  /** The quantity held. */
  readonly position: () => Decimal;
  /** Cash and all positions, at the prices of the step. */
  readonly equity: () => Decimal;
  /**
   * Asks for the entry price of the position, which the state then keeps; 0 where there is no position.
   * Called when the rule is made; the answer tells it at a step.
   */
  readonly entry: () => () => Decimal;
}

/** For strategies that are asked what they need, and not what they say. */
export function noAccount(): Account {
  return { step: () => 0, position: () => 0n, equity: () => 0n, entry: () => () => 0n };
}

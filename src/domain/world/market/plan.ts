/** Plans: the actions one step proposes, and what a signal was turned down for. docs/spec.md section 3.2. */
import type { Decimal } from '../../decimal/decimal';

export type ActionType = 'PlaceBuy' | 'PlaceSell';

export interface Action {
  readonly type: ActionType;
  readonly symbol: string;
  readonly quantity: Decimal;
  readonly price: Decimal;
}

export const SKIP_REASONS = ['max_position_qty_per_symbol', 'max_new_exposure_per_step', 'insufficient_cash', 'no_position'] as const;

export type SkipReason = (typeof SKIP_REASONS)[number];

export interface Skip {
  readonly symbol: string;
  readonly reason: SkipReason;
}

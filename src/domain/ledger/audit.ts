/** The always-on audit of the ledger: continuity from fill to fill, and conservation over all of them. docs/spec.md section 3. */
import { assert } from '../assert';
import type { Decimal } from '../decimal/decimal';
import type { State } from '../world/market/state';
import type { Fill } from './fill';

export interface LedgerAudit {
  readonly record: (fill: Fill) => void;
  /** Asserts that the fills recorded since the start lead exactly from the initial state to this one. */
  readonly close: (final: State) => void;
}

export function makeLedgerAudit(initial: State, symbols: readonly string[]): LedgerAudit {
  let cash: Decimal = initial.cash;
  const positions = [...initial.positions];
  const indexOf = new Map(symbols.map((symbol, index) => [symbol, index]));
  return {
    record: (fill) => {
      const index = indexOf.get(fill.symbol) ?? -1;
      assert(fill.cashBefore === cash, 'the cash before a fill is the cash after the fill before it');
      assert(fill.positionBefore === positions[index], 'the position before a fill is the position after the fill before it');
      // Recomputed from the amounts, not copied from the fill's own "after".
      cash += (fill.side === 'BUY' ? -fill.notional : fill.notional) - fill.fee;
      positions[index] = fill.positionBefore + (fill.side === 'BUY' ? fill.quantity : -fill.quantity);
      assert(fill.cashAfter === cash && fill.positionAfter === positions[index], 'a fill accounts for its own change');
    },
    close: (final) => {
      assert(final.cash === cash, 'the fills sum to the change of cash');
      assert(
        final.positions.every((quantity, index) => quantity === positions[index]),
        'the fills sum to the change of positions',
      );
    },
  };
}

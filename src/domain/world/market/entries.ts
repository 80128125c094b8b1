/**
 * Entry prices: what the position in a symbol was bought at, on average, slippage included and fees not. A world keeps them where a rule asks
 * for them, and only there they are part of a state. docs/spec.md section 3.
 */
import { type Decimal, divHalfEven } from '../../decimal/decimal';
import type { Fill } from '../../ledger/fill';
import type { State } from './state';

/** The state with an entry for every position: one that was there before the first step enters at the price of that step. */
export function withEntries(state: State, prices: readonly Decimal[]): State {
  const { positions, entries } = state;
  if (entries !== undefined && positions.every((quantity, index) => quantity === 0n || (entries[index] ?? 0n) > 0n)) return state;
  return {
    ...state,
    entries: positions.map((quantity, index) => (quantity === 0n ? 0n : (entries?.[index] ?? 0n) || (prices[index] ?? 0n))),
  };
}

/** A purchase moves the entry to the mean by quantity, rounded half-even; a sale leaves it, and the last one ends it. */
export function entriesAfter(entries: readonly Decimal[], symbols: readonly string[], fills: readonly Fill[]): readonly Decimal[] {
  const next = [...entries];
  for (const { symbol, side, price, quantity, positionBefore, positionAfter } of fills) {
    const index = symbols.indexOf(symbol);
    const entry = next[index] ?? 0n;
    if (positionAfter === 0n) next[index] = 0n;
    else if (side === 'BUY') next[index] = divHalfEven(entry * positionBefore + price * quantity, positionAfter);
  }
  return next;
}

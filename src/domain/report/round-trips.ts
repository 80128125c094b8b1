/**
 * Round trips: from the first purchase of a symbol to the sale that leaves none of it, with every fee. A position that was there before the run
 * enters at the prices of its first step. Invariant: exact; memory is one entry a symbol.
 */
import type { Decimal } from '../decimal/decimal';
import { share } from './step-point';

export interface RoundTrips {
  readonly closed: number;
  /** Begun and not at an end: what they come to is not known yet. */
  readonly open: number;
  /** The share of closed ones that earned something. */
  readonly winRate: Decimal | undefined;
  /** What the winning ones earned, over what the others lost; nothing where none lost. */
  readonly profitFactor: Decimal | undefined;
}

/** What a fill says about a trip. */
export interface TripFill {
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly notional: Decimal;
  readonly fee: Decimal;
  readonly positionBefore: Decimal;
  readonly positionAfter: Decimal;
}

export interface RoundTripsReader {
  /** `worth`: what the position before was worth at the first step. */
  readonly fill: (fill: TripFill, worth: (symbol: string, quantity: Decimal) => Decimal) => void;
  readonly trips: () => RoundTrips;
}

export function makeRoundTrips(): RoundTripsReader {
  const open = new Map<string, Decimal>();
  let [closed, won] = [0, 0];
  let [earned, lost] = [0n, 0n];
  return {
    fill: ({ symbol, side, notional, fee, positionBefore, positionAfter }, worth) => {
      const before = open.get(symbol) ?? (positionBefore === 0n ? 0n : -worth(symbol, positionBefore));
      const after = before + (side === 'BUY' ? -notional : notional) - fee;
      if (positionAfter !== 0n) {
        open.set(symbol, after);
        return;
      }
      open.delete(symbol);
      closed += 1;
      if (after > 0n) {
        won += 1;
        earned += after;
      } else lost -= after;
    },
    trips: () => ({
      closed,
      open: open.size,
      winRate: closed === 0 ? undefined : share(BigInt(won), BigInt(closed)),
      profitFactor: lost === 0n ? undefined : share(earned, lost),
    }),
  };
}

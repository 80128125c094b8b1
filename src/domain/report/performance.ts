/** The figures that users of the field expect of a run, over the steps of a market: one reader for rows of a tape and for a run as it goes. */
import { type Decimal, divHalfEven, mul, ONE } from '../decimal/decimal';
import { drawdownShare, type Drawdown } from './drawdown';
import { makeReturns, type Returns } from './returns';
import { makeRoundTrips, type RoundTrips, type TripFill } from './round-trips';
import { type Amounts, share } from './step-point';

export interface Performance extends Returns {
  readonly roundTrips: RoundTrips;
  /** The share of steps after which something was held. */
  readonly exposureTime: Decimal | undefined;
  /** Return of the universe, bought in equal parts at the first prices and kept, without costs. */
  readonly buyAndHold: Decimal | undefined;
}

export interface PerformanceStep {
  /** Asked of the first and the last step alone. */
  readonly time: () => string | undefined;
  readonly before: Amounts;
  readonly after: Amounts;
  /** Every symbol of the market, and the price of one. */
  readonly symbols: Iterable<string>;
  readonly priceOf: (symbol: string) => Decimal | undefined;
}

export interface PerformanceReader {
  readonly next: (step: PerformanceStep, fills: readonly TripFill[], universe: readonly string[]) => void;
  readonly measures: () => Performance;
}

export function makePerformance(): PerformanceReader {
  const returns = makeReturns();
  const trips = makeRoundTrips();
  let [steps, held] = [0, 0];
  let bought: readonly string[] = [];
  let firstPrices = new Map<string, Decimal>();
  let last: PerformanceStep | undefined;

  const worth = (symbol: string, quantity: Decimal): Decimal => mul(quantity, firstPrices.get(symbol) ?? 0n);

  /** Mean of last price over first, less 1. */
  function buyAndHold(): Decimal | undefined {
    if (bought.length === 0 || last === undefined) return undefined;
    let grown = 0n;
    for (const symbol of bought) {
      const [from, to] = [firstPrices.get(symbol) ?? 0n, last.priceOf(symbol) ?? 0n];
      if (from === 0n) return undefined;
      grown += share(to, from);
    }
    return divHalfEven(grown, BigInt(bought.length)) - ONE;
  }

  return {
    next: (step, fills, universe) => {
      if (last === undefined) {
        bought = universe;
        firstPrices = new Map([...step.symbols].map((symbol) => [symbol, step.priceOf(symbol) ?? 0n]));
      }
      returns.next(last === undefined ? step.before.equity : step.after.equity, step.time);
      for (const fill of fills) trips.fill(fill, worth);
      steps += 1;
      if (step.after.exposure > 0n) held += 1;
      last = step;
    },
    measures: () => ({
      ...returns.returns(),
      roundTrips: trips.trips(),
      exposureTime: steps === 0 ? undefined : share(BigInt(held), BigInt(steps)),
      buyAndHold: buyAndHold(),
    }),
  };
}

/** Growth a year over the deepest drawdown; nothing where equity never fell. */
export function calmar({ cagr }: Performance, maxDrawdown: Drawdown | undefined): Decimal | undefined {
  if (cagr === undefined || maxDrawdown === undefined) return undefined;
  const fallen = drawdownShare(maxDrawdown);
  return fallen === 0n ? undefined : share(cagr, fallen);
}

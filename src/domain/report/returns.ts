/**
 * What equity says about a run: growth, volatility and the ratios of the field. Invariant: sums are exact, but for the return of a step, which
 * is rounded half-even to 16 digits; memory does not grow with the steps. docs/report.md says what each figure is.
 */
import { type Decimal, divHalfEven, ONE } from '../decimal/decimal';
import { powerLessOne, type Ratio, sqrt } from '../decimal/functions';
import { type Instant, instantOf } from '../market/instant';

export interface Returns {
  /** Steps a year, from the first and the last time; nothing where those are no dates. Then the figures below are by step, not by year. */
  readonly stepsPerYear: Decimal | undefined;
  /** Growth a year, compounded. */
  readonly cagr: Decimal | undefined;
  /** Deviation of returns (sample). */
  readonly volatility: Decimal | undefined;
  /** Mean return over deviation; no riskless rate is taken off. */
  readonly sharpe: Decimal | undefined;
  /** Mean return over the deviation of losses alone. */
  readonly sortino: Decimal | undefined;
  /** Shape of the returns of a step, for the deflated Sharpe ratio. */
  readonly moments: Moments | undefined;
}

/** Of the returns of a step: how many, the Sharpe ratio by step, skewness, and kurtosis (3 for a normal distribution). */
export interface Moments {
  readonly count: number;
  readonly sharpe: Decimal;
  readonly skewness: Decimal;
  readonly kurtosis: Decimal;
}

export interface ReturnsReader {
  /** Equity after each step, in order; of the first step that before it, so that what it cost counts. */
  readonly next: (equity: Decimal, time: () => string | undefined) => void;
  readonly returns: () => Returns;
}

/** 1 as the return of a step is held. */
const RETURN_ONE = 10n ** 16n;
const NANOS_PER_SECOND = 1_000_000_000n;
/** 365.25 days. */
const NANOS_PER_YEAR = 31_557_600n * NANOS_PER_SECOND;

export function makeReturns(): ReturnsReader {
  let first: Decimal | undefined;
  let last: Decimal = 0n;
  let [firstTime, lastTime]: [() => string | undefined, () => string | undefined] = [() => undefined, () => undefined];
  let returned = 0;
  /** Sums of the powers of the returns; of the second, those of losses alone, too. */
  let [sum, squares, cubes, fourths, losses] = [0n, 0n, 0n, 0n, 0n];
  // Nothing can be earned on nothing.
  let broke = false;

  function figures(): Returns {
    const count = BigInt(returned);
    const years = yearsBetween(firstTime(), lastTime());
    const stepsPerYear = years === undefined || count === 0n ? undefined : divHalfEven(count * years.den * ONE, years.num);
    const none = { stepsPerYear, cagr: undefined, volatility: undefined, sharpe: undefined, sortino: undefined, moments: undefined };
    if (first === undefined || first === 0n || count === 0n || broke) return none;
    const cagr = years === undefined ? undefined : powerLessOne({ num: last, den: first }, { num: years.den, den: years.num });
    if (count < 2n) return { ...none, cagr };
    // n^2 times the variance of the population; the mean is sum / n.
    const spread = count * squares - sum * sum;
    // Periods a year over n: what makes figures of a step those of a year.
    const yearly: Ratio = years === undefined ? { num: 1n, den: count } : { num: years.den, den: years.num };
    const volatility = sqrt({ num: spread * yearly.num, den: (count - 1n) * yearly.den * RETURN_ONE * RETURN_ONE });
    const ratio = (num: bigint, den: bigint): Decimal | undefined =>
      den === 0n ? undefined : sum < 0n ? -sqrt({ num, den }) : sqrt({ num, den });
    return {
      stepsPerYear,
      cagr,
      volatility,
      sharpe: ratio(sum * sum * (count - 1n) * yearly.num, spread * yearly.den),
      sortino: ratio(sum * sum * yearly.num, losses * yearly.den),
      moments: spread === 0n ? undefined : momentsOf(spread),
    };
  }

  function momentsOf(spread: bigint): Moments {
    const n = BigInt(returned);
    // Central moments times n^3 and n^4.
    const third = n * n * cubes - 3n * n * sum * squares + 2n * sum * sum * sum;
    const fourth = n * n * n * fourths - 4n * n * n * sum * cubes + 6n * n * sum * sum * squares - 3n * sum * sum * sum * sum;
    const skewness = sqrt({ num: third * third, den: spread * spread * spread });
    const sharpe = sqrt({ num: sum * sum * (n - 1n), den: n * spread });
    return {
      count: returned,
      sharpe: sum < 0n ? -sharpe : sharpe,
      skewness: third < 0n ? -skewness : skewness,
      kurtosis: divHalfEven(fourth * ONE, spread * spread),
    };
  }

  return {
    next: (equity, time) => {
      if (first === undefined) [first, firstTime] = [equity, time];
      else if (last === 0n) broke = true;
      else {
        returned += 1;
        if (equity !== last) {
          const earned = divHalfEven((equity - last) * RETURN_ONE, last);
          const square = earned * earned;
          sum += earned;
          squares += square;
          cubes += square * earned;
          fourths += square * square;
          if (earned < 0n) losses += square;
        }
      }
      last = equity;
      lastTime = time;
    },
    returns: figures,
  };
}

/** Nothing unless both are dates or instants, the second the later one. */
function yearsBetween(first: string | undefined, last: string | undefined): Ratio | undefined {
  const [from, to] = [instantOf(first ?? ''), instantOf(last ?? '')];
  if (from === undefined || to === undefined) return undefined;
  const nanos = nanosOf(to) - nanosOf(from);
  return nanos > 0n ? { num: nanos, den: NANOS_PER_YEAR } : undefined;
}

function nanosOf({ seconds, nanos }: Instant): bigint {
  return BigInt(seconds) * NANOS_PER_SECOND + BigInt(nanos);
}

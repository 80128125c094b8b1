/**
 * The deflated Sharpe ratio: how likely it is that the best of N trials has a Sharpe ratio above 0 at all, given N, how far the trials lie apart,
 * and the shape of its returns. D. H. Bailey and M. Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40 (5), 2014,
 * equations 1 and 2; moments are by step. Integer arithmetic, rounded at each line to 8 digits.
 */
import { type Decimal, divHalfEven, exactDecimal, mul, ONE } from '../decimal/decimal';
import { normalQuantile, normalShareBelow } from '../decimal/normal';
import { sqrt } from '../decimal/functions';
import type { Moments } from '../report/returns';

const EULER_MASCHERONI = exactDecimal('0.57721566');
/** e, as a ratio: 1 / (N e) is a share of the distribution. */
const E = { num: 271_828_182_845_904_523n, den: 10n ** 17n };

export interface Trials {
  readonly add: (sharpe: Decimal) => void;
  readonly count: () => number;
  /** Of the best of them; nothing where its returns have no such shape. */
  readonly deflated: (best: Moments) => DeflatedSharpe | undefined;
}

export interface DeflatedSharpe {
  /** The Sharpe ratio by step that the best of so many trials without skill is expected to have. */
  readonly expected: Decimal;
  /** 0.95 is taken for significant. */
  readonly probability: Decimal;
}

export function makeTrials(): Trials {
  let count = 0;
  let [sum, squares] = [0n, 0n];

  /** Of the trials, as a sample. */
  function deviation(): Decimal {
    const n = BigInt(count);
    return count < 2 ? 0n : sqrt({ num: n * squares - sum * sum, den: n * (n - 1n) * ONE * ONE });
  }

  function expectedMaximum(): Decimal {
    if (count < 2) return 0n;
    const n = BigInt(count);
    const [a, b] = [normalQuantile(n - 1n, n), normalQuantile(n * E.num - E.den, n * E.num)];
    return mul(deviation(), mul(ONE - EULER_MASCHERONI, a) + mul(EULER_MASCHERONI, b));
  }

  return {
    add: (sharpe) => {
      count += 1;
      sum += sharpe;
      squares += sharpe * sharpe;
    },
    count: () => count,
    deflated: ({ sharpe, skewness, kurtosis, count: returns }) => {
      const expected = expectedMaximum();
      const spread = ONE - mul(skewness, sharpe) + divHalfEven(mul(kurtosis - ONE, mul(sharpe, sharpe)), 4n);
      if (spread <= 0n || returns < 2) return undefined;
      const scale = sqrt({ num: BigInt(returns - 1) * ONE, den: spread });
      return { expected, probability: normalShareBelow(mul(sharpe - expected, scale)) };
    },
  };
}

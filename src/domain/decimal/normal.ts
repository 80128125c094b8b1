/** The normal distribution in integers, for statistics that are the same to the last digit on every machine. */
import { type Decimal, divHalfEven, ONE } from './decimal';
import { exponential, SCALE } from './functions';

/** 1 / root of 2 pi, in working precision. */
const DENSITY_AT_0 = 398_942_280_401_432_677_939_946_059_934n;
/** Beyond it less than a digit that is shown is left. */
const TAIL = 9n * SCALE;

/** The share of the distribution below `x`; both in working precision. */
function below(x: bigint): bigint {
  if (x < 0n) return SCALE - below(-x);
  if (x > TAIL) return SCALE;
  const square = (x * x) / SCALE;
  const density = (DENSITY_AT_0 * exponential(-square / 2n)) / SCALE;
  let sum = 0n;
  let term = x;
  for (let n = 1n; term !== 0n; n += 2n) {
    sum += term;
    term = (term * square) / ((n + 2n) * SCALE);
  }
  return SCALE / 2n + (density * sum) / SCALE;
}

export function normalShareBelow(x: Decimal): Decimal {
  return divHalfEven(below((x * SCALE) / ONE) * ONE, SCALE);
}

/** Where `num / den` of the distribution is below, `0 < num < den`: by halving, for `below` rises. */
export function normalQuantile(num: bigint, den: bigint): Decimal {
  const wanted = (num * SCALE) / den;
  let [low, high] = [-TAIL, TAIL];
  while (high - low > SCALE / (ONE * 100n)) {
    const middle = (low + high) / 2n;
    if (below(middle) < wanted) low = middle;
    else high = middle;
  }
  return divHalfEven(low * ONE, SCALE);
}

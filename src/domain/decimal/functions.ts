/**
 * Roots, logarithms and powers for display, in integers alone: the same last digit on every machine, which `Math` does not promise.
 * Invariant: arguments are exact ratios; results are rounded once, to 8 fractional digits, the nearer one and a tie upwards.
 */
import { assert } from '../assert';
import { type Decimal, divHalfEven, MAGNITUDE_LIMIT, ONE } from './decimal';

/** An exact ratio; the denominator is positive. */
export interface Ratio {
  readonly num: bigint;
  readonly den: bigint;
}

/** Working precision: 30 digits behind the point, 22 more than are shown. */
export const SCALE = 10n ** 30n;
const LN_2 = 693_147_180_559_945_309_417_232_121_458n;
/** A power beyond it is out of the range of decimals: ln(10^18). */
const EXPONENT_MAX = 41_446_531_673_892_822_312_323_846_184_318n;

/** The square root of a ratio of 0 or more. */
export function sqrt({ num, den }: Ratio): Decimal {
  assert(num >= 0n && den > 0n, 'a root is of a ratio of 0 or more');
  return (integerSqrt((4n * num * ONE * ONE) / den) + 1n) / 2n;
}

/** `base` to the power of `exponent`, less 1: growth a period. Nothing where no decimal can hold it. */
export function powerLessOne(base: Ratio, exponent: Ratio): Decimal | undefined {
  if (base.num <= 0n) return base.num === 0n ? -ONE : undefined;
  const power = (ln(base) * exponent.num) / exponent.den;
  if (power > EXPONENT_MAX) return undefined;
  const grown = divHalfEven(exponential(power) * ONE, SCALE) - ONE;
  return grown < MAGNITUDE_LIMIT ? grown : undefined;
}

function integerSqrt(value: bigint): bigint {
  if (value < 2n) return value;
  // Newton from above falls until it is at the floor of the root.
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (let next = (root + value / root) >> 1n; next < root; next = (root + value / root) >> 1n) root = next;
  return root;
}

/** ln(m 2^k) = ln m + k ln 2 with m from 1 to 2, and ln m by the series of the area tangent. */
function ln({ num, den }: Ratio): bigint {
  const twos = num.toString(2).length - den.toString(2).length;
  const m = twos >= 0 ? (num * SCALE) / (den << BigInt(twos)) : ((num << BigInt(-twos)) * SCALE) / den;
  const y = ((m - SCALE) * SCALE) / (m + SCALE);
  const square = (y * y) / SCALE;
  let sum = 0n;
  let term = y;
  for (let n = 1n; term !== 0n; n += 2n) {
    sum += term / n;
    term = (term * square) / SCALE;
  }
  return 2n * sum + BigInt(twos) * LN_2;
}

/** e^(k ln 2 + r) = 2^k e^r, and e^r by its series. */
export function exponential(value: bigint): bigint {
  const twos = value / LN_2;
  const rest = value - twos * LN_2;
  let sum = 0n;
  let term = SCALE;
  for (let n = 1n; term !== 0n; n += 1n) {
    sum += term;
    term = (term * rest) / (n * SCALE);
  }
  return twos >= 0n ? sum << twos : sum >> -twos;
}

/**
 * Money as whole picodollars (10^-12 USD), so that a price such as 0.0000133334 is exact.
 * Invariant: wherever something is rounded it is rounded up, so that a bound stays one.
 */
import { assert } from '../assert';

/** Unit: 10^-12 USD. */
export type Picodollars = bigint;

const PRICE_DIGITS = 12;
const SHOWN_DIGITS = 6;
/** A millionth of a dollar: what is shown, and what sums are made of, so that a column adds up. */
export const MICRODOLLAR: Picodollars = 1_000_000n;

const USD = /^(0|[1-9][0-9]{0,8})(?:\.([0-9]{1,12}))?$/;

/** `undefined` where the text is not an amount of 0 or more with at most twelve decimals. */
export function picodollarsFromText(text: string): Picodollars | undefined {
  const [, whole, fraction = ''] = USD.exec(text) ?? [];
  return whole === undefined ? undefined : BigInt(whole + fraction.padEnd(PRICE_DIGITS, '0'));
}

export function ceilDiv(dividend: bigint, divisor: bigint): bigint {
  assert(dividend >= 0n && divisor > 0n, 'what is counted and what it is counted in are not negative');
  return (dividend + divisor - 1n) / divisor;
}

/** Up to the next millionth of a dollar. */
export function roundUp(amount: Picodollars): Picodollars {
  return ceilDiv(amount, MICRODOLLAR) * MICRODOLLAR;
}

/** Dollars with six decimals, rounded up. */
export function usdText(amount: Picodollars): string {
  const digits = ceilDiv(amount, MICRODOLLAR)
    .toString()
    .padStart(SHOWN_DIGITS + 1, '0');
  return `${digits.slice(0, -SHOWN_DIGITS)}.${digits.slice(-SHOWN_DIGITS)}`;
}

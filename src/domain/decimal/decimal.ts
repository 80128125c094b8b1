/**
 * Exact decimals with 8 fractional digits, held as scaled integers (unit 10^-8). docs/spec.md section 1.
 * Invariant: no floating point takes part in a value; a JSON number enters through its shortest round-trip text.
 */
import { type Either, isRight, left, right } from 'fp-ts/Either';
import { assert } from '../assert';

/** A scaled integer: 1 is 10^-8. */
export type Decimal = bigint;

export const FRACTION_DIGITS = 8;
/** 1.0 as a scaled integer. */
export const ONE: Decimal = 100_000_000n;
/** Magnitudes from here on are refused, in inputs and in results alike: 10^18. */
export const MAGNITUDE_LIMIT: Decimal = 10n ** 18n * ONE;

/** Whether a result is one that inputs may hold, too. Anything else is written nowhere. */
export function inRange(value: Decimal): boolean {
  return value < MAGNITUDE_LIMIT && value > -MAGNITUDE_LIMIT;
}

const TEXT = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;
const NUMBER_TEXT = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:e([+-][0-9]+))?$/;

const LEGAL = 'a decimal with at most 8 fractional digits and a magnitude below 10^18, as a JSON number or a string such as "99.86"';

/** Reads a JSON value (string or number). The left says what is wrong and what is legal; the caller adds the path. */
export function decimalFromJson(value: unknown): Either<string, Decimal> {
  if (typeof value === 'string') return decimalFromText(value);
  if (typeof value === 'number') return decimalFromNumber(value);
  return left(`expected ${LEGAL}`);
}

/** Reads the text form; trailing zeros in the fraction are tolerated. */
export function decimalFromText(text: string): Either<string, Decimal> {
  const match = TEXT.exec(text);
  if (match === null) return left(`expected ${LEGAL}`);
  const [, sign = '', integer = '', fraction = ''] = match;
  if (fraction.length > FRACTION_DIGITS) return left(`more than ${String(FRACTION_DIGITS)} fractional digits`);
  const magnitude = BigInt(integer + fraction.padEnd(FRACTION_DIGITS, '0'));
  if (magnitude >= MAGNITUDE_LIMIT) return left('a magnitude of 10^18 or more');
  if (sign !== '' && magnitude === 0n) return left('negative zero; write 0');
  return right(sign === '' ? magnitude : -magnitude);
}

const EXPONENT_TEXT = /^(-?)([0-9]+)(?:\.([0-9]+))?[eE]([+-]?)([0-9]{1,2})$/;

/** What people type: the text form, or one with an exponent, `1e9`. */
export function decimalFromNotation(text: string): Either<string, Decimal> {
  const match = EXPONENT_TEXT.exec(text);
  if (match === null) return decimalFromText(text);
  const [, sign = '', integer = '', fraction = '', exponentSign = '', exponentText = ''] = match;
  const exponent = Number(exponentText);
  const point = exponentSign === '-' ? integer.padStart(exponent + 1, '0').length - exponent : integer.length + exponent;
  const digits = (exponentSign === '-' ? integer.padStart(exponent + 1, '0') : integer) + fraction;
  const whole = digits
    .padEnd(point, '0')
    .slice(0, point)
    .replace(/^0+(?=[0-9])/, '');
  const rest = digits.slice(point).replace(/0+$/, '');
  return decimalFromText(`${sign}${whole}${rest === '' ? '' : `.${rest}`}`);
}

/** A decimal written in the source or already checked; anything else is a bug. */
export function exactDecimal(text: string): Decimal {
  const decimal = decimalFromText(text);
  assert(isRight(decimal), `${text} is a decimal`);
  return decimal.right;
}

/** Reads a JSON number through its shortest round-trip text: `1e-7` is exactly 0.0000001. */
export function decimalFromNumber(value: number): Either<string, Decimal> {
  if (!Number.isFinite(value)) return left('a number out of range; a magnitude below 10^18 is legal');
  const match = NUMBER_TEXT.exec(String(value));
  if (match === null) return left(`expected ${LEGAL}`);
  const [, sign = '', integer = '', fraction = '', exponentText = '0'] = match;
  const digits = integer + fraction;
  const scale = fraction.length - Number(exponentText);
  if (digits.length - scale > 19) return left('a magnitude of 10^18 or more');
  if (scale > FRACTION_DIGITS) return left(`more than ${String(FRACTION_DIGITS)} fractional digits`);
  // Padding spares the power of ten, and the scale is in range whenever there is no exponent.
  const magnitude =
    exponentText === '0'
      ? BigInt(digits.padEnd(integer.length + FRACTION_DIGITS, '0'))
      : BigInt(digits) * 10n ** BigInt(FRACTION_DIGITS - scale);
  if (magnitude >= MAGNITUDE_LIMIT) return left('a magnitude of 10^18 or more');
  return right(sign === '' ? magnitude : -magnitude);
}

/** The only text form ever written: `99.86`, `1`, `-0.5`, `0`. */
export function formatDecimal(value: Decimal): string {
  // Most amounts are below 2^53 units (9 * 10^7), where the integer path of the engine is exact and several times faster.
  const units = Number(value);
  if (units > -Number.MAX_SAFE_INTEGER && units < Number.MAX_SAFE_INTEGER) return formatUnits(units);
  const negative = value < 0n;
  const magnitude = negative ? -value : value;
  const fraction = Number(magnitude % ONE);
  const text = (magnitude / ONE).toString() + fractionText(fraction);
  return negative ? `-${text}` : text;
}

/** Exact product rounded half-even to 8 digits. */
export function mul(a: Decimal, b: Decimal): Decimal {
  return divHalfEven(a * b, ONE);
}

/** Integer division rounded half-even; `divisor` is positive. */
export function divHalfEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const rest = dividend - quotient * divisor;
  if (rest === 0n) return quotient;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice < divisor || (twice === divisor && (quotient & 1n) === 0n)) return quotient;
  return dividend < 0n ? quotient - 1n : quotient + 1n;
}

function formatUnits(units: number): string {
  if (units < 0) return `-${formatUnits(-units)}`;
  let integer = Math.floor(units / 1e8);
  let fraction = units - integer * 1e8;
  // The quotient of two doubles may round up to the next integer; the difference is exact and shows it.
  if (fraction < 0) {
    integer -= 1;
    fraction += 1e8;
  }
  return fraction === 0 ? String(integer) : String(integer) + fractionText(fraction);
}

/** `.86` for 86000000; nothing for 0. */
function fractionText(fraction: number): string {
  if (fraction === 0) return '';
  let digits = FRACTION_DIGITS;
  let rest = fraction;
  while (rest % 10 === 0) {
    rest /= 10;
    digits -= 1;
  }
  return `.${String(rest).padStart(digits, '0')}`;
}

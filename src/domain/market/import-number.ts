/**
 * How a price file writes numbers, and one cell of it as an exact price. Invariant: which mark is the decimal mark is decided once a file, by
 * cells that can mean only one thing; where none does, and the file could be read both ways, somebody has to state it.
 */
import { type Either, left, right } from 'fp-ts/Either';
import { type Decimal, FRACTION_DIGITS, MAGNITUDE_LIMIT } from '../decimal/decimal';

export type DecimalMark = '.' | ',';

/** What stands in a cell that has no price. */
const NO_VALUE = new Set([
  '',
  'null',
  'nan',
  'n/a',
  'na',
  '#n/a',
  '#na',
  'none',
  'nil',
  '-',
  '--',
  '---',
  '.',
  '<na>',
  'nat',
  'n.a.',
  'k.a.',
  'n.v.',
  'missing',
  'inf',
  '-inf',
  '\u2013',
  '\u2014',
  '\\n',
  // Errors of a spreadsheet.
  '#div/0!',
  '#value!',
  '#ref!',
  '#num!',
  '#name?',
  '#null!',
]);

export function isNoValue(cell: string): boolean {
  return NO_VALUE.has(cell.trim().toLowerCase());
}

// The spaces that set digits apart: plain, no-break, narrow no-break, thin.
const SPACES = ' \u00a0\u202f\u2009';
const APOSTROPHES = `'\u2019`;
const CURRENCY = /^(?:[A-Z]{0,3}\p{Sc}|[A-Z]{3}(?=[\s\d]))[\s\u00a0]*|[\s\u00a0]*(?:\p{Sc}|[A-Z]{3})$/gu;
const FRAME = new RegExp(`^[+-]?[0-9][0-9.,${APOSTROPHES}${SPACES}]*(?:[eE][+-]?[0-9]{1,3})?$|^[+-]?[.,][0-9]+$`, 'u');

/** Whether a cell is written like a number, in any convention; counts of volume (`1.2M`) and changes (`0.4%`) are. */
export function looksLikeNumber(cell: string): boolean {
  const text = cell
    .trim()
    .replace(/\s?[%KMBT]$/, '')
    .replace(/^\((.*)\)$/, '$1');
  return FRAME.test(text) || FRAME.test(text.replaceAll(CURRENCY, ''));
}

/** What one cell tells about the marks. */
interface MarkEvidence {
  readonly mark: DecimalMark;
  /** Whether it can mean nothing else. */
  readonly sure: boolean;
}

export function markEvidence(cell: string): MarkEvidence | undefined {
  const text = cell
    .trim()
    .replaceAll(CURRENCY, '')
    .replace(/\s?[%KMBT]$/, '');
  if (!FRAME.test(text)) return undefined;
  const [dots, commas] = [text.split('.').length - 1, text.split(',').length - 1];
  if (dots === 0 && commas === 0) return undefined;
  if (dots > 0 && commas > 0) return { mark: text.lastIndexOf('.') > text.lastIndexOf(',') ? '.' : ',', sure: true };
  const mark: DecimalMark = dots > 0 ? '.' : ',';
  const other: DecimalMark = dots > 0 ? ',' : '.';
  // Several of one kind set thousands apart.
  if (dots + commas > 1) return { mark: other, sure: true };
  // With an apostrophe or a space for the thousands, the other mark is the decimal one.
  if (new RegExp(`[${APOSTROPHES}${SPACES}]`).test(text)) return { mark, sure: true };
  const [integer = '', fraction = ''] = text.replace(/^[+-]/, '').split(mark);
  const grouped = /^[1-9][0-9]{0,2}$/.test(integer) && /^[0-9]{3}$/.test(fraction);
  return { mark, sure: !grouped };
}

/** A price that was read. */
interface ReadPrice {
  readonly price: Decimal;
  /** It had more than 8 decimals, and was rounded half-even. */
  readonly rounded: boolean;
}

export type PriceError = { readonly _tag: 'NotPositive' | 'Illegal'; readonly message: string };

const PLAIN = /^([0-9]*)(?:\.([0-9]*))?$/;
const SCIENTIFIC = /^([0-9]*)(?:\.([0-9]*))?[eE]([+-]?)([0-9]{1,3})$/;
const GROUPED = new RegExp(`^[0-9]{1,3}(?:[.,${APOSTROPHES}${SPACES}][0-9]{2,3})*[.,${APOSTROPHES}${SPACES}][0-9]{3}$`, 'u');
const MARKS = new RegExp(`[.,${APOSTROPHES}${SPACES}]`, 'gu');

/** Reads a price, of any number of decimals. */
export function parsePrice(cell: string, mark: DecimalMark): Either<PriceError, ReadPrice> {
  let text = cell.trim();
  if (!PLAIN.test(text) || mark !== '.') {
    const bare = text.replaceAll(CURRENCY, '');
    if (/^-|^\(.*\)$/.test(bare) && looksLikeNumber(bare)) {
      return left({ _tag: 'NotPositive', message: 'prices of 0 or less are not supported' });
    }
    const normal = normalText(bare.replace(/^\+/, ''), mark);
    if (normal === undefined) {
      return left({
        _tag: 'Illegal',
        message: `expected a positive price such as ${mark === '.' ? '1234.5' : '1234,5'} (the decimal mark is "${mark}")`,
      });
    }
    text = normal;
  }
  const plain = PLAIN.exec(text);
  if (plain !== null) return exactPrice(plain[1] ?? '', plain[2] ?? '');
  const scientific = SCIENTIFIC.exec(text);
  if (scientific === null) return left({ _tag: 'Illegal', message: 'expected a positive price' });
  const [, integer = '', fraction = '', sign = '', exponentText = ''] = scientific;
  let exponent = 0;
  for (const digit of exponentText) exponent = exponent * 10 + (digit.charCodeAt(0) - 48);
  if (sign === '-') {
    const digits = integer.padStart(exponent, '0');
    return exactPrice(digits.slice(0, digits.length - exponent), digits.slice(digits.length - exponent) + fraction);
  }
  const digits = fraction.padEnd(exponent, '0');
  return exactPrice(integer + digits.slice(0, exponent), digits.slice(exponent));
}

/** Digits, a point and an exponent; `undefined` where marks stand as they may not. */
function normalText(text: string, mark: DecimalMark): string | undefined {
  if (!FRAME.test(text)) return undefined;
  const [mantissa = '', exponent] = text.split(/[eE]/);
  const parts = mantissa.split(mark);
  const [integer = '', fraction = ''] = parts;
  if (parts.length > 2 || !/^[0-9]*$/.test(fraction)) return undefined;
  if (!/^[0-9]*$/.test(integer) && !GROUPED.test(integer)) return undefined;
  return `${integer.replaceAll(MARKS, '')}.${fraction}${exponent === undefined ? '' : `e${exponent}`}`;
}

function exactPrice(integerText: string, fraction: string): Either<PriceError, ReadPrice> {
  const integer = integerText.replace(/^0+/, '');
  if (integerText === '' && fraction === '') return left({ _tag: 'Illegal', message: 'expected a positive price' });
  if (integer.length > 18) return left({ _tag: 'Illegal', message: 'a magnitude of 10^18 or more' });
  let price = BigInt(integer + fraction.slice(0, FRACTION_DIGITS).padEnd(FRACTION_DIGITS, '0'));
  const rest = fraction.slice(FRACTION_DIGITS).replace(/0+$/, '');
  const half = rest === '5' ? (price & 1n) === 1n : rest >= '5';
  if (half) price += 1n;
  if (price >= MAGNITUDE_LIMIT) return left({ _tag: 'Illegal', message: 'a magnitude of 10^18 or more' });
  if (price > 0n) return right({ price, rounded: rest !== '' });
  return rest === ''
    ? left({ _tag: 'NotPositive', message: 'prices of 0 or less are not supported' })
    : left({ _tag: 'Illegal', message: 'below 0.00000001, the smallest price; scale the symbol (a price of 1000 units, say)' });
}

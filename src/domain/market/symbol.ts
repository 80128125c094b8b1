/** Ticker symbols: upper-case after trim, 1 to 16 characters. SPEC.md section 2. */
import { isRight } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import { type Codec, type ListRule, listCodec, makeCodec } from '../codec/codec';
import { SYMBOLS_MAX } from '../limits';

const SYMBOL = /^[A-Z0-9][A-Z0-9._^-]{0,15}$/;
export const SYMBOL_LEGAL = 'a symbol: a letter or digit, then at most 15 letters, digits, ".", "_", "^" or "-"';
const SCHEMA_PATTERN = '^\\s*[A-Za-z0-9][A-Za-z0-9._^-]{0,15}\\s*$';

export const symbolCodec: Codec<string> = makeCodec('symbol', { type: 'string', pattern: SCHEMA_PATTERN }, (value, context) => {
  const symbol = typeof value === 'string' ? value.trim().toUpperCase() : '';
  return SYMBOL.test(symbol) ? success(symbol) : failure(value, context, `expected ${SYMBOL_LEGAL}`);
});

const SYMBOL_LIST: ListRule<string> = { min: 1, max: SYMBOLS_MAX, uniqueBy: (symbol) => symbol };

export const symbolListCodec: Codec<readonly string[]> = listCodec(symbolCodec, SYMBOL_LIST);

/** The normal form of one symbol, or `undefined` when it is not one. */
export function normalSymbol(text: string): string | undefined {
  const decoded = symbolCodec.decode(text);
  return isRight(decoded) ? decoded.right : undefined;
}

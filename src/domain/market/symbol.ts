/** Symbols as venues write them (`^GSPC`, `BTC/USDT`, `EURUSD=X`, `0700.HK`): upper-case after trim, 1 to 32 characters. docs/spec.md section 2. */
import { isRight } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import { type Codec, type ListRule, listCodec, makeCodec } from '../codec/codec';
import { SYMBOLS_MAX } from '../limits';

const LETTERS = '[A-Za-z0-9^$][A-Za-z0-9._^=/:$-]{0,31}';
const SYMBOL = new RegExp(`^${LETTERS}$`);
export const SYMBOL_LEGAL = 'a symbol such as AAPL, ^GSPC, BTC/USDT or 0700.HK: at most 32 letters, digits and . _ ^ = / : $ -';

export const symbolCodec: Codec<string> = makeCodec('symbol', { type: 'string', pattern: `^\\s*${LETTERS}\\s*$` }, (value, context) => {
  // Checked before it is turned to upper case: "ı", "ſ" and "ß" are no letters of a symbol, although I, S and SS are.
  const symbol = typeof value === 'string' ? value.trim() : '';
  return SYMBOL.test(symbol) ? success(symbol.toUpperCase()) : failure(value, context, `expected ${SYMBOL_LEGAL}`);
});

const SYMBOL_LIST: ListRule<string> = { min: 1, max: SYMBOLS_MAX, uniqueBy: (symbol) => symbol };

export const symbolListCodec: Codec<readonly string[]> = listCodec(symbolCodec, SYMBOL_LIST);

/** The normal form of one symbol, or `undefined` when it is not one. */
export function normalSymbol(text: string): string | undefined {
  const decoded = symbolCodec.decode(text);
  return isRight(decoded) ? decoded.right : undefined;
}

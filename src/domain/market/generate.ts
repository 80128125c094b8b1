/**
 * A reproducible random market of any length, as the text of its normal form. Invariants: the same symbols, seed and start price give the
 * same bytes on every machine and a longer market starts with the shorter one; every number on the way is an exact integer.
 *
 * Each symbol has its own stream, so a symbol's prices do not depend on its neighbours. The stream is xoroshiro128+ started from the first
 * 128 bits of SHA-256 over `ewm market 1`, the seed and the symbol, each on a line: a seed is any text, and `7` and `07` are two seeds.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { excerpt, type Problem, problemsOf } from '../codec/problem';
import { type Decimal, decimalFromText, ONE } from '../decimal/decimal';
import { sha256Hex } from '../hash';
import { CHUNK_BYTES, COUNT_MAX } from '../limits';
import { makeMarketForm } from './market-form';
import { symbolListCodec } from './symbol';

export interface GenerateOptions {
  readonly symbols: readonly string[];
  readonly steps: number;
  readonly seed: string;
  /** Of every symbol at step 0, in whole cents from 1 to 1,000,000; 100 by default. */
  readonly startPrice?: string | undefined;
}

/** Prices are walked in hundredths of a cent and written in cents. */
const UNITS_PER_CENT = 100;
const CENT: Decimal = ONE / 100n;
const START_PRICE_MIN: Decimal = ONE;
const START_PRICE_MAX: Decimal = 1_000_000n * ONE;
const MILLION = 1_000_000;
/** A step is the sum of two draws of at most this, which is about 1 % a step at one deviation. Unit: millionths of the price. */
const DRAW_MILLIONTHS_MAX = 12_000;
/** Half the variance of a step, which is what compounding takes away. Unit: millionths. */
const DRIFT_MILLIONTHS = 48;
/** Pull back to the start price, a thousandth of the distance a step, so that a long market stays where a strategy trades. */
const PULL_DIVISOR = 1_000;
/** No price leaves `start / 16 .. start * 16`; the pull makes it rare that one would. */
const BAND = 16;

/** The header line, then the step lines in chunks; each line with its newline. Checked before the first chunk is made. */
export function generateMarket(options: GenerateOptions): Either<readonly Problem[], Iterable<string>> {
  const problems: Problem[] = [];
  const symbols = symbolListCodec.decode(options.symbols);
  if (isLeft(symbols)) problems.push(...problemsOf(symbols.left).map(({ message }) => ({ pointer: '/symbols', message })));
  if (!Number.isSafeInteger(options.steps) || options.steps < 1) {
    problems.push({ pointer: '/steps', message: `${excerpt(options.steps)}: expected an integer from 1 to ${String(COUNT_MAX)}` });
  }
  if (!options.seed.isWellFormed()) problems.push({ pointer: '/seed', message: 'holds a lone surrogate, which has no UTF-8 form' });
  const start = decimalFromText(options.startPrice ?? '100');
  if (isLeft(start) || start.right < START_PRICE_MIN || start.right > START_PRICE_MAX || start.right % CENT !== 0n) {
    problems.push({
      pointer: '/start_price',
      message: `${excerpt(options.startPrice)}: expected whole cents from 1 to 1000000, such as 99.86`,
    });
  }
  if (isLeft(symbols) || isLeft(start) || problems.length > 0) return left(problems);
  return right(chunks(symbols.right, options.steps, options.seed, Number(start.right / CENT) * UNITS_PER_CENT));
}

function* chunks(symbols: readonly string[], steps: number, seed: string, start: number): Generator<string, void> {
  yield `${makeMarketForm(symbols).header}\n`;
  // The order of a canonical line.
  const sorted = [...symbols].sort();
  const tokens = sorted.map((symbol, k) => `${k === 0 ? '{"prices":{' : '",'}"${symbol}":"`);
  const streams = sorted.map((symbol) => makeStream(seed, symbol));
  const prices = sorted.map(() => start);
  let text = '';
  for (let step = 0; step < steps; step += 1) {
    for (let k = 0; k < streams.length; k += 1) {
      const stream = streams[k];
      let price = prices[k] ?? start;
      if (step > 0 && stream !== undefined) {
        price = nextPrice(price, start, stream);
        prices[k] = price;
      }
      text += (tokens[k] ?? '') + centsText(quotient(price, UNITS_PER_CENT));
    }
    text += '"}}\n';
    if (text.length >= CHUNK_BYTES) {
      yield text;
      text = '';
    }
  }
  if (text !== '') yield text;
}

function makeStream(seed: string, symbol: string): RandomGenerator {
  return seededGenerator(`ewm market 1\n${seed}\n${symbol}\n`);
}

/** The stream that a text names: xoroshiro128+ started from the first 128 bits of its SHA-256. */
export function seededGenerator(text: string): RandomGenerator {
  const digest = sha256Hex(text);
  return xoroshiro128plusFromState([word(digest, 0), word(digest, 1), word(digest, 2), word(digest, 3)]);
}

/** The k-th 32-bit word of a digest, as the generator keeps it: signed. */
function word(digest: string, k: number): number {
  return Number(`0x${digest.slice(k * 8, k * 8 + 8)}`) | 0;
}

/** One multiplicative step; positive and within the band for ever. The largest product is below 2^53. */
function nextPrice(price: number, start: number, stream: RandomGenerator): number {
  const drawn =
    uniformInt(stream, -DRAW_MILLIONTHS_MAX, DRAW_MILLIONTHS_MAX) + uniformInt(stream, -DRAW_MILLIONTHS_MAX, DRAW_MILLIONTHS_MAX);
  const move = quotient(price * (drawn + DRIFT_MILLIONTHS), MILLION) + quotient(start - price, PULL_DIVISOR);
  const next = price + move;
  // A step that would leave the band is taken the other way.
  return next * BAND < start || next > start * BAND ? price - move : next;
}

/** Integer quotient toward zero: what is divided is a multiple of the divisor, so the division is exact. */
function quotient(dividend: number, divisor: number): number {
  return (dividend - (dividend % divisor)) / divisor;
}

const CENTS_TEXT = Array.from({ length: 100 }, (_, cents) =>
  cents === 0 ? '' : cents % 10 === 0 ? `.${String(quotient(cents, 10))}` : `.${String(cents).padStart(2, '0')}`,
);

/** A price in its text form. */
function centsText(cents: number): string {
  return String(quotient(cents, 100)) + (CENTS_TEXT[cents % 100] ?? '');
}

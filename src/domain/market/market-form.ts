/**
 * The normalised text of a market path (`market.jsonl`): a canonical header line, then a canonical line per step.
 * Invariant: `scan` accepts exactly the lines that `render` writes, so equal content has equal bytes and one digest.
 */
import { isLeft } from 'fp-ts/Either';
import { canonical, canonicalString } from '../canonical/canonical';
import { type Decimal, formatDecimal } from '../decimal/decimal';
import { TIME_CHARS_MAX } from '../limits';
import { decodeNestedStep, type MarketStep } from './market-path';

/** One step as the engine takes it: exact prices, and the very text that goes into the tape row. */
export interface ScannedStep {
  /** In header order; filled anew by each scan. */
  readonly prices: Decimal[];
  /** Canonical JSON object of prices by symbol. */
  pricesText: string;
  /** Canonical JSON string, or `''` where the step has no time. */
  timeText: string;
}

export interface MarketForm {
  readonly symbols: readonly string[];
  /** The header line, without its newline. */
  readonly header: string;
  /** One step as a line, without its newline. */
  readonly render: (step: MarketStep) => string;
  /** Reads `text[start, end)`, one line without its newline. False when it is not in normal form. */
  readonly scan: (text: string, start: number, end: number, into: ScannedStep) => boolean;
}

/** Where the first step begins in `market.jsonl`. Unit: bytes; a header is ASCII. */
export function stepsOffset(symbols: readonly string[]): number {
  return headerOf(symbols).length + 1;
}

function headerOf(symbols: readonly string[]): string {
  return canonical({ symbols });
}

export function makeScannedStep(symbols: readonly string[]): ScannedStep {
  return { prices: symbols.map(() => 0n), pricesText: '', timeText: '' };
}

const PRICES_START = '{"prices":'.length;
const TIME = ',"time":';
/** An integer part of up to 7 digits and 8 fractional digits stay below 2^53, so units build up exactly in a double. */
const FAST_INTEGER_DIGITS = 7;
const POWERS = [1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1];
const [ZERO, NINE, DOT, QUOTE, BACKSLASH, BRACE, SPACE] = [48, 57, 46, 34, 92, 125, 32] as const;

export function makeMarketForm(symbols: readonly string[]): MarketForm {
  const sorted = symbols.map((symbol, index) => ({ symbol, index })).sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  // What stands before each price of a canonical line.
  const tokens = sorted.map(({ symbol }, k) => `${k === 0 ? '{"prices":{' : ','}"${symbol}":"`);
  const order = sorted.map(({ index }) => index);

  function render(step: MarketStep): string {
    let line = '';
    for (let k = 0; k < order.length; k += 1) line += `${tokens[k] ?? ''}${formatDecimal(step.prices[order[k] ?? 0] ?? 0n)}"`;
    return `${line}}${step.time === undefined ? '' : TIME + canonicalString(step.time)}}`;
  }

  function scan(text: string, start: number, end: number, into: ScannedStep): boolean {
    let at = start;
    for (let k = 0; k < tokens.length; k += 1) {
      const token = tokens[k] ?? '';
      if (!text.startsWith(token, at)) return false;
      at += token.length;
      const first = at;
      let units = 0;
      let code = text.charCodeAt(at);
      while (code >= ZERO && code <= NINE) {
        units = units * 10 + (code - ZERO);
        at += 1;
        code = text.charCodeAt(at);
      }
      const integerDigits = at - first;
      if (integerDigits > FAST_INTEGER_DIGITS) return scanSlowly(text.slice(start, end), into);
      if (integerDigits === 0 || (integerDigits > 1 && text.charCodeAt(first) === ZERO)) return false;
      let fractionDigits = 0;
      if (code === DOT) {
        const point = at;
        at += 1;
        code = text.charCodeAt(at);
        while (code >= ZERO && code <= NINE && at - point <= 8) {
          units = units * 10 + (code - ZERO);
          at += 1;
          code = text.charCodeAt(at);
        }
        fractionDigits = at - point - 1;
        if (fractionDigits === 0 || text.charCodeAt(at - 1) === ZERO) return false;
      }
      if (code !== QUOTE || units === 0) return false;
      at += 1;
      into.prices[order[k] ?? 0] = BigInt(units * (POWERS[fractionDigits] ?? 1));
    }
    if (text.charCodeAt(at) !== BRACE) return false;
    at += 1;
    into.pricesText = text.slice(start + PRICES_START, at);
    if (text.charCodeAt(at) === BRACE) {
      into.timeText = '';
      return at + 1 === end;
    }
    if (!text.startsWith(TIME, at)) return false;
    const timeStart = at + TIME.length;
    if (text.charCodeAt(timeStart) !== QUOTE) return false;
    at = timeStart + 1;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) return scanSlowly(text.slice(start, end), into);
      if (!(code >= SPACE) || at >= end) return false;
      at += 1;
    }
    if (at - timeStart - 1 > TIME_CHARS_MAX) return false;
    into.timeText = text.slice(timeStart, at + 1);
    return text.charCodeAt(at + 1) === BRACE && at + 2 === end;
  }

  /** Long prices and escaped times: parse, write again, and compare. */
  function scanSlowly(line: string, into: ScannedStep): boolean {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return false;
    }
    const step = decodeNestedStep(value, symbols);
    if (isLeft(step) || render(step.right) !== line) return false;
    step.right.prices.forEach((price, index) => {
      into.prices[index] = price;
    });
    into.timeText = step.right.time === undefined ? '' : canonicalString(step.right.time);
    into.pricesText = line.slice(PRICES_START, line.length - 1 - (into.timeText === '' ? 0 : TIME.length + into.timeText.length));
    return true;
  }

  return { symbols, header: headerOf(symbols), render, scan };
}

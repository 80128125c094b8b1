/**
 * The market of a sweep: its normal form, read once and held as bytes, from which each window is cut. Threads share the bytes.
 * Invariant: a window is a market of its own, with the digest that a file of just those steps would have.
 */
import { isRecord } from '../codec/codec';
import { parseJson } from '../codec/parse';
import { makeDigest, sha256Hex } from '../hash';
import { makeMarketForm } from '../market/market-form';
import type { SweepMarket } from './plan';
import type { Window } from './windows';

/** Bytes of the lines, one after the other, each with its newline, without the header; and where each line begins, the end last. */
export interface MarketBytes {
  readonly symbols: readonly string[];
  readonly lines: Uint8Array;
  readonly starts: Float64Array;
}

export interface WindowText {
  /** The lines of the steps, each with its newline. */
  readonly text: string;
  readonly sha256: string;
}

export interface CellMarket {
  readonly symbols: readonly string[];
  readonly windowText: (window: Window) => WindowText;
}

/** Windows that are kept decoded: a pair, which cells use in turn. */
const WINDOWS_HELD = 2;

export function makeCellMarket({ symbols, lines, starts }: MarketBytes): CellMarket {
  const header = `${makeMarketForm(symbols).header}\n`;
  const decoder = new TextDecoder();
  const held = new Map<string, WindowText>();
  return {
    symbols,
    windowText: ({ from, until }) => {
      const key = `${String(from)}-${String(until)}`;
      const known = held.get(key);
      if (known !== undefined) return known;
      // A decoder does not take shared memory, so what it reads is a copy.
      const text = decoder.decode(lines.slice(starts[from], starts[until]));
      const made = { text, sha256: sha256Hex(header + text) };
      if (held.size >= WINDOWS_HELD) held.delete(held.keys().next().value ?? '');
      held.set(key, made);
      return made;
    },
  };
}

export function factsOf({ symbols, lines, starts }: MarketBytes): SweepMarket {
  const digest = makeDigest();
  digest.update(new TextEncoder().encode(`${makeMarketForm(symbols).header}\n`));
  digest.update(lines);
  return { sha256: digest.hex(), symbols, steps: starts.length - 1 };
}

/** Nothing where steps have no times. */
export function timeOfStep({ lines, starts }: MarketBytes, step: number): string | null {
  const line = parseJson(new TextDecoder().decode(lines.slice(starts[step], starts[step + 1])));
  return isRecord(line) && typeof line['time'] === 'string' ? line['time'] : null;
}

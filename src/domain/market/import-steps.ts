/**
 * Puts sorted prices together to steps. Invariant: a second price of a time, and a time at which a symbol has none, are mistakes until
 * somebody states the choice, and every price that is not taken as it stands is counted.
 */
import type { Problem } from '../codec/problem';
import type { Decimal } from '../decimal/decimal';
import { PROBLEMS_MAX } from './csv-table';
import { priceAt, type RecordRun } from './import-records';
import { importTimeText } from './import-time';
import type { MarketStep } from './market-path';

/** What to do with a step in which a symbol has no price: refuse, leave the step out, or carry the last price forward. */
export const MISSING_CHOICES = ['error', 'drop', 'fill'] as const;
export type MissingChoice = (typeof MISSING_CHOICES)[number];

/** What to do with a second price of a symbol at a time: refuse, or leave it out where it is the same. */
export const DUPLICATE_CHOICES = ['error', 'same'] as const;
export type DuplicateChoice = (typeof DUPLICATE_CHOICES)[number];

export interface StepRules {
  /** In the order of the market; `number` is what records call it. */
  readonly symbols: readonly { readonly symbol: string; readonly number: number }[];
  /** Not stated: a step in which no symbol has a price is left out, any other gap refused. */
  readonly missing: MissingChoice | undefined;
  readonly duplicates: DuplicateChoice;
  /** `undefined` in a file without times, whose seconds number the rows. */
  readonly precision: 'date' | 'timestamp' | undefined;
  /** What the price column of a symbol is called, for messages. */
  readonly columnOf: (symbol: string) => string;
}

export interface StepCounts {
  readonly steps: number;
  /** Steps left out because a symbol, or every symbol, had no price. */
  readonly dropped: number;
  /** Prices carried forward. */
  readonly filled: number;
  /** Equal prices of a time that was there already. */
  readonly duplicates: number;
}

export interface StepAssembler {
  /** Records in order, all or those in `[from, to)`; whole steps go to `emit`. */
  readonly push: (records: RecordRun, emit?: (step: MarketStep) => void, from?: number, to?: number) => void;
  /** The last step, and then what there was. */
  readonly end: (emit?: (step: MarketStep) => void) => { readonly counts: StepCounts; readonly problems: readonly Problem[] };
}

export function makeStepAssembler({ symbols, missing, duplicates, precision, columnOf }: StepRules): StepAssembler {
  const position = new Map(symbols.map(({ number }, index) => [number, index]));
  const last: (Decimal | undefined)[] = symbols.map(() => undefined);
  const prices: Decimal[] = symbols.map(() => 0n);
  const lines: number[] = symbols.map(() => 0);
  const problems: Problem[] = [];
  let current: { readonly seconds: number; readonly nanos: number; readonly line: number } | undefined;
  let [steps, dropped, filled, same, gaps] = [0, 0, 0, 0, 0];
  let firstGap: Problem | undefined;

  function timeText({ seconds, nanos }: { readonly seconds: number; readonly nanos: number }): string | undefined {
    return precision === undefined ? undefined : importTimeText({ precision, seconds, nanos });
  }

  function push(records: RecordRun, emit?: (step: MarketStep) => void, from = 0, to: number = records.length): void {
    for (let at = from; at < Math.min(to, records.length); at += 1) {
      const [seconds, nanos, line] = [records.seconds[at] ?? 0, records.nanos[at] ?? 0, records.line[at] ?? 0];
      if (current?.seconds !== seconds || current.nanos !== nanos) {
        close(emit);
        current = { seconds, nanos, line };
      }
      const index = position.get(records.symbol[at] ?? 0);
      if (index === undefined) continue;
      take(index, priceAt(records, at), line);
    }
  }

  function take(index: number, price: Decimal, line: number): void {
    const before = lines[index] ?? 0;
    if (before === 0) {
      lines[index] = line;
      prices[index] = price;
    } else if (duplicates === 'same' && prices[index] === price) {
      same += 1;
    } else if (problems.length < PROBLEMS_MAX && current !== undefined) {
      const symbol = symbols[index]?.symbol ?? '';
      const differs = duplicates === 'same' ? ', and another one' : '';
      const message = `${columnOf(symbol)}: a second price for ${symbol} at ${timeText(current) ?? 'this row'}${differs}; the first is on line ${String(before)}`;
      problems.push({
        pointer: '',
        message: duplicates === 'same' ? message : `${message} (--duplicates same leaves equal ones out)`,
        line,
      });
    }
  }

  function close(emit: ((step: MarketStep) => void) | undefined): void {
    if (current === undefined) return;
    const none = prices.every((price) => price === 0n);
    const whole: Decimal[] = [];
    let filledHere = 0;
    for (let index = 0; index < prices.length; index += 1) {
      const own = prices[index] ?? 0n;
      if (own !== 0n) last[index] = own;
      const price = missing === 'fill' ? last[index] : own === 0n ? undefined : own;
      if (price !== undefined) whole.push(price);
      if (own !== 0n) continue;
      if (price !== undefined) filledHere += 1;
      if (missing === 'error' || (missing === undefined && !none)) {
        gaps += 1;
        const at = timeText(current);
        firstGap ??= {
          pointer: '',
          message: `no price for ${symbols[index]?.symbol ?? ''}${at === undefined ? '' : ` at ${at}`}`,
          line: current.line,
          column: 1,
        };
      }
    }
    if (whole.length < symbols.length) dropped += 1;
    else {
      steps += 1;
      filled += filledHere;
      emit?.({ prices: whole, time: timeText(current) });
    }
    prices.fill(0n);
    lines.fill(0);
    current = undefined;
  }

  function end(emit?: (step: MarketStep) => void): { readonly counts: StepCounts; readonly problems: readonly Problem[] } {
    close(emit);
    if (firstGap !== undefined) {
      const more = gaps === 1 ? '' : ` (and ${String(gaps - 1)} more gaps)`;
      const advice = 'say --missing drop (leave such steps out) or fill (carry the last price forward)';
      problems.push({ ...firstGap, message: `${firstGap.message}${more}; ${advice}` });
    }
    return { counts: { steps, dropped, filled, duplicates: same }, problems };
  }

  return { push, end };
}

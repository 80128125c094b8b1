/**
 * Signals of a strategy over rolling windows. docs/spec.md section 3.1.
 * Invariant: the cost of a step does not depend on the window or on the history, and every comparison is exact.
 */
import { assert } from '../../assert';
import type { Decimal } from '../../decimal/decimal';
import type { RuleLogic, Side } from './rules/rule';
import { type Rule, RULE_TABLE, type RuleTable } from './rules/table';
import { makeWindows, type ObservedWindows } from './rules/windows';
import { fillsLater, speaksAt, type Strategy } from './strategy';

export type Signal = 'BUY' | 'SELL' | 'HOLD';

/** What the rules say at one step, in universe order. `whys` is empty where the signal is HOLD. Never changed once made. */
export interface Signals {
  readonly signals: readonly Signal[];
  readonly whys: readonly string[];
}

export interface SignalSource {
  /** Takes the prices (market order) of step `t` into the windows. Every step must be observed, in order, evaluated or not. */
  readonly observe: (prices: readonly Decimal[]) => void;
  /** What is signalled at step `t`, which was observed last: by its own prices, or by those before it where orders fill a step later. */
  readonly evaluate: (t: number) => Signals;
}

/** A rule of a strategy, and which symbol of the universe it speaks about. */
interface Voice {
  readonly universeIndex: number;
  readonly logic: RuleLogic;
}

interface Watched {
  readonly marketIndex: number;
  readonly windows: ObservedWindows;
}

/** How many prices before a step the rules look at: what a verifier that starts at a checkpoint must read first. Unit: steps. */
export function lookbackSteps(strategy: Strategy, table: RuleTable<Rule> = RULE_TABLE): number {
  const longest = wired(strategy, table).reduce((most, { windows }) => Math.max(most, windows.lookback()), 0);
  return longest + (fillsLater(strategy.timing) ? 1 : 0);
}

export function makeSignalSource(strategy: Strategy, marketSymbols: readonly string[], table: RuleTable<Rule> = RULE_TABLE): SignalSource {
  const universe = strategy.universe.symbols;
  const voices: Voice[] = [];
  const watched: Watched[] = wired(strategy, table, (universeIndex, logic) => voices.push({ universeIndex, logic })).map(
    ({ symbol, windows }) => ({
      marketIndex: marketSymbols.indexOf(symbol),
      windows,
    }),
  );
  assert(
    watched.every(({ marketIndex }) => marketIndex >= 0) && voices.every(({ universeIndex }) => universeIndex >= 0),
    'a rule is on a symbol of the universe and of the market',
  );
  const { timing } = strategy;
  const silent: Signals = { signals: universe.map(() => 'HOLD'), whys: universe.map(() => '') };
  const sides: Side[] = voices.map(() => 0);
  // Rules mostly say what they said a step ago; then the same object is answered, and its text need not be made again.
  let latest = silent;

  function combine(): Signals {
    if (sides.every((side) => side === 0)) return silent;
    const signals: Signal[] = [...silent.signals];
    const whys: string[] = [...silent.whys];
    voices.forEach(({ universeIndex, logic }, index) => {
      const side = sides[index] ?? 0;
      if (side === 0) return;
      signals[universeIndex] = side > 0 ? 'BUY' : 'SELL';
      whys[universeIndex] = side > 0 ? logic.buyWhy : logic.sellWhy;
    });
    return { signals, whys };
  }

  function take(prices: readonly Decimal[]): void {
    for (const { windows, marketIndex } of watched) windows.observe(prices[marketIndex] ?? 0n);
  }

  // The windows stay one step behind the market; a copy, for prices are scanned into the same array again and again.
  let held: readonly Decimal[] | undefined;
  function takeLater(prices: readonly Decimal[]): void {
    if (held !== undefined) take(held);
    held = [...prices];
  }

  return {
    observe: fillsLater(timing) ? takeLater : take,
    evaluate: (t) => {
      if (!speaksAt(t, timing)) return silent;
      let changed = false;
      for (let index = 0; index < voices.length; index += 1) {
        const side = voices[index]?.logic.side() ?? 0;
        if (side === sides[index]) continue;
        sides[index] = side;
        changed = true;
      }
      if (changed) latest = combine();
      return latest;
    },
  };
}

/** Windows by symbol, one for all the rules on it, and the rules that were made with them, in order. */
function wired(
  { rules, universe }: Strategy,
  table: RuleTable<Rule>,
  voice: (universeIndex: number, logic: RuleLogic) => void = () => undefined,
): readonly { readonly symbol: string; readonly windows: ObservedWindows }[] {
  const bySymbol = new Map<string, ObservedWindows>();
  for (const rule of rules) {
    const windows = bySymbol.get(rule.symbol) ?? makeWindows();
    bySymbol.set(rule.symbol, windows);
    voice(universe.symbols.indexOf(rule.symbol), table.kindOf(rule).make(rule, windows));
  }
  return [...bySymbol].map(([symbol, windows]) => ({ symbol, windows }));
}

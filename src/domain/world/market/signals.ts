/**
 * Signals of a strategy over rolling windows. docs/spec.md section 3.1.
 * Invariant: the cost of a step does not depend on the window or on the history, and every comparison is exact.
 */
import { assert } from '../../assert';
import type { Decimal } from '../../decimal/decimal';
import { type State, valueOf } from './state';
import { type Account, noAccount } from './rules/account';
import type { RuleLogic, Direction } from './rules/rule';
import { type Rule, RULE_TABLE, type RuleTable } from './rules/table';
import { makeWindows, type ObservedWindows } from './rules/windows';
import { fillsLater, hasSignalsAt, type Strategy } from './strategy';

export type Signal = 'BUY' | 'SELL' | 'HOLD';

/** What the rules say at one step, in universe order. `whys` is empty where the signal is HOLD. Never changed once made. */
export interface Signals {
  readonly signals: readonly Signal[];
  readonly whys: readonly string[];
  /** What an order is for where the rule that spoke last names it, and nothing where sizing does; absent where no order has one. */
  readonly quantities?: readonly (Decimal | undefined)[];
}

export interface SignalSource {
  /** Takes the prices (market order) of step `t` into the windows. Every step must be observed, in order, evaluated or not. */
  readonly observe: (prices: readonly Decimal[]) => void;
  /**
   * What is signalled at step `t`, which was observed last, about a state at its prices: by those prices, or by those of the step before where
   * orders fill a step later. Rules on prices alone need neither.
   */
  readonly evaluate: (t: number, state?: State, prices?: readonly Decimal[]) => Signals;
}

/** A rule of a strategy, and which symbol of the universe it speaks about. */
interface Voice {
  readonly universeIndex: number;
  readonly logic: RuleLogic;
}

/** How many prices before a step the rules look at: what a verifier that starts at a checkpoint must read first. Unit: steps. */
export function lookbackSteps(strategy: Strategy, table: RuleTable<Rule> = RULE_TABLE): number {
  const { watched } = wired(strategy, table, noAccount);
  const longest = watched.reduce((most, { windows }) => Math.max(most, windows.lookback()), 0);
  return longest + (fillsLater(strategy.timing) ? 1 : 0);
}

/** Whether a rule asks for the entry price of positions, which the state has to keep then. */
export function needsEntries(strategy: Strategy, table: RuleTable<Rule> = RULE_TABLE): boolean {
  let needed = false;
  wired(strategy, table, () => ({
    ...noAccount(),
    entry: () => {
      needed = true;
      return () => 0n;
    },
  }));
  return needed;
}

export function makeSignalSource(strategy: Strategy, marketSymbols: readonly string[], table: RuleTable<Rule> = RULE_TABLE): SignalSource {
  const universe = strategy.universe.symbols;
  let [step, present, priced]: [number, State | undefined, readonly Decimal[]] = [0, undefined, []];

  function state(): State {
    assert(present !== undefined, 'rules about an account are asked about a state');
    return present;
  }

  function accountOf(symbol: string): Account {
    const index = marketSymbols.indexOf(symbol);
    return {
      step: () => step,
      position: () => state().positions[index] ?? 0n,
      equity: () => valueOf(state(), priced).equity,
      // A position without an entry enters with this step, at its price.
      entry: () => () => state().entries?.[index] ?? priced[index] ?? 0n,
    };
  }

  const { voices, watched } = wired(strategy, table, accountOf);
  const marketIndexes = watched.map(({ symbol }) => marketSymbols.indexOf(symbol));
  assert(
    marketIndexes.every((index) => index >= 0) && voices.every(({ universeIndex }) => universeIndex >= 0),
    'a rule is on a symbol of the universe and of the market',
  );
  const { timing } = strategy;
  const silent: Signals = { signals: universe.map(() => 'HOLD'), whys: universe.map(() => '') };
  const sides: Direction[] = voices.map(() => 0);
  // Rules mostly say what they said a step ago; then the same object is answered, and its text need not be made again.
  let latest = silent;

  function combine(): Signals {
    if (sides.every((side) => side === 0)) return silent;
    const signals: Signal[] = [...silent.signals];
    const whys: string[] = [...silent.whys];
    let quantities: (Decimal | undefined)[] | undefined;
    voices.forEach(({ universeIndex, logic }, index) => {
      const side = sides[index] ?? 0;
      if (side === 0) return;
      signals[universeIndex] = side > 0 ? 'BUY' : 'SELL';
      whys[universeIndex] = side > 0 ? logic.buyWhy : logic.sellWhy;
      if (logic.quantity !== undefined) (quantities ??= universe.map(() => undefined))[universeIndex] = logic.quantity();
      else if (quantities !== undefined) quantities[universeIndex] = undefined;
    });
    return quantities?.some((quantity) => quantity !== undefined) === true ? { signals, whys, quantities } : { signals, whys };
  }

  function take(prices: readonly Decimal[]): void {
    for (let k = 0; k < watched.length; k += 1) watched[k]?.windows.observe(prices[marketIndexes[k] ?? 0] ?? 0n);
  }

  // Where orders fill later the windows stay one step behind the market. Copies, for prices are scanned into the same array again and again.
  let before: readonly Decimal[] = [];
  let latestPrices: readonly Decimal[] | undefined;
  function takeLater(prices: readonly Decimal[]): void {
    if (latestPrices !== undefined) take(latestPrices);
    before = latestPrices ?? [];
    latestPrices = [...prices];
  }

  return {
    observe: fillsLater(timing) ? takeLater : take,
    evaluate: (t, about, prices = []) => {
      if (!hasSignalsAt(t, timing)) return silent;
      // What is signalled late is what the step before would have signalled: its number, its prices, and the state that it left.
      [step, present, priced] = fillsLater(timing) ? [t - 1, about, before] : [t, about, prices];
      let changed = false;
      for (let index = 0; index < voices.length; index += 1) {
        const logic = voices[index]?.logic;
        const side = logic?.side() ?? 0;
        // A quantity is another one at each step.
        if (side !== 0 && logic?.quantity !== undefined) changed = true;
        if (side === sides[index]) continue;
        sides[index] = side;
        changed = true;
      }
      if (changed) latest = combine();
      return latest;
    },
  };
}

interface Wired {
  readonly voices: readonly Voice[];
  /** Windows by symbol, one for all the rules on it. */
  readonly watched: readonly { readonly symbol: string; readonly windows: ObservedWindows }[];
}

function wired({ rules, universe }: Strategy, table: RuleTable<Rule>, accountOf: (symbol: string) => Account): Wired {
  const bySymbol = new Map<string, ObservedWindows>();
  const voices = rules.map((rule) => {
    const windows = bySymbol.get(rule.symbol) ?? makeWindows();
    bySymbol.set(rule.symbol, windows);
    const logic = table.kindOf(rule).make(rule, windows, accountOf(rule.symbol));
    return { universeIndex: universe.symbols.indexOf(rule.symbol), logic };
  });
  return { voices, watched: [...bySymbol].map(([symbol, windows]) => ({ symbol, windows })) };
}

/**
 * Signals of a strategy over rolling windows. docs/spec.md section 3.1.
 * Invariant: the cost of a step does not depend on the window or on the history, and every comparison is exact.
 */
import { assert } from '../assert';
import { type Decimal, formatDecimal, ONE } from '../decimal/decimal';
import type { Rule, SmaRule, Strategy, ThresholdRule, ZscoreRule } from './strategy';

export type Signal = 'BUY' | 'SELL' | 'HOLD';

/** What the rules say at one step, in universe order. `whys` is empty where the signal is HOLD. Never changed once made. */
export interface Signals {
  readonly signals: readonly Signal[];
  readonly whys: readonly string[];
}

export interface SignalSource {
  /** Takes the prices (market order) of step `t` into the windows. Every step must be observed, in order, evaluated or not. */
  readonly observe: (prices: readonly Decimal[]) => void;
  /** What the rules say at step `t`, which was observed last. */
  readonly evaluate: (t: number) => Signals;
}

interface RuleWindow {
  readonly universeIndex: number;
  readonly marketIndex: number;
  readonly observe: (price: Decimal) => void;
  /** 1 is BUY, -1 is SELL, 0 is HOLD. */
  readonly side: () => number;
  readonly buyWhy: string;
  readonly sellWhy: string;
}

/** How many prices before a step the rules look at: what a verifier that starts at a checkpoint must read first. Unit: steps. */
export function lookbackSteps(strategy: Strategy): number {
  return strategy.rules.reduce((longest, rule) => Math.max(longest, windowSteps(rule) - 1), 0);
}

export function makeSignalSource(strategy: Strategy, marketSymbols: readonly string[]): SignalSource {
  const universe = strategy.universe.symbols;
  const rules = strategy.rules.map((rule) => makeRuleWindow(rule, universe.indexOf(rule.symbol), marketSymbols.indexOf(rule.symbol)));
  const frequency = strategy.timing.evaluation_frequency_steps;
  const silent: Signals = { signals: universe.map(() => 'HOLD'), whys: universe.map(() => '') };
  const sides = new Int8Array(rules.length);
  // Rules mostly say what they said a step ago; then the same object is answered, and its text need not be made again.
  let latest = silent;

  function combine(): Signals {
    if (sides.every((side) => side === 0)) return silent;
    const signals: Signal[] = [...silent.signals];
    const whys: string[] = [...silent.whys];
    rules.forEach((rule, index) => {
      const side = sides[index] ?? 0;
      if (side === 0) return;
      signals[rule.universeIndex] = side > 0 ? 'BUY' : 'SELL';
      whys[rule.universeIndex] = side > 0 ? rule.buyWhy : rule.sellWhy;
    });
    return { signals, whys };
  }

  return {
    observe: (prices) => {
      for (const rule of rules) rule.observe(prices[rule.marketIndex] ?? 0n);
    },
    evaluate: (t) => {
      if (t % frequency !== 0) return silent;
      let changed = false;
      for (let index = 0; index < rules.length; index += 1) {
        const side = rules[index]?.side() ?? 0;
        if (side === sides[index]) continue;
        sides[index] = side;
        changed = true;
      }
      if (changed) latest = combine();
      return latest;
    },
  };
}

function windowSteps(rule: Rule): number {
  switch (rule.type) {
    case 'threshold_price':
      return 1;
    case 'sma_crossover':
      return rule.long_window;
    case 'mean_reversion_zscore':
      return rule.window;
  }
}

function makeRuleWindow(rule: Rule, universeIndex: number, marketIndex: number): RuleWindow {
  assert(universeIndex >= 0 && marketIndex >= 0, 'a rule is on a symbol of the universe and of the market');
  const at = { universeIndex, marketIndex };
  switch (rule.type) {
    case 'threshold_price':
      return { ...at, ...threshold(rule) };
    case 'sma_crossover':
      return { ...at, ...smaCrossover(rule) };
    case 'mean_reversion_zscore':
      return { ...at, ...zscore(rule) };
  }
}

type RuleLogic = Omit<RuleWindow, 'universeIndex' | 'marketIndex'>;

function threshold(rule: ThresholdRule): RuleLogic {
  const { buy_below: buyBelow, sell_above: sellAbove } = rule;
  let price = 0n;
  return {
    observe: (next) => {
      price = next;
    },
    side: () => {
      if (buyBelow !== undefined && price <= buyBelow) return 1;
      return sellAbove !== undefined && price >= sellAbove ? -1 : 0;
    },
    buyWhy: `threshold_price: price at or below ${formatDecimal(buyBelow ?? 0n)}`,
    sellWhy: `threshold_price: price at or above ${formatDecimal(sellAbove ?? 0n)}`,
  };
}

function smaCrossover(rule: SmaRule): RuleLogic {
  const shortSteps = rule.short_window;
  const longSteps = rule.long_window;
  const short = BigInt(shortSteps);
  const long = BigInt(longSteps);
  const ring = makeRing(longSteps);
  let shortSum = 0n;
  let longSum = 0n;
  return {
    observe: (price) => {
      // Slots not yet written hold 0, so the sums are right before the windows are full.
      shortSum += price - ring.back(shortSteps);
      longSum += price - ring.back(longSteps);
      ring.push(price);
    },
    side: () => {
      if (ring.count() < longSteps) return 0;
      // shortSum / short against longSum / long, cross-multiplied.
      const shortMean = shortSum * long;
      const longMean = longSum * short;
      if (shortMean > longMean) return 1;
      return shortMean < longMean ? -1 : 0;
    },
    buyWhy: `sma_crossover: mean of ${String(shortSteps)} prices above mean of ${String(longSteps)}`,
    sellWhy: `sma_crossover: mean of ${String(shortSteps)} prices below mean of ${String(longSteps)}`,
  };
}

function zscore(rule: ZscoreRule): RuleLogic {
  const steps = rule.window;
  const n = BigInt(steps);
  const buySquare = rule.z_buy_below * rule.z_buy_below;
  const sellSquare = rule.z_sell_above * rule.z_sell_above;
  const scale = ONE * ONE;
  const ring = makeRing(steps);
  let price = 0n;
  let sum = 0n;
  let squares = 0n;
  return {
    observe: (next) => {
      const old = ring.back(steps);
      sum += next - old;
      squares += next * next - old * old;
      ring.push(next);
      price = next;
    },
    side: () => {
      if (ring.count() < steps) return 0;
      // z = (n p - sum) / sqrt(n squares - sum^2). Both sides of a comparison with z have one sign, so their squares decide.
      const spread = n * squares - sum * sum;
      if (spread === 0n) return 0;
      const distance = n * price - sum;
      const square = distance * distance * scale;
      if (distance < 0n && square >= buySquare * spread) return 1;
      return distance > 0n && square >= sellSquare * spread ? -1 : 0;
    },
    buyWhy: `mean_reversion_zscore: z over ${String(steps)} prices at or below ${formatDecimal(rule.z_buy_below)}`,
    sellWhy: `mean_reversion_zscore: z over ${String(steps)} prices at or above ${formatDecimal(rule.z_sell_above)}`,
  };
}

interface Ring {
  readonly push: (value: Decimal) => void;
  /** The value pushed `steps` pushes ago (1 is the last one); 0 where there were fewer. */
  readonly back: (steps: number) => Decimal;
  readonly count: () => number;
}

/** Grows up to `size` slots, so that a long window over a short market costs what the market costs. */
function makeRing(size: number): Ring {
  const slots: Decimal[] = [];
  let next = 0;
  return {
    push: (value) => {
      if (slots.length < size) slots.push(value);
      else slots[next] = value;
      next = next + 1 === size ? 0 : next + 1;
    },
    back: (steps) => {
      if (steps > slots.length) return 0n;
      const index = next - steps;
      return slots[index < 0 ? index + size : index] ?? 0n;
    },
    count: () => slots.length,
  };
}

/** What a legal strategy decides without saying so: rules that cannot speak, speak against each other, or cannot be followed. Sentences. */
import { formatDecimal } from '../../decimal/decimal';
import { type Rule, RULE_TABLE } from './rules/table';
import { makeWindows } from './rules/windows';
import { fillsLater, pricesAtLastSignal, type Strategy } from './strategy';

/** The steps that a strategy is asked about, and what they are called: `the market`. */
export interface Course {
  readonly steps: number;
  readonly name: string;
}

/** `course`: nothing where no market is known. */
export function strategyNotes(strategy: Strategy, course?: Course): readonly string[] {
  const { rules, universe, sizing } = strategy;
  return [
    ...(course === undefined ? [] : rules.flatMap((rule, index) => silentNote(strategy, rule, index, course))),
    ...rules.flatMap(
      (rule, index) =>
        RULE_TABLE.kindOf(rule)
          .notes?.(rule)
          .map((note) => `${ruleName(rule, index)}: ${note}`) ?? [],
    ),
    ...universe.symbols.flatMap((symbol) => symbolNote(rules, symbol)),
    ...(sizing.order_qty > sizing.max_position_qty_per_symbol
      ? [
          `sizing: order_qty ${formatDecimal(sizing.order_qty)} is above max_position_qty_per_symbol ` +
            `${formatDecimal(sizing.max_position_qty_per_symbol)}, so every BUY is skipped`,
        ]
      : []),
  ];
}

/** At which prices orders are filled: decided by every strategy, and stated by few. */
export function fillNote({ timing }: Strategy): string {
  return fillsLater(timing)
    ? 'at the prices of the step after their signal (timing.fill_at of the strategy)'
    : 'at the prices of the step that signals ("fill_at": "next_step" in the timing of the strategy: one later)';
}

/** A rule that has too few prices at every step at which it could speak. */
function silentNote({ timing }: Strategy, rule: Rule, index: number, { steps, name }: Course): readonly string[] {
  const windows = makeWindows();
  RULE_TABLE.kindOf(rule).make(rule, windows);
  const needed = windows.lookback() + 1;
  if (needed <= pricesAtLastSignal(steps, timing)) return [];
  const field = Object.entries(rule).find(([, value]) => value === needed)?.[0];
  const window = field === undefined ? `needs ${String(needed)} prices` : `${field} ${String(needed)}`;
  const length = `${name} (${steps === 1 ? '1 step' : `${String(steps)} steps`})`;
  const why =
    needed > steps
      ? `${window} is longer than ${length}`
      : `${window} and evaluation_frequency_steps ${String(timing.evaluation_frequency_steps)} never meet in ${length}`;
  return [`${ruleName(rule, index)}: ${why}, so it never signals`];
}

function symbolNote(rules: readonly Rule[], symbol: string): readonly string[] {
  const named = rules.flatMap((rule, index) => (rule.symbol === symbol ? [ruleName(rule, index)] : []));
  if (named.length === 0) return [`${symbol} is in the universe, and no rule speaks of it`];
  if (named.length === 1) return [];
  return [`${symbol} has ${String(named.length)} rules; where they disagree at a step, the last that signals wins: ${named.join(', ')}`];
}

function ruleName({ type, symbol }: Rule, index: number): string {
  return `/rules/${String(index)} (${type}, ${symbol})`;
}

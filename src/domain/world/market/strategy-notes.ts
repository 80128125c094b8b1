/** What a legal strategy decides without saying so: rules that cannot speak, speak against each other, or cannot be followed. Sentences. */
import { formatDecimal } from '../../decimal/decimal';
import { type Rule, RULE_TABLE } from './rules/table';
import { makeWindows } from './rules/windows';
import { noAccount } from './rules/account';
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
    ...symbolNotes(rules, universe.symbols),
    ...(sizing.order_qty > sizing.max_position_qty_per_symbol
      ? [
          `sizing: order_qty ${formatDecimal(sizing.order_qty)} is above max_position_qty_per_symbol ` +
            `${formatDecimal(sizing.max_position_qty_per_symbol)}, so every BUY of that quantity is skipped`,
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

/** A window that is not full at any step at which its rule is looked at. */
function silentNote({ timing }: Strategy, rule: Rule, index: number, { steps, name }: Course): readonly string[] {
  const longest = windowsOf(rule).reduce((most, use) => (use.prices > most.prices ? use : most), { window: 0, prices: 0 });
  const { window, prices } = longest;
  if (prices <= pricesAtLastSignal(steps, timing)) return [];
  const field = Object.entries(rule).find(([, value]) => value === window)?.[0] ?? 'the window';
  const length = `${name} (${steps === 1 ? '1 step' : `${String(steps)} steps`})`;
  const setting = `${ruleName(rule, index)}: ${field} ${String(window)}`;
  if (window > steps) return [`${setting} is longer than ${length}, so it is never full`];
  const every =
    timing.evaluation_frequency_steps === 1 ? '' : ` at evaluation_frequency_steps ${String(timing.evaluation_frequency_steps)}`;
  return [`${setting} needs ${String(prices)} prices and is not full${every} in ${length}`];
}

interface WindowUse {
  /** As the rule says it. Unit: steps. */
  readonly window: number;
  /** How many prices fill it. */
  readonly prices: number;
}

/** What a rule asks for when it is made, which is where its windows are stated. */
function windowsOf(rule: Rule): readonly WindowUse[] {
  const used: WindowUse[] = [];
  const windows = makeWindows();
  const noted =
    <A>(make: (steps: number) => A, more: number) =>
    (steps: number): A => {
      used.push({ window: steps, prices: steps + more });
      return make(steps);
    };
  RULE_TABLE.kindOf(rule).make(
    rule,
    {
      ...windows,
      sum: noted(windows.sum, 0),
      squares: noted(windows.squares, 0),
      exponential: noted(windows.exponential, 0),
      changes: noted(windows.changes, 1),
      highestBefore: noted(windows.highestBefore, 1),
      lowestBefore: noted(windows.lowestBefore, 1),
    },
    noAccount(),
  );
  return used;
}

function symbolNotes(rules: readonly Rule[], symbols: readonly string[]): readonly string[] {
  const named = new Map<string, string[]>(symbols.map((symbol) => [symbol, []]));
  rules.forEach((rule, index) => named.get(rule.symbol)?.push(ruleName(rule, index)));
  const several = [...named].filter(([, names]) => names.length > 1);
  const none = symbols.filter((symbol) => named.get(symbol)?.length === 0);
  const [are, them] = none.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return [
    ...several.map(
      ([symbol, names]) =>
        `${symbol} has ${String(names.length)} rules; where they disagree at a step, the last that signals wins: ${firstOf(names)}`,
    ),
    ...(none.length === 0 ? [] : [`${firstOf(none)} ${are} in the universe, and no rule speaks of ${them}`]),
  ];
}

const NAMES_SHOWN = 10;

function firstOf(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).join(', ');
  return names.length > NAMES_SHOWN ? `${shown} and ${String(names.length - NAMES_SHOWN)} more` : shown;
}

function ruleName({ type, symbol }: Rule, index: number): string {
  return `/rules/${String(index)} (${type}, ${symbol})`;
}

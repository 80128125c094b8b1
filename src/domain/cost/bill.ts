/**
 * The worst case of a deployment in USD: quantities times prices, by component, for an invocation, an hour and a month.
 * Invariant: every rounding goes up, and a total is the sum of what is shown beside it.
 */
import type { BillMode, Limits } from './limits';
import { ceilDiv, type Picodollars, roundUp, usdText } from './money';
import { type Component, COMPONENTS, type PriceTable } from './prices';
import {
  type Callers,
  notified,
  ofHour,
  ofInvocation,
  ofRefusals,
  ofSweep,
  ofSweepHour,
  ofTypicalMonth,
  type Quantities,
  standing,
  type Stops,
} from './quantities';

/** Amounts as text: dollars with six decimals. */
export interface Charges {
  readonly total: string;
  readonly by_component: Readonly<Record<Component, string>>;
}

export interface HourAndMonth {
  readonly per_hour: Charges;
  readonly per_month: Charges;
}

export interface Bill extends HourAndMonth {
  /** Of the dearest mode. */
  readonly per_invocation: Charges & { readonly mode: BillMode; readonly by_mode: Readonly<Partial<Record<BillMode, Charges>>> };
  /** The same where callers also reach the functions past the API, with `lambda:InvokeFunction`. */
  readonly with_direct_invocations: HourAndMonth;
  /** The same as long as every session ends when it is told to: what is missing here is what stops that fail can cost. */
  readonly while_stops_work: HourAndMonth & { readonly per_invocation: Charges };
  /** Not a bound: so many ordinary requests to each function, and what stands whether it is used or not. */
  readonly typical_month: Charges & { readonly requests: number };
}

export const TYPICAL_REQUESTS = 1_000;

/** The longest month. */
const HOURS_PER_MONTH_MAX = 744n;
/** What is charged by the month is spread over its hours: those of the shortest one. */
const HOURS_PER_MONTH_MIN = 672n;

type Amounts = Readonly<Record<Component, Picodollars>>;

const COMPONENT_NAMES = Object.keys(COMPONENTS) as Component[];

export function billOf(limits: Limits, table: PriceTable, typicalRequests = TYPICAL_REQUESTS): Bill {
  const modes = [...limits.modes].sort().map((mode) => ({ mode, amounts: priced([ofInvocation(mode, limits)], table) }));
  const dearest = modes.reduce((most, one) => (totalOf(one.amounts) > totalOf(most.amounts) ? one : most));
  return {
    per_invocation: {
      mode: dearest.mode,
      ...charges(dearest.amounts),
      by_mode: Object.fromEntries(modes.map(({ mode, amounts }) => [mode, charges(amounts)])),
    },
    ...hourAndMonth(limits, table, 'api'),
    with_direct_invocations: hourAndMonth(limits, table, 'direct'),
    while_stops_work: {
      per_invocation: charges(dearestOf(modes.map(({ mode }) => priced([ofInvocation(mode, limits, 'work')], table)))),
      ...hourAndMonth(limits, table, 'api', 'work'),
    },
    typical_month: {
      requests: typicalRequests,
      ...charges(priced([ofTypicalMonth(limits, BigInt(typicalRequests)), standing(limits)], table)),
    },
  };
}

/** The most that one sweep of so many cells, and files of so many bytes, can cost: what it is held against before it begins. */
export function sweepQuote(
  limits: Limits,
  table: PriceTable,
  { cells, fileBytes }: { readonly cells: number; readonly fileBytes: number },
): Charges & { readonly allowed: boolean } {
  const amounts = priced([ofSweep(limits, BigInt(cells), BigInt(fileBytes))], table);
  const most = limits.max_sweep_cost_usd * PICODOLLARS_PER_UNIT;
  return { ...charges(amounts), allowed: totalOf(amounts) <= most };
}

/** A decimal has 8 digits. */
const PICODOLLARS_PER_UNIT = 10n ** 4n;

function dearestOf(amounts: readonly Amounts[]): Amounts {
  return amounts.reduce((most, one) => (totalOf(one) > totalOf(most) ? one : most));
}

function hourAndMonth(limits: Limits, table: PriceTable, callers: Callers, stops: Stops = 'fail'): HourAndMonth {
  const used = priced([ofHour(limits, callers, stops), ofSweepHour(limits), notified(limits)], table);
  const hour = { ...used, refused_requests: sumOf(priced([ofRefusals(limits)], table)) };
  const month = priced([standing(limits)], table);
  return {
    per_hour: charges(combined(hour, month, (caused, stands) => caused + ceilDiv(stands, HOURS_PER_MONTH_MIN))),
    per_month: charges(combined(hour, month, (caused, stands) => caused * HOURS_PER_MONTH_MAX + stands)),
  };
}

/** Each part is priced, and rounded up, by itself. */
function priced(parts: readonly Quantities[], { prices }: PriceTable): Amounts {
  return byComponent((component) =>
    COMPONENTS[component].reduce(
      (amount, name) => parts.reduce((sum, part) => sum + ceilDiv((part[name] ?? 0n) * prices[name].usd, BigInt(prices[name].per)), amount),
      0n,
    ),
  );
}

function sumOf(amounts: Amounts): Picodollars {
  return COMPONENT_NAMES.reduce((total, component) => total + amounts[component], 0n);
}

function combined(a: Amounts, b: Amounts, combine: (a: Picodollars, b: Picodollars) => Picodollars): Amounts {
  return byComponent((component) => combine(a[component], b[component]));
}

function byComponent<A>(value: (component: Component) => A): Readonly<Record<Component, A>> {
  return Object.fromEntries(COMPONENT_NAMES.map((component) => [component, value(component)])) as Record<Component, A>;
}

/** Of the rounded amounts, so that a column adds up. */
function totalOf(amounts: Amounts): Picodollars {
  return COMPONENT_NAMES.reduce((total, component) => total + roundUp(amounts[component]), 0n);
}

function charges(amounts: Amounts): Charges {
  return { total: usdText(totalOf(amounts)), by_component: byComponent((component) => usdText(amounts[component])) };
}

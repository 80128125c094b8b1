/**
 * What the rows of a tape took from the budget, row by row. Invariant: the last of it equals the seal's `budget_state`; a page that shows both
 * shows a difference.
 */
import { type BudgetState, type Costs, costOf, type Meter, metersOf, NOTHING_SPENT, spentState } from '../budget/budget';
import { canonical, type Json } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import type { Row } from '../tape/chain';

export interface Spending {
  /** What was spent up to and with this row. The same object as before where the row is free. */
  readonly next: (row: Row) => BudgetState;
}

export function makeSpending(): Spending {
  let spent: BudgetState = NOTHING_SPENT;
  let planned = false;
  /** Of acts of an agent, and of grants, until they end: what each was charged. */
  let guarded: Map<Json | undefined, Costs> | undefined;
  let wallMax = 0;
  /** Of the act that the last segment announced: no row but its intent says what it costs. */
  let money: Costs = {};
  return {
    next: (row) => {
      const costs = guarded === undefined ? costsOf(row, planned) : guardCosts(row, guarded, wallMax);
      if (row['type'] === 'run') {
        spent = spentState(limitsOf(row));
        const mode = isRecord(row['inputs']) ? row['inputs']['mode'] : undefined;
        planned = typeof mode === 'string' && CALLS_ARE_STEPS.includes(mode);
        guarded = mode === 'guard' ? new Map() : undefined;
        wallMax = limitsOf(row).find(({ dimension }) => dimension === 'wall_ms')?.max ?? 0;
      }
      if (row['type'] === 'resume') {
        spent = resumed(spent, row);
        money = isRecord(row['pending']) ? moneyOf(row['pending']['costs']) : {};
      }
      // A breaker that has refused counts no more time.
      if (row['type'] === 'stop' && isRecord(row['error']) && row['error']['code'] === 'budget_exceeded') wallMax = 0;
      if (costs !== undefined) spent = added(spent, costs);
      if (row['type'] === 'tool' || row['type'] === 'memory') {
        spent = added(spent, money);
        money = {};
      }
      return spent;
    },
  };
}

/** Modes of which a step of the budget is a call: a committed step of the world is part of one. */
const CALLS_ARE_STEPS = ['agentcore-tools', 'session'];

/** A segment of a session says what was spent before it, settled and refunded; the outcome of an act that was written ahead is charged again by its row. */
function resumed(spent: BudgetState, { budget_state: state, pending }: Row): BudgetState {
  if (!isRecord(state)) return spent;
  const tools = isRecord(state['tools']) ? { tools: counts(state['tools']) } : {};
  const before = { ...NOTHING_SPENT, ...counts(state), ...tools };
  return isRecord(pending) && isRecord(pending['costs']) ? added(before, negative(pending['costs'])) : before;
}

function moneyOf(costs: Json | undefined): Costs {
  return isRecord(costs) && typeof costs['cost_microusd'] === 'number' ? { cost_microusd: costs['cost_microusd'] } : {};
}

function negative(costs: Readonly<Record<string, unknown>>): Costs {
  const of = (amounts: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> =>
    Object.fromEntries(Object.entries(counts(amounts)).map(([name, amount]) => [name, -amount]));
  return { ...of(costs), ...(isRecord(costs['tools']) ? { tools: of(costs['tools']) } : {}) };
}

/** What a grant takes: every limit of the child in full; a peak is held by each alone. */
export function grantCosts({ budget }: Row): Costs {
  const limits = limitsOf({ inputs: { budget: budget ?? null } });
  return spentState(limits.map((meter) => ({ ...meter, spent: meter.row.kind === 'peak' ? 0 : meter.max })));
}

/** What a refund takes: less than nothing. */
export function refundCosts({ granted, spent }: Row): Costs {
  if (!isRecord(granted) || !isRecord(spent)) return {};
  const unused = (all: Readonly<Record<string, number>>, used: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
    Object.fromEntries(Object.entries(all).map(([name, amount]) => [name, Math.min(0, (used[name] ?? 0) - amount)]));
  const tools =
    isRecord(granted['tools']) && isRecord(spent['tools']) ? unused(counts(granted['tools']), counts(spent['tools'])) : undefined;
  return { ...unused(counts(granted), counts(spent)), ...(tools === undefined ? {} : { tools }) };
}

/** `planned`: the steps of a tool plan are its calls, and a committed step is part of one. */
function costsOf(row: Row, planned: boolean): Costs | undefined {
  switch (row['type']) {
    case 'step':
      return planned ? undefined : { steps: 1, ...(typeof row['fuel'] === 'number' ? { fuel: row['fuel'] } : {}) };
    case 'tool':
      return { steps: 1, tool_calls: 1, ...(typeof row['name'] === 'string' ? { tools: { [row['name']]: 1 } } : {}) };
    case 'model':
      return { model_calls: 1 };
    case 'memory':
      return { memory_ops: 1, memory_bytes: requestBytes(row) + answerBytes(row) };
    case 'intent':
      return isRecord(row['costs']) ? row['costs'] : undefined;
    case 'grant':
      return grantCosts(row);
    case 'refund':
      return refundCosts(row);
    case 'seal':
      // The step that ended the run for its worth was charged and has no row.
      return isRecord(row['error']) && row['error']['code'] === 'out_of_range' ? { steps: 1 } : undefined;
    default:
      return undefined;
  }
}

/** What a row of a guarded run changes: an act is charged at its intent, and less than that once it reports. */
function guardCosts(row: Row, charged: Map<Json | undefined, Costs>, wallMax: number): Costs | undefined {
  const { type, index, child } = row;
  const wall = typeof row['wall_ms'] === 'number' ? { wall_ms: Math.min(row['wall_ms'], wallMax) } : {};
  switch (type) {
    case 'intent': {
      const costs = recordedCosts(row['costs']);
      charged.set(index, costs);
      return { ...costs, ...wall };
    }
    case 'tool':
    case 'model': {
      const before = charged.get(index) ?? {};
      charged.delete(index);
      return { ...minus(recordedCosts(row['costs']), before), ...wall };
    }
    case 'grant': {
      const { steps: _steps, ...given } = givenCosts(row['budget']);
      charged.set(child, given);
      return given;
    }
    case 'refund': {
      const before = charged.get(child) ?? {};
      charged.delete(child);
      return minus(recordedCosts(row['spent']), before);
    }
    default:
      return undefined;
  }
}

function recordedCosts(value: Json | undefined): Costs {
  if (!isRecord(value)) return {};
  const { tools } = value;
  return { ...counts(value), ...(isRecord(tools) ? { tools: counts(tools) } : {}) };
}

function givenCosts(budget: Json | undefined): Costs {
  const meters = limitsOf({ inputs: { budget: budget ?? null } }).filter(({ row }) => row.kind === 'sum');
  return spentState(
    meters.map(({ dimension, tool, max }) => ({
      spent: max,
      ...(dimension === undefined ? {} : { dimension }),
      ...(tool === undefined ? {} : { tool }),
    })),
  );
}

/** What `costs` are below or above `before`, in each that either names. */
function minus(costs: Costs, before: Costs): Costs {
  const less = (a: object, b: object): object => {
    const [of, from] = [a as Readonly<Record<string, number>>, b as Readonly<Record<string, number>>];
    return Object.fromEntries(
      [...new Set([...Object.keys(of), ...Object.keys(from)])].map((key) => [key, (of[key] ?? 0) - (from[key] ?? 0)]),
    );
  };
  const { tools, ...sums } = costs;
  const { tools: toolsBefore, ...sumsBefore } = before;
  return {
    ...less(sums, sumsBefore),
    ...(tools === undefined && toolsBefore === undefined ? {} : { tools: less(tools ?? {}, toolsBefore ?? {}) as Costs['tools'] }),
  } as Costs;
}

function requestBytes({ op, key, value }: Row): number {
  return bytesOf({ op: op ?? null, key: key ?? null, ...(value === undefined ? {} : { value }) });
}

/** A value that did not fit was withheld, and is not paid for. */
function answerBytes({ result }: Row): number {
  if (!isRecord(result) || result['found'] !== true || result['withheld'] === true) return 0;
  const { value } = result;
  const { bytes } = result;
  if (value !== undefined) return bytesOf(value);
  return typeof bytes === 'number' ? bytes : 0;
}

function bytesOf(value: Json): number {
  return new TextEncoder().encode(canonical(value)).length;
}

/** Of the dimensions that are counted: time does not add up. */
function added(spent: BudgetState, { tools, wall_ms: wallMs, ...costs }: Costs): BudgetState {
  const sums: Record<string, unknown> = { ...spent };
  if (wallMs !== undefined && spent.wall_ms !== undefined) sums['wall_ms'] = Math.max(spent.wall_ms, wallMs);
  for (const [dimension, amount] of Object.entries(costs)) {
    const before = sums[dimension];
    if (typeof before === 'number') sums[dimension] = before + amount;
  }
  if (spent.tools !== undefined)
    sums['tools'] = Object.fromEntries(
      Object.entries(spent.tools).map(([tool, calls]) => [tool, calls + costOf({ tool }, { tools: tools ?? {} })]),
    );
  return sums as BudgetState;
}

/** The limits that the run row names, with what was spent of each; none where they are no budget. */
export function limitsOf(runRow: Row, spent: Costs = {}): readonly Meter[] {
  const inputs = runRow['inputs'];
  const budget = isRecord(inputs) && isRecord(inputs['budget']) ? inputs['budget'] : {};
  const tools = isRecord(budget['tools']) ? { tools: counts(budget['tools']) } : {};
  return metersOf({ ...counts(budget), ...tools }, spent);
}

/** The counts among the members: a page draws what it can of a row that somebody changed. */
function counts(members: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(members).filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

export interface Trip {
  readonly limiter: string;
  /** What the act that was refused would have cost. */
  readonly requested: number;
  readonly message: string;
}

/** Which breaker ended the run, as its seal says; nothing where none did. */
export function tripOf(seal: Row): Trip | undefined {
  const { error } = seal;
  if (!isRecord(error) || error['code'] !== 'budget_exceeded') return undefined;
  const { limiter, requested, message } = error;
  return { limiter: textOf(limiter), requested: typeof requested === 'number' ? requested : 0, message: textOf(message) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

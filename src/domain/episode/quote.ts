/**
 * What calls would take, found out on a copy of an episode that nothing limits and nobody keeps: calls that stay inside are made there, for what they
 * come to decides whether the next one begins. Nothing is sent and nothing is charged. docs/spec.md section 8.
 * Invariant: whatever the outside answers, making the calls takes no less than the least and no more than the most.
 */
import { type CallSource, NO_CALLS } from '../agent/calls';
import type { Unbounded } from '../agent/stop';
import type { ToolCall, OpenedPorts, OutsidePorts, Tool } from '../agent/tool';
import { type Budget, type BudgetState, type Costs, costOf, metersOf } from '../budget/budget';
import { COUNT_MAX } from '../limits';
import type { Episode } from './episode';

export interface Quoted {
  /** Where each act outside fails, which ends the calls; and where each of them goes well. */
  readonly least: BudgetState;
  readonly most: BudgetState;
  /** The call that is refused under every budget that limits this: nobody can say the most that it takes. The calls before it are quoted. */
  readonly refused?: Pick<Unbounded, 'code' | 'limiter' | 'message'> & { readonly index: number };
}

export interface QuotedBudget extends Quoted {
  /** Whether the budget has the most of it. */
  readonly fits: boolean;
  /** For each limit that is too small for the most: the smallest that would do. */
  readonly needed: Readonly<Record<string, number>>;
}

type Copy = Pick<Episode<never, never, unknown>, 'call' | 'breaker'>;

export interface Quoting {
  /** The copy, with nothing spent; `limitless` is its budget. */
  readonly open: (calls: CallSource) => Copy;
  readonly tools: readonly Pick<Tool<never>, 'name' | 'recorded'>[];
  /** A port that is absent is not enabled: a call of it fails, and that is known. */
  readonly ports: OutsidePorts;
  /** What is left of the memory bytes: a value that comes back is paid for by its size, with all of them at the most. */
  readonly memoryBytesLeft: number;
}

/** What acts outside would have been made so far. */
interface Seen {
  /** Spent when the first of them would have been sent. */
  least: BudgetState | undefined;
  /** Whether what a world would do hangs on one of them. */
  proposed: boolean;
  /** Whether one of them brings a value that is paid for. */
  values: boolean;
}

export async function quoteCalls({ open, tools, ports, memoryBytesLeft }: Quoting, calls: readonly ToolCall[]): Promise<Quoted> {
  const good = new Map(tools.map(({ name, recorded }) => [name, recorded]));
  // Only asked whether they are there: what is not sent needs no session.
  const there = Object.fromEntries(
    Object.entries(ports).flatMap(([name, port]) => (port === undefined ? [] : [[name, {}]])),
  ) as OpenedPorts;
  const seen: Seen = { least: undefined, proposed: false, values: false };
  const copy = open({
    ...NO_CALLS,
    answer: (intent, act, rowType) => {
      const recorded = good.get(intent.tool);
      if (recorded === undefined || act.sender(there) === undefined) return NO_CALLS.answer(intent, act, rowType);
      seen.least ??= copy.breaker.state();
      seen.proposed ||= recorded.rowType === 'model';
      seen.values ||= recorded.withheld !== undefined;
      return Promise.resolve({ source: 'local', recorded: { ok: true, result: recorded.good } });
    },
  });
  let refused: Quoted['refused'];
  for (const [index, call] of calls.entries()) {
    const { stop } = await copy.call(index, call);
    if (stop === undefined) continue;
    if (stop.code === 'unbounded' || stop.code === 'unpriced') {
      const { code, limiter, message } = stop;
      refused = { index, code, limiter, message };
      break;
    }
    // What a proposal would have made of the state is not known, so neither is this refusal: at the most it is none. Its step is taken either way.
    if (stop.code !== 'simulation_rejected' || !seen.proposed) break;
  }
  const spent = copy.breaker.state();
  const most = seen.values ? { ...spent, memory_bytes: Math.max(spent.memory_bytes, memoryBytesLeft) } : spent;
  return { least: seen.least ?? most, most, ...(refused === undefined ? {} : { refused }) };
}

/** A quote against what a budget has left. */
export function fitted(quoted: Quoted, budget: Budget, spent: Costs = {}): QuotedBudget {
  const short = metersOf(budget, spent).flatMap((meter) => {
    const used = meter.row.kind === 'peak' ? 0 : meter.spent;
    const wanted = costOf(meter, quoted.most);
    return wanted <= meter.max - used ? [] : [[meter.limiter, used + wanted] as const];
  });
  return { ...quoted, fits: short.length === 0 && quoted.refused === undefined, needed: Object.fromEntries(short) };
}

/** The same limits, of which none is ever reached. */
export function limitless(budget: Budget): Budget {
  const { tools, ...limits } = budget;
  const all = <T extends object>(from: T): T => Object.fromEntries(Object.keys(from).map((key) => [key, COUNT_MAX])) as T;
  return { ...all(limits), ...(tools === undefined ? {} : { tools: all(tools) }) };
}

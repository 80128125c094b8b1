/**
 * The book of a guarded run: acts are entered before they are sent and settled after it. It knows no clock and no port, so whoever guards an
 * agent and whoever verifies the tape do the same. docs/spec.md sections 9 and 10.
 * Invariants: what is spent never exceeds the budget; after the first refusal nothing more is granted; an act whose report never came, or that
 * says less than it took, stays charged in full.
 */
import { isLeft } from 'fp-ts/Either';
import type { RunStop, StoppedByOperator } from '../agent/stop';
import { assert } from '../assert';
import { chargeElapsed } from '../budget/breaker';
import type { Budget, Costs } from '../budget/budget';
import type { Episode } from '../episode/episode';
import { cell } from '../markdown';
import { chargedOf, grantCosts } from '../session/grant';
import { grantRow, refundRow } from '../session/rows';
import { type GuardedAct, brokenBound, reservationOf, chargedCosts } from './act';
import type { ModelPriceTable } from '../budget/prices';
import { grantStopRow, intentRow, type GuardedOutcome, outcomeRow, stopRow } from './rows';

export interface GuardBook {
  /** Enters an act: its number, or why it must not be sent. Synchronous, so parallel acts cannot slip between check and count. */
  readonly begin: (act: GuardedAct, wallMs: number | undefined) => { readonly index: number } | { readonly refused: RunStop };
  /** Settles an act that was begun, once. */
  readonly end: (index: number, outcome: GuardedOutcome, wallMs: number | undefined) => void;
  readonly isPending: (index: number) => boolean;
  /** Acts whose outcome is not known yet, in the order in which they began. */
  readonly pending: () => readonly number[];
  /** Takes the budget of a child out of this one. */
  readonly grant: (child: string, name: string, budget: Budget) => RunStop | undefined;
  /** Takes back what a sealed child did not use of it, once; false where nothing of it is out. `spent`: of what it was granted. */
  readonly refund: (child: string, head: string, spent: Costs) => boolean;
  /** An operator ends the run: from here on nothing is granted. */
  readonly halt: (stop: StoppedByOperator) => void;
  /** The first refusal, which latched. */
  readonly stop: () => RunStop | undefined;
  /** Acts that were begun. */
  readonly acts: () => number;
  /** Rows of the report's table of calls. */
  readonly reportRows: () => readonly string[];
}

/** A loop that does not mind refusals must not fill a disk: so many are rows of their own. */
const REFUSED_ROWS_MAX = 1_000;
const REPORT_ROWS_MAX = 200;

type GuardEpisode = Pick<Episode<never, never, never>, 'append' | 'breaker'>;

export function makeGuardBook(episode: GuardEpisode, budget: Budget, prices: ModelPriceTable): GuardBook {
  const { breaker, append } = episode;
  const begun = new Map<number, { readonly act: GuardedAct; readonly costs: Costs }>();
  /** Grants that are out, by child. */
  const children = new Map<string, Costs>();
  const lines: string[] = [];
  let [entered, acts, refused, unlisted] = [0, 0, 0, 0];
  let latched: RunStop | undefined;

  function refuse(index: number, act: GuardedAct, stop: RunStop, wallMs: number | undefined): { readonly refused: RunStop } {
    latched ??= stop;
    refused += 1;
    if (refused <= REFUSED_ROWS_MAX) {
      append(stopRow(index, act, latched, wallMs));
      list(index, `${act.kind} ${act.name}`, 'no', `refused: ${latched.message}`);
    }
    return { refused: latched };
  }

  function list(index: number, what: string, ok: string, answer: string): void {
    if (lines.length >= REPORT_ROWS_MAX) unlisted += 1;
    else lines.push(`| ${String(index)} | ${cell(what)} | ${ok} | ${cell(answer)} |`);
  }

  function begin(act: GuardedAct, wallMs: number | undefined): { readonly index: number } | { readonly refused: RunStop } {
    const index = entered;
    if (latched !== undefined) {
      if (refused < REFUSED_ROWS_MAX) entered += 1;
      return refuse(index, act, latched, wallMs);
    }
    entered += 1;
    const reservation = reservationOf(act, budget, prices, breaker.state());
    if (isLeft(reservation)) return refuse(index, act, reservation.left, wallMs);
    const costs = reservation.right;
    const exceeded = breaker.reserveAll(wallMs === undefined ? costs : { ...costs, wall_ms: wallMs });
    if (exceeded !== undefined) return refuse(index, act, exceeded, wallMs);
    begun.set(index, { act, costs });
    acts += 1;
    append(intentRow(index, act, costs, wallMs));
    return { index };
  }

  function end(index: number, outcome: GuardedOutcome, wallMs: number | undefined): void {
    const entry = begun.get(index);
    assert(entry !== undefined, 'an act ends once, after it began');
    begun.delete(index);
    const { act, costs } = entry;
    const charged = chargedCosts(costs, act.name, outcome.usage, prices);
    breaker.charge(costs, charged);
    const late = wallMs === undefined ? undefined : chargeElapsed(breaker, budget, wallMs);
    append(outcomeRow(index, act, outcome, charged, wallMs));
    list(index, `${act.kind} ${act.name}`, outcome.ok ? 'yes' : 'no', answerOf(outcome));
    latched ??= late;
    const broken = brokenBound(costs, act.name, outcome.usage, prices);
    if (broken === undefined || latched !== undefined) return;
    const { dimension, most, reported } = broken;
    const message = `act ${String(index)} reports ${String(reported)} ${dimension} where it could take ${String(most)}: its bound does not hold, so nothing more is sent`;
    latched = { code: 'unbounded', limiter: `max_${dimension}`, message, budgets: { budget, budget_state: breaker.state() } };
  }

  return {
    begin,
    end,
    isPending: (index) => begun.has(index),
    pending: () => [...begun.keys()],
    grant: (child, name, given) => {
      latched ??= breaker.reserveAll(stepless(given));
      if (latched === undefined) {
        children.set(child, stepless(given));
        append(grantRow({ child, name, budget: given }));
      } else if (refused < REFUSED_ROWS_MAX) {
        append(grantStopRow(entered, { child, name, budget: given }, latched));
        list(entered, `grant to ${name}`, 'no', `refused: ${latched.message}`);
        entered += 1;
        refused += 1;
      }
      return latched;
    },
    refund: (child, head, spent) => {
      const granted = children.get(child);
      if (granted === undefined) return false;
      children.delete(child);
      const used = chargedOf(granted, spent);
      breaker.charge(granted, used);
      append(refundRow({ child, head, granted, spent: used }));
      return true;
    },
    halt: (stop) => {
      latched ??= stop;
    },
    stop: () => latched,
    acts: () => acts,
    reportRows: () => (unlisted === 0 ? lines : [...lines, `| … | ${String(unlisted)} more in \`tape.jsonl\` | | |`]),
  };
}

/** Acts of an agent take no steps, so no grant does. */
function stepless(given: Budget): Costs {
  return { ...grantCosts(given), steps: 0 };
}

function answerOf({ usage, result, error }: GuardedOutcome): string {
  if (error !== undefined) return error.message;
  const size = result === undefined ? 'nothing' : `${String(result.bytes)} bytes`;
  return usage === undefined ? size : `${String(usage.input_tokens)} tokens in, ${String(usage.output_tokens)} out; ${size}`;
}

/**
 * Where an episode stands between two acts. Together with its inputs it determines everything that follows, so an episode can go on from a
 * cursor in another process: a verifier from a checkpoint, a session from its last request.
 */
import type { JsonObject } from '../canonical/canonical';
import type { OutOfRange } from '../agent/stop';
import type { BudgetExceeded, BudgetState } from '../budget/budget';
import type { Decisions } from './world';

/** What the world's policy, or a planner, said last: a later call may leave its actions out. */
export interface Evaluation<P> {
  readonly step: number;
  readonly plan: P;
}

/** The part of a cursor that a world has. */
export interface WorldCursor<S, P> {
  /** The next step not yet committed: world time only moves forward, and a plan may leave steps out. */
  readonly step: number;
  readonly state: S;
  /** Members of a seal at this point; see `World.totals`. */
  readonly totals: JsonObject;
  readonly evaluation?: Evaluation<P>;
}

export interface Cursor<S, P> {
  /** Nothing where the episode has no world. */
  readonly world: WorldCursor<S, P> | undefined;
  /** Hash of the last row of the tape, and of the ledger (of tape row 0 while it has none). */
  readonly tapeHead: string;
  readonly ledgerHead: string;
  /** Rows of the ledger. */
  readonly ledgerRows: number;
  /** Steps committed. */
  readonly steps: number;
  readonly decisions: Decisions;
  readonly spent: BudgetState;
  /** Why the next step of a run of steps was refused, where it was: it is charged and not taken. */
  readonly outOfRange?: OutOfRange;
  /** The first refusal of the budget, which latched. */
  readonly refusal?: BudgetExceeded;
}

/**
 * The seam between an episode and the world it acts on. A world is a value: it says what its state, its inputs and its acts are, and what a
 * step does; an episode pays for steps, records them and seals them without knowing which world it is. The market is one world.
 *
 * Four types, all immutable once handed out (an input is filled anew by each `scan`):
 * - `S` the state, `I` one input of the path (a market: the prices of a step),
 * - `P` a plan: what is to be done at a step and why, `A` the actions in it as an outsider may propose them,
 * - `T` a transition: what a step did. A step is atomic: refused, `after` is the very state it began with.
 */
import type { Either } from 'fp-ts/Either';
import type { RefusedAction } from '../agent/stop';
import type { Costs } from '../budget/budget';
import type { JsonObject } from '../canonical/canonical';
import type { Codec } from '../codec/codec';
import type { Problem } from '../codec/problem';
import type { Chains } from './chains';

/** `HOLD`: nothing was to be done. `REJECTED`: the world refused, and nothing changed. */
export type Decision = 'APPROVED' | 'REJECTED' | 'HOLD';

export type Decisions = Readonly<Record<Decision, number>>;

export const NO_DECISIONS: Decisions = { APPROVED: 0, REJECTED: 0, HOLD: 0 };

export interface Transitioned<S> {
  readonly decision: Decision;
  readonly after: S;
}

/** What an engine that runs a world may take of the budget, and has taken. */
export interface FuelMeter {
  /** Fuel that the budget has left; a very large number where it sets no limit. */
  readonly fuelLeft: () => number;
  /** Charges what was used: never more fuel than there was left. */
  readonly charge: (costs: Costs) => void;
}

/** Where an act happens, and what it may take. */
export interface StepContext {
  readonly step: number;
  readonly meter: FuelMeter;
}

/** The world's own policy. Stateful: every input is observed once, in order; `plan` is about the one observed last. */
export interface Policy<S, I, P> {
  readonly observe: (input: I) => void;
  readonly plan: (step: number, state: S, input: I, meter: FuelMeter) => P;
}

/** Writes what a step did: one `step` row on the tape, and a row on the ledger for each effect. It moves the heads of both. */
export interface StepWriter<S, I, T> {
  readonly write: (step: number, input: I, transition: T) => void;
  /** Asserts that the effects written so far lead exactly from the state at the start to this one. */
  readonly audit: (state: S) => void;
}

/** How `report.md` shows a world: rows of Markdown tables, free text escaped by whoever makes them. */
export interface WorldReport<I, T> {
  /** Rows of the table of inputs, and of the outcome. `final`: members of the seal. */
  readonly inputRows: (inputs: JsonObject) => readonly string[];
  readonly outcomeRows: (final: JsonObject) => readonly string[];
  /** The head of the table of steps, two rows, and a row of it. */
  readonly stepHead: readonly [string, string];
  readonly stepLine: (step: number, input: I, transition: T) => string;
  /** Rows for a step that was refused, joined by newlines. */
  readonly refusalLines: (step: number, transition: T) => string;
}

export interface World<S, I, P, A, T extends Transitioned<S>> {
  /** How many inputs before a step its policy looks at: what a run that starts at a cursor reads first. Unit: steps. */
  readonly lookback: number;
  /** Whether an engine that the budget meters runs it: then no act begins where no fuel is left. */
  readonly metered?: true;

  // ---- State, as text ----
  readonly decodeState: (value: unknown) => Either<readonly Problem[], S>;
  readonly stateText: (state: S) => JsonObject;
  /** Members of the seal that sum the state up, such as `final_equity`; after a step (nothing: as they were before), and for a state at an input. */
  readonly totals: (transition: T) => JsonObject | undefined;
  readonly totalsAt: (state: S, input: I) => JsonObject;
  /** Whether the world has come to its end: no further step is taken, and the run is a finished one. Never where absent. */
  readonly isDone?: (state: S) => boolean;

  // ---- The path of inputs: lines of a normal form ----
  /** What it is called, such as `market`. */
  readonly path: string;
  /** Lines before the first input. */
  readonly headerLines: 0 | 1;
  /** What its lines look like. */
  readonly lineForm: string;
  readonly makeInput: () => I;
  /** Reads `text[start, end)`, one line without its newline. False when it is not in normal form. */
  readonly scan: (text: string, start: number, end: number, into: I) => boolean;

  // ---- A step ----
  readonly makePolicy: () => Policy<S, I, P>;
  readonly commit: (state: S, input: I, plan: P, context: StepContext) => T;
  /** Whether the input takes the state to where no row could hold it, whatever the plan: such a step is refused and has no row. */
  readonly isBeyondRange: (transition: T) => boolean;
  /** The same before any plan is known: why nothing can be done at an input, or nothing at all. */
  readonly beyondRangeAt: (state: S, input: I) => readonly RefusedAction[] | undefined;
  readonly makeWriter: (runId: string, from: S, chains: Chains) => StepWriter<S, I, T>;

  // ---- Acts of an agent, which knows the world as JSON ----
  /** What is to be seen of an input, in a state where it is the input that comes next. */
  readonly observe: (input: I, state: S | undefined) => JsonObject;
  /** What a planner is told. */
  readonly context: (state: S, input: I) => JsonObject;
  readonly actions: Codec<A>;
  /** A plan of these actions, proposed by an outsider; `evaluated` is what the policy said at the very step, if it was asked. */
  readonly planOf: (actions: A, evaluated: P | undefined) => P;
  readonly actionsOf: (plan: P) => A;
  /** The same actions at another step: without what held at their own step only. */
  readonly moved: (actions: A) => A;
  /** What makes actions impossible at an input before any rule is asked; nothing where they may be tried. */
  readonly impossible: (actions: A, step: number, input: I) => string | undefined;
  readonly planText: (plan: P) => JsonObject;
  readonly decodePlan: (value: unknown) => Either<readonly Problem[], P>;
  readonly outcome: (transition: T) => JsonObject;
  readonly refusals: (transition: T) => readonly RefusedAction[];

  readonly report: WorldReport<I, T>;
}

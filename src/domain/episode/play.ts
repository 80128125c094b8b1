/**
 * A world in play: its state, the one recorder of steps, and the world as tools see it. docs/spec.md sections 3, 4 and 6.
 * Invariants: world time only moves forward; whoever proposes actions, the world checks them all the same.
 */
import type { JsonObject } from '../canonical/canonical';
import { type Attempt, type WorldView } from '../agent/tool';
import { assert } from '../assert';
import { CHECKPOINT_INTERVAL_STEPS } from '../limits';
import { append, type Chains } from './chains';
import type { Evaluation, WorldCursor } from './cursor';
import type { Decision, Decisions, FuelMeter, Transitioned, World } from './world';

export type OnStep<I, T> = (step: number, input: I, transition: T, position: number) => void;

export interface Play<S, I, P, A, T> {
  readonly state: () => S;
  /** The next step not yet committed. */
  readonly next: () => number;
  /** Steps committed. */
  readonly steps: () => number;
  readonly decisions: () => Decisions;
  /** The one recorder of steps: its row, the rows of its effects, a checkpoint where one is due. Moves world time to behind `step`. */
  readonly record: (step: number, input: I, transition: T) => void;
  readonly view: WorldView<A>;
  readonly cursor: () => WorldCursor<S, P>;
}

/** What an episode needs to play a world. */
export interface WorldInPlay<S, I, P, A, T extends Transitioned<S>> {
  readonly world: World<S, I, P, A, T>;
  readonly initial: S;
  /** All inputs, for calls, which may be about any of them. Absent where steps are taken from a stream. */
  readonly path?: readonly I[];
  /** Sees every step that is committed; `position` counts them. It changes no byte. */
  readonly onStep?: OnStep<I, T>;
  /** False: a call may not be about a step behind the next one, nor may anything in its answer depend on one. True where absent. */
  readonly lookAhead?: boolean;
}

/** `from`, `taken` and `counted` continue an earlier episode. */
export function makePlay<S, I, P, A, T extends Transitioned<S>>(
  { world, initial, path = [], onStep, lookAhead = true }: WorldInPlay<S, I, P, A, T>,
  runId: string,
  chains: Chains,
  from: WorldCursor<S, P> | undefined,
  taken: number,
  counted: Decisions,
  meter: FuelMeter,
): Play<S, I, P, A, T> {
  const writer = world.makeWriter(runId, from?.state ?? initial, chains);
  const decisions: Record<Decision, number> = { ...counted };
  let state = from?.state ?? initial;
  let next = from?.step ?? 0;
  let steps = taken;
  let evaluation = from?.evaluation;
  let sums: JsonObject | undefined;

  function inputAt(step: number): I {
    const input = path[step];
    assert(input !== undefined, 'a call is about a step of the path');
    return input;
  }

  function record(step: number, input: I, transition: T): void {
    writer.write(step, input, transition);
    decisions[transition.decision] += 1;
    state = transition.after;
    sums = world.totals(transition) ?? sums;
    onStep?.(step, input, transition, steps);
    next = step + 1;
    steps += 1;
    if (next % CHECKPOINT_INTERVAL_STEPS === 0) {
      append(chains.tape, { type: 'checkpoint', step_index: step, state: world.stateText(state) });
    }
  }

  function evaluate(step: number): Evaluation<P> {
    const policy = world.makePolicy();
    for (let k = Math.max(0, step - world.lookback); k <= step; k += 1) policy.observe(inputAt(k));
    return { step, plan: policy.plan(step, state, inputAt(step), meter) };
  }

  function attempt(step: number, given: A | undefined, committing: boolean): Attempt {
    if (committing && step < next) {
      return { failed: `world time only moves forward: step ${String(step)}, and step ${String(next - 1)} is committed` };
    }
    if (given === undefined && evaluation === undefined) {
      return { failed: 'no actions given, and no evaluation before this call to take them from' };
    }
    const current = evaluation?.step === step ? evaluation.plan : undefined;
    const actions = given ?? actionsLeft(current);
    const impossible = world.impossible(actions, step, inputAt(step));
    if (impossible !== undefined) return { failed: impossible };
    const transition = world.commit(state, inputAt(step), world.planOf(actions, current), { step, meter });
    if (world.isBeyondRange(transition)) return { rejected: world.refusals(transition) };
    if (committing) record(step, inputAt(step), transition);
    const result = { step, ...world.outcome(transition) };
    return transition.decision === 'REJECTED' ? { result, rejected: world.refusals(transition) } : { result };
  }

  /** The actions of the last evaluation: as they stand at its own step, else without what held there only. */
  function actionsLeft(current: P | undefined): A {
    if (current !== undefined) return world.actionsOf(current);
    assert(evaluation !== undefined, 'actions are given or were evaluated');
    return world.moved(world.actionsOf(evaluation.plan));
  }

  /** The step that a planner is asked about. */
  const contextStep = (): number => Math.min(evaluation?.step ?? next, path.length - 1);

  function totals(): JsonObject {
    if (sums !== undefined) return sums;
    if (from !== undefined) return from.totals;
    const first = path[0];
    return first === undefined ? {} : world.totalsAt(state, first);
  }

  return {
    state: () => state,
    next: () => next,
    steps: () => steps,
    decisions: () => ({ ...decisions }),
    record,
    view: {
      path: world.path,
      steps: path.length,
      next: () => next,
      lookAhead,
      observe: (step) => world.observe(inputAt(step), state),
      evaluate: (step) => {
        evaluation = evaluate(step);
        return world.planText(evaluation.plan);
      },
      simulate: (step, actions) => attempt(step, actions, false),
      execute: (step, actions) => attempt(step, actions, true),
      context: () => {
        const step = contextStep();
        const rejected = world.beyondRangeAt(state, inputAt(step));
        return rejected === undefined ? { goalContext: { step, ...world.context(state, inputAt(step)) } } : { rejected };
      },
      consider: (actions) => {
        const step = contextStep();
        evaluation = { step, plan: world.planOf(actions, undefined) };
        return attempt(step, actions, false);
      },
    },
    cursor: () => {
      writer.audit(state);
      return { step: next, state, totals: totals(), ...(evaluation === undefined ? {} : { evaluation }) };
    },
  };
}

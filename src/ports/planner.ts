/** A planner outside the process, a model behind an agent: it proposes, and what it proposes is verified like any other plan. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Json } from '../domain/canonical/canonical';
import type { Problem } from '../domain/codec/problem';
import type { ProposedAction } from '../domain/world/market/proposal';
import type { Deadline } from './clock';
import type { Closable } from './closing';
import type { CallFailure, Source } from './dependency';

export interface Goal {
  /** What to reach, in the caller's words. */
  readonly goal: string;
  /** What the planner may know of the world. */
  readonly context: Json;
}

/** An answer came that is not a plan. It cost a model call all the same. */
export interface MalformedPlan {
  readonly _tag: 'MalformedPlan';
  readonly problems: readonly Problem[];
}

export interface Planner {
  readonly source: Source;
  /** For a reader of a tape or a log: what answers, in a few words. A scripted one says that it asks no model. */
  readonly label: string;
  /** One session for the goals of one run, named after it. Sends nothing: the first goal begins it. Whoever opens it closes it. */
  readonly open: (runId: string) => PlannerSession;
}

export interface PlannerSession extends Closable {
  /**
   * Asks once. The agent may remember earlier goals of the session. Neither idempotent nor deterministic, and never repeated: the answer is
   * recorded. An empty plan is an answer. `operationId` names the act, for whoever follows it in a trace. Cost: one request, one model call (the caller charges a tool call too), and the session's time
   * until it is closed.
   */
  readonly propose: (
    goal: Goal,
    operationId: string,
    deadline: Deadline,
  ) => TaskEither<MalformedPlan | CallFailure, readonly ProposedAction[]>;
}

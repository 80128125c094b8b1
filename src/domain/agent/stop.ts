/** Why a run ended without `ok`: one object, the same on the tape, in `run.json`, over HTTP and from the library. docs/spec.md sections 5 and 6. */
import type { Deadline } from '../../ports/clock';
import type { CallFailure, DependencyFailed } from '../../ports/dependency';
import type { StaleRead } from '../../ports/memory';
import type { BudgetExceeded, Limiter } from '../budget/budget';

export type DeadlineExceededStop = { readonly code: 'deadline_exceeded'; readonly message: string };

/** Why a world refused an action. */
export type RefusedAction = { readonly action_index: number; readonly code: string; readonly message: string };

/** The prices of a step take the worth of the state to 10^18 or more. docs/spec.md section 3. */
export type OutOfRange = { readonly code: 'out_of_range'; readonly message: string; readonly step_index: number };

export type SimulationRejected = {
  readonly code: 'simulation_rejected';
  readonly message: string;
  /** 0-based item of the plan. */
  readonly index: number;
  readonly verifier_errors: readonly RefusedAction[];
};

export type ToolFailed = {
  readonly code: 'tool_failed';
  readonly message: string;
  readonly index: number;
  readonly tool: string;
};

/** A call of a session about a step that is not there to be seen yet. */
export type LookAhead = {
  readonly code: 'look_ahead';
  readonly message: string;
  readonly index: number;
  readonly tool: string;
};

export type DependencyFailedStop = {
  readonly code: 'dependency_failed';
  readonly message: string;
  readonly service: string;
  readonly operation: string;
  /** `none`: the service did not act. `unknown`: it may have. */
  readonly effect: 'none' | 'unknown';
  readonly http_status?: number;
};

/**
 * An act that cannot be reserved, because nobody can say the most that it takes: `unbounded` in tokens, `unpriced` in money. An act that reports
 * more than its bound is `unbounded`, too: what it took above that is not in the state. docs/spec.md section 9.
 */
export type Unbounded = {
  readonly code: 'unbounded' | 'unpriced';
  readonly limiter: Limiter;
  readonly message: string;
  readonly budgets: BudgetExceeded['budgets'];
};

/** A memory that does not show yet what was written to it before. Nothing was concluded from it; asking again later is fine. */
export type StaleReadStop = Omit<DependencyFailedStop, 'code' | 'effect' | 'http_status'> & {
  readonly code: 'stale_read';
  readonly effect: 'none';
};

/**
 * An operator has stopped everything, or the stop switch could not be read, which counts the same: then nobody is named. Nothing was sent. What was
 * done until then is recorded. docs/spec.md section 12.
 */
export type StoppedByOperator = {
  readonly code: 'stopped_by_operator';
  readonly message: string;
  readonly who: string | null;
  readonly why: string;
  /** UTC, ISO 8601. */
  readonly at: string | null;
};

/** Looks at the stop switch: why nothing more is to be begun, if so. A function, so that what has no switch does not carry the reading of one. */
export type Look = (deadline: Deadline) => Promise<StoppedByOperator | undefined>;

/** A request about a session has filled its segment: the calls behind it are for another request. */
export type RequestFull = { readonly code: 'payload_too_large'; readonly message: string };

export type RunStop =
  | Unbounded
  | BudgetExceeded
  | DeadlineExceededStop
  | OutOfRange
  | SimulationRejected
  | ToolFailed
  | LookAhead
  | RequestFull
  | StoppedByOperator
  | DependencyFailedStop
  | StaleReadStop;

/** Constant, so that a run that was stopped by the clock is still the same bytes when it is written again. */
export const DEADLINE: DeadlineExceededStop = {
  code: 'deadline_exceeded',
  message: 'the time of the invocation ran out; what was done until then is recorded',
};

/** `max_steps` for a budget, the code for anything else: what a person reads first. */
export function stopName(stop: RunStop): string {
  return stop.code === 'budget_exceeded' ? stop.limiter : stop.code;
}

/** Of a port: what failed, and whether it may have taken effect. */
export function dependencyError(failure: CallFailure): DependencyFailedStop | DeadlineExceededStop {
  if (failure._tag === 'DeadlineExceeded') return DEADLINE;
  const { effect, httpStatus } = failure;
  return { code: 'dependency_failed', ...failedAt(failure), effect, ...(httpStatus === undefined ? {} : { http_status: httpStatus }) };
}

export function staleReadError(failure: StaleRead): StaleReadStop {
  return { code: 'stale_read', ...failedAt(failure), effect: failure.effect };
}

function failedAt({ service, operation, reason }: Pick<DependencyFailed, 'service' | 'operation' | 'reason'>): {
  readonly message: string;
  readonly service: string;
  readonly operation: string;
} {
  return { message: `${service} ${operation}: ${reason.toWellFormed()}`, service, operation };
}

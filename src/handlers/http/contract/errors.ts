/** Every error an answer of the API can hold, and the HTTP status of each. A new code does not compile until the table names its status. */
import type { BudgetExceeded } from '../../../domain/budget/budget';
import type { Problem } from '../../../domain/codec/problem';
import type { RunStop } from '../../../domain/agent/stop';

/** The refusal of a budget as a whole: the shape of `budget_exceeded`. `requested` is what was asked for. */
export type BudgetAboveCeiling = Omit<BudgetExceeded, 'code'> & { readonly code: 'budget_above_ceiling' };

/** What a day cannot grant to this request or session: nothing was done. The budgets are those of the day. */
export type DayExceeded = BudgetExceeded & { readonly scope: 'day' };

export type InvalidRequest = {
  readonly code: 'invalid_request';
  readonly message: string;
  /** What is wrong and where: JSON pointers into the body. Bounded; the message says how many there are. */
  readonly problems: readonly Problem[];
};

export type ArtifactConflictError = {
  readonly code: 'artifact_conflict';
  readonly message: string;
  readonly key: string;
};

/** Refused for its form. `payload_too_large` is also what a run answers whose artifacts would be too many bytes. */
export type RequestRefused = {
  readonly code: 'not_found' | 'method_not_allowed' | 'payload_too_large' | 'unsupported_media_type';
  readonly message: string;
};

/** A bug of ours. What happened is in the log, under this id. */
export type InternalError = {
  readonly code: 'internal_error';
  readonly message: string;
  readonly request_id: string;
};

export function internalError(requestId: string): InternalError {
  return { code: 'internal_error', message: 'a fault of this service; its log has the details', request_id: requestId };
}

/** Nothing was done: the session has gone on. `head` is the newest. */
export type HeadMovedError = { readonly code: 'head_moved'; readonly message: string; readonly head: string };

/** Nothing was done: the maker of an act outside may still be at work. */
export type SessionBusyError = { readonly code: 'session_busy'; readonly message: string; readonly retry_after_ms: number };

export type SessionSealedError = { readonly code: 'session_sealed'; readonly message: string };

export type ApiError =
  | HeadMovedError
  | SessionBusyError
  | SessionSealedError
  | RunStop
  | DayExceeded
  | BudgetAboveCeiling
  | InvalidRequest
  | ArtifactConflictError
  | RequestRefused
  | InternalError;

export type ErrorCode = ApiError['code'];

export const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  not_found: 404,
  method_not_allowed: 405,
  artifact_conflict: 409,
  head_moved: 409,
  session_busy: 409,
  session_sealed: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  budget_exceeded: 422,
  budget_above_ceiling: 422,
  simulation_rejected: 422,
  tool_failed: 422,
  out_of_range: 422,
  look_ahead: 422,
  unbounded: 422,
  unpriced: 422,
  internal_error: 500,
  dependency_failed: 503,
  stale_read: 503,
  stopped_by_operator: 503,
  deadline_exceeded: 504,
};

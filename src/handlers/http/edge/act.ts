/** What stands between the edge and what it serves: a call goes in, an answer comes out, and neither knows how it travels. */
import { type BudgetState, neededLimit } from '../../../domain/budget/budget';
import type { Deadline } from '../../../ports/clock';
import { type ApiError, STATUS_OF } from '../contract/errors';
import type { Parameters } from '../contract/routes';

export interface Call {
  /** Of the path, by name. */
  readonly parameters: Parameters;
  /** Of the query, by name; the last one where a name stands twice. */
  readonly query: Parameters;
  /** Names in lower case; none of a direct invocation. */
  readonly headers: Parameters;
  /** Parsed and safe to walk; `{}` where there is none. */
  readonly body: unknown;
}

/** One invocation's surroundings. */
export interface Invocation {
  readonly requestId: string;
  /** For the work of the run: ends early enough to store what came of it. */
  readonly work: Deadline;
  /** For storing: ends early enough to answer. */
  readonly storing: Deadline;
  /** Of a gateway: the tool whose arguments the body is. */
  readonly tool?: string;
}

export type Act = (call: Call, invocation: Invocation) => Promise<Answer>;

/** What every body has, for status, log and metrics. */
export interface AnswerBody {
  readonly ok: boolean;
  readonly error?: ApiError;
  readonly run_id?: string | null;
  readonly head_hash?: string | null;
  /** Of a session, in place of those two. */
  readonly session_id?: string;
  readonly head?: string;
  /** What was spent; null where nothing ran. */
  readonly budget_state?: BudgetState | null;
}

/** Not yet in the form of HTTP or of a direct invocation. */
export interface Answer {
  readonly _tag: 'Answer';
  readonly status: number;
  /** Absent for OPTIONS. */
  readonly body?: AnswerBody;
  /** Sent instead of the body: a document of another kind. A body beside it is for the log and the measures. */
  readonly document?: { readonly text: string; readonly contentType: string };
}

/** `done` is the status of success. */
export function answerOf(body: AnswerBody, done = 200): Answer {
  const { error } = body;
  if (error === undefined) return { _tag: 'Answer', status: done, body };
  // Told in answers only: what is recorded stays what it is.
  const extended = error.code === 'budget_exceeded' ? { ...body, error: { ...error, needed: neededLimit(error) } } : body;
  return { _tag: 'Answer', status: STATUS_OF[error.code], body: extended };
}

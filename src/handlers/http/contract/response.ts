/** What the API answers: the same object over HTTP and from a direct invocation. */
import type { Budget, BudgetState } from '../../../domain/budget/budget';
import type { Json } from '../../../domain/canonical/canonical';
import type { ReceiptNote } from '../../../domain/run/receipts';
import type { SPEC_VERSION } from '../../../domain/limits';
import type { QuotedBudget } from '../../../domain/episode/quote';
import type { Decisions } from '../../../domain/episode/world';
import type { StateText } from '../../../domain/world/market/state';
import type { SessionAnswer } from '../../../domain/session/answer';
import type { ApiError } from './errors';

export type HttpMode = 'agentcore-base' | 'agentcore-tools' | 'agentcore-memory';

export interface ApiResponse {
  readonly ok: boolean;
  /** Null where nothing ran. */
  readonly run_id: string | null;
  readonly mode: HttpMode;
  /** `artifacts/<run_id>`, where every file of the run is; null where nothing was stored, or not all of it. */
  readonly artifact_dir: string | null;
  /** Null where the request has none that can be read. */
  readonly budget: Budget | null;
  readonly budget_state: BudgetState | null;
  readonly head_hash: string | null;
  readonly error?: ApiError;
  readonly message?: string;
  /** Where runs are signed: whether this one was. A run that is stored and not signed is whole, and `ewm sign` signs it. */
  readonly receipt?: ReceiptNote;
  /** Where a quote was asked for: what the request would take. Nothing was done. */
  readonly quote?: QuotedBudget;
  /** Base and tools: what came of the world. */
  readonly steps?: number;
  readonly decisions?: Decisions;
  readonly final_state?: StateText | null;
  readonly final_equity?: string | null;
  readonly final_exposure?: string | null;
  /** Tools and memory: what each call answered, in order; null where that is too long for an answer and `decision.json` has it. */
  readonly results?: readonly Json[] | null;
}

/** An answer about a session. What is optional is absent where the session is not known. */
export type SessionResponse = Partial<Omit<SessionAnswer, 'ok' | 'error'>> & {
  readonly ok: boolean;
  readonly error?: ApiError;
  /** Ids of sessions, in order. */
  readonly sessions?: readonly string[];
  /** Whether there may be more behind the last of them. */
  readonly more?: boolean;
};

export interface HealthResponse {
  readonly ok: true;
  readonly version: string;
  readonly spec_version: typeof SPEC_VERSION;
  readonly mode: HttpMode | 'sessions' | 'mcp';
  readonly ceilings: Budget;
  readonly enabled: { readonly memory: boolean; readonly code_interpreter: boolean; readonly planner: boolean };
}

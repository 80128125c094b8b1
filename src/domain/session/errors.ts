/** How a request about a session fails before, or instead of, being recorded. Refusals of the budget and of the world are no errors: they are on the tape. */
import type { InvalidKey, ArtifactConflict } from '../../ports/artifact-store';
import type { CallFailure } from '../../ports/dependency';
import type { BudgetExceeded } from '../budget/budget';
import type { Problem } from '../codec/problem';
import type { RunError } from '../run/prepare';
import type { Standing } from './replay';

export type SessionError =
  | { readonly _tag: 'SessionNotFound'; readonly session: string }
  /** Nothing was done, but where `unrecorded` names an act: it was sent, and the session was told that nobody knows what became of it. */
  | {
      readonly _tag: 'HeadMoved';
      readonly newest: Standing;
      readonly interrupted?: InterruptedAct;
      readonly unrecorded?: string;
    }
  | { readonly _tag: 'SessionBusy'; readonly newest: Standing; readonly retryAfterMs: number }
  | { readonly _tag: 'SessionSealed'; readonly newest: Standing }
  /** The day cannot grant it; nothing was done. */
  | { readonly _tag: 'DayRefused'; readonly error: BudgetExceeded }
  /** Stored bytes are not what they follow from. `row` is 0-based. */
  | {
      readonly _tag: 'SessionCorrupt';
      readonly session: string;
      readonly file: string;
      readonly row: number;
      readonly pointer: string;
      readonly expected: string;
      readonly actual: string;
    }
  | { readonly _tag: 'InvalidSession'; readonly problems: readonly Problem[] }
  | RunError
  | InvalidKey
  | ArtifactConflict
  | CallFailure;

/** An act whose maker did not come back in time. */
export interface InterruptedAct {
  readonly index: number;
  readonly tool: string;
}

/** What every answer about a session says. docs/spec.md section 8. */
import type { JsonObject } from '../canonical/canonical';
import type { RunStop } from '../agent/stop';
import { type Budget, type BudgetState, metersOf, spentState } from '../budget/budget';
import type { ReceiptNote } from '../run/receipts';
import { headText } from './head';
import type { OpenSession, Standing } from './replay';

export interface SessionAnswer {
  readonly ok: boolean;
  readonly session_id: string;
  readonly head: string;
  /** The next step not yet committed; null in a session without a world. */
  readonly step: number | null;
  readonly state: JsonObject | null;
  /** What is to be seen at the next step; null where the path has ended. */
  readonly observation: JsonObject | null;
  readonly budget: Budget;
  readonly budget_state: BudgetState;
  /** What is left of each limit; of a peak, the whole; of time, what was left when the last act began. */
  readonly remaining: BudgetState;
  readonly status: 'open' | 'sealed';
  /** Children whose grant was not taken back. */
  readonly children: readonly string[];
  readonly results?: readonly JsonObject[];
  readonly repeated?: true;
  /** Of a fork. */
  readonly child?: { readonly session_id: string; readonly head: string };
  /** Where segments are signed: whether those of this request are. */
  readonly receipt?: ReceiptNote;
  readonly error?: RunStop;
}

export interface Recorded {
  readonly results?: readonly JsonObject[];
  readonly stop?: RunStop | null;
  readonly repeated?: boolean;
  readonly child?: SessionAnswer['child'];
  readonly history?: number;
  readonly receipt?: ReceiptNote | undefined;
}

export function answerAbout({ inputs, identity, world }: OpenSession, standing: Standing, recorded: Recorded = {}): SessionAnswer {
  const { cursor, children } = standing;
  const { results, stop = null, repeated = false, child, history = 0, receipt } = recorded;
  return {
    ok: stop === null,
    session_id: identity.runId,
    head: headText(headOf(standing)),
    step: cursor.world?.step ?? null,
    state: cursor.world?.state ?? null,
    observation: cursor.world === null ? null : world.observe(cursor.world.step, history, cursor.world.state),
    budget: inputs.budget,
    budget_state: cursor.spent,
    remaining: remainingOf(inputs.budget, cursor.spent),
    status: standing.sealed ? 'sealed' : 'open',
    children,
    ...(results === undefined ? {} : { results }),
    ...(child === undefined ? {} : { child }),
    ...(repeated ? { repeated: true as const } : {}),
    ...(receipt === undefined ? {} : { receipt }),
    ...(stop === null ? {} : { error: stop }),
  };
}

export function headOf({ seq, cursor }: Standing): { readonly seq: number; readonly hash: string } {
  return { seq, hash: cursor.tapeHead };
}

export function remainingOf(budget: Budget, spent: BudgetState): BudgetState {
  return spentState(
    metersOf(budget, spent).map((meter) => ({
      ...meter,
      spent: meter.row.kind === 'peak' && meter.dimension !== 'wall_ms' ? meter.max : meter.max - meter.spent,
    })),
  );
}

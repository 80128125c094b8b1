/** The seal: the row that ends a tape, says how the run ended, and ties the ledger to it. docs/spec.md section 4. */
import type { BudgetState } from '../budget/budget';
import { type Link, linkRow } from '../tape/chain';
import type { StateText } from '../world/state';
import type { Decisions } from './engine';
import type { RunStop } from './stop';

export interface SealFields {
  readonly stop: RunStop | null;
  readonly steps: number;
  readonly decisions: Decisions;
  readonly finalState: StateText | null;
  readonly finalEquity: string | null;
  readonly finalExposure: string | null;
  readonly spent: BudgetState;
  readonly fills: number;
  readonly ledgerHead: string;
}

export const NO_DECISIONS: Decisions = { APPROVED: 0, REJECTED: 0, HOLD: 0 };

export function sealRow(fields: SealFields, tapeHead: string): Link {
  return linkRow(
    {
      type: 'seal',
      ok: fields.stop === null,
      error: fields.stop,
      steps: fields.steps,
      decisions: fields.decisions,
      final_state: fields.finalState,
      final_equity: fields.finalEquity,
      final_exposure: fields.finalExposure,
      budget_state: fields.spent,
      executions: { rows: fields.fills, head_hash: fields.ledgerHead },
    },
    tapeHead,
  );
}

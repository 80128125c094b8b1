/** The ledger of a run in a world file as it follows from its steps. Invariant: hashed and linked, these rows are `executions.jsonl` byte for byte. */
import type { Json } from '../canonical/canonical';
import type { Row } from '../tape/chain';

export interface DerivedAction {
  readonly step: number;
  readonly index: number;
  readonly action: Json;
}

/** The actions that a row says were applied; none for a row that is not an APPROVED step. */
export function appliedActions({ type, step_index: step, decision, actions }: Row): readonly DerivedAction[] {
  if (type !== 'step' || decision !== 'APPROVED' || typeof step !== 'number' || !Array.isArray(actions)) return [];
  return (actions as readonly Json[]).map((action, index) => ({ step, index, action }));
}

/** The row of the ledger but for its `hash`; see `fillMembers`. */
export function actionMembers({ step, index, action }: DerivedAction, runId: string, prevHash: string): Row {
  const event_id = `${runId}:${String(step)}:${String(index)}`;
  return { type: 'action', event_id, run_id: runId, step_index: step, action_index: index, action, prev_hash: prevHash };
}

/** The seal: the row that ends a tape, says how the episode ended, and ties the ledger to it. docs/spec.md section 4. */
import type { JsonObject } from '../canonical/canonical';
import type { RunStop } from '../agent/stop';
import type { Row } from '../tape/chain';
import type { Cursor } from './cursor';
import type { World } from './world';

/** An episode without a world says so by the members that a market has: bytes of the contract. */
const NO_WORLD: JsonObject = { final_state: null, final_equity: null, final_exposure: null };

/** Members of a seal, of `run.json` and of `decision.json` that say where the world ended. */
export function finalOf<S, P>(
  world: Pick<World<S, never, never, never, never>, 'stateText'> | undefined,
  cursor: Cursor<S, P>,
): JsonObject {
  if (world === undefined || cursor.world === undefined) return NO_WORLD;
  return { final_state: world.stateText(cursor.world.state), ...cursor.world.totals };
}

export function sealRow(stop: RunStop | null, final: JsonObject, cursor: Omit<Cursor<never, never>, 'world'>): Row {
  return {
    type: 'seal',
    ok: stop === null,
    error: stop,
    steps: cursor.steps,
    decisions: cursor.decisions,
    ...final,
    budget_state: cursor.spent,
    executions: { rows: cursor.ledgerRows, head_hash: cursor.ledgerHead },
  };
}

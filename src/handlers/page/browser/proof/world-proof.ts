/** What a page can prove of a run in a world file: its ledger, its states and its seal follow from the rows. It runs no code of the world. */
import type { Json } from '../../../../domain/canonical/canonical';
import { NOTHING_SPENT } from '../../../../domain/budget/budget';
import { actionMembers } from '../../../../domain/report/derived-actions';
import { splitAtHash } from '../../../../domain/tape/row-text';
import { turn } from '../shared/painted';
import { plural } from '../shared/format';
import { fillsAreCounted, record, type RunModel, text } from '../shared/run-model';
import type { WorldModel } from '../shared/world-model';
import type { Check } from './check';
import { canonicalOrEmpty, sha256 } from './rows-check';

export async function worldChecks(model: RunModel, world: WorldModel): Promise<readonly Check[]> {
  const checks: Check[] = [];
  if (!fillsAreCounted(model)) {
    const what = `${plural(world.actions.length, 'action')} follow from the steps and end in the ledger hash of the seal`;
    checks.push({ what, fault: await ledgerFault(model, world) });
  }
  const states = await statesOf(model, world);
  checks.push({
    what: `${plural(states.checked, 'state')} follow from the changes in the rows, and have the hashes there`,
    fault: states.fault,
  });
  if (model.page.sample === null && states.fault === undefined)
    checks.push({
      what: 'counts, state, totals and spending of the seal follow from the rows',
      fault: sealFault(model, world, states.bytesMost),
    });
  return checks;
}

async function ledgerFault({ run, seal }: RunModel, { actions }: WorldModel): Promise<string | undefined> {
  if (seal === undefined || run === undefined) return undefined;
  let head = text(run['hash']);
  for (const action of actions) {
    const around = splitAtHash(actionMembers(action, text(run['run_id']), head));
    head = await sha256(around.before + around.after);
  }
  const { rows, head_hash: named } = record(seal['executions']);
  if (rows !== actions.length) return `the steps apply ${plural(actions.length, 'action')}, and the seal names ${text(rows)}`;
  return named === head ? undefined : 'the actions that follow from the steps do not end in the ledger hash of the seal';
}

interface States {
  readonly checked: number;
  readonly bytesMost: number;
  readonly fault: string | undefined;
}

const TURN_STATES = 256;

async function statesOf({ page }: RunModel, { entries, states }: WorldModel): Promise<States> {
  let [checked, bytesMost] = [0, 0];
  for (const [at, { row, point }] of entries.entries()) {
    const { after } = states.around(at);
    const broken = (why: string): States => ({ checked, bytesMost, fault: `step ${String(point.step)}: ${why}` });
    if (after === undefined) {
      if (page.sample === null) return broken('its changes do not fit the state before it');
      continue;
    }
    const content = canonicalOrEmpty(after);
    if ((await sha256(content)) !== row['state_hash']) return broken('state_hash is not that of the state its changes lead to');
    checked += 1;
    if (point.decision !== 'REJECTED') bytesMost = Math.max(bytesMost, new TextEncoder().encode(content).length);
    if (checked % TURN_STATES === 0) await turn();
  }
  return { checked, bytesMost, fault: undefined };
}

function sealFault({ seal, inputs, spending, calls }: RunModel, world: WorldModel, bytesMost: number): string | undefined {
  if (seal === undefined) return undefined;
  const endedOk = seal['error'] === null;
  if (seal['ok'] !== endedOk) return 'ok of the seal does not agree with its error';
  const failed = calls.find(({ row }) => row['ok'] !== true);
  if (endedOk && failed !== undefined) return `the seal says ok, and the call of row ${String(failed.rowIndex)} failed`;
  const { entries, figures, states } = world;
  const taken = entries.findLast(({ point }) => point.decision !== 'REJECTED');
  const expected: Readonly<Record<string, unknown>> = {
    steps: figures.steps,
    decisions: { ...figures.decisions },
    final_state: entries.length === 0 ? inputs['initial_state'] : states.around(entries.length - 1).after,
    ...(taken === undefined
      ? {}
      : { final_totals: taken.row['totals'], ...(taken.row['score'] === undefined ? {} : { final_score: taken.row['score'] }) }),
    budget_state: spentOf(
      record(seal['budget_state']),
      { ...NOTHING_SPENT, ...spending.at(-1)?.spent },
      bytesMost,
      record(inputs['budget']),
    ),
  };
  const member = Object.keys(expected).find(
    (name) => canonicalOrEmpty((expected[name] ?? null) as Json) !== canonicalOrEmpty(seal[name] ?? null),
  );
  return member === undefined ? undefined : `${member} of the seal is not what the rows come to`;
}

/** The memory of an engine is charged as it is reserved: nothing, or the limit. */
function spentOf(
  sealed: Readonly<Record<string, unknown>>,
  counted: Readonly<Record<string, unknown>>,
  stateBytes: number,
  budget: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { state_bytes: bytes, world_memory_bytes: memory } = sealed;
  return {
    ...counted,
    ...(bytes === undefined ? {} : { state_bytes: stateBytes }),
    ...(memory === undefined ? {} : { world_memory_bytes: memory === 0 ? 0 : (budget['max_world_memory_bytes'] ?? null) }),
  };
}

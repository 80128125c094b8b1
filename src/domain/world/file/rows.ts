/**
 * The rows of a step of a world file: one on the tape, and one on the ledger for each action that was applied. The tape's row holds what changed
 * in the state, or the whole state where that is shorter, so that the state at any step can be told from the rows alone.
 */
import { assert } from '../../assert';
import { canonical, type Json } from '../../canonical/canonical';
import { append, type Chains } from '../../episode/chains';
import type { StepWriter } from '../../episode/world';
import { changesOf } from './changes';
import type { FileInput, FileTransition } from './transition';
import { type FileState, stateHash } from './state';

export function makeFileWriter(runId: string, from: FileState, { tape, ledger }: Chains): StepWriter<FileState, FileInput, FileTransition> {
  let written = from.text;
  return {
    write: (step, input, transition) => {
      const { decision, before, after, actions, refused, fuel } = transition;
      assert(before.text === written, 'a step begins where the one before it ended');
      written = after.text;
      append(tape, {
        type: 'step',
        step_index: step,
        input: input.value,
        actions,
        decision,
        verifier_errors: refused.map((one) => ({ ...one })),
        totals: decision === 'REJECTED' ? null : (after.outcome?.totals ?? null),
        ...(after.outcome?.score === undefined || decision === 'REJECTED' ? {} : { score: after.outcome.score }),
        fuel,
        ...changed(before, after),
        state_hash: stateHash(after),
      });
      if (decision !== 'APPROVED') return;
      for (const [index, action] of actions.entries()) {
        const event_id = `${runId}:${String(step)}:${String(index)}`;
        append(ledger, { type: 'action', event_id, run_id: runId, step_index: step, action_index: index, action });
      }
    },
    audit: (state) => {
      assert(state.text === written, 'the rows lead to the state');
    },
  };
}

function changed(before: FileState, after: FileState): Readonly<Record<string, Json>> {
  const changes = changesOf(before.value, after.value);
  return canonical(changes).length < after.text.length ? { changes } : { state: after.value };
}

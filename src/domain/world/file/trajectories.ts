/**
 * Transitions from what was recorded: lines of `{state, actions?, input?, after}` (`after` null where it was refused), our own tapes, and agent
 * trajectories (ATIF) whose tool results hold states. One line at a time; a line that is none of these says so.
 */
import { type Either, left, right } from 'fp-ts/Either';
import { hasCanonicalForm, type Json, type JsonObject } from '../../canonical/canonical';
import { isRecord } from '../../codec/codec';
import { parseJson } from '../../codec/parse';
import { applyChanges, type Change } from './changes';
import type { RecordedTransition } from './score';

export interface TrajectoryReader {
  /** The transitions that a line completes, or what is wrong with it. */
  readonly line: (text: string) => Either<string, readonly RecordedTransition[]>;
}

const EXPECTED =
  'expected a line of {"state","actions"?,"input"?,"after"}, a row of a tape, or a trajectory in ATIF ({"schema_version":"ATIF-...","steps"}), one a line';

export function makeTrajectoryReader(): TrajectoryReader {
  let lines = 0;
  /** Of the tape that is being read. */
  let state: JsonObject | undefined;
  let seed: string | null = null;

  function tapeRow(row: JsonObject, where: string): Either<string, readonly RecordedTransition[]> {
    if (row['type'] === 'run') {
      const inputs = row['inputs'];
      if (!isRecord(inputs) || inputs['mode'] !== 'world' || !isRecord(inputs['initial_state'])) {
        return left('the tape of a run in a world file is needed, not of another mode');
      }
      state = inputs['initial_state'];
      seed = typeof inputs['seed'] === 'string' ? inputs['seed'] : null;
      return right([]);
    }
    if (row['type'] !== 'step') return right([]);
    const before = state;
    const { step_index: step, actions, input = null, decision, changes } = row;
    if (before === undefined || typeof step !== 'number' || !Array.isArray(actions)) return left('a step before the first row of its tape');
    const whole = row['state'];
    const after = isRecord(whole) ? whole : applyChanges(before, (changes ?? []) as readonly Change[]);
    if (after === undefined) return left('changes that do not fit the state before');
    state = after;
    const taken = decision === 'REJECTED' ? undefined : after;
    return right([
      { where: `${where}, step ${String(step)}`, step, seed, before, actions: actions as readonly Json[], input, after: taken },
    ]);
  }

  return {
    line: (text) => {
      lines += 1;
      const where = `line ${String(lines)}`;
      const value = parseJson(text);
      if (!isRecord(value) || !hasCanonicalForm(value)) return left(EXPECTED);
      const object = value;
      if (typeof object['type'] === 'string' && 'prev_hash' in object) return tapeRow(object, where);
      if (typeof object['schema_version'] === 'string' && Array.isArray(object['steps']))
        return right(atif(object['steps'] as readonly Json[], where));
      const { state: before, actions = [], input = null, after } = object;
      if (!isRecord(before) || !Array.isArray(actions) || !(after === null || isRecord(after))) return left(EXPECTED);
      const step = typeof object['step'] === 'number' ? object['step'] : 0;
      const drawn = typeof object['seed'] === 'string' ? object['seed'] : null;
      const taken = after === null ? undefined : after;
      return right([{ where, step, seed: drawn, before: before, actions: actions as readonly Json[], input, after: taken }]);
    },
  };
}

/** Calls with `actions` whose result has a `state`: from one state to the next, by whatever agent played. */
function atif(steps: readonly Json[], where: string): readonly RecordedTransition[] {
  const found: RecordedTransition[] = [];
  let before: JsonObject | undefined;
  for (const [index, step] of steps.entries()) {
    if (!isRecord(step)) continue;
    const calls = (Array.isArray(step['tool_calls']) ? step['tool_calls'] : []) as readonly Json[];
    const observation = step['observation'];
    const results = (isRecord(observation) && Array.isArray(observation['results']) ? observation['results'] : []) as readonly Json[];
    for (const [at, result] of results.entries()) {
      const answer = resultOf(result);
      if (answer === undefined || !isRecord(answer['state'])) continue;
      const after = answer['state'];
      const id = isRecord(result) ? result['source_call_id'] : undefined;
      const call = calls.find((one) => isRecord(one) && id !== undefined && one['tool_call_id'] === id) ?? calls[at];
      const args = isRecord(call) ? call['arguments'] : undefined;
      if (before !== undefined && isRecord(args) && Array.isArray(args['actions'])) {
        const refused = answer['decision'] === 'REJECTED';
        const number = typeof answer['step'] === 'number' ? answer['step'] : index;
        found.push({
          where: `${where}, step ${String(index)}`,
          step: number,
          seed: null,
          before,
          actions: args['actions'] as readonly Json[],
          input: answer['input'] ?? null,
          after: refused ? undefined : after,
        });
      }
      before = after;
    }
  }
  return found;
}

/** The content of a result: JSON, or text of JSON. */
function resultOf(result: Json): JsonObject | undefined {
  const content = isRecord(result) ? result['content'] : undefined;
  const value = typeof content === 'string' ? parseJson(content) : content;
  return isRecord(value) && hasCanonicalForm(value) ? value : undefined;
}

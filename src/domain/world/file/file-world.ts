/**
 * A world file as a world: what it says is what a step does, within limits that it cannot pass. docs/spec.md section 14.
 * Invariants: a step that throws, gives no JSON, breaks an invariant or runs out of anything is refused, and the state is as before; what a step
 * does depends on state, actions, input, seed and the fuel that was left, and on nothing else.
 */
import { type Either, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import type { RefusedAction } from '../../agent/stop';
import { canonical, hasCanonicalForm, type Json, type JsonObject } from '../../canonical/canonical';
import { type Codec, isRecord, makeCodec } from '../../codec/codec';
import { parseJson } from '../../codec/parse';
import { excerpt, type Problem } from '../../codec/problem';
import type { FuelMeter, World } from '../../episode/world';
import { callGuest, type Question, seedOf } from './guest-call';
import type { PolicyDefinition, WorldDefinition } from './definition';
import { ACTIONS_BYTES_MAX, ACTIONS_MAX, CALL_FUEL_MAX, OUTCOME_BYTES_MAX } from './limits';
import { refusalsOf } from './refused';
import { fileReport } from './report-lines';
import { makeFileWriter } from './rows';
import { decodeFileState, type FileState, fileState, type StepOutcome, textBytes, totalsOf } from './state';
import type { FileInput, FilePlan, FileTransition } from './transition';

export type FileWorld = World<FileState, FileInput, FilePlan, readonly Json[], FileTransition>;

export interface FileWorldParts {
  readonly definition: WorldDefinition;
  /** Nothing is done where there is none. */
  readonly policy: PolicyDefinition | undefined;
  /** What `random()` draws from; it throws where there is none. */
  readonly seed: string | null;
  readonly stateBytesMax: number;
  /** Of the engine's heap: charged as reserved, since the world may fill it. */
  readonly memoryBytesMax: number;
}

export function makeFileWorld({ definition, policy, seed, stateBytesMax, memoryBytesMax }: FileWorldParts): FileWorld {
  const { program, meta } = definition;

  function look(question: Question, state: FileState, input: FileInput): JsonObject {
    const result = callGuest(program, question, [state.text, input.text], '', CALL_FUEL_MAX);
    return 'refused' in result ? { observation: null, refused: { ...result.refused } } : (result.value as JsonObject);
  }

  function plan(step: number, state: FileState, input: FileInput, meter: FuelMeter): FilePlan {
    if (policy === undefined) return { actions: [], fuel: 0 };
    const seen = callGuest(program, 'observe', [state.text, input.text], '', meter.fuelLeft());
    meter.charge({ fuel: seen.fuel });
    if ('refused' in seen) return { actions: [], failed: refusedWhole(seen.refused, 'observe'), fuel: seen.fuel };
    const decided = callGuest(policy.program, 'decide', [canonical(seen.value)], seedOf(seed, 'decide', step), meter.fuelLeft());
    meter.charge({ fuel: decided.fuel });
    const fuel = seen.fuel + decided.fuel;
    if ('refused' in decided) return { actions: [], failed: refusedWhole(decided.refused, 'policy'), fuel };
    const actions = actionsOf(decided.value);
    if (typeof actions !== 'string') return { actions, fuel };
    return { actions: [], failed: { action_index: 0, code: 'policy_no_actions', message: `decide: ${actions}` }, fuel };
  }

  function commit(
    before: FileState,
    input: FileInput,
    { actions, failed, fuel }: FilePlan,
    step: number,
    meter: FuelMeter,
  ): FileTransition {
    const refuse = (refused: readonly RefusedAction[], more: number): FileTransition => {
      return { decision: 'REJECTED', before, after: before, actions, refused, fuel: fuel + more };
    };
    if (failed !== undefined) return refuse([failed], 0);
    if (isDone(before)) return refuse([{ action_index: 0, code: 'done', message: 'the world has come to its end' }], 0);
    const texts = [before.text, canonical(actions), input.text];
    const result = callGuest(program, 'step', texts, seedOf(seed, 'step', step), meter.fuelLeft());
    meter.charge({ fuel: result.fuel, world_memory_bytes: memoryBytesMax });
    if ('refused' in result) return refuse([{ action_index: 0, ...result.refused }], result.fuel);
    const made = steppedOf(result.value);
    if ('refused' in made) return refuse(made.refused, result.fuel);
    const bytes = textBytes(made.after.text);
    if (bytes > stateBytesMax) {
      const message = `the state is ${String(bytes)} bytes, at most ${String(stateBytesMax)} are allowed (max_state_bytes)`;
      return refuse([{ action_index: 0, code: 'state_too_large', message }], result.fuel);
    }
    meter.charge({ state_bytes: bytes });
    return {
      decision: actions.length === 0 ? 'HOLD' : 'APPROVED',
      before,
      after: made.after,
      actions,
      refused: [],
      fuel: fuel + result.fuel,
    };
  }

  /** What the world says of a state that was read. */
  function outcomeOf(state: FileState): StepOutcome {
    if (state.outcome !== undefined) return state.outcome;
    const result = callGuest(program, 'end', [state.text], '', CALL_FUEL_MAX);
    if ('refused' in result) return { totals: null, score: undefined, done: false };
    const { score, done } = result.value as { readonly score?: Json; readonly done?: Json };
    return { totals: null, score, done: done === true };
  }

  const mayEnd = definition.exports.includes('done');
  const isDone = (state: FileState): boolean => mayEnd && outcomeOf(state).done;

  return {
    lookback: 0,
    metered: true,
    decodeState: decodeFileState,
    stateText: ({ value }) => value,
    totals: ({ after }) => (after.outcome === undefined ? undefined : totalsOf(after.outcome)),
    totalsAt: (state) => totalsOf(outcomeOf(state)),
    isDone,

    path: 'inputs',
    headerLines: 0,
    lineForm: 'of one canonical JSON value',
    makeInput: () => ({ value: null, text: 'null' }),
    scan: (text, start, end, into) => {
      const line = text.slice(start, end);
      const value = parseJson(line);
      if (value === undefined || !hasCanonicalForm(value) || canonical(value) !== line) return false;
      into.value = value;
      into.text = line;
      return true;
    },

    makePolicy: () => ({ observe: () => undefined, plan }),
    commit: (state, input, wanted, { step, meter }) => commit(state, input, wanted, step, meter),
    isBeyondRange: () => false,
    beyondRangeAt: () => undefined,
    makeWriter: (runId, from, chains) => makeFileWriter(runId, from, chains),

    observe: (input, state) => (state === undefined ? {} : look('look', state, input)),
    context: (state, input) => ({ ...look('look', state, input), state: state.value }),
    actions: actionsCodec,
    planOf: (actions) => ({ actions, fuel: 0 }),
    actionsOf: ({ actions }) => actions,
    moved: (actions) => actions,
    impossible: () => undefined,
    planText: ({ actions, failed }) => ({ actions, ...(failed === undefined ? {} : { failed: { ...failed } }) }),
    decodePlan,
    outcome: ({ decision, actions, refused, after, fuel }) => ({
      decision,
      actions,
      verifier_errors: refused.map((one) => ({ ...one })),
      state: after.value,
      totals: after.outcome?.totals ?? null,
      fuel,
    }),
    refusals: ({ refused }) => refused,
    report: fileReport(meta),
  };

  function steppedOf(value: Json): { readonly after: FileState } | { readonly refused: readonly RefusedAction[] } {
    const { refused, state, totals, broken, score, done } = value as Readonly<Record<string, Json>>;
    if (refused !== undefined) return { refused: refusalsOf(refused) };
    const invalid = (code: string, message: string): { readonly refused: readonly RefusedAction[] } => ({
      refused: [{ action_index: 0, code, message }],
    });
    if (Array.isArray(broken) && broken.length > 0) {
      return invalid('broken_invariant', `the state breaks ${broken.slice(0, 5).join(', ')}`);
    }
    if (!isRecord(state)) return invalid('no_json', `step gave ${excerpt(state)} for a state, which is to be an object`);
    if (totals !== null && !isRecord(totals))
      return invalid('no_json', `step gave ${excerpt(totals)} for totals, which are to be an object`);
    if (score !== undefined && typeof score === 'object' && score !== null) return invalid('no_json', 'score gave no single value');
    const outcome: StepOutcome = { totals, score, done: done === true };
    if (canonical(totalsOf(outcome)).length > OUTCOME_BYTES_MAX) return invalid('totals_too_large', 'totals and score are too large');
    return { after: fileState(state, outcome) };
  }
}

function refusedWhole({ code, message }: { readonly code: string; readonly message: string }, by: 'observe' | 'policy'): RefusedAction {
  return { action_index: 0, code: `${by}_${code}`, message };
}

/** The actions in a value, or what is wrong with it. */
function actionsOf(value: unknown): readonly Json[] | string {
  if (!Array.isArray(value)) return `expected a list of actions, not ${excerpt(value)}`;
  if (value.length > ACTIONS_MAX) return `expected at most ${String(ACTIONS_MAX)} actions`;
  if (!hasCanonicalForm(value)) return 'expected JSON, well-formed and nested 64 levels at most';
  const actions = value as readonly Json[];
  return canonical(actions).length > ACTIONS_BYTES_MAX ? `expected at most ${String(ACTIONS_BYTES_MAX)} bytes of actions` : actions;
}

const actionsCodec: Codec<readonly Json[]> = makeCodec(
  'actions',
  { type: 'array', maxItems: ACTIONS_MAX, description: 'actions as the world takes them' },
  (value, context) => {
    const actions = actionsOf(value);
    return typeof actions === 'string' ? failure(value, context, actions) : success(actions);
  },
);

function decodePlan(value: unknown): Either<readonly Problem[], FilePlan> {
  if (!isRecord(value)) return left([{ pointer: '', message: 'expected a plan' }]);
  const actions = actionsOf(value['actions']);
  if (typeof actions === 'string') return left([{ pointer: '/actions', message: actions }]);
  const { failed } = value;
  if (failed === undefined) return right({ actions, fuel: 0 });
  if (!isRecord(failed) || typeof failed['code'] !== 'string' || typeof failed['message'] !== 'string') {
    return left([{ pointer: '/failed', message: 'expected a code and a message' }]);
  }
  return right({ actions, failed: { action_index: 0, code: failed['code'], message: failed['message'] }, fuel: 0 });
}

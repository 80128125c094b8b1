/**
 * How well a world predicts what was recorded: of each transition (a state, what was done, what came in, and the state after) whether the world
 * gives that very state, and where it first does not. docs/worlds.md.
 */
import { canonical, type Json, type JsonObject } from '../../canonical/canonical';
import { isRecord } from '../../codec/codec';
import { callGuest, seedOf } from './guest-call';
import { changesOf } from './changes';
import type { WorldDefinition } from './definition';
import { CALL_FUEL_MAX } from './limits';

export interface RecordedTransition {
  /** For people: which line or step it is. */
  readonly where: string;
  readonly step: number;
  readonly seed: string | null;
  readonly before: JsonObject;
  readonly actions: readonly Json[];
  readonly input: Json;
  /** Nothing where it was refused. */
  readonly after: JsonObject | undefined;
}

export interface Mismatch {
  readonly where: string;
  /** RFC 6901, into the state after; `''` where one side refused or failed. */
  readonly pointer: string;
  readonly recorded: string;
  readonly predicted: string;
}

export interface KindScore {
  readonly kind: string;
  readonly exact: number;
  readonly of: number;
}

export interface Score {
  readonly exact: number;
  readonly of: number;
  /** By kind of what was done, most frequent first. */
  readonly kinds: readonly KindScore[];
  readonly first: Mismatch | undefined;
}

export interface Scoring {
  readonly add: (transition: RecordedTransition) => void;
  readonly score: () => Score;
}

/** Memory does not grow with the number of transitions. */
export function makeScoring({ program }: WorldDefinition): Scoring {
  const kinds = new Map<string, { exact: number; of: number }>();
  let [exact, of] = [0, 0];
  let first: Mismatch | undefined;
  return {
    add: (transition) => {
      const { before, actions, input, seed, step } = transition;
      const texts = [canonical(before), canonical(actions), canonical(input)];
      const mismatch = compared(transition, callGuest(program, 'step', texts, seedOf(seed, 'step', step), CALL_FUEL_MAX));
      const kind = kindOf(actions);
      const counted = kinds.get(kind) ?? { exact: 0, of: 0 };
      kinds.set(kind, counted);
      counted.of += 1;
      of += 1;
      if (mismatch === undefined) {
        counted.exact += 1;
        exact += 1;
      } else first ??= mismatch;
    },
    score: () => ({
      exact,
      of,
      kinds: [...kinds].map(([kind, counted]) => ({ kind, ...counted })).sort((a, b) => b.of - a.of || (a.kind < b.kind ? -1 : 1)),
      first,
    }),
  };
}

function compared({ where, after }: RecordedTransition, result: ReturnType<typeof callGuest>): Mismatch | undefined {
  const recorded = after === undefined ? 'refused' : 'a state';
  if ('refused' in result) {
    // A step that fails is refused in a run; whether a refusal was the world's own does not show in a trajectory.
    return after === undefined
      ? undefined
      : { where, pointer: '', recorded, predicted: `${result.refused.code}: ${result.refused.message}` };
  }
  const { refused, state, broken } = result.value as Readonly<Record<string, Json>>;
  const refuses = refused !== undefined || (Array.isArray(broken) && broken.length > 0);
  if (refuses || !isRecord(state)) {
    return after === undefined ? undefined : { where, pointer: '', recorded, predicted: canonical(refused ?? broken ?? null) };
  }
  if (after === undefined) return { where, pointer: '', recorded, predicted: 'a state' };
  const [difference] = changesOf(after, state);
  if (difference === undefined) return undefined;
  const text = (value: Json | undefined): string => (value === undefined ? 'nothing' : canonical(value));
  return { where, pointer: difference.path, recorded: text(difference.before), predicted: text(difference.after) };
}

/** `type` or `name` of the actions, joined; `none` without any. */
function kindOf(actions: readonly Json[]): string {
  if (actions.length === 0) return 'none';
  const kinds = actions.map((action) => {
    const kind = isRecord(action) ? (action['type'] ?? action['name']) : undefined;
    return typeof kind === 'string' ? kind : 'other';
  });
  return [...new Set(kinds)].sort().join('+');
}

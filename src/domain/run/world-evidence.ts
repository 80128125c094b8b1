/** A run in a world file as its documents give it: loaded, its initial state asked for, and made into a world. Writing and verifying share it. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Sandbox } from '../../ports/sandbox';
import { canonical, type Json } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import type { Problem } from '../codec/problem';
import { callGuest, seedOf } from '../world/file/guest-call';
import type { WorldLimits } from '../world/file/budget';
import { loadPolicy, loadWorld, refusalText } from '../world/file/definition';
import { type FileWorld, makeFileWorld } from '../world/file/file-world';
import { CALL_FUEL_MAX, PARAMS_BYTES_MAX } from '../world/file/limits';
import { type FileState, fileState, textBytes } from '../world/file/state';

export interface WorldDocuments {
  readonly world: string;
  /** Empty: no policy. */
  readonly policy: string;
  readonly params: Json;
  readonly seed: string | null;
}

export interface OpenedWorld {
  readonly world: FileWorld;
  readonly initial: FileState;
}

/** Which of the documents is wrong, and how. */
export interface WorldMistake {
  readonly document: 'world' | 'policy' | 'params';
  readonly problems: readonly Problem[];
}

export function openWorld(
  sandbox: Sandbox,
  { world: source, policy: policySource, params, seed }: WorldDocuments,
  { memoryBytes, stateBytes }: WorldLimits,
): Either<WorldMistake, OpenedWorld> {
  const wrong = (document: WorldMistake['document'], message: string): Either<WorldMistake, never> =>
    left({ document, problems: [{ pointer: '', message }] });
  const definition = loadWorld(sandbox, source, memoryBytes);
  if (isLeft(definition)) return left({ document: 'world', problems: definition.left });
  const policy = policySource === '' ? undefined : loadPolicy(sandbox, policySource, memoryBytes);
  if (policy !== undefined && isLeft(policy)) return left({ document: 'policy', problems: policy.left });

  const text = canonical(params);
  if (textBytes(text) > PARAMS_BYTES_MAX) return wrong('params', `larger than ${String(PARAMS_BYTES_MAX)} bytes`);
  const result = callGuest(definition.right.program, 'init', [text], seedOf(seed, 'init', 0), CALL_FUEL_MAX);
  // A world says what is wrong with its parameters by throwing.
  if ('refused' in result) return wrong('params', `init: ${refusalText(result.refused)}`);
  const { state, broken, score, done } = result.value as Readonly<Record<string, Json>>;
  if (!isRecord(state)) return wrong('world', 'init gave no object for a state');
  if (Array.isArray(broken) && broken.length > 0) return wrong('params', `init gave a state that breaks ${broken.join(', ')}`);
  const initial = fileState(state, { totals: null, score, done: done === true });
  if (textBytes(initial.text) > stateBytes) return wrong('params', `init gave a state larger than ${String(stateBytes)} bytes`);
  const world = makeFileWorld({
    definition: definition.right,
    policy: policy?.right,
    seed,
    stateBytesMax: stateBytes,
    memoryBytesMax: memoryBytes,
  });
  return right({ world, initial });
}

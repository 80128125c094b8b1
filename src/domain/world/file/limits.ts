/** What a world file may take where a budget names no limit of its own, and what no budget can raise. docs/spec.md section 14. */
import { assert } from '../../assert';
import { CALL_BYTES_MAX, ROW_BYTES_MAX } from '../../limits';

/** One call of a world or of a policy. Unit: fuel of the engine, about 10 ns each. */
export const CALL_FUEL_MAX = 20_000_000;

/** The engine's heap for a world. Unit: bytes. */
export const WORLD_MEMORY_BYTES_DEFAULT = 16 * 1024 * 1024;
/** An engine with a small world in it fits; the engine cannot have more. Unit: bytes. */
export const WORLD_MEMORY_BYTES_LEAST = 1024 * 1024;
export const WORLD_MEMORY_BYTES_MOST = 1024 * 1024 * 1024;

/** Canonical text of a state. Unit: bytes. */
export const STATE_BYTES_DEFAULT = 64 * 1024;
export const STATE_BYTES_MOST = CALL_BYTES_MAX;

/** A world file, and a policy file. Unit: bytes. */
export const SOURCE_BYTES_MAX = 1024 * 1024;

/** Canonical text of one input: a row holds it beside the state. Unit: bytes. */
export const INPUT_BYTES_MAX = STATE_BYTES_MOST;

/** Canonical text of the parameters of a run. Unit: bytes. */
export const PARAMS_BYTES_MAX = 1024 * 1024;

/** Canonical text of what one step says beside its state: totals and score, what was refused. Unit: bytes. */
export const OUTCOME_BYTES_MAX = 64 * 1024;

/** Of one plan. Canonical text in bytes. */
export const ACTIONS_MAX = 1_000;
export const ACTIONS_BYTES_MAX = 64 * 1024;

export const REFUSALS_MAX = 20;
export const MESSAGE_CHARS_MAX = 500;

// Input, actions, a state or what changed in it, and what was said; a `resume` row of a session has a state beside its own.
assert(
  ROW_BYTES_MAX > INPUT_BYTES_MAX + 2 * STATE_BYTES_MOST + ACTIONS_BYTES_MAX + OUTCOME_BYTES_MAX,
  'a row holds what a step of a world can leave',
);

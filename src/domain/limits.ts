/** Every fixed limit of the core, with its unit. A relation between limits is checked when this module loads. */
import { assert } from './assert';

/** Contract version: a change of any byte that a hash covers changes it (docs/spec.md). */
export const SPEC_VERSION = 1;

/** A verifier may start after every this many steps. Unit: steps. */
export const CHECKPOINT_INTERVAL_STEPS = 10_000;

/** One line of a `.jsonl` or `.csv` input. Unit: UTF-8 bytes. */
export const LINE_BYTES_MAX = 1024 * 1024;

/**
 * One line of a file of a run. Everything that goes into a row is bounded before the act, so that no row comes near it, and whatever reads a run
 * reads every row that was written. Unit: UTF-8 bytes.
 */
export const ROW_BYTES_MAX = 16 * 1024 * 1024;

/** The arguments of one call, and what came back for one: canonical text. A row holds both. Unit: UTF-8 bytes. */
export const CALL_BYTES_MAX = 4 * 1024 * 1024;

/** A JSON document that has to be held whole (strategy, policy, `.json` market), as it is read and in its normal form. Unit: UTF-8 bytes. */
export const DOCUMENT_BYTES_MAX = 32 * 1024 * 1024;

/** The time of a step, whatever it comes in: what a line of a file can hold. Unit: UTF-16 code units. */
export const TIME_CHARS_MAX = LINE_BYTES_MAX;

/** The calls, or the operations, of one request: canonical text. It becomes `request.json`. Unit: UTF-8 bytes. */
export const PLAN_BYTES_MAX = DOCUMENT_BYTES_MAX / 2;

/** Bytes read, and roughly the market text turned into rows, between two writes. Unit: bytes. */
export const CHUNK_BYTES = 64 * 1024;

export const SYMBOLS_MAX = 1_000;
export const RULES_MAX = 1_000;

/** The longest rolling window; one ring of this many prices is kept per rule. Unit: steps. */
export const WINDOW_STEPS_MAX = 1_000_000;

/** The most steps, calls, operations or bytes a budget can name: counts stay exact integers in JSON. */
export const COUNT_MAX = Number.MAX_SAFE_INTEGER;

assert(CHUNK_BYTES < LINE_BYTES_MAX, 'a chunk is smaller than the longest line');
// Time and prices of a step, where every character of the time has to be escaped; arguments and answer of a call.
assert(ROW_BYTES_MAX > 8 * TIME_CHARS_MAX && ROW_BYTES_MAX > 3 * CALL_BYTES_MAX, 'a row holds what goes into one');
assert(LINE_BYTES_MAX < DOCUMENT_BYTES_MAX, 'a line is smaller than a document');
assert(PLAN_BYTES_MAX > CALL_BYTES_MAX, 'a plan has room for its longest call');

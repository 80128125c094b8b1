/** Every fixed limit of the core, with its unit. A relation between limits is checked when this module loads. */
import { assert } from './assert';

/** Contract version: a change of any byte that a hash covers changes it (docs/spec.md). */
export const SPEC_VERSION = 1;

/** A verifier may start after every this many steps. Unit: steps. */
export const CHECKPOINT_INTERVAL_STEPS = 10_000;

/** One line of a `.jsonl` or `.csv` input. Unit: UTF-8 bytes. */
export const LINE_BYTES_MAX = 1024 * 1024;

/** A JSON document that has to be held whole (strategy, policy, `.json` market). Unit: UTF-8 bytes. */
export const DOCUMENT_BYTES_MAX = 32 * 1024 * 1024;

/** Bytes read, and roughly the market text turned into rows, between two writes. Unit: bytes. */
export const CHUNK_BYTES = 64 * 1024;

export const SYMBOLS_MAX = 1_000;
export const RULES_MAX = 1_000;

/** The longest rolling window; one ring of this many prices is kept per rule. Unit: steps. */
export const WINDOW_STEPS_MAX = 1_000_000;

/** The most steps, calls, operations or bytes a budget can name: counts stay exact integers in JSON. */
export const COUNT_MAX = Number.MAX_SAFE_INTEGER;

assert(CHUNK_BYTES < LINE_BYTES_MAX, 'a chunk is smaller than the longest line');
assert(LINE_BYTES_MAX < DOCUMENT_BYTES_MAX, 'a line is smaller than a document');

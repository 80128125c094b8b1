/** The limits of the local server. Where AWS has the same limit, it is the same number. */
import { assert } from '../../domain/assert';

export interface ServerLimits {
  /** What API Gateway takes; the handlers may take less. Unit: bytes. */
  readonly bodyBytesMax: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  /** What a function gets to answer in, as its Lambda timeout would give it. */
  readonly functionTimeoutMs: number;
  /** What a client gets to read the refusal of a body that it is still sending. */
  readonly lingerMs: number;
}

export const SERVER_LIMITS: ServerLimits = {
  bodyBytesMax: 10 * 1024 * 1024,
  requestTimeoutMs: 30_000,
  functionTimeoutMs: 29_000,
  lingerMs: 2_000,
};

/** Of a listing; the directory itself holds them all. */
export const RUNS_LISTED_MAX = 100;

/** Of a file of a run that is sent; a longer one is opened where it is. Unit: bytes. */
export const FILE_BYTES_MAX = 256 * 1024 * 1024;

/** Of one page of sessions: each costs a few reads of files. */
export const SESSIONS_LISTED_MAX = 200;

assert(SERVER_LIMITS.functionTimeoutMs < SERVER_LIMITS.requestTimeoutMs, 'a function ends before API Gateway gives it up');

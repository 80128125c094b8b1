/**
 * The ceiling on the bytes of a run's artifacts, as a mode keeps to it. A run that touched something outside should not end without evidence,
 * so memory is held to it before anything is sent, and tools while answers come in; `store.ts` holds every run to it before the first file.
 */
import type { Budget } from '../../../domain/budget/budget';
import type { RunSummary } from '../../../domain/run/summary';
import type { RequestRefused } from '../contract/errors';

const RAISE = 'raise EWM_MAX_ARTIFACT_BYTES (max_artifact_bytes in Terraform)';

/** Nothing of this run is stored. What it did outside, it did. */
export function tooManyBytes({ inputs }: Pick<RunSummary, 'inputs'>, bytes: number, bytesMax: number): RequestRefused {
  const happened = inputs.invocation === null ? '' : ' What it called outside did happen: budget_state and results tell of it.';
  const counted = `the artifacts of this run have ${String(bytes)} bytes, and at most ${String(bytesMax)} are stored: none is.`;
  const less = inputs.mode === 'agentcore-memory' ? 'fewer or shorter requests' : 'fewer steps or symbols';
  return { code: 'payload_too_large', message: `${counted}${happened} Ask for ${less}, or ${RAISE}.` };
}

/** Request, tape, memory.json, decision.json and report hold a key five times and a value three times at most. */
const MEMORY_COPIES = 6;
/** Of one operation besides its key and value, in those files. Unit: bytes. */
const OPERATION_BYTES_MAX = 2_048;
/** What does not grow with the operations; one failure ends a run and is told in each file. Unit: bytes. */
const REST_BYTES_MAX = 32_768;

/** Whether a memory run could end with more than may be stored: its budget bounds what is sent and what comes back. Asked before either. */
export function memoryMightNotFit(
  { max_memory_bytes: memoryBytes, max_memory_ops: operations }: Budget,
  requests: number,
  bytesMax: number,
): RequestRefused | undefined {
  const bytes = MEMORY_COPIES * memoryBytes + OPERATION_BYTES_MAX * Math.min(requests, operations) + REST_BYTES_MAX;
  if (bytes <= bytesMax) return undefined;
  const counted = `the artifacts of this run may have ${String(bytes)} bytes by its budget, and at most ${String(bytesMax)} are stored: nothing was sent.`;
  return { code: 'payload_too_large', message: `${counted} Ask for a lower max_memory_bytes or fewer requests, or ${RAISE}.` };
}

/** Tape and decision.json each hold an answer from outside; that half leaves the other one for the inputs and the rest. Unit: bytes. */
export function outsideBytesMax(artifactBytesMax: number): number {
  return Math.floor(artifactBytesMax / 4);
}

/** How long an invocation has for what. */
import type { Invocation } from './act';

/** What the handler reads of Lambda's context. */
export interface InvocationContext {
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;
}

/** Kept back from storing, for writing the answer and the log. Unit: ms. */
const ANSWER_RESERVE_MS = 250;

export function invocationOf({ awsRequestId, getRemainingTimeInMillis }: InvocationContext, storeReserveMs: number): Invocation {
  const before = (reserveMs: number): Invocation['work'] => ({ remainingMs: () => getRemainingTimeInMillis() - reserveMs });
  return { requestId: awsRequestId, work: before(storeReserveMs + ANSWER_RESERVE_MS), storing: before(ANSWER_RESERVE_MS) };
}

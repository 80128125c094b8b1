/** How long an invocation has for what. */
import type { Invocation } from './act';
import { gatewayToolOf } from './gateway-tool';

/** What the handler reads of Lambda's context. */
export interface InvocationContext {
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;
  /** What the caller of a direct invocation says of itself. */
  readonly clientContext?: unknown;
}

/** Kept back from storing, for writing the answer and the log. Unit: ms. */
const ANSWER_RESERVE_MS = 250;

export function invocationOf(context: InvocationContext, storeReserveMs: number): Invocation {
  const { awsRequestId, getRemainingTimeInMillis } = context;
  const tool = gatewayToolOf(context);
  const before = (reserveMs: number): Invocation['work'] => ({ remainingMs: () => getRemainingTimeInMillis() - reserveMs });
  return {
    requestId: awsRequestId,
    work: before(storeReserveMs + ANSWER_RESERVE_MS),
    storing: before(ANSWER_RESERVE_MS),
    ...(tool === undefined ? {} : { tool }),
  };
}

/** One invocation's surroundings, the same for every mode: settings, ports, and how long there is for what. */
import type { Deadline } from '../../ports/clock';
import type { HandlerConfig, HandlerPorts, InvocationContext } from './handler';

export interface Invocation {
  readonly config: HandlerConfig;
  readonly ports: HandlerPorts;
  readonly requestId: string;
  /** For the work of the run: ends early enough to store what came of it. */
  readonly work: Deadline;
  /** For storing: ends early enough to answer. */
  readonly storing: Deadline;
}

/** Kept back from storing, for writing the answer and the log. Unit: ms. */
const ANSWER_RESERVE_MS = 250;

export function invocationOf(config: HandlerConfig, ports: HandlerPorts, context: InvocationContext): Invocation {
  const before = (reserveMs: number): Deadline => ({ remainingMs: () => context.getRemainingTimeInMillis() - reserveMs });
  return {
    config,
    ports,
    requestId: context.awsRequestId,
    work: before(config.storeReserveMs + ANSWER_RESERVE_MS),
    storing: before(ANSWER_RESERVE_MS),
  };
}

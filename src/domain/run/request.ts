/** `request.json`: what an invocation was asked for, normalised, in one canonical line. Its digest is `request_sha256`. */
import type { MemoryOperation } from '../../ports/memory';
import type { Budget } from '../budget/budget';
import type { ToolCall } from '../agent/tool';
import { canonical } from '../canonical/canonical';
import type { StateText } from '../world/market/state';

export interface WorldRequest {
  readonly marketSha256: string;
  readonly strategySha256: string;
  readonly policySha256: string;
  readonly initialState: StateText;
  readonly steps: number;
  readonly budget: Budget;
}

/** The line of a base or tools request, with its newline. The documents stand beside it and are named by their digests. */
export function worldRequestJson(request: WorldRequest, plan?: readonly ToolCall[]): string {
  return `${canonical({
    budget: request.budget,
    initial_state: request.initialState,
    market_sha256: request.marketSha256,
    policy_sha256: request.policySha256,
    steps: request.steps,
    strategy_sha256: request.strategySha256,
    ...(plan === undefined ? {} : { tool_plan: plan }),
  })}\n`;
}

/** The line of a memory request, with its newline. */
export function memoryRequestJson(budget: Budget, requests: readonly MemoryOperation[]): string {
  return `${canonical({ budget, requests: requests.map((request) => ({ ...request })) })}\n`;
}

/** Every tool there is, in the order in which they are named. Adding one is a value in a file of its own and a row here. */
import type { Codec } from '../codec/codec';
import { makeMemoryTools } from './memory-tools';
import { makeExecuteCode, makeProposePlan } from './outside-tools';
import type { ToolCall, Tool } from './tool';
import { makeWorldTools } from './world-tools';

/** The tools of a plan in a world whose actions are read by this codec. */
export function planTools<Q>(actions: Codec<Q>): readonly Tool<Q>[] {
  return [...makeWorldTools(actions, false), makeExecuteCode<Q>(), makeProposePlan(actions)];
}

/** The tools of a session: a call that names no step is about the next one, and memory is there, too. */
export function sessionTools<Q>(actions: Codec<Q>): readonly Tool<Q>[] {
  return [...makeWorldTools(actions, true), makeExecuteCode<Q>(), makeProposePlan(actions), ...makeMemoryTools<Q>()];
}

/** The operations of a memory, which need no world. */
export function memoryTools(): readonly Tool<never>[] {
  return makeMemoryTools<never>();
}

/** Whether a plan may touch anything outside, so that its run is one of its invocation. */
export function reachesOutside(tools: readonly Pick<Tool<never>, 'name' | 'reach'>[], plan: readonly ToolCall[]): boolean {
  const outside = new Set(tools.filter(({ reach }) => reach === 'outside').map(({ name }) => name));
  return plan.some(({ name }) => outside.has(name));
}

/** Price context, evaluate, simulate: a look at step 0 that changes nothing. */
export const DEFAULT_PLAN: readonly ToolCall[] = [
  { name: 'get_price_context', args: { step: 0 } },
  { name: 'evaluate_strategy', args: { step: 0 } },
  { name: 'simulate_and_verify', args: { step: 0 } },
];

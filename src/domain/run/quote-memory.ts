/** What a memory plan would take: nothing is sent, and nothing is kept. docs/spec.md section 8. */
import type { MemoryOperation } from '../../ports/memory';
import type { RunWriter } from '../../ports/run-files';
import { callOf } from '../agent/memory-tools';
import type { OutsidePorts } from '../agent/tool';
import { memoryTools } from '../agent/tools';
import type { Budget } from '../budget/budget';
import { makeEpisode } from '../episode/episode';
import { digested } from '../episode/output';
import { limitless, quoteCalls, type Quoted } from '../episode/quote';

export function quoteMemoryPlan(
  budget: Budget,
  requests: readonly MemoryOperation[],
  scratch: RunWriter,
  ports: OutsidePorts,
): Promise<Quoted> {
  const tools = memoryTools();
  const identity = { genesis: '', runId: '' };
  return quoteCalls(
    {
      open: (calls) => makeEpisode({ inputs: {}, identity, budget: limitless(budget), tools, calls, output: digested(scratch) }),
      tools,
      ports,
      memoryBytesLeft: budget.max_memory_bytes,
    },
    requests.map(callOf),
  );
}

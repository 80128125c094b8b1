/** Random runs of tool and memory plans, through the use cases and adapters in memory. */
import fc from 'fast-check';
import { noDeadline } from '../../src/adapters/in-process/clock';
import { makeScriptedCodeInterpreter } from '../../src/adapters/in-process/code-interpreter';
import { makeMarketDocument } from '../../src/adapters/in-process/market-document';
import { makeInProcessMemory } from '../../src/adapters/in-process/memory';
import { makeScriptedPlanner } from '../../src/adapters/in-process/planner';
import { makeMemoryRunWriter, type RunFileBytes } from '../../src/adapters/in-process/run-files';
import type { Budget } from '../../src/domain/budget/budget';
import { liveCalls } from '../../src/domain/agent/calls';
import type { ToolCall } from '../../src/domain/agent/tool';
import { runMemoryPlan, runToolPlan } from '../../src/domain/run/run';
import type { MemoryOperation } from '../../src/ports/memory';
import { arbitraryAnyCase } from './arbitraries';
import { decodedMarket, expectRight } from './harness';
import type { ReferenceRequest } from './reference-model';

const arbitraryItem = (symbols: readonly string[]): fc.Arbitrary<ToolCall> => {
  const step = fc.integer({ min: 0, max: 6 });
  const actions = fc.array(
    fc.record({
      type: fc.constantFrom('PlaceBuy', 'PlaceSell'),
      symbol: fc.constantFrom(...symbols),
      quantity: fc.constantFrom('0.01', '1'),
    }),
    { maxLength: 3 },
  );
  return fc.oneof(
    { weight: 2, arbitrary: step.map((at) => ({ name: 'evaluate_strategy', args: { step: at } })) },
    { weight: 4, arbitrary: step.map((at) => ({ name: 'execute', args: { step: at } })) },
    { weight: 4, arbitrary: fc.tuple(step, actions).map(([at, list]) => ({ name: 'execute', args: { step: at, actions: list } })) },
    { weight: 2, arbitrary: fc.constant({ name: 'propose_plan', args: { goal: 'grow' } }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        { name: 'propose_plan', args: {} },
        { name: 'execute_code', args: { language: 'python', code: 'print(1)' } },
      ),
    },
  );
};

const arbitraryLimit = fc.oneof({ weight: 3, arbitrary: fc.constant(20) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 4 }) });

export const arbitraryToolRun: fc.Arbitrary<{
  readonly request: ReferenceRequest;
  readonly plan: readonly ToolCall[];
  readonly budget: Budget;
}> = arbitraryAnyCase.chain((request) =>
  fc.record({
    request: fc.constant(request),
    plan: fc
      .array(arbitraryItem(request.market.symbols), { minLength: 1, maxLength: 7 })
      // Time only moves forward, and a plan that ends at its first call shows little.
      .map((items) => [{ name: 'evaluate_strategy', args: { step: 0 } }, ...items.sort((a, b) => stepOf(a) - stepOf(b))]),
    budget: fc.record({
      max_steps: arbitraryLimit.map((limit) => Math.max(1, limit)),
      max_tool_calls: arbitraryLimit,
      max_model_calls: arbitraryLimit,
      max_memory_ops: fc.constant(0),
      max_memory_bytes: fc.constant(0),
    }),
  }),
);

function stepOf({ args }: ToolCall): number {
  return typeof args['step'] === 'number' ? args['step'] : 0;
}

export async function toolRun({
  request,
  plan,
  budget,
}: {
  readonly request: ReferenceRequest;
  readonly plan: readonly ToolCall[];
  readonly budget: Budget;
}): Promise<RunFileBytes> {
  const writer = makeMemoryRunWriter();
  const { strategy, policy, initialState } = request;
  const handler = { mode: 'agentcore-tools', budget, plan, invocation: 'request-1' } as const;
  expectRight(
    await runToolPlan({ strategy, policy, initialState, handler }, plan, makeMarketDocument(decodedMarket(request)), writer, (runId) =>
      liveCalls({ runId, ports: { interpreter: makeScriptedCodeInterpreter(), planner: makeScriptedPlanner() }, deadline: noDeadline }),
    ),
  );
  return writer.files();
}

const arbitraryKey = fc.constantFrom('a', 'b', 'ü');

const arbitraryOperation: fc.Arbitrary<MemoryOperation> = fc.oneof(
  fc.record({ op: fc.constant('memory_put' as const), key: arbitraryKey, value: fc.constantFrom(null, 1, 'text', { deep: [1, null] }) }),
  fc.record({ op: fc.constant('memory_get' as const), key: arbitraryKey }),
  fc.record({ op: fc.constant('memory_clear' as const), key: arbitraryKey }),
);

const REMEMBERED: readonly MemoryOperation[] = [
  { op: 'memory_put', key: 'a', value: 'Zürich '.repeat(12) },
  { op: 'memory_get', key: 'a' },
];

export const arbitraryMemoryRun: fc.Arbitrary<{ readonly requests: readonly MemoryOperation[]; readonly budget: Budget }> = fc.record({
  requests: fc.oneof(
    fc.array(arbitraryOperation, { maxLength: 6 }),
    fc.array(arbitraryOperation, { maxLength: 1 }).map((more) => [...REMEMBERED, ...more]),
  ),
  budget: fc.record({
    max_steps: fc.constant(1),
    max_tool_calls: fc.constant(0),
    max_model_calls: fc.constant(0),
    max_memory_ops: fc.integer({ min: 4, max: 8 }),
    // Near what these requests take: a value that came back often does not fit.
    max_memory_bytes: fc.integer({ min: 100, max: 400 }),
  }),
});

export async function memoryRun({
  requests,
  budget,
}: {
  readonly requests: readonly MemoryOperation[];
  readonly budget: Budget;
}): Promise<RunFileBytes> {
  const writer = makeMemoryRunWriter();
  const memory = makeInProcessMemory();
  expectRight(
    await runMemoryPlan(budget, requests, 'request-1', writer, (runId) => liveCalls({ runId, ports: { memory }, deadline: noDeadline })),
  );
  return writer.files();
}

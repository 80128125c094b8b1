/** Base, tools and memory runs against an independent model: every row, the request, and what each call is told to have answered. */
import { left, right } from 'fp-ts/Either';
import fc from 'fast-check';
import { makeInProcessMemory } from '../../../src/adapters/in-process/memory';
import type { RunFileBytes } from '../../../src/adapters/in-process/run-files';
import { decodeProposal } from '../../../src/domain/world/market/proposal';
import type { DependencyFailed } from '../../../src/ports/dependency';
import { arbitraryAnyCase, arbitraryCase } from '../../support/arbitraries';
import { type HandlerRun, handlerRun } from '../../support/golden-runs';
import { bareOutcome, bareRow, elementAt, linesOf, rowsOf, RUNS, seeded, textOf, verdictOn } from '../../support/harness';
import { canonicalText, type Json, type JsonObject, type ReferenceRequest, referenceRun } from '../../support/reference-model';
import {
  type ReferenceAnswer,
  type ReferenceCall,
  referenceMemoryRun,
  type ReferenceOperation,
  type ReferencePlanRun,
  referenceToolRun,
} from '../../support/reference-plans';

const REQUEST_ID = '5f2c8d1e-0000-4000-8000-000000000001';
const ceilings = { max_steps: 1_000, max_tool_calls: 1_000, max_model_calls: 1_000, max_memory_ops: 1_000, max_memory_bytes: 1_000_000 };
/** Too little to begin another call, enough to store what was done. */
const SPENT_MS = 4_000;

function worldBody({ market, strategy, policy, initialState }: ReferenceRequest): JsonObject {
  return {
    market: {
      symbols: market.symbols,
      steps: market.steps.map(({ prices, time }) => (time === undefined ? prices : { ...prices, time })),
    },
    strategy: strategy as unknown as Json,
    policy: policy as unknown as Json,
    initial_state: initialState as unknown as Json,
  };
}

async function expectAgreement(files: RunFileBytes, model: Omit<ReferencePlanRun, 'request' | 'results'> & Partial<ReferencePlanRun>) {
  const tape = rowsOf(linesOf(files, 'tape.jsonl'));
  expect(tape.map(bareRow)).toEqual(model.tape);
  expect(rowsOf(linesOf(files, 'executions.jsonl')).map(bareRow)).toEqual(model.executions);
  if (model.request !== undefined) expect(textOf(files, 'request.json')).toBe(model.request);
  if (model.results !== undefined) {
    const { results } = JSON.parse(textOf(files, 'decision.json')) as { results: JsonObject[] };
    expect(results.map(bareOutcome)).toEqual(model.results);
  }
  const seal = elementAt(tape, -1);
  expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven', summary: { headHash: seal['hash'] } });
  return { tape, code: (seal['error'] as JsonObject | null)?.['code'] ?? null };
}

async function stored(run: HandlerRun): Promise<RunFileBytes> {
  const files = await handlerRun(run, run.body);
  if (files === undefined) throw new Error('the handler stored no run');
  return files;
}

const arbitraryLimit = fc.oneof({ weight: 4, arbitrary: fc.constant(20) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 4 }) });

test('random base runs', async () => {
  const codes = new Set<Json>();
  await fc.assert(
    fc.asyncProperty(arbitraryCase, async (request) => {
      const body = { ...worldBody(request), steps: request.steps, budget: { ...request.budget } };
      const files = await stored({ mode: 'agentcore-base', body, outside: () => ({ config: { ceilings } }) });
      const { code } = await expectAgreement(files, referenceRun({ ...request, mode: 'agentcore-base' }));
      codes.add(code);
    }),
    seeded(2 * RUNS.whole),
  );
  expect([...codes]).toEqual(expect.arrayContaining([null, 'budget_exceeded']));
});

// ---- Tools ----

/** What the outside does at a call, by kind: the index of the call picks one. */
type Behaviour = 'answers' | 'fails' | 'is throttled';

interface PlanCase {
  readonly request: ReferenceRequest;
  readonly plan: readonly ReferenceCall[];
  readonly budget: ReferenceRequest['budget'];
  readonly behaviours: readonly Behaviour[];
  readonly proposal: readonly JsonObject[];
  /** The call to the outside after which no time is left. */
  readonly spentAfter: number;
}

function arbitraryActions(symbols: readonly string[]): fc.Arbitrary<JsonObject[]> {
  const action = fc.record(
    {
      type: fc.constantFrom('PlaceBuy', 'PlaceBuy', 'PlaceSell'),
      symbol: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...symbols) }, { weight: 1, arbitrary: fc.constant('NOWHERE') }),
      quantity: fc.constantFrom('0.01', '1', '2.5', '0', '-1'),
      price: fc.constantFrom('-1', '1', '0.00000001'),
    },
    { requiredKeys: ['type', 'symbol', 'quantity'] },
  );
  return fc.array(
    action.map(({ price, ...rest }) => (price === undefined || rest.quantity !== '1' ? rest : { ...rest, price })),
    {
      maxLength: 3,
    },
  );
}

function arbitraryCall(symbols: readonly string[]): fc.Arbitrary<ReferenceCall> {
  const step = fc.integer({ min: 0, max: 5 });
  const stepped = (name: string): fc.Arbitrary<ReferenceCall> => step.map((at) => ({ name, args: { step: at } }));
  const acting = (name: string): fc.Arbitrary<ReferenceCall> =>
    fc.tuple(step, arbitraryActions(symbols)).map(([at, actions]) => ({ name, args: { step: at, actions } }));
  return fc.oneof(
    { weight: 2, arbitrary: stepped('get_price_context') },
    { weight: 3, arbitrary: stepped('evaluate_strategy') },
    { weight: 2, arbitrary: stepped('simulate_and_verify') },
    { weight: 4, arbitrary: stepped('execute') },
    { weight: 2, arbitrary: acting('simulate_and_verify') },
    { weight: 4, arbitrary: acting('execute') },
    { weight: 2, arbitrary: fc.constant({ name: 'execute_code', args: { language: 'python', code: '' } }) },
    { weight: 3, arbitrary: fc.constantFrom('grow', 'ünï').map((goal) => ({ name: 'propose_plan', args: { goal } })) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<ReferenceCall[]>(
        { name: 'propose_plan', args: {} },
        { name: 'execute_code', args: { language: 'basic', code: '1' } },
        { name: 'execute', args: { step: 2.5 } },
        { name: 'evaluate_strategy', args: { step: 99 } },
        { name: 'get_price_context', args: { step: 0, extra: null } },
        { name: 'toString', args: {} },
      ),
    },
  );
}

const arbitraryPlanCase: fc.Arbitrary<PlanCase> = arbitraryAnyCase.chain((request) =>
  fc.record({
    request: fc.constant(request),
    plan: fc
      .array(arbitraryCall(request.market.symbols), { minLength: 1, maxLength: 7 })
      // Time only moves forward; a program is known by its place in the plan.
      .map((calls) => [{ name: 'evaluate_strategy', args: { step: 0 } }, ...calls.sort((a, b) => stepOf(a) - stepOf(b))])
      .map((calls) =>
        calls.map((call, index) => (call.args['code'] === '' ? { ...call, args: { ...call.args, code: String(index) } } : call)),
      ),
    budget: fc.record({
      max_steps: arbitraryLimit.map((limit) => Math.max(1, limit)),
      max_tool_calls: arbitraryLimit,
      max_model_calls: arbitraryLimit,
      max_memory_ops: fc.constant(0),
      max_memory_bytes: fc.constant(0),
    }),
    behaviours: fc.array(fc.constantFrom<Behaviour[]>('answers', 'answers', 'answers', 'answers', 'fails', 'is throttled'), {
      minLength: 8,
      maxLength: 8,
    }),
    proposal: arbitraryActions(request.market.symbols),
    spentAfter: fc.oneof({ weight: 2, arbitrary: fc.constant(99) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) }),
  }),
);

function stepOf({ args }: ReferenceCall): number {
  return typeof args['step'] === 'number' ? args['step'] : 0;
}

const throttled: DependencyFailed = {
  _tag: 'DependencyFailed',
  service: 'bedrock-agentcore',
  operation: 'Invoke',
  reason: 'slow down',
  httpStatus: 429,
  effect: 'none',
};

function planRun(planCase: PlanCase): HandlerRun {
  const { request, plan, budget, behaviours, proposal, spentAfter } = planCase;
  const body = { ...worldBody(request), budget: { ...budget }, tool_plan: plan as unknown as Json };
  return {
    mode: 'agentcore-tools',
    body,
    outside: () => {
      let spent = false;
      const begin = (index: number): Behaviour => {
        spent ||= index >= spentAfter;
        return behaviours[index] ?? 'answers';
      };
      return {
        config: { ceilings },
        remainingMs: () => (spent ? SPENT_MS : 29_000),
        ports: {
          interpreter: {
            source: 'remote',
            label: 'test',
            open: () => ({
              execute:
                ({ code }) =>
                () => {
                  const behaviour = begin(Number(code));
                  if (behaviour === 'is throttled') return Promise.resolve(left(throttled));
                  return Promise.resolve(
                    behaviour === 'fails'
                      ? left({ _tag: 'ProgramFailed', reason: 'exit code 1' })
                      : right({ stdout: `ran ${code}`, stderr: '', exitCode: 0, dropped: [] }),
                  );
                },
              close: () => Promise.resolve(0),
            }),
          },
          planner: {
            source: 'remote',
            label: 'test',
            open: () => ({
              propose: (_goal, operationId) => () => {
                const behaviour = begin(Number(operationId.split('-').at(-1)));
                if (behaviour === 'is throttled') return Promise.resolve(left(throttled));
                const decoded = decodeProposal(behaviour === 'fails' ? 'no plan' : proposal);
                return Promise.resolve(decoded._tag === 'Left' ? left({ _tag: 'MalformedPlan', problems: decoded.left }) : decoded);
              },
              close: () => Promise.resolve(0),
            }),
          },
        },
      };
    },
  };
}

function answerOf({ behaviours, proposal }: PlanCase, index: number, kind: 'code' | 'model'): ReferenceAnswer {
  const source = 'remote';
  switch (behaviours[index] ?? 'answers') {
    case 'is throttled': {
      const { service, operation, effect } = throttled;
      return { source, ok: false, error: { code: 'dependency_failed', service, operation, effect, http_status: 429 } };
    }
    case 'fails':
      return { source, ok: false, error: { code: 'tool_failed' } };
    case 'answers':
      return kind === 'model'
        ? { source, ok: true, result: { actions: [...proposal] } }
        : { source, ok: true, result: { stdout: `ran ${String(index)}`, stderr: '', exit_code: 0 } };
  }
}

/** The call before which the clock is found spent: the one after the first call to the outside from `spentAfter` on. */
function deadlineOf({ plan, spentAfter }: PlanCase): number | undefined {
  const asked = plan.findIndex(
    ({ name, args }, index) =>
      index >= spentAfter && ((name === 'execute_code' && args['language'] === 'python') || (name === 'propose_plan' && 'goal' in args)),
  );
  return asked === -1 ? undefined : asked + 1;
}

test('random tool plans', async () => {
  const codes = new Set<Json>();
  const kinds = new Set<Json>();
  await fc.assert(
    fc.asyncProperty(arbitraryPlanCase, async (planCase) => {
      const { request, plan, budget } = planCase;
      const deadlineBefore = deadlineOf(planCase);
      const model = referenceToolRun({
        ...request,
        plan,
        budget,
        requestId: REQUEST_ID,
        outside: (index, kind) => answerOf(planCase, index, kind),
        ...(deadlineBefore === undefined ? {} : { deadlineBefore }),
      });
      const { tape, code } = await expectAgreement(await stored(planRun(planCase)), model);
      codes.add(code);
      for (const row of tape) kinds.add(row['name'] ?? row['type'] ?? null);
    }),
    seeded(5 * RUNS.whole),
  );
  for (const code of [null, 'budget_exceeded', 'deadline_exceeded', 'dependency_failed', 'simulation_rejected', 'tool_failed']) {
    expect(codes).toContain(code);
  }
  for (const kind of ['step', 'execute', 'execute_code', 'propose_plan', 'toString']) expect(kinds).toContain(kind);
});

// ---- Memory ----

interface MemoryCase {
  readonly requests: readonly ReferenceOperation[];
  readonly budget: ReferenceRequest['budget'];
  readonly fails: number;
  readonly spentAfter: number;
}

const arbitraryKey = fc.constantFrom('a', 'b', 'ü');
const arbitraryOperation: fc.Arbitrary<ReferenceOperation> = fc.oneof(
  fc.record({
    op: fc.constant('memory_put' as const),
    key: arbitraryKey,
    value: fc.constantFrom<Json[]>(null, 1, 'Zürich '.repeat(9), { deep: [1, null] }),
  }),
  fc.record({ op: fc.constant('memory_get' as const), key: arbitraryKey }),
  fc.record({ op: fc.constant('memory_clear' as const), key: arbitraryKey }),
);

const arbitraryMemoryCase: fc.Arbitrary<MemoryCase> = fc.record({
  requests: fc.array(arbitraryOperation, { maxLength: 7 }),
  budget: fc.record({
    max_steps: fc.constant(1),
    max_tool_calls: fc.constant(0),
    max_model_calls: fc.constant(0),
    max_memory_ops: fc.integer({ min: 2, max: 8 }),
    max_memory_bytes: fc.integer({ min: 100, max: 500 }),
  }),
  fails: fc.oneof({ weight: 4, arbitrary: fc.constant(99) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 6 }) }),
  spentAfter: fc.oneof({ weight: 4, arbitrary: fc.constant(99) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 6 }) }),
});

const unreachable: DependencyFailed = {
  _tag: 'DependencyFailed',
  service: 'bedrock-agentcore',
  operation: 'Event',
  reason: 'hung up',
  effect: 'unknown',
};

function memoryRunOf({ requests, budget, fails, spentAfter }: MemoryCase): HandlerRun {
  return {
    mode: 'agentcore-memory',
    body: { budget: { ...budget }, requests: requests.map((request): JsonObject => ({ ...request })) },
    outside: () => {
      const memory = makeInProcessMemory();
      let calls = 0;
      const counted = <A>(act: () => A, failed: A): A => {
        const index = calls++;
        return index === fails ? failed : act();
      };
      const gone = (): Promise<ReturnType<typeof left<DependencyFailed>>> => Promise.resolve(left(unreachable));
      return {
        config: { ceilings },
        remainingMs: () => (calls > spentAfter ? SPENT_MS : 29_000),
        ports: {
          memory: {
            source: 'remote',
            put: (...args) => counted(() => memory.put(...args), gone),
            get: (...args) => counted(() => memory.get(...args), gone),
            clear: (...args) => counted(() => memory.clear(...args), gone),
          },
        },
      };
    },
  };
}

/** What a memory that works would answer, from the operations before. */
function remembered({ requests, fails }: MemoryCase, index: number): ReferenceAnswer {
  const source = 'remote';
  if (index === fails) {
    const { service, operation, effect } = unreachable;
    return { source, ok: false, error: { code: 'dependency_failed', service, operation, effect } };
  }
  const { op, key } = elementAt(requests, index);
  if (op !== 'memory_get') return { source, ok: true, result: null };
  const last = requests.slice(0, index).findLast((request) => request.key === key && request.op !== 'memory_get');
  return { source, ok: true, result: last?.op === 'memory_put' ? { found: true, value: last.value ?? null } : { found: false } };
}

test('random memory plans', async () => {
  const codes = new Set<Json>();
  const results = new Set<string>();
  await fc.assert(
    fc.asyncProperty(arbitraryMemoryCase, async (memoryCase) => {
      const { requests, budget, spentAfter } = memoryCase;
      const model = referenceMemoryRun({
        budget,
        requests,
        requestId: REQUEST_ID,
        outside: (index) => remembered(memoryCase, index),
        deadlineBefore: spentAfter + 1,
      });
      const { tape, code } = await expectAgreement(await stored(memoryRunOf(memoryCase)), model);
      codes.add(code);
      for (const { result } of tape) results.add(canonicalText(Object.keys((result ?? {}) as JsonObject)));
    }),
    seeded(5 * RUNS.whole),
  );
  for (const code of [null, 'budget_exceeded', 'deadline_exceeded', 'dependency_failed']) expect(codes).toContain(code);
  expect(results).toContain('["bytes","found","withheld"]');
});

/**
 * The handler runs behind the goldens: what was asked for, and what the outside answered. The requests stand in the directories; here is
 * only what a directory cannot hold, so that a run can be made again from it. A clock that runs out does so at an act, not at a count of looks.
 */
import { left, right } from 'fp-ts/Either';
import { mapLeft } from 'fp-ts/TaskEither';
import { makeScriptedCodeInterpreter } from '../../src/adapters/in-process/code-interpreter';
import { makeInProcessMemory } from '../../src/adapters/in-process/memory';
import { makeScriptedPlanner } from '../../src/adapters/in-process/planner';
import { makeInProcessStopSwitch } from '../../src/adapters/in-process/stop-switch';
import type { RunFileBytes } from '../../src/adapters/in-process/run-files';
import type { HandlerPorts } from '../../src/handlers/compose-http';
import type { HandlerConfig } from '../../src/handlers/config';
import type { HttpMode } from '../../src/handlers/http/contract/response';
import type { CodeInterpreter, ProgramFailed } from '../../src/ports/code-interpreter';
import type { CallFailure, DependencyFailed } from '../../src/ports/dependency';
import type { StopSwitch } from '../../src/ports/stop-switch';
import { contextOf, invoke, makeTestHandler, storedFiles } from './handlers';
import type { Json, JsonObject } from './reference-model';

interface Outside {
  readonly ports?: Partial<HandlerPorts>;
  readonly config?: Partial<HandlerConfig>;
  /** What the invocation has left. Unit: ms. */
  readonly remainingMs?: () => number;
}

export interface HandlerRun {
  readonly mode: HttpMode;
  readonly body: JsonObject;
  /** Made anew for every run: ports remember. */
  readonly outside?: () => Outside;
}

const REQUEST_ID = '5f2c8d1e-0000-4000-8000-000000000001';
const PLENTY_MS = 29_000;
/** Enough to store what was done, too little to go on. */
const SPENT_MS = 3_000;

const CALLS = { max_steps: 20, max_tool_calls: 10, max_model_calls: 2 };
const call = (name: string, args: JsonObject = { step: 0 }): JsonObject => ({ name, args });
const order = (type: 'PlaceBuy' | 'PlaceSell', symbol: string, quantity: string, price?: string): JsonObject => ({
  type,
  symbol,
  quantity,
  ...(price === undefined ? {} : { price }),
});
const python = (code: string): JsonObject => call('execute_code', { language: 'python', code });

const note: Json = { text: 'Zürich 🕓', list: [1, null, true, { deep: '\u2028' }] };
const put = (key: string, value: Json): JsonObject => ({ op: 'memory_put', key, value });
const get = (key: string): JsonObject => ({ op: 'memory_get', key });
const clear = (key: string): JsonObject => ({ op: 'memory_clear', key });

/** A planner that stands elsewhere, as far as a tape can tell. */
function plannerOf(script?: Parameters<typeof makeScriptedPlanner>[0]): Partial<HandlerPorts> {
  return { planner: { ...makeScriptedPlanner(script), source: 'remote' } };
}

/** Programs that say what they shall leave: `fail` ends with exit code 3. */
function interpreterOf(): Partial<HandlerPorts> {
  const script: Parameters<typeof makeScriptedCodeInterpreter>[0] = ({ code }) =>
    code === 'fail'
      ? { stdout: 'half', stderr: 'no such file', exitCode: 3 }
      : { stdout: code === 'long' ? 'x'.repeat(6_000) : `${code}\n`, stderr: 'warning: “quotes”' };
  return { interpreter: { ...withoutEvidence(makeScriptedCodeInterpreter(script)), source: 'remote' } };
}

/** As programs failed before their output was kept: a tape of those days is proven as it is. */
function withoutEvidence(interpreter: CodeInterpreter): CodeInterpreter {
  return {
    ...interpreter,
    open: (runId) => {
      const session = interpreter.open(runId);
      return {
        ...session,
        execute: (...args) =>
          mapLeft((failure: ProgramFailed | CallFailure) =>
            failure._tag === 'ProgramFailed' ? { _tag: failure._tag, reason: failure.reason } : failure,
          )(session.execute(...args)),
      };
    },
  };
}

/** A program that prints more than both ends hold, with an image beside it, and fails; and sessions that cannot be stopped. */
function evidenceOf(unstopped: number): Partial<HandlerPorts> {
  const long = `begin ${'=-'.repeat(3_000)}\u{1F3EF} end\n`;
  const output = { stdout: long, stderr: 'Traceback: “no such file”\n', exitCode: 3, complete: true };
  const dropped = [
    { type: 'image', mediaType: 'image/png', bytes: 70 },
    { type: 'resource_link', name: 'file:///tmp/plot.svg' },
  ];
  return {
    interpreter: {
      ...makeScriptedCodeInterpreter(),
      source: 'remote',
      open: () => ({
        execute:
          ({ code }) =>
          () =>
            Promise.resolve(
              code === 'fail'
                ? left({ _tag: 'ProgramFailed', reason: 'exit code 3', output: { ...output, dropped } })
                : right({ stdout: 'drawn\n', stderr: '', exitCode: 0, dropped }),
            ),
        close: () => Promise.resolve(unstopped),
      }),
    },
  };
}

const throttled: DependencyFailed = {
  _tag: 'DependencyFailed',
  service: 'bedrock-agentcore',
  operation: 'InvokeCodeInterpreter',
  reason: 'ThrottlingException: slow down',
  httpStatus: 429,
  effect: 'none',
};

/** The time is spent once the first call to the outside was made. */
function spentByCode(): Outside {
  let spent = false;
  const interpreter = makeScriptedCodeInterpreter(() => {
    spent = true;
    return { stdout: 'slow\n' };
  });
  return { ports: { interpreter }, remainingMs: () => (spent ? SPENT_MS : PLENTY_MS) };
}

function spentByMemory(): Outside {
  const memory = makeInProcessMemory();
  let spent = false;
  const slow = {
    ...memory,
    put: (...args: Parameters<typeof memory.put>) => {
      spent = true;
      return memory.put(...args);
    },
  };
  return { ports: { memory: slow }, remainingMs: () => (spent ? SPENT_MS : PLENTY_MS) };
}

/** The engine looks at the clock before each batch of market lines: the second look finds it spent. */
function spentBySteps(): Outside {
  let looks = 0;
  return { remainingMs: () => (looks++ === 0 ? PLENTY_MS : SPENT_MS) };
}

/** Of those who look at it first, so many find it not set. */
function setAfter(looks: number): StopSwitch {
  let looked = 0;
  return { ...makeInProcessStopSwitch(), read: () => () => Promise.resolve(right(looked++ < looks ? undefined : ORDER)) };
}

const ORDER = { who: 'Zoë „ops“', why: 'the bill runs away | 72.67 USD', at: '2026-11-26T09:30:00.000Z' };

/** The request and its first program find it not set. */
function stoppedBetween(interpreter: CodeInterpreter): Outside {
  return { ports: { interpreter: { ...interpreter, source: 'remote' }, stopSwitch: setAfter(2) } };
}

function unreadableLater(): StopSwitch {
  let looked = 0;
  const unreadable = { _tag: 'SwitchUnreadable', reason: 's3://bucket/stop.json: SlowDown: Reduce your request rate' } as const;
  return { ...makeInProcessStopSwitch(), read: () => () => Promise.resolve(looked++ === 0 ? right(undefined) : left(unreadable)) };
}

function failingMemory(): Outside {
  const failed: DependencyFailed = {
    _tag: 'DependencyFailed',
    service: 'bedrock-agentcore',
    operation: 'ListEvents',
    reason: 'socket hang up',
    effect: 'unknown',
  };
  return { ports: { memory: { ...makeInProcessMemory(), source: 'remote', get: () => () => Promise.resolve(left(failed)) } } };
}

/** Long labels, so that few steps are more than one batch. */
const longMarket: JsonObject = {
  symbols: ['X'],
  steps: Array.from({ length: 60 }, (_, t) => ({ X: String(8 + (t % 5)), time: `step ${String(t)} ${'.'.repeat(1_500)}` })),
};
const longStrategy: JsonObject = {
  metadata: { name: 'saw', version: '1', description: 'Buys low, sells high' },
  universe: { symbols: ['X'] },
  sizing: { order_qty: '1', max_position_qty_per_symbol: '9' },
  rules: [{ type: 'threshold_price', symbol: 'X', buy_below: '8', sell_above: '12' }],
};

const memoryBudget = { max_memory_ops: 10, max_memory_bytes: 2_000 };

export const HANDLER_RUNS: Readonly<Record<string, HandlerRun>> = {
  'base-all-steps': {
    mode: 'agentcore-base',
    body: { steps: 5, budget: { max_steps: 9, max_tool_calls: 1 }, policy: { policy_id: 'fees', costs: { fee_bps: '12.5' } } },
  },
  'base-budget-stopped': { mode: 'agentcore-base', body: { steps: 4, budget: { max_steps: 2 }, initial_state: { cash: '250' } } },
  'base-deadline': {
    mode: 'agentcore-base',
    body: { market: longMarket, strategy: longStrategy, steps: 60, budget: { max_steps: 60 } },
    outside: spentBySteps,
  },
  'tools-look-only': { mode: 'agentcore-tools', body: { budget: CALLS } },
  'tools-no-budget': { mode: 'agentcore-tools', body: {} },
  'tools-rejected': {
    mode: 'agentcore-tools',
    body: {
      budget: CALLS,
      tool_plan: [call('simulate_and_verify', { step: 1, actions: [order('PlaceBuy', 'AAPL', '7.5'), order('PlaceBuy', 'MSFT', '1')] })],
    },
  },
  'tools-failed-call': {
    mode: 'agentcore-tools',
    body: { budget: CALLS, tool_plan: [call('get_price_context', { step: 4 }), call('get_price_context', { step: 5 }), call('execute')] },
  },
  'tools-unknown-tool': { mode: 'agentcore-tools', body: { budget: CALLS, tool_plan: [call('constructor', { step: [0, 'x'] })] } },
  'tools-backwards': {
    mode: 'agentcore-tools',
    body: {
      budget: CALLS,
      tool_plan: [call('evaluate_strategy', { step: 2 }), call('execute', { step: 2 }), call('execute', { step: 2 })],
    },
  },
  'tools-execute': {
    mode: 'agentcore-tools',
    body: {
      budget: CALLS,
      policy: { costs: { fee_bps: '5' } },
      tool_plan: [
        call('evaluate_strategy', { step: 1 }),
        call('simulate_and_verify', { step: 1 }),
        call('execute', { step: 1 }),
        call('execute', { step: 2, actions: [order('PlaceBuy', 'MSFT', '0.5', '194.52'), order('PlaceSell', 'AAPL', '0.25')] }),
        call('execute', { step: 3, actions: [] }),
        call('execute', { step: 4, actions: [order('PlaceSell', 'MSFT', '9')] }),
        call('get_price_context', { step: 4 }),
      ],
    },
  },
  'tools-code': {
    mode: 'agentcore-tools',
    body: { budget: CALLS, tool_plan: [python('print("ünï\u2028")'), call('execute', { step: 0, actions: [] }), python('fail')] },
    outside: () => ({ ports: interpreterOf() }),
  },
  'tools-code-evidence': {
    mode: 'agentcore-tools',
    body: { budget: CALLS, tool_plan: [python('draw'), python('fail'), python('never')] },
    outside: () => ({ ports: evidenceOf(0) }),
  },
  'tools-not-stopped': {
    mode: 'agentcore-tools',
    body: { budget: CALLS, tool_plan: [python('draw'), call('get_price_context', { step: 1 })] },
    outside: () => ({ ports: evidenceOf(1) }),
  },
  'tools-code-withheld': {
    mode: 'agentcore-tools',
    body: { budget: CALLS, tool_plan: [python('long')] },
    outside: () => ({ ports: interpreterOf(), config: { artifactBytesMax: 20_000 } }),
  },
  'tools-dependency-failed': {
    mode: 'agentcore-tools',
    body: { budget: CALLS, tool_plan: [call('evaluate_strategy'), python('1')] },
    outside: () => ({
      ports: {
        interpreter: {
          ...makeScriptedCodeInterpreter(),
          source: 'remote',
          open: () => ({ execute: () => () => Promise.resolve(left(throttled)), close: () => Promise.resolve(0) }),
        },
      },
    }),
  },
  'tools-not-enabled': { mode: 'agentcore-tools', body: { budget: CALLS, tool_plan: [python('1')] } },
  'tools-planner': {
    mode: 'agentcore-tools',
    body: {
      budget: CALLS,
      tool_plan: [
        call('propose_plan', { goal: 'Wachse „langsam“' }),
        call('execute', { step: 0 }),
        call('propose_plan', { goal: 'sell' }),
        call('execute', { step: 1 }),
        call('propose_plan', { goal: 'one more than the budget' }),
      ],
    },
    outside: () => ({
      ports: plannerOf(({ goal }) =>
        goal === 'sell' ? [order('PlaceSell', 'AAPL', '1')] : [order('PlaceBuy', 'AAPL', '1', '99.86'), order('PlaceBuy', 'MSFT', '2')],
      ),
    }),
  },
  'tools-planner-rejected': {
    mode: 'agentcore-tools',
    body: { budget: CALLS, tool_plan: [call('evaluate_strategy', { step: 3 }), call('propose_plan', { goal: 'more' })] },
    outside: () => ({ ports: plannerOf(() => [order('PlaceBuy', 'NOWHERE', '-1', '3')]) }),
  },
  'tools-planner-malformed': {
    mode: 'agentcore-tools',
    body: { budget: CALLS, tool_plan: [call('propose_plan', { goal: 'anything' })] },
    outside: () => ({ ports: plannerOf(() => ({ actions: 'many' })) }),
  },
  'tools-planner-price': {
    mode: 'agentcore-tools',
    body: { budget: CALLS, tool_plan: [call('propose_plan', { goal: 'cheap' })] },
    outside: () => ({ ports: plannerOf(() => [order('PlaceBuy', 'AAPL', '1', '1')]) }),
  },
  'tools-deadline': {
    mode: 'agentcore-tools',
    body: {
      budget: CALLS,
      tool_plan: [call('execute', { step: 0, actions: [] }), python('slow'), call('execute', { step: 1, actions: [] })],
    },
    outside: spentByCode,
  },
  'tools-stopped': {
    mode: 'agentcore-tools',
    body: { budget: CALLS, tool_plan: [python('draw'), call('execute', { step: 0, actions: [] }), python('never'), python('never')] },
    outside: () => stoppedBetween(makeScriptedCodeInterpreter()),
  },
  'tools-planner-stopped': {
    mode: 'agentcore-tools',
    body: { budget: CALLS, tool_plan: [call('evaluate_strategy'), call('propose_plan', { goal: 'grow' }), call('execute')] },
    outside: () => ({ ports: { ...plannerOf(), stopSwitch: unreadableLater() } }),
  },
  'memory-stopped': {
    mode: 'agentcore-memory',
    body: { budget: memoryBudget, requests: [put('note', note), get('note'), clear('note')] },
    outside: () => ({ ports: { stopSwitch: setAfter(2) } }),
  },
  'memory-nothing': { mode: 'agentcore-memory', body: {} },
  'memory-values': {
    mode: 'agentcore-memory',
    body: {
      budget: memoryBudget,
      requests: [put('note', note), get('note'), clear('note'), get('note'), put('ü', null), get('ü'), put('n', 1e21), get('n')],
    },
  },
  'memory-withheld': {
    mode: 'agentcore-memory',
    body: { budget: { max_memory_ops: 3, max_memory_bytes: 200 }, requests: [put('note', note), get('note'), get('note')] },
  },
  'memory-refused': {
    mode: 'agentcore-memory',
    body: { budget: { max_memory_ops: 1, max_memory_bytes: 10_000 }, requests: [put('note', note), get('note')] },
  },
  'memory-deadline': {
    mode: 'agentcore-memory',
    body: { budget: memoryBudget, requests: [put('note', note), get('note')] },
    outside: spentByMemory,
  },
  'memory-dependency-failed': {
    mode: 'agentcore-memory',
    body: { budget: memoryBudget, requests: [put('note', note), get('note'), get('note')] },
    outside: failingMemory,
  },
};

/** The files that the handler stores for a body; nothing where it stores no run. */
export async function handlerRun({ mode, outside }: HandlerRun, body: JsonObject): Promise<RunFileBytes | undefined> {
  const { ports = {}, config = {}, remainingMs = () => PLENTY_MS } = outside?.() ?? {};
  const test = makeTestHandler(mode, config, ports);
  const answer = await invoke(test, body, contextOf(REQUEST_ID, remainingMs));
  // A run that is too long to be stored is not what a golden pins, but what it left is.
  const folder = answer.artifact_dir;
  return folder === null ? undefined : storedFiles(test.artifacts, mode, folder);
}

/**
 * The bundles that Lambda loads, against a service that fails, lags and checks every request: what they send is legal, what they begin is ended,
 * what they answer is not contradicted later, and the trace of a request goes along.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AgentCoreStub,
  exceptionFrame,
  resultFrame,
  startAgentCoreStub,
  STUB_CODE_INTERPRETER_ID,
  STUB_MEMORY_ID,
  STUB_RUNTIME_ARN,
} from '../support/agentcore-stub';
import { httpEvent, JSON_TYPE } from '../support/http-events';
import type { Fault } from '../support/http-stub';
import { endpointsOf, invokeBundle, type Invoked, script } from '../support/lambda-process';
import { type S3Stub, startS3Stub, STUB_BUCKET } from '../support/s3-stub';

const BUILD = `
import { buildLambda } from './.config/build-lambda.mjs';
await buildLambda('1.2.3', { outdir: process.argv[1] });
`;

let directory: string;
let s3: S3Stub;
let agentCore: AgentCoreStub;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-service-'));
  [s3, agentCore] = await Promise.all([startS3Stub(), startAgentCoreStub()]);
  await script(BUILD, [directory]);
});
afterAll(async () => {
  await Promise.all([s3.close(), agentCore.close(), rm(directory, { recursive: true })]);
});

function invoke(name: string, event: unknown, env: Readonly<Record<string, string>>): Promise<Invoked> {
  return invokeBundle(join(directory, name), event, { ...endpointsOf(s3, agentCore), ...env });
}

const ENVIRONMENT = {
  EWM_ARTIFACT_BUCKET: STUB_BUCKET,
  EWM_MAX_MODEL_CALLS: '2',
  EWM_MAX_TOOL_CALLS: '9',
  MEMORY_MAX_OPS: '30',
  MEMORY_MAX_BYTES: '4000000',
  EWM_MAX_ARTIFACT_BYTES: '67108864',
  ENABLE_AGENTCORE_MEMORY: '1',
  AGENTCORE_MEMORY_ID: STUB_MEMORY_ID,
  AGENTCORE_CODE_INTERPRETER_ID: STUB_CODE_INTERPRETER_ID,
  AGENTCORE_RUNTIME_ARN: STUB_RUNTIME_ARN,
};
interface Answered {
  readonly ok: boolean;
  readonly session_id?: string;
  readonly head?: string;
  readonly error?: { readonly code: string };
  readonly results: readonly { readonly result?: unknown; readonly sessions_not_stopped?: number }[];
}

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACE = {
  traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
  tracestate: 'rojo=00f067aa0ba902b7',
  baggage: 'tenant=a%20b,task=7',
};
const TRACED_BODIES = {
  tools: {
    budget: { max_steps: 3, max_tool_calls: 3, max_model_calls: 1 },
    tool_plan: [
      { name: 'execute_code', args: { language: 'python', code: 'print(1)' } },
      { name: 'propose_plan', args: { goal: 'hold' } },
      { name: 'execute_code', args: { language: 'python', code: 'print(2)' } },
      { name: 'get_price_context', args: { step: 0 } },
    ],
  },
  memory: {
    budget: { max_memory_ops: 3, max_memory_bytes: 500 },
    requests: [
      { op: 'memory_put', key: 'k', value: 1 },
      { op: 'memory_put', key: 'k', value: 2 },
      { op: 'memory_clear', key: 'k' },
    ],
  },
};
const OPERATIONS = { tools: 6, memory: 7 };
const traceHeaders = ({ traceparent, tracestate, baggage }: Readonly<Record<string, unknown>>): object => ({
  ...(traceparent === undefined ? {} : { traceparent }),
  ...(tracestate === undefined ? {} : { tracestate }),
  ...(baggage === undefined ? {} : { baggage }),
});

async function traced(
  name: 'tools' | 'memory',
  headers: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const body = JSON.stringify(TRACED_BODIES[name]);
  const event = httpEvent({ path: `/agentcore/${name}`, headers: { ...JSON_TYPE, ...headers }, body });
  return (await invoke(name, event, { ...ENVIRONMENT, ...env })).lines;
}

it.each(['tools', 'memory'] as const)(
  '%s: the trace of a request goes along with each call of AgentCore, and no span is written',
  async (name) => {
    const lines = await traced(name, TRACE);
    expect(agentCore.requests()).toHaveLength(OPERATIONS[name]);
    for (const { headers } of agentCore.requests()) {
      expect(headers).toMatchObject(TRACE);
      expect(headers.authorization).toMatch(/SignedHeaders=[^,]*baggage;[^,]*traceparent;tracestate/);
    }
    for (const { headers } of s3.requests()) expect(traceHeaders(headers)).toEqual({});
    expect(lines.filter((line) => line.startsWith('{'))).toHaveLength(2);
  },
);

it('a header that is none of a trace goes nowhere and breaks nothing', async () => {
  await traced('tools', {
    traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    tracestate: 'a=1',
    baggage: `a=1\r\nx: ${'y'.repeat(9_000)}`,
  });
  expect(agentCore.requests()).toHaveLength(OPERATIONS.tools);
  for (const { headers } of agentCore.requests()) expect(traceHeaders(headers)).toEqual({});
});

it('tools: spans where they are asked for, with run id, head hash and limiter; each call of AgentCore names the span that made it', async () => {
  const lines = await traced('tools', TRACE, { EWM_SPANS: '1' });
  const answer = JSON.parse(lines.find((line) => line.startsWith('ANSWER '))?.slice('ANSWER '.length) ?? '{}') as { body: string };
  const { run_id: runId, head_hash: headHash } = JSON.parse(answer.body) as { run_id: string; head_hash: string };
  const written = lines.filter((line) => line.startsWith('{"resourceSpans"'));
  expect(written).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('{'))).toHaveLength(3);
  const [{ resource, scopeSpans }] = (
    JSON.parse(written[0] ?? '') as {
      resourceSpans: [
        {
          resource: object;
          scopeSpans: [
            {
              spans: {
                name: string;
                traceId: string;
                spanId: string;
                parentSpanId: string;
                attributes: { key: string; value: object }[];
              }[];
            },
          ];
        },
      ];
    }
  ).resourceSpans;
  expect(resource).toEqual({
    attributes: [
      { key: 'service.name', value: { stringValue: 'agentcore-tools' } },
      { key: 'service.version', value: { stringValue: '1.2.3' } },
    ],
  });
  const { spans } = scopeSpans[0];
  const whole = spans.at(-1);
  expect(spans.map(({ name }) => name)).toEqual([
    ...['execute_code', 'propose_plan', 'execute_code', 'get_price_context'].map((tool) => `execute_tool ${tool}`),
    'invoke_agent agentcore-tools',
  ]);
  expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual([...Array<unknown>(4).fill(whole?.spanId), 'b7ad6b7169203331']);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE_ID]));
  expect(whole?.attributes).toEqual(
    expect.arrayContaining([
      { key: 'ewm.run_id', value: { stringValue: runId } },
      { key: 'ewm.head_hash', value: { stringValue: headHash } },
      { key: 'ewm.limiter', value: { stringValue: 'max_steps' } },
      { key: 'error.type', value: { stringValue: 'budget_exceeded' } },
    ]) as unknown,
  );
  // Start and program, goal, program; and both stops, which belong to none of the calls.
  const makers = [0, 0, 1, 2, 4, 4].map((index) => `00-${TRACE_ID}-${String(spans[index]?.spanId)}-01`);
  expect(agentCore.requests().map(({ headers }) => headers['traceparent'])).toEqual(makers);
  expect(agentCore.requests().every(({ headers }) => headers['baggage'] === TRACE.baggage)).toBe(true);
});

async function answerOf(name: 'tools' | 'memory', body: object, env: Readonly<Record<string, string>> = {}): Promise<Answered> {
  const event = httpEvent({ path: `/agentcore/${name}`, body: JSON.stringify(body) });
  const { answer } = await invoke(name, event, { ...ENVIRONMENT, ...env });
  s3.objects.clear();
  return JSON.parse((answer as { readonly body: string }).body) as Answered;
}

beforeEach(() => {
  s3.reset();
  agentCore.reset();
  agentCore.forgetEvents();
  agentCore.forgetSessions();
  agentCore.programs.splice(0, Infinity, [resultFrame({ stdout: '1\n' })]);
  agentCore.replies.splice(0, Infinity, { contentType: 'application/json', chunks: ['[]'] });
  // Every invocation has one request id here, and a run is stored once.
  s3.objects.clear();
  Object.assign(agentCore.lag, { createdMs: 0, deletedMs: 0, nowMs: () => performance.now() });
});
afterEach(() => {
  expect(agentCore.violations).toEqual([]);
});

/** How a call fails, behind or before its effect; the third is what an abandoned stream looks like. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'is refused': { when: 'before', how: 'status', status: 500, type: 'InternalServerException' },
  'acts and then fails': { when: 'after', how: 'status', status: 500, type: 'InternalServerException' },
  'is cut in its answer': { when: 'after', how: 'cut' },
  'loses its connection': { when: 'after', how: 'reset' },
  'never answers': { when: 'after', how: 'hang' },
  'is answered by a proxy': { when: 'before', how: 'body', status: 502, contentType: 'text/html', body: '<html>' },
};
const IN_SESSIONS = [
  ...['StartCodeInterpreterSession', 'InvokeCodeInterpreter', 'StopCodeInterpreterSession'],
  ...['InvokeAgentRuntime', 'StopRuntimeSession'],
];
const CODE = { name: 'execute_code', args: { language: 'python', code: 'x = 1' } };
const GOAL = { name: 'propose_plan', args: { goal: 'hold' } };
/** Calls that begin sessions of both kinds and use them twice. */
const CALLS = [CODE, GOAL, CODE, GOAL];
const CALLS_BUDGET = { max_steps: 9, max_tool_calls: 9, max_model_calls: 2 };
/** What never answers is waited for so long. */
const IMPATIENT = { EWM_AGENTCORE_TIMEOUT_MS: '1000' };

const alive = (): number => agentCore.sessions.filter(({ stopped }) => !stopped).length;
/** Stops that were not done: of a fault before its effect. Those of any other were, though nobody was told. */
const undone = (operation: string, { when }: Fault): boolean => operation.startsWith('Stop') && when === 'before';

/** How many sessions the last call's row says may still run. */
function toldOf({ results }: Pick<Answered, 'results'>): number {
  return results.at(-1)?.sessions_not_stopped ?? 0;
}

describe.each(Object.entries(FAULTS))('where a call %s', (_name, fault) => {
  it.each(IN_SESSIONS)('tools, %s: whatever was begun is stopped, or the answer says that it may run', async (operation) => {
    agentCore.failOperation(operation, fault);
    const answer = await answerOf('tools', { budget: CALLS_BUDGET, tool_plan: CALLS }, IMPATIENT);
    agentCore.failOperation(operation);
    // Of both kinds, or of the first alone where the plan ended with its first call.
    expect(answer.ok).toBe(operation.startsWith('Stop'));
    expect(alive()).toBeLessThanOrEqual(toldOf(answer));
    expect(alive()).toBe(undone(operation, fault) || (operation.startsWith('Start') && fault.when === 'after') ? 1 : 0);
    expect(toldOf(answer)).toBe(operation.startsWith('Stop') || operation.startsWith('Start') ? 1 : 0);
  });
});

it('tools: both stops fail, and both sessions are told', async () => {
  for (const operation of ['StopCodeInterpreterSession', 'StopRuntimeSession']) agentCore.failOperation(operation, FAULTS['is refused']);
  const answer = await answerOf('tools', { budget: CALLS_BUDGET, tool_plan: CALLS });
  for (const operation of ['StopCodeInterpreterSession', 'StopRuntimeSession']) agentCore.failOperation(operation);
  expect([answer.ok, toldOf(answer), alive()]).toEqual([true, 2, 2]);
});

it.each([
  ['slow', [resultFrame({ stdout: '1\n' }), resultFrame({ stdout: '2\n' })], true],
  ['cut in a frame', [resultFrame({ stdout: '1\n' }).subarray(0, 40)], false],
  ['cut behind its first frame', [resultFrame({ stdout: '1\n' }), resultFrame({ stdout: '2\n' }).subarray(0, 10)], false],
  ['of nothing', [], false],
  ['throttled in the middle', [resultFrame({ stdout: '1\n' }), exceptionFrame('throttlingException', { message: 'later' })], false],
  ['of a program that failed', [resultFrame({ stderr: 'no', exitCode: 1 })], false],
] as const)('tools, a stream that is %s: its session is stopped', async (_what, frames, ok) => {
  agentCore.programs.splice(0, Infinity, [...frames]);
  agentCore.pace.chunkMs = 300;
  const answer = await answerOf('tools', { budget: CALLS_BUDGET, tool_plan: [CODE, CODE] });
  agentCore.pace.chunkMs = 0;
  expect([answer.ok, toldOf(answer), alive()]).toEqual([ok, 0, 0]);
});

async function sessionAnswer(path: string, body: object): Promise<Answered> {
  const { answer } = await invoke('sessions', httpEvent({ path, body: JSON.stringify(body) }), ENVIRONMENT);
  return JSON.parse((answer as { readonly body: string }).body) as Answered;
}

it.each(IN_SESSIONS)(
  'sessions, %s: whatever a request began is stopped at its end, or the answer says that it may run',
  async (operation) => {
    for (const name of ['acts and then fails', 'is cut in its answer']) {
      agentCore.forgetSessions();
      const { session_id: id = '', head } = await sessionAnswer('/sessions', { budget: CALLS_BUDGET, name });
      agentCore.failOperation(operation, FAULTS[name]);
      const answer = await sessionAnswer(`/sessions/${id}/calls`, { head, calls: CALLS });
      agentCore.failOperation(operation);
      const lost = operation.startsWith('Start') ? 1 : 0;
      expect([alive(), toldOf(answer)]).toEqual([lost, lost + (operation.startsWith('Stop') ? 1 : 0)]);
    }
  },
);

it.each([
  ['of two events, empty ones among them', { eventsMax: 2, emptyPages: 2 }],
  ['in no order', { eventsMax: 3, shuffled: true }],
  ['that repeat an event', { eventsMax: 2, duplicates: true }],
])('memory, pages %s: answers are what was put', async (_what, paging) => {
  const { eventsMax, emptyPages, shuffled, duplicates } = agentCore.paging;
  Object.assign(agentCore.paging, paging);
  const requests = [put('k', 1), put('k', 2), put('l', 3), put('k', 4), get('k'), get('l'), clear('k'), get('k'), get('l')];
  const { ok, results } = await answerOf('memory', plan(...requests));
  Object.assign(agentCore.paging, { eventsMax, emptyPages, shuffled, duplicates });
  expect(ok).toBe(true);
  const found = results.map(({ result }) => (result as { readonly value?: unknown } | null)?.value);
  expect(found).toEqual([undefined, undefined, undefined, undefined, 4, 3, undefined, undefined, 3]);
});

const put = (key: string, value: unknown): object => ({ op: 'memory_put', key, value });
const get = (key: string): object => ({ op: 'memory_get', key });
const clear = (key: string): object => ({ op: 'memory_clear', key });
const plan = (...requests: readonly object[]): object => ({ budget: { max_memory_ops: 30, max_memory_bytes: 4_000_000 }, requests });

it('memory: any key, and values to 150 KB', async () => {
  const keys = ['日本 🏯', 'a\nb\u0000', '"\\', 'k'.repeat(512), '../x'];
  const long = 'ü'.repeat(75_000);
  const { ok, results } = await answerOf(
    'memory',
    plan(...keys.flatMap((key) => [put(key, key), put(key, [key, long]), get(key), clear(key), get(key)])),
  );
  expect(ok).toBe(true);
  const found = results.map(({ result }) => (result as { readonly value?: readonly unknown[] } | null)?.value);
  expect(found).toEqual(keys.flatMap((key) => [undefined, undefined, [key, long], undefined, undefined]));
  expect(agentCore.events).toEqual([]);
});

it('memory: with 2 s of lag, no answer that a later read contradicts', async () => {
  let nowMs = performance.now();
  Object.assign(agentCore.lag, { createdMs: 2_000, deletedMs: 2_000, nowMs: () => nowMs });
  const cleared = await answerOf('memory', plan(put('k', 1), put('k', 2), put('k', 3), clear('k'), get('k')));
  expect(cleared).toMatchObject({ ok: true, results: [{}, {}, {}, {}, { result: { found: false } }] });
  nowMs += 2_001;
  expect(await answerOf('memory', plan(get('k')))).toMatchObject({ ok: true, results: [{ result: { found: false } }] });
  const early = await answerOf('memory', plan(put('k', 4), get('k')));
  expect(early).toMatchObject({ ok: false, error: { code: 'stale_read' } });
  nowMs += 2_001;
  expect(await answerOf('memory', plan(get('k')))).toMatchObject({ ok: true, results: [{ result: { value: 4 } }] });
});

it('all of that asked for every operation that there is a permission for, and for none against its shapes', () => {
  expect([...agentCore.operations.keys()].sort()).toEqual([
    ...['CreateEvent', 'DeleteEvent', 'InvokeAgentRuntime', 'InvokeCodeInterpreter', 'ListEvents'],
    ...['StartCodeInterpreterSession', 'StopCodeInterpreterSession', 'StopRuntimeSession'],
  ]);
  expect(agentCore.violations).toEqual([]);
});

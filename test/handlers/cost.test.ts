/**
 * No request that the API accepts costs more than the figure: random, hostile and dear requests go through the real handlers, the real SDK
 * clients and the wire, and what is metered there (requests, bytes, events, sessions, log lines) is priced by the test's own calculation.
 */
import fc from 'fast-check';
import type { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import type { S3Client } from '@aws-sdk/client-s3';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAgentCoreClient } from '../../src/adapters/agentcore/client';
import { makeAgentCoreCodeInterpreter } from '../../src/adapters/agentcore/code-interpreter';
import { makeAgentCoreMemory } from '../../src/adapters/agentcore/memory';
import { makeAgentCorePlanner } from '../../src/adapters/agentcore/planner';
import { systemClock } from '../../src/adapters/in-process/clock';
import { SPAN_BYTES_MAX } from '../../src/adapters/otel/tracing';
import { makePowertoolsTelemetry } from '../../src/adapters/powertools/telemetry';
import { makeS3ArtifactStore } from '../../src/adapters/s3/artifact-store';
import { makeS3Client } from '../../src/adapters/s3/client';
import { type Bill, billOf as billFor } from '../../src/domain/cost/bill';
import {
  MEMORY_REQUESTS,
  METRICS_PER_MODE,
  SHARED_ANSWER_BYTES_MAX,
  SPAN_BYTES_MAX as SPAN_BYTES_OF_BILL,
} from '../../src/domain/cost/bounds';
import { FUNCTION_BOUNDS } from '../../src/domain/cost/functions';
import { PROOF_READS_MAX } from '../../src/handlers/http/modes/session-proof';
import { BILL_MODES, decodeLimits, DEFAULT_LIMITS } from '../../src/domain/cost/limits';
import { decodePrices } from '../../src/domain/cost/prices';
import { filesOf } from '../../src/domain/run/modes';
import type { HttpMode } from '../../src/handlers/http/contract/response';
import { MEMORY_REQUESTS_MAX } from '../../src/ports/memory';
import { FUNCTIONS } from '../../src/handlers/compose-http';
import { ROUTES } from '../../src/handlers/http/contract/routes';
import { METRICS } from '../../src/handlers/http/edge/observed';
import {
  type AgentCoreStub,
  resultFrame,
  startAgentCoreStub,
  STUB_CODE_INTERPRETER_ID,
  STUB_MEMORY_ID,
  STUB_RUNTIME_ARN,
} from '../support/agentcore-stub';
import { useStubEnvironment } from '../support/aws-environment';
import { type LimitsDocument, SMALL_LIMITS } from '../support/bill-limits';
import { fractionOf, isAtMost, type ModelPrices, plus, priceOf } from '../support/bill-model';
import { RETRYABLE_FAULTS } from '../support/faults';
import { contextOf, invoke, makeTestHandler } from '../support/handlers';
import { httpEvent } from '../support/http-events';
import type { Fault } from '../support/http-stub';
import { type S3Stub, startS3Stub, STUB_BUCKET } from '../support/s3-stub';
import { valueOfRight } from '../support/task';

const SEED = Number(process.env['EWM_SEED'] ?? 20_261_124);
const CASES = 60;
const TITLE = `(${String(CASES)} cases, EWM_SEED=${String(SEED)})`;

const CEILINGS = { max_steps: 20, max_tool_calls: 6, max_model_calls: 2, max_memory_ops: 6, max_memory_bytes: 20_000 };
const LIMITS = {
  ...SMALL_LIMITS,
  ...CEILINGS,
  max_body_bytes: 200_000,
  // Above what the dear requests below leave, so that each of them is stored.
  max_artifact_bytes: 16_777_216,
  modes: ['base', 'tools', 'memory'],
  memory: true,
  code_interpreter: true,
  planner: true,
  access_log: true,
};
const CONFIG = {
  version: '1.2.3',
  ceilings: CEILINGS,
  enabled: { memory: true, code_interpreter: false, planner: false },
  bodyBytesMax: LIMITS.max_body_bytes,
  artifactBytesMax: LIMITS.max_artifact_bytes,
  basePath: '',
  corsOrigins: [],
};

const prices = JSON.parse(readFileSync(join(__dirname, '../../terraform/prices.json'), 'utf8')) as ModelPrices;
const billOf = (limits: LimitsDocument): Bill => billFor(valueOfRight(decodeLimits(limits)), valueOfRight(decodePrices(prices)));
const BILL = billOf(LIMITS);

/** What stands beside our own lines in the log of an invocation: start, report and their like. Unit: bytes. */
const PLATFORM_LOG_BYTES = 4_096;
/** A line of the access log. Unit: bytes. */
const ACCESS_LOG_BYTES = 400;

let s3: S3Stub;
let agentCore: AgentCoreStub;
let s3Client: S3Client;
let client: BedrockAgentCoreClient;
let invocations = 0;

beforeAll(async () => {
  s3 = await startS3Stub();
  agentCore = await startAgentCoreStub();
  useStubEnvironment({ AWS_ENDPOINT_URL_S3: s3.url, AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agentCore.url });
  // Megabytes go through one process here: a busy machine is no fault of a service.
  const patient = { connectTimeoutMs: 20_000, requestTimeoutMs: 60_000 };
  s3Client = makeS3Client(patient);
  client = makeAgentCoreClient(patient);
});
afterAll(async () => {
  s3Client.destroy();
  client.destroy();
  await Promise.all([s3.close(), agentCore.close()]);
});

interface Requested {
  readonly mode: HttpMode;
  readonly body: string;
  readonly userAgent?: string;
  readonly direct?: boolean;
  readonly storeReserveMs?: number;
  readonly artifactBytesMax?: number;
}

/** Quantities of one invocation, as the wire and the streams show them. */
interface Metered {
  readonly puts: number;
  readonly gets: number;
  readonly others: number;
  readonly storedBytes: number;
  readonly events: number;
  readonly sessions: number;
  readonly sessionSeconds: number;
  /** Sessions of the runtime. */
  readonly goals: number;
  readonly logBytes: number;
  readonly accessLogBytes: number;
  readonly requestBytes: number;
  readonly answerBytes: number;
}

async function metered({
  mode,
  body,
  userAgent = 'curl',
  direct = false,
  storeReserveMs = 3_000,
  artifactBytesMax = CONFIG.artifactBytesMax,
}: Requested): Promise<Metered> {
  invocations += 1;
  const requestId = `request-${String(invocations)}`;
  let logBytes = 0;
  // Warnings and errors go to stderr; Lambda's log has both.
  const writes = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((chunk) => {
      logBytes += Buffer.byteLength(String(chunk));
      return true;
    }),
  );
  let result: unknown;
  try {
    const telemetry = makePowertoolsTelemetry({ service: mode });
    const handle = FUNCTIONS[mode](
      { ...CONFIG, storeReserveMs, artifactBytesMax },
      {
        telemetry,
        openApi: () => '{}',
        artifacts: makeS3ArtifactStore({ client: s3Client, bucket: STUB_BUCKET, prefix: 'ewm/' }),
        ...(mode === 'agentcore-memory'
          ? { memory: makeAgentCoreMemory({ client, memoryId: STUB_MEMORY_ID, actorId: 'ewm', clock: systemClock }) }
          : {}),
        ...(mode === 'agentcore-tools'
          ? {
              interpreter: makeAgentCoreCodeInterpreter({ client, codeInterpreterId: STUB_CODE_INTERPRETER_ID, telemetry }),
              planner: makeAgentCorePlanner({ client, agentRuntimeArn: STUB_RUNTIME_ARN, telemetry }),
            }
          : {}),
      },
    );
    const path = `/agentcore/${mode.slice('agentcore-'.length)}`;
    const event = direct
      ? (JSON.parse(body) as unknown)
      : httpEvent({ path, body, headers: { 'content-type': 'application/json', 'user-agent': userAgent } });
    result = await handle(event, contextOf(requestId, LIMITS.lambda_timeout_seconds * 1_000));
    telemetry.flush();
  } finally {
    for (const write of writes) write.mockRestore();
  }
  const stored = s3.requests().filter(({ method }) => method === 'PUT');
  const asked = agentCore.requests();
  const runtimeSessions = asked.map(({ headers }) => headers['x-amzn-bedrock-agentcore-runtime-session-id']);
  const starts = asked.filter(({ segments, method }) => method === 'PUT' && segments.includes('start'));
  return {
    puts: stored.length,
    gets: s3.requests().filter(({ method, query }) => method === 'GET' && !query.has('list-type')).length,
    others: s3.requests().filter(({ method, query }) => (method !== 'PUT' && method !== 'GET') || query.has('list-type')).length,
    storedBytes: stored.reduce((bytes, { body: file, segments }) => bytes + file.length + segments.join('/').length, 0),
    events: asked.filter(({ segments }) => segments[0] === 'memories' && segments[2] === 'events').length,
    sessions: starts.length,
    sessionSeconds: starts.reduce(
      (sum, start) => sum + (JSON.parse(start.body.toString()) as { sessionTimeoutSeconds: number }).sessionTimeoutSeconds,
      0,
    ),
    goals: new Set(runtimeSessions.filter((id) => id !== undefined)).size,
    logBytes: logBytes + PLATFORM_LOG_BYTES,
    accessLogBytes: ACCESS_LOG_BYTES,
    requestBytes: Buffer.byteLength(body) + Buffer.byteLength(userAgent) + 1_000,
    answerBytes: Buffer.byteLength(JSON.stringify(result)),
  };
}

/** What it cost, by component: the whole timeout, whatever it took; every session until the service ends it; every object until it expires. */
function costOf(one: Metered): Readonly<Record<string, ReturnType<typeof plus>>> {
  const cost = (name: string, units: number): ReturnType<typeof plus> => priceOf(prices, name, BigInt(Math.ceil(units)));
  const days = LIMITS.artifact_expiry_days + LIMITS.noncurrent_expiry_days;
  const goalSeconds = one.goals * LIMITS.planner_session_seconds;
  return {
    lambda: plus(
      cost('lambda_compute', LIMITS.lambda_memory_mb * (LIMITS.lambda_timeout_seconds * 1_000 + 10_000)),
      cost('lambda_requests', 1),
    ),
    api: cost('api_requests', Math.ceil(one.requestBytes / 512_000) + Math.ceil(one.answerBytes / 512_000)),
    s3: plus(cost('s3_puts', one.puts + one.others), cost('s3_gets', one.gets), cost('s3_storage', one.storedBytes * days)),
    agentcore_memory: cost('memory_events', one.events),
    code_interpreter: plus(cost('code_interpreter_cpu', one.sessionSeconds * 2), cost('code_interpreter_memory', one.sessionSeconds * 8)),
    runtime: plus(cost('runtime_cpu', goalSeconds * 2), cost('runtime_memory', goalSeconds * 8)),
    logs: plus(
      cost('log_ingestion', one.logBytes),
      cost('access_log_ingestion', one.accessLogBytes),
      cost('log_storage', (one.logBytes + one.accessLogBytes) * LIMITS.log_retention_days),
    ),
    data_transfer: cost('data_out', one.answerBytes),
  };
}

function expectWithin(mode: HttpMode, one: Metered, bill = BILL): void {
  const name = mode.slice('agentcore-'.length) as 'base' | 'tools' | 'memory';
  const figure = bill.per_invocation.by_mode[name];
  if (figure === undefined) throw new Error(`no figure of ${name}`);
  const cost = costOf(one);
  const over = Object.entries(cost).filter(([component, amount]) => !isAtMost(amount, fractionOf(figure.by_component[component as 'api'])));
  expect({ over: over.map(([component]) => component), one }).toEqual({ over: [], one });
  expect(isAtMost(plus(...Object.values(cost)), fractionOf(figure.total))).toBe(true);
}

function forget(): void {
  s3.reset();
  agentCore.reset();
  s3.objects.clear();
  agentCore.events.splice(0);
  agentCore.programs.splice(0, Infinity, [resultFrame({ stdout: '1\n' })]);
  agentCore.replies.splice(0, Infinity, { contentType: 'application/json', chunks: ['[]'] });
}

/** Between two invocations: what is stored stays. */
function again(): void {
  s3.reset();
  agentCore.reset();
}

// ---- Random and hostile requests ----

const MODES = ['agentcore-base', 'agentcore-tools', 'agentcore-memory'] as const satisfies readonly HttpMode[];
const count = fc.oneof(fc.nat(7), fc.constantFrom(-1, 0.5, 1e21, '3', null));
const fault = fc.record({ index: fc.nat(12), fault: fc.constantFrom(...RETRYABLE_FAULTS) });

const budget = fc.record(
  {
    max_steps: count,
    max_tool_calls: count,
    max_model_calls: count,
    max_memory_ops: count,
    max_memory_bytes: fc.oneof(count, fc.nat(20_000)),
  },
  { requiredKeys: ['max_steps', 'max_tool_calls'] },
);
const full = fc.constant(CEILINGS);
const item = fc.oneof(
  fc.record({
    name: fc.constantFrom('get_price_context', 'evaluate_strategy', 'simulate_and_verify', 'execute'),
    args: fc.record({ step: fc.nat(5) }),
  }),
  fc.record({ name: fc.constant('execute_code'), args: fc.record({ language: fc.constantFrom('python', 'cobol'), code: fc.string() }) }),
  fc.record({ name: fc.constant('propose_plan'), args: fc.record({ goal: fc.string() }) }),
  fc.record({ name: fc.string(), args: fc.dictionary(fc.string(), fc.jsonValue()) }),
);
const operation = fc.oneof(
  fc.record({ op: fc.constant('memory_put'), key: fc.string({ minLength: 1, maxLength: 20 }), value: fc.jsonValue() }),
  fc.record({ op: fc.constantFrom('memory_get', 'memory_clear'), key: fc.constantFrom('a', 'b') }),
);
const WORLDS: Readonly<Record<HttpMode, fc.Arbitrary<object>>> = {
  'agentcore-base': fc.record({ budget: fc.oneof(budget, full), steps: count }),
  'agentcore-tools': fc.record({ budget: fc.oneof(budget, full), tool_plan: fc.array(item, { minLength: 1, maxLength: 9 }) }),
  'agentcore-memory': fc.record({ budget: fc.oneof(budget, full), requests: fc.array(operation, { maxLength: 8 }) }),
};

const requests = fc.constantFrom(...MODES).chain((mode) =>
  fc.record({
    mode: fc.constant(mode),
    body: fc.oneof(
      { weight: 6, arbitrary: WORLDS[mode].map((body) => JSON.stringify(body)) },
      { weight: 1, arbitrary: fc.json() },
      { weight: 1, arbitrary: fc.nat(250_000).map((length) => JSON.stringify({ policy: 'x'.repeat(length) })) },
      { weight: 1, arbitrary: fc.tuple(WORLDS[mode], fc.nat(200)).map(([body, at]) => JSON.stringify(body).slice(0, at)) },
    ),
    userAgent: fc.constantFrom('curl', 'x'.repeat(9_000)),
    direct: fc.constant(false),
    storeReserveMs: fc.constantFrom(0, 3_000),
    s3Faults: fc.array(fault, { maxLength: 1 }),
    faults: fc.array(fault, { maxLength: 3 }),
    /** The same request once more meets what the first one stored; or other bytes of the same length. */
    sequel: fc.constantFrom('none', 'repeat', 'conflict'),
  }),
);

it(`no accepted request costs more than the figure ${TITLE}`, async () => {
  const seen = { puts: 0, gets: 0, events: 0, sessions: 0, goals: 0 };
  await fc.assert(
    fc.asyncProperty(requests, async ({ s3Faults, faults, sequel, ...asked }) => {
      forget();
      for (const { index, fault: how } of s3Faults) s3.failCall(index, how);
      for (const { index, fault: how } of faults) agentCore.failCall(index, how);
      const all = [await metered(asked)];
      if (sequel !== 'none') {
        again();
        if (sequel === 'conflict')
          for (const [key, { contentType, bytes }] of s3.objects) s3.objects.set(key, { contentType, bytes: Buffer.alloc(bytes.length) });
        all.push(await metered(asked));
      }
      for (const one of all) {
        expectWithin(asked.mode, one);
        for (const name of Object.keys(seen) as (keyof typeof seen)[]) seen[name] += one[name];
      }
    }),
    { seed: SEED, numRuns: CASES, endOnFailure: true },
  );
  expect(Object.entries(seen).filter(([, total]) => total === 0)).toEqual([]);
});

// ---- The dearest requests that are known ----

const SYMBOLS = Array.from({ length: 140 }, (_, index) => `SYMBOL.OF.32/THE-LONGEST.OF.${String(index).padStart(4, '0')}`);

/** Every symbol is bought at every step, with as many digits as there can be. */
const EVERYTHING_BOUGHT = {
  budget: { max_steps: CEILINGS.max_steps },
  steps: CEILINGS.max_steps,
  market: {
    symbols: SYMBOLS,
    steps: Array.from({ length: 20 }, () => Object.fromEntries(SYMBOLS.map((symbol) => [symbol, 123_456.789_123_45]))),
  },
  strategy: {
    metadata: { name: 'dear', version: '1', description: '' },
    universe: { symbols: SYMBOLS },
    sizing: { order_qty: '12345678.12345678', max_position_qty_per_symbol: '999999999999999999' },
    rules: SYMBOLS.map((symbol) => ({
      type: 'mean_reversion_zscore',
      symbol,
      window: 2,
      z_buy_below: '-0.00000001',
      z_sell_above: '0.00000001',
    })),
  },
  policy: {
    costs: { fee_bps: '3.12345678' },
    risk_limits: { max_leverage: '999999999', max_position_value: '999999999999999999', max_position_pct: '1' },
  },
  initial_state: { cash: '999999999999999999.99999999' },
};

/** The same, with rules that buy from the first step. */
const BOUGHT_AT_ONCE = {
  ...EVERYTHING_BOUGHT,
  strategy: {
    ...EVERYTHING_BOUGHT.strategy,
    rules: SYMBOLS.map((symbol) => ({ type: 'threshold_price', symbol, buy_below: '999999999999999999' })),
  },
};

const CODE = { name: 'execute_code', args: { language: 'python', code: '1' } };
const GOAL = { name: 'propose_plan', args: { goal: 'grow' } };

const DEAR: readonly (readonly [string, Requested, Partial<Metered>])[] = [
  ['a base run that buys everything at every step', { mode: 'agentcore-base', body: JSON.stringify(BOUGHT_AT_ONCE) }, { puts: 10 }],
  ['a base run of rules with long reasons', { mode: 'agentcore-base', body: JSON.stringify(EVERYTHING_BOUGHT) }, { puts: 10 }],
  [
    'a program in every call, printing what takes six bytes a character',
    {
      mode: 'agentcore-tools',
      storeReserveMs: 0,
      body: JSON.stringify({ budget: CEILINGS, tool_plan: Array.from({ length: 6 }, () => CODE) }),
    },
    { puts: 10, sessions: 1 },
  ],
  [
    'a planner as often as it may be asked',
    { mode: 'agentcore-tools', body: JSON.stringify({ budget: CEILINGS, tool_plan: [GOAL, GOAL, CODE, CODE, CODE, CODE] }) },
    { puts: 10, goals: 1, sessions: 1 },
  ],
  [
    'a memory filled to its last byte',
    {
      mode: 'agentcore-memory',
      body: JSON.stringify({
        budget: CEILINGS,
        requests: Array.from({ length: 6 }, () => ({ op: 'memory_put', key: 'k', value: '\u0001'.repeat(540) })),
      }),
    },
    { puts: 8, events: 6 },
  ],
  [
    'a list of mistakes',
    {
      mode: 'agentcore-tools',
      body: JSON.stringify({
        ...Object.fromEntries(Array.from({ length: 2_000 }, (_, k) => [`\u0001${String(k)}${'\u0002'.repeat(10)}`, 1])),
      }),
    },
    { puts: 0 },
  ],
];

it.each(DEAR)('not even %s', async (_name, asked, acts) => {
  forget();
  agentCore.programs.splice(0, Infinity, [resultFrame({ stdout: '\u0001'.repeat(100_000) })]);
  agentCore.replies.splice(0, Infinity, {
    contentType: 'application/json',
    chunks: [JSON.stringify([{ type: 'PlaceBuy', symbol: 'AAPL', quantity: '0.00000001' }])],
  });
  const first = await metered(asked);
  expect(first).toMatchObject(acts);
  expectWithin(asked.mode, first);
  again();
  // A repeat compares every file, where it is the same run.
  expectWithin(asked.mode, await metered(asked));
});

/** A quarter of what the dearest of them would leave. */
const LOW = 1_048_576;

it.each(DEAR)('with a lower ceiling of artifacts, no more than its lower figure: %s', async (_name, asked) => {
  forget();
  agentCore.programs.splice(0, Infinity, [resultFrame({ stdout: '\u0001'.repeat(100_000) })]);
  const one = await metered({ ...asked, artifactBytesMax: LOW });
  expect(one.storedBytes).toBeLessThanOrEqual(LOW + 10 * 2_048);
  expectWithin(asked.mode, one, billOf({ ...LIMITS, max_artifact_bytes: LOW }));
});

it('not even with sessions that nobody can stop', async () => {
  forget();
  const broken: Fault = { when: 'before', how: 'status', status: 500, type: 'x'.repeat(2_000), message: '\u0001'.repeat(5_000) };
  for (const stop of ['StopCodeInterpreterSession', 'StopRuntimeSession']) agentCore.failOperation(stop, broken);
  const alive = (['code', 'planner'] as const).map((kind) => agentCore.openSessions(kind).length);
  const one = await metered({
    mode: 'agentcore-tools',
    storeReserveMs: 0,
    body: JSON.stringify({ budget: CEILINGS, tool_plan: [CODE, GOAL, CODE, GOAL, CODE] }),
  });
  for (const stop of ['StopCodeInterpreterSession', 'StopRuntimeSession']) agentCore.failOperation(stop);
  expect(one).toMatchObject({ sessions: 1, goals: 1 });
  expect((['code', 'planner'] as const).map((kind) => agentCore.openSessions(kind).length)).toEqual(alive.map((count) => count + 1));
  expectWithin('agentcore-tools', one);
});

it('bounds the bytes of a base run where steps, symbols and body are all used up', async () => {
  const symbols = Array.from({ length: 1_000 }, (_, index) => `SYMBOL.OF.32/THE-LONGEST.OF.${String(index).padStart(4, '0')}`);
  const body = {
    ...EVERYTHING_BOUGHT,
    budget: { max_steps: 5 },
    steps: 5,
    market: { symbols, steps: Array.from({ length: 5 }, () => Object.fromEntries(symbols.map((symbol) => [symbol, 123_456.123_456_78]))) },
    strategy: {
      ...EVERYTHING_BOUGHT.strategy,
      universe: { symbols },
      rules: symbols.map((symbol) => ({ type: 'threshold_price', symbol, buy_below: '999999999999999999.9999999' })),
      sizing: { order_qty: '1234.12345678', max_position_qty_per_symbol: '999999999999999999' },
    },
  };
  const bodyBytes = Buffer.byteLength(JSON.stringify(body));
  const test = makeTestHandler('agentcore-base', {
    bodyBytesMax: bodyBytes,
    artifactBytesMax: LIMITS.max_artifact_bytes,
    ceilings: { ...CEILINGS, max_steps: 5 },
  });
  const answer = await invoke(test, body);
  expect(answer).toMatchObject({ ok: true, decisions: { APPROVED: 5 } });
  const stored = test.puts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const bound = FUNCTION_BOUNDS.base.artifactBytes(valueOfRight(decodeLimits({ ...LIMITS, max_steps: 5, max_body_bytes: bodyBytes })));
  expect(BigInt(stored)).toBeLessThanOrEqual(bound);
  // And the bound is no fantasy: such a run is real.
  expect(BigInt(stored) * 3n).toBeGreaterThan(bound);
});

it('knows the metrics that a function writes, the files that it stores, and the answers for the whole deployment', () => {
  const shared = Object.entries(ROUTES).filter(([, { service }]) => service === 'every');
  expect(SHARED_ANSWER_BYTES_MAX).toHaveLength(shared.length);
  // As it is served, without the spaces of the file.
  const document = JSON.stringify(JSON.parse(readFileSync(join(__dirname, '../../docs/openapi.json'), 'utf8'))).length;
  expect(document).toBeLessThan(Number(SHARED_ANSWER_BYTES_MAX[1]));
  expect(MEMORY_REQUESTS).toBe(BigInt(MEMORY_REQUESTS_MAX));
  expect(SPAN_BYTES_OF_BILL).toBe(BigInt(SPAN_BYTES_MAX));
  expect(FUNCTION_BOUNDS.mcp.reads(DEFAULT_LIMITS)).toBeGreaterThan(BigInt(PROOF_READS_MAX));
  expect(METRICS_PER_MODE).toBe(BigInt(Object.keys(METRICS).length));
  const limits = valueOfRight(decodeLimits(LIMITS));
  for (const mode of ['base', 'tools', 'memory'] as const)
    expect(FUNCTION_BOUNDS[mode].files(limits)).toBe(BigInt(filesOf(`agentcore-${mode}`).length));
  for (const mode of BILL_MODES) {
    const service = mode === 'sessions' || mode === 'mcp' ? mode : `agentcore-${mode}`;
    expect(FUNCTION_BOUNDS[mode].routes).toBe(BigInt(Object.values(ROUTES).filter((row) => row.service === service).length));
  }
});

it('finds what costs more than the figure', () => {
  const dear: Metered = {
    puts: 12,
    gets: 10,
    others: 0,
    storedBytes: 536_870_912,
    events: 0,
    sessions: 0,
    sessionSeconds: 0,
    goals: 0,
    logBytes: 0,
    accessLogBytes: 0,
    requestBytes: 0,
    answerBytes: 0,
  };
  expect(() => {
    expectWithin('agentcore-memory', dear);
  }).toThrow();
});

// ---- The typical month ----

/** What the smoke tests send: the bundled example; a program and a goal; a value put and read. */
const ORDINARY: Readonly<Record<HttpMode, object>> = {
  'agentcore-base': {},
  'agentcore-tools': { budget: CEILINGS, tool_plan: [CODE, GOAL] },
  'agentcore-memory': {
    budget: CEILINGS,
    requests: [
      { op: 'memory_put', key: 'k', value: { text: 'hello' } },
      { op: 'memory_put', key: 'k', value: 2 },
      { op: 'memory_get', key: 'k' },
    ],
  },
};

it.each(MODES)('is no fantasy: an ordinary request to %s takes what the typical month says, within a factor of three', async (mode) => {
  forget();
  agentCore.replies.splice(0, Infinity, { contentType: 'application/json', chunks: ['[{"type":"hold"}]'] });
  const one = await metered({ mode, body: JSON.stringify(ORDINARY[mode]) });
  const { typical } = FUNCTION_BOUNDS[mode.slice('agentcore-'.length) as 'base'];
  const emitted = {
    files: typical.files,
    bytes: typical.storedBytes,
    answer: typical.answerBytes,
    log: typical.logBytes,
    events: typical.memoryEvents,
  };
  const seen = { files: one.puts, bytes: one.storedBytes, answer: one.answerBytes, log: one.logBytes, events: one.events };
  for (const name of Object.keys(seen) as (keyof typeof seen)[]) {
    const within = seen[name] <= Number(emitted[name]) && Number(emitted[name]) <= 3 * seen[name];
    expect({ name, seen: seen[name], emitted: Number(emitted[name]), within }).toEqual({
      name,
      seen: seen[name],
      emitted: Number(emitted[name]),
      within: true,
    });
  }
});

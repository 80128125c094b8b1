/**
 * What was sent is what was charged: random plans through the real handlers, the real SDK client and the wire, against a count that is
 * taken in the transport. A failure, a lost answer and a slow service change nothing about that, and what is stored and proven did happen.
 */
import { isRecord } from '../../src/domain/codec/codec';
import type { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import type { S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { makeAgentCoreClient } from '../../src/adapters/agentcore/client';
import { makeAgentCoreCodeInterpreter } from '../../src/adapters/agentcore/code-interpreter';
import { makeAgentCoreMemory } from '../../src/adapters/agentcore/memory';
import { makeAgentCorePlanner } from '../../src/adapters/agentcore/planner';
import { systemClock } from '../../src/adapters/in-process/clock';
import { makeMemoryRunReader, type RunFileBytes } from '../../src/adapters/in-process/run-files';
import { silentTelemetry } from '../../src/adapters/in-process/telemetry';
import { makeS3ArtifactStore } from '../../src/adapters/s3/artifact-store';
import { makeS3Client } from '../../src/adapters/s3/client';
import { type Budget, type BudgetState, NOTHING_SPENT } from '../../src/domain/budget/budget';
import { REQUIRED, REQUIRED_NAMES } from '../../src/domain/budget/dimensions';
import { canonical, type Json } from '../../src/domain/canonical/canonical';
import { filesOf } from '../../src/domain/run/modes';
import { verify } from '../../src/domain/run/verify';
import type { HandlerConfig } from '../../src/handlers/config';
import type { HttpMode } from '../../src/handlers/http/contract/response';
import type { ApiResponse } from '../../src/handlers/http/contract/response';
import {
  type AgentCoreStub,
  resultFrame,
  startAgentCoreStub,
  STUB_CODE_INTERPRETER_ID,
  STUB_MEMORY_ID,
  STUB_RUNTIME_ARN,
} from '../support/agentcore-stub';
import { useStubEnvironment } from '../support/aws-environment';
import { answerOf, sendEvent, contextOf, CONFIG, makeTestHandler, provenHeadOf } from '../support/handlers';
import { httpEvent } from '../support/http-events';
import type { Fault, StubRequest } from '../support/http-stub';
import { type S3Stub, startS3Stub, STUB_BUCKET } from '../support/s3-stub';
import { rightOf } from '../support/task';

const SEED = Number(process.env['EWM_SEED'] ?? 20_251_125);
const CASES = 70;
const TITLE = `(${String(CASES)} cases, EWM_SEED=${String(SEED)})`;

const PATIENT = { connectTimeoutMs: 1_000, requestTimeoutMs: 10_000 };
const IMPATIENT = { connectTimeoutMs: 300, requestTimeoutMs: 300 };
const AMPLE: Budget = { max_steps: 10, max_tool_calls: 10, max_model_calls: 2, max_memory_ops: 10, max_memory_bytes: 10_000 };

/** One `send` of the SDK's client, as it looks above the wire. */
interface Sent {
  readonly command: string;
  readonly input: {
    readonly nextToken?: string;
    readonly includePayloads?: boolean;
    readonly clientToken?: string;
    readonly runtimeSessionId?: string;
  };
  output?: { readonly events?: readonly { readonly eventId?: string; readonly payload?: readonly { readonly blob?: unknown }[] }[] };
}

let s3: S3Stub;
let agentCore: AgentCoreStub;
let s3Client: S3Client;
let patient: BedrockAgentCoreClient;
let impatient: BedrockAgentCoreClient;
let sent: Sent[] = [];
/** Called when a request is about to leave. */
let leaving: () => void = () => undefined;
/** How much time each answer seems to have taken. Unit: ms. */
let slowness: readonly number[] = [];
let elapsedMs = 0;

beforeAll(async () => {
  s3 = await startS3Stub();
  agentCore = await startAgentCoreStub();
  useStubEnvironment({ AWS_ENDPOINT_URL_S3: s3.url, AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agentCore.url });
  s3Client = makeS3Client(PATIENT);
  patient = watched(makeAgentCoreClient(PATIENT));
  impatient = watched(makeAgentCoreClient(IMPATIENT));
});
afterAll(async () => {
  for (const client of [s3Client, patient, impatient]) client.destroy();
  await Promise.all([s3.close(), agentCore.close()]);
});
beforeEach(forget);

function forget(): void {
  s3.reset();
  s3.objects.clear();
  agentCore.reset();
  agentCore.events.splice(0);
  agentCore.programs.splice(0, Infinity, [resultFrame({ stdout: '1\n' })]);
  agentCore.replies.splice(0, Infinity, replyOf(PROPOSALS.fits));
  Object.assign(agentCore.paging, { eventsMax: 100, emptyPages: 0 });
  sent = [];
  leaving = () => undefined;
  slowness = [];
  elapsedMs = 0;
}

/** The client, with every send written down. */
function watched(client: BedrockAgentCoreClient): BedrockAgentCoreClient {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const record: Sent = { command: (context.commandName ?? '').replace('Command', ''), input: args.input as Sent['input'] };
      const slowMs = slowness[sent.push(record) - 1] ?? 0;
      leaving();
      try {
        const result = await next(args);
        record.output = result.output as NonNullable<Sent['output']>;
        return result;
      } finally {
        elapsedMs += slowMs;
      }
    },
    { step: 'initialize', name: 'watched' },
  );
  return client;
}

// ---- What a case is made of ----

interface PlacedFault {
  readonly index: number;
  readonly fault: Fault;
}

const faultOf: fc.Arbitrary<Fault> = fc
  .record({
    when: fc.constantFrom('before' as const, 'after' as const),
    kind: fc.constantFrom(
      { how: 'reset' },
      { how: 'status', status: 429, type: 'ThrottlingException' },
      { how: 'status', status: 503, type: 'SlowDown' },
      { how: 'status', status: 409, type: 'RetryableConflictException' } as const,
    ),
  })
  .map(({ when, kind }) => ({ ...kind, when }));

const trouble = fc.record({
  faults: fc.oneof(
    { weight: 2, arbitrary: fc.constant<PlacedFault[]>([]) },
    { weight: 3, arbitrary: fc.array(fc.record({ index: fc.nat(9), fault: faultOf }), { minLength: 1, maxLength: 2 }) },
  ),
  // Two slow answers leave time for another call; three just enough to store what happened.
  slow: fc.constantFrom<readonly number[]>([], [], [], [], [0, 2], [0, 1, 2], [1, 2, 3]),
});

const SLOW_MS = 9_000;

interface Trouble {
  readonly faults: readonly PlacedFault[];
  readonly slow: readonly number[];
}

function make({ faults, slow }: Trouble): void {
  for (const { index, fault } of faults) agentCore.failCall(index, fault);
  slowness = Array.from({ length: 8 }, (_, index) => (slow.includes(index) ? SLOW_MS : 0));
}

let invocations = 0;

async function request(
  mode: HttpMode,
  body: object,
  client = patient,
  config: Partial<HandlerConfig> = {},
): Promise<{ readonly status: number; readonly answer: ApiResponse }> {
  const { handle } = makeTestHandler(mode, config, {
    artifacts: makeS3ArtifactStore({ client: s3Client, bucket: STUB_BUCKET, prefix: 'ewm/' }),
    telemetry: silentTelemetry,
    openApi: () => '{}',
    ...(mode === 'agentcore-memory'
      ? { memory: makeAgentCoreMemory({ client, memoryId: STUB_MEMORY_ID, actorId: 'ewm', clock: systemClock }) }
      : {}),
    ...(mode === 'agentcore-tools'
      ? {
          interpreter: makeAgentCoreCodeInterpreter({ client, codeInterpreterId: STUB_CODE_INTERPRETER_ID, telemetry: silentTelemetry }),
          planner: makeAgentCorePlanner({ client, agentRuntimeArn: STUB_RUNTIME_ARN, telemetry: silentTelemetry }),
        }
      : {}),
  });
  invocations += 1;
  const event = httpEvent({ path: `/agentcore/${mode.slice('agentcore-'.length)}`, body: JSON.stringify(body) });
  // Another run each time: AgentCore takes an operation of one run once.
  const { status, text } = await sendEvent(
    handle,
    event,
    contextOf(`request-${String(invocations)}`, () => 29_000 - elapsedMs),
  );
  return { status, answer: answerOf(mode, JSON.parse(text)) };
}

const STATUS: Readonly<Record<string, number>> = {
  none: 200,
  budget_exceeded: 422,
  tool_failed: 422,
  simulation_rejected: 422,
  dependency_failed: 503,
  deadline_exceeded: 504,
};

/** What holds for every run, whatever went wrong on the way. */
async function expectHonest(
  mode: HttpMode,
  { status, answer }: { readonly status: number; readonly answer: ApiResponse },
  budget: Budget,
): Promise<void> {
  expect(status).toBe(STATUS[answer.error?.code ?? 'none']);
  expect(answer.ok).toBe(answer.error === undefined);
  for (const dimension of REQUIRED_NAMES) expect(spentOf(answer)[dimension]).toBeLessThanOrEqual(budget[REQUIRED[dimension].limiter]);
  // What left the SDK's client once arrived once: no retry below, none above.
  const stopsLast = (commands: readonly string[]): readonly string[] => [
    ...commands.filter((command) => !isStop(command)),
    // Both at once, and in whatever order they arrive.
    ...commands.filter(isStop).sort(),
  ];
  expect(stopsLast(agentCore.requests().map(commandOf))).toEqual(stopsLast(sent.map(({ command }) => command)));
  const tokens = sent.flatMap(({ input }) => input.clientToken ?? []);
  expect(new Set(tokens).size).toBe(tokens.length);
  expect(s3.requests().map(({ method }) => method)).toEqual(filesOf(mode).map(() => 'PUT'));
  expect(await provenHeadOf(storedIn(answer))).toBe(answer.head_hash);
  // The first failure ends a plan, so it is the last thing that happened; and it is what the answer says.
  const rows = rowsOf(answer);
  const calls = rows.filter(({ type }) => type === (mode === 'agentcore-tools' ? 'tool' : 'memory'));
  expect(calls.map(({ ok }) => ok)).toEqual(calls.map((_, k) => k < calls.length - 1 || calls.at(-1)?.error === undefined));
  expect(rows.at(-1)).toMatchObject({ type: 'seal', ok: answer.ok, error: recordedError(answer), budget_state: spentOf(answer) });
}

function spentOf({ budget_state: spent }: ApiResponse): BudgetState {
  if (spent === null) throw new Error('nothing was counted');
  return spent;
}

interface TapeRow {
  readonly type: string;
  readonly name?: string;
  readonly op?: string;
  readonly key?: string;
  readonly value?: Json;
  readonly args?: Readonly<Record<string, Json>>;
  readonly ok?: boolean;
  readonly result?: Json;
  readonly error?: { readonly code: string; readonly effect?: string };
}

function storedIn({ mode, artifact_dir: folder }: ApiResponse): RunFileBytes {
  const stored = filesOf(mode).map((file) => [file, s3.objects.get(`ewm/${folder ?? ''}/${file}`)?.bytes] as const);
  return Object.fromEntries(stored.filter(([, bytes]) => bytes !== undefined));
}

/** Of the last call, on the tape as in the answer. */
function lastUnstopped(answer: ApiResponse): number {
  const row = rowsOf(answer).findLast(({ type }) => type === 'tool') as { readonly sessions_not_stopped?: number } | undefined;
  expect((answer.results?.at(-1) as typeof row)?.sessions_not_stopped).toBe(row?.sessions_not_stopped);
  return row?.sessions_not_stopped ?? 0;
}

function rowsOf(answer: ApiResponse): readonly TapeRow[] {
  return linesOf(storedIn(answer)['tape.jsonl']).map((line) => JSON.parse(line) as TapeRow);
}

function linesOf(bytes: Uint8Array | undefined): readonly string[] {
  return Buffer.from(bytes ?? [])
    .toString('utf8')
    .trimEnd()
    .split('\n');
}

/** The SDK's name of what a request on the wire asks for. */
function commandOf({ method, segments, body }: StubRequest): string {
  const [head, , kind, , verb] = segments;
  if (head === 'runtimes') return kind === 'invocations' ? 'InvokeAgentRuntime' : 'StopRuntimeSession';
  if (head === 'memories')
    return kind === 'events' ? 'CreateEvent' : method === 'DELETE' ? 'DeleteEvent' : body.length > 0 ? 'ListEvents' : 'GetEvent';
  if (method === 'POST') return 'InvokeCodeInterpreter';
  return segments.at(-1) === 'start' || verb === 'start' ? 'StartCodeInterpreterSession' : 'StopCodeInterpreterSession';
}

function aliveSessions(): number {
  return agentCore.sessions.filter(({ stopped }) => !stopped).length;
}

function isStop(command: string): boolean {
  return command === 'StopRuntimeSession' || command === 'StopCodeInterpreterSession';
}

function countOf(command: string): number {
  return agentCore.requests().filter((arrived) => commandOf(arrived) === command).length;
}

/** Whatever the order of keys, the length of compact JSON is the same: counted without the code under test. */
function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

// ---- Memory ----

const keys = fc.constantFrom('a', 'a', 'ключ');
const values = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.constant('x'.repeat(300)),
) as fc.Arbitrary<Json>;
const operation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant('memory_put' as const), key: keys, value: values }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('memory_get' as const), key: keys }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('memory_clear' as const), key: keys }) },
);

const memoryCase = fc.array(operation, { minLength: 1, maxLength: 8 }).chain((requests) =>
  fc.record({
    requests: fc.constant(requests),
    ops: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: requests.length, max: 10 }) }, { weight: 1, arbitrary: fc.nat(8) }),
    // Around what the requests take, so that the values that come back do not fit, or just do.
    bytes: fc
      .oneof(
        { weight: 1, arbitrary: fc.integer({ min: -3, max: 3 }) },
        { weight: 3, arbitrary: fc.nat(60) },
        { weight: 2, arbitrary: fc.constant(5_000) },
      )
      .map((more) =>
        Math.max(
          0,
          requests.reduce((sum, asked) => sum + bytesOf(asked), more),
        ),
      ),
    paging: fc.record({ eventsMax: fc.integer({ min: 1, max: 3 }), emptyPages: fc.nat(1) }),
    trouble,
  }),
);

it(`memory: what was sent is what was charged ${TITLE}`, async () => {
  const seen = { refused: 0, withheld: 0, halfway: 0, failed: 0, late: 0, found: 0, pages: 0, superseded: 0 };
  await fc.assert(
    fc.asyncProperty(memoryCase, async ({ requests, ops, bytes, paging, trouble: troubled }) => {
      forget();
      const budget = { max_steps: 1, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: ops, max_memory_bytes: bytes };
      Object.assign(agentCore.paging, paging);
      make(troubled);
      const tooMuch: string[] = [];
      leaving = () => {
        const sofar = operationsOf(sent).length;
        const size = requests.slice(0, sofar).reduce((sum, asked) => sum + bytesOf(asked), 0);
        if (sofar > ops || size > bytes) tooMuch.push(`${String(sofar)} operations, ${String(size)} bytes`);
      };
      const { status, answer } = await request('agentcore-memory', { budget, requests });
      expect(tooMuch).toEqual([]);
      await expectHonest('agentcore-memory', { status, answer }, budget);

      const operations = operationsOf(sent);
      const rows = rowsOf(answer).filter(({ type }) => type === 'memory');
      // Each operation begins with a ListEvents that is no continuation; what follows belongs to it.
      const firsts = operations.length;
      const asked = requests.slice(0, firsts);
      for (const [index, { op }] of asked.entries()) {
        const [first, ...rest] = operations[index] ?? [];
        expect(first?.command).toBe('ListEvents');
        const own = { memory_put: ['CreateEvent', 'DeleteEvent'], memory_get: [], memory_clear: ['DeleteEvent'] }[op];
        for (const { command } of rest) expect(['ListEvents', ...own]).toContain(command);
        expect(rest.filter(({ command }) => command === 'CreateEvent').length).toBeLessThanOrEqual(1);
        // A value that was put removed those before it, but where a removal failed.
        if (op === 'memory_put') seen.superseded += rest.filter(({ command }) => command === 'DeleteEvent').length;
      }
      expect(rows.map(({ op, key }) => ({ op, key }))).toEqual(asked.map(({ op, key }) => ({ op, key })));

      let expectedBytes = 0;
      const held = new Map<string, Json>();
      for (const [index, row] of rows.entries()) {
        expectedBytes += bytesOf(requests[index]);
        const parts = operations[index] ?? [];
        if (row.error?.code === 'dependency_failed') {
          seen.failed += 1;
          // Something did go wrong in the transport.
          expect(parts.some(({ output }) => output === undefined)).toBe(true);
          continue;
        }
        if (row.error?.code === 'deadline_exceeded') continue;
        expect(parts.every(({ command, output }) => output !== undefined || command === 'DeleteEvent')).toBe(true);
        seen.pages += parts.filter(({ input }) => input.nextToken !== undefined).length;
        if (row.op === 'memory_put') held.set(row.key ?? '', row.value ?? null);
        if (row.op === 'memory_clear') held.delete(row.key ?? '');
        if (row.op !== 'memory_get') continue;
        const value = held.get(row.key ?? '');
        expect(newestIn(parts)).toEqual(value);
        const size = value === undefined ? 0 : bytesOf(value);
        if (value === undefined) expect(row).toMatchObject({ ok: true, result: { found: false } });
        else if (expectedBytes + size > bytes) {
          seen.withheld += 1;
          expect(row).toMatchObject({
            ok: false,
            error: { code: 'budget_exceeded', limiter: 'max_memory_bytes', requested: size },
            result: { found: true, bytes: size, withheld: true },
          });
          continue;
        } else {
          seen.found += 1;
          expect(row.result).toEqual({ found: true, bytes: size, value });
        }
        expectedBytes += size;
      }
      // Values that came back can leave too little for the bytes of the next request: unsent, it costs nothing.
      const { error } = answer;
      const isRefusedHalfway = rows.length > 0 && error?.code === 'budget_exceeded' && rows.every(({ ok }) => ok === true);
      if (isRefusedHalfway) seen.halfway += 1;
      if (error?.code === 'deadline_exceeded') seen.late += 1;
      expect(spentOf(answer)).toEqual({ ...NOTHING_SPENT, memory_ops: firsts, memory_bytes: expectedBytes });
      if (rows.length === 0 && error?.code === 'budget_exceeded') {
        seen.refused += 1;
        expect(agentCore.requests()).toEqual([]);
        expect(spentOf(answer)).toEqual(NOTHING_SPENT);
      }
    }),
    { seed: SEED, numRuns: CASES, endOnFailure: true },
  );
  expect(Object.entries(seen).filter(([, count]) => count === 0)).toEqual([]);
});

type Operation = readonly [Sent, ...Sent[]];

/** What was sent, operation by operation. */
function operationsOf(all: readonly Sent[]): readonly Operation[] {
  const operations: [Sent, ...Sent[]][] = [];
  for (const one of all) {
    const continues = one.command !== 'ListEvents' || one.input.nextToken !== undefined;
    if (continues) operations.at(-1)?.push(one);
    else operations.push([one]);
  }
  return operations;
}

/** The value of the newest event in the pages of one get, read without the code under test. */
function newestIn(pages: readonly Sent[]): Json | undefined {
  const events = pages.flatMap(({ output }) => output?.events ?? []).sort((a, b) => ((a.eventId ?? '') < (b.eventId ?? '') ? 1 : -1));
  const blob = events[0]?.payload?.[0]?.blob;
  return typeof blob === 'string' ? (JSON.parse(blob) as { readonly value: Json }).value : undefined;
}

// ---- Tools ----

const PROPOSALS = {
  fits: '[{"type":"PlaceBuy","symbol":"AAPL","quantity":1}]',
  nothing: '[]',
  tooMuch: '[{"type":"PlaceBuy","symbol":"AAPL","quantity":100}]',
  noPlan: 'buy low, sell high',
} as const;

function replyOf(text: string): { readonly contentType: string; readonly chunks: readonly string[] } {
  return { contentType: 'application/json', chunks: [text] };
}

const item = (
  name: string,
  args: fc.Arbitrary<Record<string, Json>>,
): fc.Arbitrary<{ readonly name: string; readonly args: Record<string, Json> }> => fc.record({ name: fc.constant(name), args });
const anyStep = fc.record({ step: fc.nat(4) });
const code = fc.record({ language: fc.constantFrom('python', 'javascript'), code: fc.string() });
const goal = fc.record({ goal: fc.string({ minLength: 1 }) });

const toolCall = fc.oneof(
  { weight: 4, arbitrary: item('execute_code', code) },
  { weight: 4, arbitrary: item('propose_plan', goal) },
  { weight: 2, arbitrary: item('get_price_context', anyStep) },
  { weight: 2, arbitrary: item('evaluate_strategy', anyStep) },
  { weight: 1, arbitrary: item('simulate_and_verify', anyStep) },
  { weight: 1, arbitrary: item('execute', anyStep) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { name: 'propose_plan', args: {} },
      { name: 'execute_code', args: { language: 'cobol', code: '' } },
      { name: 'no such tool', args: {} },
      { name: 'execute', args: { step: 99 } },
    ),
  },
);

const mostly = (most: string, ...others: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(most) }, { weight: 1, arbitrary: fc.constantFrom(most, ...others) });

const toolsCase = fc.record({
  plan: fc.array(toolCall, { minLength: 1, maxLength: 8 }),
  budget: fc.record({
    max_steps: fc.oneof({ weight: 3, arbitrary: fc.constant(9) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 6 }) }),
    max_tool_calls: fc.oneof({ weight: 3, arbitrary: fc.constant(9) }, { weight: 1, arbitrary: fc.nat(6) }),
    max_model_calls: fc.oneof({ weight: 2, arbitrary: fc.constant(2) }, { weight: 1, arbitrary: fc.nat(2) }),
  }),
  replies: fc.array(mostly('fits', 'nothing', 'tooMuch', 'noPlan') as fc.Arbitrary<keyof typeof PROPOSALS>, { minLength: 1, maxLength: 3 }),
  exits: fc.array(mostly('0', '1'), { minLength: 1, maxLength: 4 }),
  trouble,
});

it(`tools: what was sent is what was charged ${TITLE}`, async () => {
  const seen = { refused: 0, failed: 0, late: 0, model: 0, code: 0, unstopped: 0, ok: 0 };
  await fc.assert(
    fc.asyncProperty(toolsCase, async ({ plan, budget: limits, replies, exits, trouble: troubled }) => {
      forget();
      const budget = { ...limits, max_memory_ops: 0, max_memory_bytes: 0 };
      agentCore.replies.splice(0, Infinity, ...replies.map((name) => replyOf(PROPOSALS[name])));
      agentCore.programs.splice(0, Infinity, ...exits.map((exit) => [resultFrame({ stdout: 'done\n', exitCode: Number(exit) })]));
      make(troubled);
      const tooMuch: string[] = [];
      leaving = () => {
        const [models, programs] = ['InvokeAgentRuntime', 'InvokeCodeInterpreter'].map(
          (name) => sent.filter(({ command }) => command === name).length,
        ) as [number, number];
        if (models > budget.max_model_calls || models + programs > Math.min(budget.max_tool_calls, budget.max_steps))
          tooMuch.push(`${String(models)} models, ${String(programs)} programs`);
      };
      const aliveBefore = aliveSessions();
      const { status, answer } = await request('agentcore-tools', { budget, tool_plan: plan });
      expect(tooMuch).toEqual([]);
      await expectHonest('agentcore-tools', { status, answer }, budget);

      const rows = rowsOf(answer);
      const tools = rows.filter(({ type }) => type === 'tool');
      expect(tools.map(({ name, args }) => ({ name, args }))).toEqual(plan.slice(0, tools.length));
      expect(answer.results).toHaveLength(tools.length);
      const attempted = (name: string, isComplete: (args: Readonly<Record<string, Json>>) => boolean): number =>
        tools.filter((row) => row.name === name && isComplete(row.args ?? {})).length;
      const models = attempted('propose_plan', ({ goal: named }) => named !== undefined);
      const programs = attempted('execute_code', ({ language }) => language !== 'cobol');

      // In the transport, by kind.
      expect(countOf('InvokeAgentRuntime')).toBe(models);
      expect(rows.filter(({ type }) => type === 'model')).toHaveLength(models);
      // One session of each kind for all of the plan, and a stop for each that began: a failure that says nothing may have begun one.
      const starts = sent.filter(({ command }) => command === 'StartCodeInterpreterSession');
      expect(starts.length).toBe(Math.min(1, programs));
      expect(countOf('StopCodeInterpreterSession')).toBe(starts.filter(({ output }) => output !== undefined).length);
      expect(new Set(sent.flatMap(({ input }) => input.runtimeSessionId ?? [])).size).toBe(Math.min(1, models));
      const answered = sent.some(({ command, output }) => command === 'InvokeAgentRuntime' && output !== undefined);
      if (answered) expect(countOf('StopRuntimeSession')).toBe(1);
      else expect(countOf('StopRuntimeSession')).toBeLessThanOrEqual(Math.min(1, models));
      if (starts[0]?.output === undefined) expect(countOf('InvokeCodeInterpreter')).toBe(0);
      else if (troubled.slow.length === 0) expect(countOf('InvokeCodeInterpreter')).toBe(programs);
      else expect(countOf('InvokeCodeInterpreter')).toBeLessThanOrEqual(programs);
      const alive = aliveSessions() - aliveBefore;
      if (troubled.faults.length === 0) expect([alive, lastUnstopped(answer)]).toEqual([0, 0]);
      seen.unstopped += lastUnstopped(answer);

      // A call takes a step, a tool call and, for a proposal, a model call; one that is refused in any of them takes none.
      const { error } = answer;
      const limiter = error?.code === 'budget_exceeded' ? error.limiter : undefined;
      expect(spentOf(answer)).toEqual({
        ...NOTHING_SPENT,
        steps: tools.length,
        tool_calls: tools.length,
        model_calls: models,
      });
      if (limiter !== undefined) seen.refused += 1;
      if (error?.code === 'dependency_failed') {
        seen.failed += 1;
        expect(troubled.faults.some(({ index }) => index < sent.length)).toBe(true);
      }
      if (error?.code === 'deadline_exceeded') seen.late += 1;
      seen.model += models;
      seen.code += programs;
      if (answer.ok) seen.ok += 1;
    }),
    { seed: SEED, numRuns: CASES, endOnFailure: true },
  );
  expect(Object.entries(seen).filter(([, count]) => count === 0)).toEqual([]);
});

// ---- A refusal that sent nothing ----

const put = { op: 'memory_put', key: 'k', value: 'v' };
const run = { name: 'execute_code', args: { language: 'python', code: '1' } };
const ask1 = { name: 'propose_plan', args: { goal: 'grow' } };
type Refusal = readonly [string, HttpMode, object, string, Partial<BudgetState> | null];

const REFUSALS: readonly Refusal[] = [
  [
    'one operation too many',
    'agentcore-memory',
    { budget: { max_memory_ops: 1, max_memory_bytes: 1_000 }, requests: [put, put] },
    'budget_exceeded',
    {},
  ],
  [
    'one byte too many',
    'agentcore-memory',
    { budget: { max_memory_ops: 1, max_memory_bytes: bytesOf(put) - 1 }, requests: [put] },
    'budget_exceeded',
    {},
  ],
  ['no memory at all', 'agentcore-memory', { requests: [put] }, 'budget_exceeded', {}],
  [
    'a memory budget above the ceiling',
    'agentcore-memory',
    { budget: { max_memory_ops: 11 }, requests: [put] },
    'budget_above_ceiling',
    {},
  ],
  [
    'a memory request that is none',
    'agentcore-memory',
    { budget: AMPLE, requests: [put, { op: 'memory_drop', key: 'k' }] },
    'invalid_request',
    null,
  ],
  ['no tool call', 'agentcore-tools', { tool_plan: [run] }, 'budget_exceeded', {}],
  ['no model call', 'agentcore-tools', { budget: { max_tool_calls: 1 }, tool_plan: [ask1] }, 'budget_exceeded', {}],
  ['a tool budget above the ceiling', 'agentcore-tools', { budget: { max_tool_calls: 11 }, tool_plan: [run] }, 'budget_above_ceiling', {}],
  ['a plan that is none', 'agentcore-tools', { budget: AMPLE, tool_plan: [run, { name: 7 }] }, 'invalid_request', null],
];

/** What a smaller limit would have done is told in the answer, and not recorded. */
function recordedError({ error = null }: { readonly error?: unknown }): unknown {
  if (!isRecord(error)) return error;
  const { needed: _needed, ...recorded } = error;
  return recorded;
}

it.each(REFUSALS)('refuses %s and sends nothing (%s)', async (_what, mode, body, errorCode, spent) => {
  const { answer } = await request(mode, body);
  expect(answer).toMatchObject({ ok: false, error: { code: errorCode } });
  expect(answer.budget_state).toEqual(spent === null ? null : { ...NOTHING_SPENT, ...spent });
  expect([agentCore.requests(), sent, agentCore.events]).toEqual([[], [], []]);
  // A refusal of the breaker is a run, and it is stored; the others left nothing at all.
  expect(s3.objects.size).toBe(errorCode === 'budget_exceeded' ? filesOf(mode).length : 0);
});

it('memory that is switched off sends nothing and charges nothing', async () => {
  const { status, answer } = await request('agentcore-memory', { budget: AMPLE, requests: [put] }, patient, {
    ...CONFIG,
    enabled: { memory: false, code_interpreter: false, planner: false },
  });
  expect([status, answer.ok, answer.budget_state]).toEqual([200, true, NOTHING_SPENT]);
  expect([agentCore.requests(), s3.requests()]).toEqual([[], []]);
});

// ---- Failures that test/handlers/dependencies.test.ts does not have ----

const BODIES = {
  'agentcore-memory': { budget: AMPLE, requests: [put, { op: 'memory_get', key: 'k' }, { op: 'memory_clear', key: 'k' }] },
  'agentcore-tools': { budget: AMPLE, tool_plan: [run, ask1] },
} as const;
const REMOTE_MODES = ['agentcore-memory', 'agentcore-tools'] as const;

describe.each(REMOTE_MODES)('%s', (mode) => {
  const indices = mode === 'agentcore-tools' ? [0, 1, 2, 3, 4] : [0, 1, 2, 3];

  it.each(indices)('charges request %d that is never answered, once', async (index) => {
    agentCore.failCall(index, { when: 'after', how: 'hang' });
    const { status, answer } = await request(mode, BODIES[mode], impatient);
    // A session that cannot be stopped is told to the operator and on the tape; what the calls came to stands.
    const stopFails = mode === 'agentcore-tools' && index >= 3;
    expect(status).toBe(stopFails ? 200 : 503);
    if (stopFails) expect(lastUnstopped(answer)).toBe(1);
    else expect(answer.error).toMatchObject({ code: 'dependency_failed', service: 'bedrock-agentcore' });
    await expectHonest(mode, { status, answer }, AMPLE);
    const failed = rowsOf(answer).filter(({ ok, type }) => ok === false && type !== 'seal');
    expect(failed.map(({ error }) => error?.effect)).toEqual(
      failed.map(() => (sent.at(-1)?.command === 'ListEvents' ? 'none' : 'unknown')),
    );
  });

  it.each(indices)('takes no half answer to request %d for a whole one', async (index) => {
    agentCore.failCall(index, { when: 'after', how: 'cut' });
    const { status, answer } = await request(mode, BODIES[mode]);
    expect(status).toBe(mode === 'agentcore-tools' && index >= 3 ? 200 : 503);
    await expectHonest(mode, { status, answer }, AMPLE);
  });
});

describe('the repeat of a run that is stored', () => {
  const body = { steps: 5, budget: { max_steps: 5 } };
  const FAULTS: readonly Fault[] = [
    { when: 'before', how: 'status', status: 503, type: 'SlowDown' },
    { when: 'before', how: 'reset' },
    { when: 'after', how: 'reset' },
  ];

  // Every file is put, answered 412, and read to be compared; `run.json` after the others.
  const files = filesOf('agentcore-base');
  it.each(files)('fails at %s and changes nothing', async (file) => {
    const first = await request('agentcore-base', body);
    const stored = new Map(s3.objects);
    const together = 2 * (files.length - 1);
    for (const [method, operationName, effect, faults] of [
      ['PUT', 'PutObject', 'unknown', FAULTS],
      ['GET', 'GetObject', 'none', [...FAULTS.slice(-1), { when: 'after', how: 'cut' } as Fault]],
    ] as const) {
      for (const fault of faults) {
        s3.reset();
        s3.failFile(method, file, fault);
        const { status, answer } = await request('agentcore-base', body);
        expect([status, answer.artifact_dir]).toEqual([503, null]);
        expect(answer.error).toMatchObject({ code: 'dependency_failed', service: 's3', operation: operationName, effect });
        const all = file === 'run.json' ? together + 2 : together;
        expect(s3.requests()).toHaveLength(method === 'PUT' ? all - 1 : all);
        expect(s3.objects).toEqual(stored);
      }
    }
    s3.reset();
    expect(await request('agentcore-base', body)).toEqual(first);
  });
});

// ---- A forger who counts less ----

describe('a tape that says less was spent than its rows took', () => {
  it.each(REMOTE_MODES)('is not proven, however well its hashes fit (%s)', async (mode) => {
    const { answer } = await request(mode, BODIES[mode]);
    const files = storedIn(answer);
    expect((await verdictOf(forged(files, spentOf(answer), spentOf(answer))))._tag).toBe('Proven');
    const dimensions = REQUIRED_NAMES.filter((dimension) => spentOf(answer)[dimension] > 0);
    expect(dimensions).toEqual(mode === 'agentcore-tools' ? ['steps', 'tool_calls', 'model_calls'] : ['memory_ops', 'memory_bytes']);
    for (const dimension of dimensions) {
      const less = { ...spentOf(answer), [dimension]: spentOf(answer)[dimension] - 1 };
      expect(await verdictOf(forged(files, spentOf(answer), less))).toMatchObject({
        _tag: 'NotProven',
        divergence: { file: 'tape.jsonl' },
      });
    }
  });

  const verdictOf = (files: RunFileBytes): ReturnType<typeof rightOf<unknown, { readonly _tag: string }>> =>
    rightOf(() => verify(makeMemoryRunReader(files)));

  /** The same run with another state of its budget: seal, summaries and digests all made to fit. */
  function forged(files: RunFileBytes, from: BudgetState, to: BudgetState): RunFileBytes {
    const tape = linesOf(files['tape.jsonl']);
    const { hash: oldHead, ...seal } = JSON.parse(tape.at(-1) ?? '') as { readonly hash: string; readonly [field: string]: Json };
    const changed = { ...seal, budget_state: to };
    const head = sha256(canonical(changed));
    const texts = Object.entries(files).map(([file, bytes]) => {
      const old = Buffer.from(bytes).toString('utf8');
      if (file === 'tape.jsonl')
        return [file, old, `${[...tape.slice(0, -1), canonical({ ...changed, hash: head })].join('\n')}\n`] as const;
      return [file, old, old.replaceAll(oldHead, head).replaceAll(canonical(from), canonical(to))] as const;
    });
    const digests = texts.map(([, old, text]) => [sha256(old), sha256(text)] as const);
    return Object.fromEntries(
      texts.map(([file, , text]) => [
        file,
        Buffer.from(file === 'run.json' ? digests.reduce((json, [old, digest]) => json.replaceAll(old, digest), text) : text),
      ]),
    );
  }

  function sha256(text: string): string {
    return createHash('sha256').update(text).digest('hex');
  }
});

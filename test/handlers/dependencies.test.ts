/**
 * Every request to S3 and AgentCore fails in turn, before and after it took effect: the documented answer, no retry, nothing that looks
 * finished and did not happen, and a repeat that completes what a failure of S3 left undone. Real SDK clients against stubs of the wire.
 */
import type { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import type { S3Client } from '@aws-sdk/client-s3';
import { makeAgentCoreClient } from '../../src/adapters/agentcore/client';
import { makeAgentCoreCodeInterpreter } from '../../src/adapters/agentcore/code-interpreter';
import { makeAgentCoreMemory } from '../../src/adapters/agentcore/memory';
import { makeAgentCorePlanner } from '../../src/adapters/agentcore/planner';
import { systemClock } from '../../src/adapters/in-process/clock';
import { silentTelemetry } from '../../src/adapters/in-process/telemetry';
import type { RunFileBytes } from '../../src/adapters/in-process/run-files';
import { makeS3ArtifactStore } from '../../src/adapters/s3/artifact-store';
import { makeS3Client } from '../../src/adapters/s3/client';
import { filesOf } from '../../src/domain/run/modes';
import type { HandlerPorts } from '../../src/handlers/compose-http';
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
import { answerOf, sendEvent, contextOf, makeTestHandler, provenHeadOf } from '../support/handlers';
import { httpEvent } from '../support/http-events';
import type { Fault } from '../support/http-stub';
import { type S3Stub, startS3Stub, STUB_BUCKET } from '../support/s3-stub';

const LIMITS = { connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 };
const BUDGET = { max_steps: 10, max_tool_calls: 10, max_model_calls: 2, max_memory_ops: 10, max_memory_bytes: 10_000 };

const BODIES = {
  'agentcore-base': { steps: 5, budget: { max_steps: 5 } },
  'agentcore-tools': {
    budget: BUDGET,
    tool_plan: [
      { name: 'execute_code', args: { language: 'python', code: 'print(1)' } },
      { name: 'propose_plan', args: { goal: 'grow' } },
      { name: 'execute', args: { step: 0 } },
    ],
  },
  'agentcore-memory': {
    budget: BUDGET,
    requests: [
      { op: 'memory_put', key: 'k', value: 'v' },
      { op: 'memory_get', key: 'k' },
      { op: 'memory_clear', key: 'k' },
    ],
  },
} as const;
const MODES = Object.keys(BODIES) as HttpMode[];

/** Requests to AgentCore that each mode makes when all goes well. */
const REMOTE_REQUESTS: Readonly<Record<HttpMode, number>> = { 'agentcore-base': 0, 'agentcore-tools': 5, 'agentcore-memory': 5 };
/** A tool plan sends them at its end, both at once: of the code session and of the planner's. */
const FIRST_STOP = 3;

const FAULTS: readonly Fault[] = [
  { when: 'before', how: 'status', status: 503, type: 'SlowDown' },
  { when: 'after', how: 'status', status: 500, type: 'InternalServerException' },
  { when: 'before', how: 'reset' },
  { when: 'after', how: 'reset' },
];

let s3: S3Stub;
let agentCore: AgentCoreStub;
let s3Client: S3Client;
let agentCoreClient: BedrockAgentCoreClient;

beforeAll(async () => {
  s3 = await startS3Stub();
  agentCore = await startAgentCoreStub();
  useStubEnvironment({ AWS_ENDPOINT_URL_S3: s3.url, AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agentCore.url });
  s3Client = makeS3Client(LIMITS);
  agentCoreClient = makeAgentCoreClient(LIMITS);
});
afterAll(async () => {
  s3Client.destroy();
  agentCoreClient.destroy();
  await Promise.all([s3.close(), agentCore.close()]);
});
beforeEach(() => {
  forgetRequests();
  s3.objects.clear();
  agentCore.events.splice(0);
  agentCore.programs.splice(0, Infinity, [resultFrame({ stdout: '1\n' })]);
  agentCore.replies.splice(0, Infinity, {
    contentType: 'application/json',
    chunks: ['[{"type":"PlaceBuy","symbol":"AAPL","quantity":1}]'],
  });
});

function forgetRequests(): void {
  s3.reset();
  agentCore.reset();
}

function portsOf(mode: HttpMode): HandlerPorts {
  const ports = {
    artifacts: makeS3ArtifactStore({ client: s3Client, bucket: STUB_BUCKET, prefix: 'ewm/' }),
    telemetry: silentTelemetry,
    openApi: () => '{}',
  };
  const client = agentCoreClient;
  if (mode === 'agentcore-memory')
    return { ...ports, memory: makeAgentCoreMemory({ client, memoryId: STUB_MEMORY_ID, actorId: 'ewm', clock: systemClock }) };
  if (mode === 'agentcore-base') return ports;
  return {
    ...ports,
    interpreter: makeAgentCoreCodeInterpreter({ client, codeInterpreterId: STUB_CODE_INTERPRETER_ID, telemetry: silentTelemetry }),
    planner: makeAgentCorePlanner({ client, agentRuntimeArn: STUB_RUNTIME_ARN, telemetry: silentTelemetry }),
  };
}

async function request(
  mode: HttpMode,
  requestId: string,
  remainingMs: number | (() => number) = 29_000,
): Promise<{ readonly status: number; readonly answer: ApiResponse }> {
  const { handle } = makeTestHandler(mode, {}, portsOf(mode));
  const event = httpEvent({ path: `/agentcore/${mode.slice('agentcore-'.length)}`, body: JSON.stringify(BODIES[mode]) });
  const { status, text } = await sendEvent(handle, event, contextOf(requestId, remainingMs));
  return { status, answer: answerOf(mode, JSON.parse(text)) };
}

describe.each(MODES)('%s', (mode) => {
  it('works when all goes well, and its artifacts prove it', async () => {
    const { status, answer } = await request(mode, 'r');
    expect([status, answer.error, answer.ok]).toEqual([200, undefined, true]);
    expect(await provenInStub(answer)).toBe(answer.head_hash);
    expect(agentCore.requests()).toHaveLength(REMOTE_REQUESTS[mode]);
    const keys = filesOf(mode).map((file) => `ewm/artifacts/${answer.run_id ?? ''}/${file}`);
    expect([...s3.objects.keys()].sort()).toEqual([...keys].sort());
    // `run.json` says that the others are there, and so it is sent when they are.
    expect(s3.requests().at(-1)?.segments.at(-1)).toBe('run.json');
  });

  // The store is the same for every mode; one sees all of its faults.
  const storeFaults = mode === 'agentcore-base' ? FAULTS : FAULTS.slice(-1);
  const putFaults = filesOf(mode).flatMap((file) => storeFaults.map((fault) => [file, `${fault.how} ${fault.when}`, fault] as const));
  it.each(putFaults)('S3 fails at %s (%s)', async (file, _how, fault) => {
    const clean = mode === 'agentcore-base' ? await request(mode, 'r') : undefined;
    s3.objects.clear();
    forgetRequests();
    s3.failFile('PUT', file, fault);
    const { status, answer } = await request(mode, 'r');
    expect(status).toBe(503);
    expect(answer).toMatchObject({
      ok: false,
      artifact_dir: null,
      error: { code: 'dependency_failed', service: 's3', operation: 'PutObject', effect: 'unknown' },
    });
    // One attempt each of those that go together, and nothing after them.
    const sent = filesOf(mode).length - (file === 'run.json' ? 0 : 1);
    expect(s3.requests()).toHaveLength(sent);
    expect(s3.objects.size).toBe(sent - (fault.when === 'before' ? 1 : 0));
    const whole = s3.objects.size === filesOf(mode).length;
    expect([...s3.objects.keys()].some((key) => key.endsWith('/run.json'))).toBe(whole);
    if (clean === undefined) return;
    // Nothing outside was touched, so the request can be sent again, and completes.
    const again = await request(mode, 'another');
    expect([again.status, again.answer]).toEqual([200, clean.answer]);
    expect(await provenInStub(again.answer)).toBe(answer.head_hash);
  });

  const callFaults = Array.from({ length: REMOTE_REQUESTS[mode] }, (_, index) =>
    FAULTS.map((fault) => [index, `${fault.how} ${fault.when}`, fault] as const),
  ).flat();
  if (callFaults.length > 0) {
    it.each(callFaults)('AgentCore fails at request %d (%s)', async (index, how, fault) => {
      const openBefore = openSessions();
      agentCore.failCall(index, fault);
      // Another run each time: AgentCore takes an operation of one run once.
      const { status, answer } = await request(mode, `${String(index)} ${how}`);
      // A session that cannot be stopped is told to the operator and on the tape; what the calls came to stands.
      const stopFailed = mode === 'agentcore-tools' && index >= FIRST_STOP;
      expect(status).toBe(stopFailed ? 200 : 503);
      if (!stopFailed) expect(answer).toMatchObject({ ok: false, error: { code: 'dependency_failed', service: 'bedrock-agentcore' } });
      // The attempt is charged and recorded, the rest of the list is not sent, and the proof says so.
      const results = answer.results ?? [];
      expect(results.length).toBeGreaterThan(0);
      expect(results.slice(0, -1).every((result) => (result as { ok: boolean }).ok)).toBe(true);
      expect(answer.budget_state).toMatchObject(
        mode === 'agentcore-tools' ? { tool_calls: results.length } : { memory_ops: results.length },
      );
      expect(await provenInStub(answer)).toBe(answer.head_hash);
      // Of a memory that is read again, the same is asked again.
      const acts = agentCore.requests().filter(({ segments }) => !(segments[0] === 'memories' && segments.length === 6));
      const sent = acts.map(({ method, segments, body }) => `${method} ${segments.join('/')} ${body.toString()}`);
      expect(new Set(sent).size).toBe(sent.length);
      if (mode !== 'agentcore-tools') return;
      expect(openSessions() - openBefore).toBe(openAfter(index, fault) ? 1 : 0);
      // Nobody is told less than there may be: what the service did with a request is not always known.
      const untold = stopFailed || (index === 0 && fault.status !== 429) ? 1 : undefined;
      expect((results.at(-1) as Record<string, unknown>)['sessions_not_stopped']).toBe(untold);
    });
  }

  it('gives up a silent service in time to answer', async () => {
    const isBase = mode === 'agentcore-base';
    const silence: Fault = { when: 'before', how: 'hang' };
    if (isBase) s3.failFile('PUT', 'tape.jsonl', silence);
    else agentCore.failCall(0, silence);
    // Time runs short between the question whether to begin and the call; 300 ms are left for it.
    const [plenty, leftMs] = { 'agentcore-base': [4, 550], 'agentcore-tools': [1, 5_550], 'agentcore-memory': [1, 3_550] }[mode] as [
      number,
      number,
    ];
    let asked = 0;
    const { status, answer } = await request(mode, 'silence', () => (asked++ < plenty ? 29_000 : leftMs));
    expect([status, answer.error?.code]).toEqual([504, 'deadline_exceeded']);
    expect([s3.requests().length, agentCore.requests().length]).toEqual(isBase ? [filesOf(mode).length - 1, 0] : [filesOf(mode).length, 1]);
    if (!isBase) expect(await provenInStub(answer)).toBe(answer.head_hash);
  });
});

/** Without a request: what is being tested is not the reading. */
async function provenInStub({ mode, artifact_dir: folder }: ApiResponse): Promise<string> {
  const entries = filesOf(mode).map((file) => [file, s3.objects.get(`ewm/${folder ?? ''}/${file}`)?.bytes] as const);
  const files = Object.fromEntries(entries.filter(([, bytes]) => bytes !== undefined)) as RunFileBytes;
  return provenHeadOf(files);
}

function openSessions(): number {
  return agentCore.sessions.filter(({ stopped }) => !stopped).length;
}

/** A start whose answer is lost, and a stop that never arrived, leave a session that ends by its own timeout. */
function openAfter(index: number, { when }: Fault): boolean {
  return (index === 0 && when === 'after') || (index >= FIRST_STOP && when === 'before');
}

import type { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import { makeAgentCoreClient } from '../../src/adapters/agentcore/client';
import { textOfEventStream } from '../../src/adapters/agentcore/event-stream-text';
import { makeAgentCorePlanner } from '../../src/adapters/agentcore/planner';
import { deadlineIn, noDeadline } from '../../src/adapters/in-process/clock';
import { makeRecordingTelemetry, type RecordingTelemetry, silentTelemetry } from '../../src/adapters/in-process/telemetry';
import type { Goal, Planner, PlannerSession } from '../../src/ports/planner';
import { describePlannerContract } from '../contracts/planner';
import { type AgentCoreStub, type RuntimeReply, startAgentCoreStub, STUB_RUNTIME_ARN } from '../support/agentcore-stub';
import { useStubEnvironment } from '../support/aws-environment';
import { describeFault, RETRYABLE_FAULTS } from '../support/faults';
import { operatorRecords } from '../support/operator-records';
import { leftOf, rightOf } from '../support/task';

const LIMITS = { connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 };
const GOAL: Goal = { goal: 'grow', context: { step: 1 } };
const PLAN = '[{"type":"PlaceBuy","symbol":"AAPL","quantity":"1"}]';
const BUY = [{ type: 'PlaceBuy', symbol: 'AAPL', quantity: 100_000_000n }];

async function startStub(): Promise<AgentCoreStub> {
  const stub = await startAgentCoreStub();
  useStubEnvironment({ AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: stub.url });
  return stub;
}

const ENCODINGS: Readonly<Record<string, (text: string) => RuntimeReply>> = {
  JSON: (text) => ({ contentType: 'application/json; charset=utf-8', chunks: [text.slice(0, 9), text.slice(9)] }),
  SSE: (text) => ({ contentType: 'text/event-stream', chunks: pieces(text).map((piece) => `data: ${JSON.stringify(piece)}\n\n`) }),
};

function invocations(stub: AgentCoreStub): ReturnType<AgentCoreStub['requests']> {
  return stub.requests().filter(({ segments }) => segments.at(-1) === 'invocations');
}

for (const [name, encode] of Object.entries(ENCODINGS)) {
  describePlannerContract(`AgentCore stub, ${name}`, async () => {
    const stub = await startStub();
    const client = makeAgentCoreClient(LIMITS);
    return {
      planner: makeAgentCorePlanner({ client, agentRuntimeArn: STUB_RUNTIME_ARN, telemetry: silentTelemetry }),
      answer: (document) => {
        stub.replies.push(encode(JSON.stringify(document)));
      },
      asked: () => invocations(stub).map((request) => JSON.parse(request.body.toString()) as Goal),
      close: () => {
        expect(stub.openSessions('planner')).toEqual([]);
        expect(stub.violations).toEqual([]);
        client.destroy();
        return stub.close();
      },
    };
  });
}

describe('AgentCore planner', () => {
  let stub: AgentCoreStub;
  let client: BedrockAgentCoreClient;
  let planner: Planner;
  let session: PlannerSession;
  let telemetry: RecordingTelemetry;

  beforeEach(async () => {
    stub = await startStub();
    client = makeAgentCoreClient(LIMITS);
    telemetry = makeRecordingTelemetry();
    const options = { qualifier: 'live', replyBytesMax: 1_000, stopTimeoutMs: 400, telemetry };
    planner = makeAgentCorePlanner({ client, agentRuntimeArn: STUB_RUNTIME_ARN, ...options });
    session = planner.open('run:0');
  });
  afterEach(async () => {
    client.destroy();
    await stub.close();
  });

  const told = (): ReturnType<typeof operatorRecords> => operatorRecords(telemetry);
  const reply = (contentType: string, ...chunks: readonly (string | Buffer)[]): void => {
    stub.replies.push({ contentType, chunks });
  };

  it('sends the goals of a run as JSON in one session of legal length, named after the run, and stops it', async () => {
    reply('application/json', PLAN);
    expect(await rightOf(session.propose(GOAL, 'run:0-0', noDeadline))).toEqual(BUY);
    await rightOf(session.propose(GOAL, 'run:0-1', noDeadline));
    await rightOf(planner.open('run:1').propose(GOAL, 'run:1-0', noDeadline));
    const [first] = stub.requests();
    expect(first?.segments).toEqual(['runtimes', STUB_RUNTIME_ARN, 'invocations']);
    expect(first?.query.get('qualifier')).toBe('live');
    expect(first?.body.toString()).toBe('{"context":{"step":1},"goal":"grow"}');
    expect(first?.headers).toMatchObject({ 'content-type': 'application/json', accept: 'application/json, text/event-stream' });
    const sessions = stub.requests().map((request) => request.headers['x-amzn-bedrock-agentcore-runtime-session-id']);
    expect(sessions[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(sessions[1]).toBe(sessions[0]);
    expect(sessions[2]).not.toBe(sessions[0]);
    expect(await session.close()).toBe(0);
    expect(stub.requests().at(-1)?.query.get('qualifier')).toBe('live');
    expect([stub.openSessions('planner'), stub.violations]).toEqual([[sessions[2]], []]);
  });

  it('stops nothing where nothing was begun', async () => {
    expect(await session.close()).toBe(0);
    stub.failCall(0, { when: 'before', how: 'status', status: 429, type: 'ThrottlingException' });
    await leftOf(session.propose(GOAL, 'run:0', noDeadline));
    expect([await session.close(), stub.requests().length]).toEqual([0, 1]);
  });

  it.each([
    ['is refused', { when: 'before', how: 'status', status: 500, type: 'InternalServerException' }],
    ['is never answered', { when: 'before', how: 'hang' }],
  ] as const)('counts a session whose stop %s', async (_what, fault) => {
    reply('application/json', PLAN);
    await rightOf(session.propose(GOAL, 'run:0', noDeadline));
    stub.failCall(1, fault);
    expect(await session.close()).toBe(1);
    const [id] = stub.openSessions('planner');
    expect(told()).toMatchObject([
      { level: 'warn', event: 'session_not_stopped', fields: { operation: 'StopRuntimeSession', session_id: id } },
    ]);
  });

  const STREAMS: readonly (readonly [string, readonly string[]])[] = [
    ['one event', [`data: ${PLAN}\n\n`]],
    ['one event over several lines', [`data: ${PLAN.slice(0, 2)}\ndata:${PLAN.slice(2)}\n\n`]],
    ['comments, names and ids', [`: hi\r\n\r\nevent: plan\r\nid: 1\r\nretry: 5\r\ndata: ${PLAN}\r\n\r\n`]],
    ['raw pieces', [`data: ${PLAN.slice(0, 20)}\n\n`, `data: ${PLAN.slice(20)}\n\n`]],
    ['lines cut anywhere', ['da', `ta: ${PLAN.slice(0, 5)}`, `${PLAN.slice(5)}\n`, '\n']],
    ['a byte order mark', [`\uFEFFdata: ${PLAN}\n\n`]],
  ];
  it.each(STREAMS)('reads server-sent events: %s', async (_what, chunks) => {
    reply('text/event-stream', ...chunks);
    expect(await rightOf(session.propose(GOAL, 'run:0', noDeadline))).toEqual(BUY);
  });

  it('does not count an event that was cut off', () => {
    expect(textOfEventStream('data: a\n\ndata: b\n')).toBe('a');
    expect(textOfEventStream('data: a\n\ndata: b')).toBe('a');
    expect(textOfEventStream('')).toBe('');
  });

  const UNUSABLE: readonly (readonly [string, RuntimeReply])[] = [
    ['no JSON', { contentType: 'application/json', chunks: ['buy AAPL'] }],
    ['nothing', { contentType: 'application/json', chunks: [] }],
    ['no events', { contentType: 'text/event-stream', chunks: [': nothing\n\n'] }],
    ['an event cut off', { contentType: 'text/event-stream', chunks: [`data: ${PLAN}\n`] }],
    ["the agent's error", { contentType: 'text/event-stream', chunks: ['data: {"error":"boom"}\n\n'] }],
    ['another type', { contentType: 'text/html', chunks: [PLAN] }],
    ['too much', { contentType: 'application/json', chunks: Array<string>(1_000).fill(' '.repeat(500)) }],
    ['text that is not UTF-8', { contentType: 'application/json', chunks: [Buffer.from([0x5b, 0xff, 0x5d])] }],
    ['lists in each other', { contentType: 'application/json', chunks: ['['.repeat(400) + ']'.repeat(400)] }],
  ];
  it.each(UNUSABLE)('refuses a reply with %s', async (_what, unusable) => {
    stub.replies.push(unusable);
    expect(await leftOf(session.propose(GOAL, 'run:0', noDeadline))).toMatchObject({
      _tag: 'MalformedPlan',
      problems: [{ message: expect.any(String) as string }],
    });
    expect(stub.requests()).toHaveLength(1);
  });

  it('frees the connection of every reply it does not read to the end', async () => {
    reply('application/json', ...Array<string>(200).fill(' '.repeat(5_000)));
    // More than the SDK's pool of 50 sockets holds.
    const outcomes = await Promise.all(Array.from({ length: 60 }, (_, index) => session.propose(GOAL, String(index), deadlineIn(5_000))()));
    expect(outcomes.every((outcome) => outcome._tag === 'Left' && outcome.left._tag === 'MalformedPlan')).toBe(true);
  });

  it.each(RETRYABLE_FAULTS.map((fault) => [describeFault(fault), fault] as const))('asks once: %s', async (_what, fault) => {
    reply('application/json', PLAN);
    stub.failCall(0, fault);
    expect(await leftOf(session.propose(GOAL, 'run:0', noDeadline))).toMatchObject({
      _tag: 'DependencyFailed',
      operation: 'InvokeAgentRuntime',
      effect: fault.how === 'reset' || (fault.status ?? 0) >= 500 ? 'unknown' : 'none',
    });
    expect(stub.requests()).toHaveLength(1);
  });

  it('knows that an agent which failed was reached', async () => {
    stub.failCall(0, { when: 'after', how: 'status', status: 424, type: 'RuntimeClientError', message: 'the agent answered 500' });
    expect(await leftOf(session.propose(GOAL, 'run:0', noDeadline))).toMatchObject({
      _tag: 'DependencyFailed',
      httpStatus: 424,
      effect: 'unknown',
    });
  });

  it.each(['application/json', 'text/event-stream'])('fails on a reply of %s that is cut off', async (contentType) => {
    reply(contentType, `data: ${PLAN}\n\n`);
    stub.failCall(0, { when: 'after', how: 'cut' });
    expect(await leftOf(session.propose(GOAL, 'run:0', noDeadline))).toMatchObject({ _tag: 'DependencyFailed', effect: 'unknown' });
    expect(stub.requests()).toHaveLength(1);
  });

  it('gives up a slow agent at the deadline', async () => {
    reply('application/json', PLAN);
    stub.failCall(0, { when: 'after', how: 'hang' });
    expect(await leftOf(session.propose(GOAL, 'run:0', deadlineIn(40)))).toMatchObject({ _tag: 'DeadlineExceeded', effect: 'unknown' });
    expect(stub.requests()).toHaveLength(1);
  });
});

/** Cuts a text into a few pieces, as a model streams it. */
function pieces(text: string): readonly string[] {
  const length = Math.max(1, Math.ceil(text.length / 5));
  return Array.from({ length: Math.ceil(text.length / length) }, (_, index) => text.slice(index * length, (index + 1) * length));
}

import type { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import type { TaskEither } from 'fp-ts/TaskEither';
import { makeAgentCoreClient } from '../../src/adapters/agentcore/client';
import { makeAgentCoreCodeInterpreter } from '../../src/adapters/agentcore/code-interpreter';
import { deadlineIn, noDeadline } from '../../src/adapters/in-process/clock';
import { makeRecordingTelemetry, type RecordingTelemetry, silentTelemetry } from '../../src/adapters/in-process/telemetry';
import type { Deadline } from '../../src/ports/clock';
import type { CodeInterpreter, CodeResult, Program, ProgramFailed } from '../../src/ports/code-interpreter';
import type { CallFailure } from '../../src/ports/dependency';
import { describeCodeInterpreterContract } from '../contracts/code-interpreter';
import {
  type AgentCoreStub,
  exceptionFrame,
  frame,
  rawResultFrame,
  resultFrame,
  startAgentCoreStub,
  STUB_CODE_INTERPRETER_ID,
} from '../support/agentcore-stub';
import { useStubEnvironment } from '../support/aws-environment';
import { describeFault, RETRYABLE_FAULTS } from '../support/faults';
import { operatorRecords } from '../support/operator-records';
import { leftOf, rightOf } from '../support/task';

const LIMITS = { connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 };
const PROGRAM: Program = { language: 'python', code: 'print("hello")' };

async function startStub(): Promise<AgentCoreStub> {
  const stub = await startAgentCoreStub();
  useStubEnvironment({ AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: stub.url });
  return stub;
}

function programsOf(stub: AgentCoreStub): Program[] {
  const invokes = stub.requests().filter((request) => request.segments.at(-1) === 'invoke');
  return invokes.map((request) => (JSON.parse(request.body.toString()) as { arguments: Program }).arguments);
}

describeCodeInterpreterContract('AgentCore stub', async () => {
  const stub = await startStub();
  const client = makeAgentCoreClient(LIMITS);
  return {
    interpreter: makeAgentCoreCodeInterpreter({ client, codeInterpreterId: STUB_CODE_INTERPRETER_ID, telemetry: silentTelemetry }),
    script: (...outcomes) => {
      stub.programs.push(...outcomes.map((outcome) => [resultFrame(outcome)]));
    },
    ran: () => programsOf(stub),
    close: () => {
      expect(stub.openSessions()).toEqual([]);
      expect(stub.violations).toEqual([]);
      client.destroy();
      return stub.close();
    },
  };
});

describe('AgentCore code interpreter', () => {
  let stub: AgentCoreStub;
  let client: BedrockAgentCoreClient;
  let telemetry: RecordingTelemetry;
  let interpreter: CodeInterpreter;

  beforeEach(async () => {
    stub = await startStub();
    client = makeAgentCoreClient(LIMITS);
    telemetry = makeRecordingTelemetry();
    interpreter = makeAgentCoreCodeInterpreter({
      client,
      codeInterpreterId: STUB_CODE_INTERPRETER_ID,
      telemetry,
      stopTimeoutMs: 400,
      outputBytesMax: 1_000,
    });
  });
  afterEach(async () => {
    client.destroy();
    await stub.close();
  });

  /** One program, and the end of its session. */
  const executed =
    (deadline: Deadline, opener = interpreter): TaskEither<ProgramFailed | CallFailure, CodeResult> =>
    async () => {
      const session = opener.open('run');
      const outcome = await session.execute(PROGRAM, 'run-0', deadline)();
      unstopped = await session.close();
      return outcome;
    };
  let unstopped: number;

  const told = (): ReturnType<typeof operatorRecords> => operatorRecords(telemetry);

  const calls = (): readonly (string | undefined)[] => stub.requests().map((request) => request.segments.at(-1));

  it('starts, invokes and stops one session, which would not outlive a crash for long', async () => {
    stub.programs.push([resultFrame({ stdout: 'hello\n' })]);
    await rightOf(executed(deadlineIn(9_500)));
    expect(calls()).toEqual(['start', 'invoke', 'stop']);
    const [start, invoke, stop] = stub.requests();
    expect(JSON.parse(start?.body.toString() ?? '')).toMatchObject({ sessionTimeoutSeconds: 40 });
    expect(JSON.parse(invoke?.body.toString() ?? '')).toEqual({ name: 'executeCode', arguments: PROGRAM });
    expect(invoke?.headers['x-amzn-code-interpreter-session-id']).toBe('SESSION0001');
    expect(stop?.query.get('sessionId')).toBe('SESSION0001');
    expect(stub.openSessions()).toEqual([]);
  });

  it('asks for the longest session there is where there is no deadline', async () => {
    stub.programs.push([resultFrame({})]);
    await rightOf(executed(noDeadline));
    expect(JSON.parse(stub.requests()[0]?.body.toString() ?? '')).toMatchObject({ sessionTimeoutSeconds: 28_800 });
  });

  it('reads the stream to its end, and takes text where there is no structured output', async () => {
    stub.programs.push([
      resultFrame({ stdout: 'one\n', stderr: 'w1\n' }),
      rawResultFrame({
        content: [
          { type: 'text', text: 'two\n' },
          { type: 'image', data: 'AAAA', mimeType: 'image/png' },
        ],
      }),
      frame({ ':message-type': 'event', ':event-type': 'of-a-later-version' }, {}),
      resultFrame({ stdout: 'three\n', stderr: 'w2\n' }),
    ]);
    expect(await rightOf(executed(noDeadline))).toEqual({
      stdout: 'one\ntwo\nthree\n',
      stderr: 'w1\nw2\n',
      exitCode: 0,
      dropped: [{ type: 'image', mediaType: 'image/png', bytes: 3 }],
    });
  });

  it('reads frames that arrive in pieces', async () => {
    const bytes = Buffer.concat([resultFrame({ stdout: 'one ' }), resultFrame({ stdout: 'two' })]);
    stub.programs.push(Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) => bytes.subarray(index * 7, index * 7 + 7)));
    expect(await rightOf(executed(noDeadline))).toMatchObject({ stdout: 'one two' });
  });

  const FAILED_PROGRAMS: readonly (readonly [string, readonly unknown[], unknown])[] = [
    [
      'an error with exit code 0',
      [{ content: [{ type: 'text', text: 'NameError' }], isError: true }],
      { reason: 'the interpreter reported an error', output: { stdout: '', stderr: 'NameError' } },
    ],
    ['a failed task', [{ content: [], structuredContent: { taskStatus: 'failed', stdout: 'so far' } }], { output: { stdout: 'so far' } }],
    ['a cancelled task', [{ content: [], structuredContent: { taskStatus: 'canceled' } }], {}],
    [
      'an exit code that a later frame does not undo',
      [
        { content: [], structuredContent: { exitCode: 2, stderr: 'bad' } },
        { content: [], structuredContent: { exitCode: 0, stdout: 'bye' } },
      ],
      { reason: 'exit code 2', output: { exitCode: 2, stdout: 'bye', stderr: 'bad', complete: true } },
    ],
  ];
  it.each(FAILED_PROGRAMS)('fails a program with %s', async (_what, results, failure) => {
    stub.programs.push(results.map(rawResultFrame));
    expect(await leftOf(executed(noDeadline))).toMatchObject({ _tag: 'ProgramFailed', ...(failure as object) });
    expect(calls()).toEqual(['start', 'invoke', 'stop']);
  });

  it('stops reading a program that writes without end', async () => {
    const chatty = resultFrame({ stdout: 'x'.repeat(400) });
    stub.programs.push(Array<Buffer>(50_000).fill(chatty));
    // The stub is in this process and busy writing: the stop gets the time to arrive.
    const patient = makeAgentCoreCodeInterpreter({ client, codeInterpreterId: STUB_CODE_INTERPRETER_ID, telemetry, outputBytesMax: 1_000 });
    expect(await leftOf(executed(noDeadline, patient))).toMatchObject({
      _tag: 'ProgramFailed',
      reason: 'more output than is taken',
      output: { stdout: 'x'.repeat(800), complete: false },
    });
    expect(calls()).toEqual(['start', 'invoke', 'stop']);
  });

  const good = resultFrame({ stdout: 'hello' });
  const corrupt = Buffer.from(good);
  corrupt[20] = (corrupt[20] ?? 0) ^ 1;
  const BROKEN_STREAMS: readonly (readonly [string, readonly Buffer[]])[] = [
    ['no frame at all', []],
    ['no result among its frames', [frame({ ':message-type': 'event', ':event-type': 'of-a-later-version' }, {})]],
    ['a frame cut short', [good.subarray(0, -5)]],
    ['a second frame cut short', [good, good.subarray(0, 30)]],
    ['a wrong checksum', [corrupt]],
    ['throttling as its first frame', [exceptionFrame('throttlingException', { message: 'slow down' })]],
    ['a server fault as its first frame', [exceptionFrame('internalServerException', { message: 'oops' })]],
    ['throttling after a result', [good, exceptionFrame('throttlingException', { message: 'slow down' })]],
    ['an error outside the model', [good, frame({ ':message-type': 'error', ':error-code': 'Gone', ':error-message': 'gone' }, '')]],
  ];
  it.each(BROKEN_STREAMS)('fails on a stream with %s, runs the code once and stops', async (_what, frames) => {
    stub.programs.push([...frames]);
    expect(await leftOf(executed(noDeadline))).toMatchObject({
      _tag: 'DependencyFailed',
      service: 'bedrock-agentcore',
      operation: 'InvokeCodeInterpreter',
      effect: 'unknown',
    });
    expect(calls()).toEqual(['start', 'invoke', 'stop']);
    expect(stub.openSessions()).toEqual([]);
  });

  it.each(RETRYABLE_FAULTS.map((fault) => [describeFault(fault), fault] as const))('sends every request once: %s', async (_what, fault) => {
    stub.programs.push([resultFrame({ stdout: 'hello' })]);

    stub.failCall(0, fault);
    const lost = await leftOf(executed(noDeadline));
    expect(lost).toMatchObject({ _tag: 'DependencyFailed', operation: 'StartCodeInterpreterSession' });
    expect(calls()).toEqual(['start']);
    // A start whose answer was lost may have begun a session that nobody can name.
    expect(unstopped).toBe('effect' in lost && lost.effect === 'unknown' ? 1 : 0);
    expect(told()).toHaveLength(unstopped);

    const before = stub.openSessions().length;
    stub.reset();
    stub.failCall(1, fault);
    expect(await leftOf(executed(noDeadline))).toMatchObject({
      _tag: 'DependencyFailed',
      operation: 'InvokeCodeInterpreter',
    });
    expect(calls()).toEqual(['start', 'invoke', 'stop']);
    expect(stub.openSessions()).toHaveLength(before);

    stub.reset();
    stub.failCall(2, fault);
    expect(await rightOf(executed(noDeadline))).toMatchObject({ stdout: 'hello' });
    expect(calls()).toEqual(['start', 'invoke', 'stop']);
    expect(unstopped).toBe(1);
    expect(told().at(-1)).toMatchObject({
      level: 'warn',
      event: 'session_not_stopped',
      fields: { operation: 'StopCodeInterpreterSession' },
    });
  });

  it('runs the programs of a plan in one session, whose start is not repeated', async () => {
    stub.programs.push([resultFrame({ stdout: 'one' })], [resultFrame({ exitCode: 1 })], [resultFrame({ stdout: 'three' })]);
    const session = interpreter.open('run');
    const outcomes = [0, 1, 2].map((index) => session.execute(PROGRAM, `run-${String(index)}`, noDeadline));
    expect(await rightOf(outcomes[0] as (typeof outcomes)[number])).toMatchObject({ stdout: 'one' });
    for (const outcome of outcomes.slice(1)) await outcome();
    expect([await session.close(), calls()]).toEqual([0, ['start', 'invoke', 'invoke', 'invoke', 'stop']]);

    stub.reset();
    stub.failCall(0, { when: 'before', how: 'status', status: 429, type: 'ThrottlingException' });
    const failed = interpreter.open('run');
    const first = await leftOf(failed.execute(PROGRAM, 'run-0', noDeadline));
    expect(await leftOf(failed.execute(PROGRAM, 'run-1', noDeadline))).toEqual(first);
    expect([await failed.close(), calls()]).toEqual([0, ['start']]);
    expect(await interpreter.open('run').close()).toBe(0);
    expect(stub.openSessions()).toEqual([]);
  });

  it('counts a session that is gone already as stopped', async () => {
    stub.programs.push([resultFrame({})]);
    stub.failCall(2, { when: 'after', how: 'status', status: 404, type: 'ResourceNotFoundException' });
    await rightOf(executed(noDeadline));
    expect([unstopped, telemetry.records()]).toEqual([0, []]);
  });

  it('fails on a connection that is cut in the middle of the stream', async () => {
    stub.programs.push([resultFrame({ stdout: 'hello' })]);
    stub.failCall(1, { when: 'after', how: 'cut' });
    expect(await leftOf(executed(noDeadline))).toMatchObject({
      _tag: 'DependencyFailed',
      operation: 'InvokeCodeInterpreter',
    });
    expect(calls()).toEqual(['start', 'invoke', 'stop']);
  });

  it('gives up a slow program, and stops its session all the same', async () => {
    stub.failCall(1, { when: 'after', how: 'hang' });
    expect(await leftOf(executed(deadlineIn(300)))).toMatchObject({
      _tag: 'DeadlineExceeded',
      operation: 'InvokeCodeInterpreter',
      effect: 'unknown',
    });
    expect(calls()).toEqual(['start', 'invoke', 'stop']);
    expect(stub.openSessions()).toEqual([]);
  });

  it('does not wait for a stop without end', async () => {
    stub.programs.push([resultFrame({ stdout: 'hello' })]);
    stub.failCall(2, { when: 'before', how: 'hang' });
    expect(await rightOf(executed(noDeadline))).toMatchObject({ stdout: 'hello' });
    expect(told()).toMatchObject([{ event: 'session_not_stopped', fields: { session_id: 'SESSION0001' } }]);
    expect(unstopped).toBe(1);
  });
});

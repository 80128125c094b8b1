import type { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import { makeAgentCoreClient } from '../../src/adapters/agentcore/client';
import { makeAgentCoreCodeInterpreter } from '../../src/adapters/agentcore/code-interpreter';
import { deadlineIn, noDeadline } from '../../src/adapters/in-process/clock';
import { makeRecordingTelemetry, type RecordingTelemetry, silentTelemetry } from '../../src/adapters/in-process/telemetry';
import type { CodeInterpreter, Program } from '../../src/ports/code-interpreter';
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

  const calls = (): readonly (string | undefined)[] => stub.requests().map((request) => request.segments.at(-1));

  it('starts, invokes and stops one session, which would not outlive a crash for long', async () => {
    stub.programs.push([resultFrame({ stdout: 'hello\n' })]);
    await rightOf(interpreter.execute(PROGRAM, deadlineIn(9_500)));
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
    await rightOf(interpreter.execute(PROGRAM, noDeadline));
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
    expect(await rightOf(interpreter.execute(PROGRAM, noDeadline))).toEqual({
      stdout: 'one\ntwo\nthree\n',
      stderr: 'w1\nw2\n',
      exitCode: 0,
    });
  });

  it('reads frames that arrive in pieces', async () => {
    const bytes = Buffer.concat([resultFrame({ stdout: 'one ' }), resultFrame({ stdout: 'two' })]);
    stub.programs.push(Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) => bytes.subarray(index * 7, index * 7 + 7)));
    expect(await rightOf(interpreter.execute(PROGRAM, noDeadline))).toMatchObject({ stdout: 'one two' });
  });

  const FAILED_PROGRAMS: readonly (readonly [string, readonly unknown[], unknown])[] = [
    [
      'an error with exit code 0',
      [{ content: [{ type: 'text', text: 'NameError' }], isError: true }],
      { reason: 'the interpreter reported an error', stdout: '', stderr: 'NameError' },
    ],
    ['a failed task', [{ content: [], structuredContent: { taskStatus: 'failed', stdout: 'so far' } }], { stdout: 'so far' }],
    ['a cancelled task', [{ content: [], structuredContent: { taskStatus: 'canceled' } }], {}],
    [
      'an exit code that a later frame does not undo',
      [
        { content: [], structuredContent: { exitCode: 2, stderr: 'bad' } },
        { content: [], structuredContent: { exitCode: 0, stdout: 'bye' } },
      ],
      { exitCode: 2, reason: 'exit code 2', stdout: 'bye', stderr: 'bad' },
    ],
  ];
  it.each(FAILED_PROGRAMS)('fails a program with %s', async (_what, results, failure) => {
    stub.programs.push(results.map(rawResultFrame));
    expect(await leftOf(interpreter.execute(PROGRAM, noDeadline))).toMatchObject({ _tag: 'ProgramFailed', ...(failure as object) });
    expect(calls()).toEqual(['start', 'invoke', 'stop']);
  });

  it('stops reading a program that writes without end', async () => {
    const chatty = resultFrame({ stdout: 'x'.repeat(400) });
    stub.programs.push(Array<Buffer>(50_000).fill(chatty));
    // The stub is in this process and busy writing: the stop gets the time to arrive.
    const patient = makeAgentCoreCodeInterpreter({ client, codeInterpreterId: STUB_CODE_INTERPRETER_ID, telemetry, outputBytesMax: 1_000 });
    expect(await leftOf(patient.execute(PROGRAM, noDeadline))).toMatchObject({
      _tag: 'ProgramFailed',
      reason: 'more output than is taken',
      stdout: 'x'.repeat(800),
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
    expect(await leftOf(interpreter.execute(PROGRAM, noDeadline))).toMatchObject({
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
    expect(await leftOf(interpreter.execute(PROGRAM, noDeadline))).toMatchObject({
      _tag: 'DependencyFailed',
      operation: 'StartCodeInterpreterSession',
    });
    expect(calls()).toEqual(['start']);

    const before = stub.openSessions().length;
    stub.reset();
    stub.failCall(1, fault);
    expect(await leftOf(interpreter.execute(PROGRAM, noDeadline))).toMatchObject({
      _tag: 'DependencyFailed',
      operation: 'InvokeCodeInterpreter',
    });
    expect(calls()).toEqual(['start', 'invoke', 'stop']);
    expect(stub.openSessions()).toHaveLength(before);

    stub.reset();
    stub.failCall(2, fault);
    expect(await rightOf(interpreter.execute(PROGRAM, noDeadline))).toMatchObject({ stdout: 'hello' });
    expect(calls()).toEqual(['start', 'invoke', 'stop']);
    expect(telemetry.records()).toMatchObject([{ kind: 'note', level: 'warn', event: 'code_interpreter_session_not_stopped' }]);
  });

  it('fails on a connection that is cut in the middle of the stream', async () => {
    stub.programs.push([resultFrame({ stdout: 'hello' })]);
    stub.failCall(1, { when: 'after', how: 'cut' });
    expect(await leftOf(interpreter.execute(PROGRAM, noDeadline))).toMatchObject({
      _tag: 'DependencyFailed',
      operation: 'InvokeCodeInterpreter',
    });
    expect(calls()).toEqual(['start', 'invoke', 'stop']);
  });

  it('gives up a slow program with enough time left to stop its session', async () => {
    stub.failCall(1, { when: 'after', how: 'hang' });
    expect(await leftOf(interpreter.execute(PROGRAM, deadlineIn(1_200)))).toMatchObject({
      _tag: 'DeadlineExceeded',
      operation: 'InvokeCodeInterpreter',
      effect: 'unknown',
    });
    expect(calls()).toEqual(['start', 'invoke', 'stop']);
    expect(stub.openSessions()).toEqual([]);
  });

  it('starts nothing that it would have no time to stop', async () => {
    expect(await leftOf(interpreter.execute(PROGRAM, deadlineIn(400)))).toMatchObject({ _tag: 'DeadlineExceeded', effect: 'none' });
    expect(calls()).toEqual([]);
  });

  it('does not wait for a stop without end', async () => {
    stub.programs.push([resultFrame({ stdout: 'hello' })]);
    stub.failCall(2, { when: 'before', how: 'hang' });
    expect(await rightOf(interpreter.execute(PROGRAM, noDeadline))).toMatchObject({ stdout: 'hello' });
    expect(telemetry.records()).toMatchObject([{ event: 'code_interpreter_session_not_stopped', fields: { session_id: 'SESSION0001' } }]);
  });
});

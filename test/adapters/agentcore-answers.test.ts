/** Answers of AgentCore that are none: each failure says the operation and, where there is one, the member; nothing of the answer's text goes on. */
import { isRight, type Either } from 'fp-ts/Either';
import type { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import { makeAgentCoreClient } from '../../src/adapters/agentcore/client';
import { makeAgentCoreCodeInterpreter } from '../../src/adapters/agentcore/code-interpreter';
import { makeAgentCoreMemory } from '../../src/adapters/agentcore/memory';
import { makeAgentCorePlanner } from '../../src/adapters/agentcore/planner';
import { noDeadline, systemClock } from '../../src/adapters/in-process/clock';
import { makeRecordingTelemetry } from '../../src/adapters/in-process/telemetry';
import {
  type AgentCoreStub,
  resultFrame,
  startAgentCoreStub,
  STUB_CODE_INTERPRETER_ID,
  STUB_MEMORY_ID,
  STUB_RUNTIME_ARN,
} from '../support/agentcore-stub';
import { useStubEnvironment } from '../support/aws-environment';

const SECRET = 'host-of-a-proxy.internal';
const PAGE = `<html><head><title>502 Bad Gateway</title></head><body>${SECRET}</body></html>`;

let stub: AgentCoreStub;
let client: BedrockAgentCoreClient;

beforeAll(async () => {
  stub = await startAgentCoreStub();
  useStubEnvironment({ AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: stub.url });
  client = makeAgentCoreClient({ connectTimeoutMs: 5_000, requestTimeoutMs: 20_000 });
});
afterAll(async () => {
  client.destroy();
  await stub.close();
});
beforeEach(() => {
  stub.forgetEvents();
  stub.programs.splice(0, Infinity, [resultFrame({ stdout: '1\n' })]);
  stub.replies.splice(0, Infinity, { contentType: 'application/json', chunks: ['[]'] });
});

/** Everything that this program asks of AgentCore, once; what failed, and what an operator is told. */
async function failures(): Promise<readonly { readonly operation: unknown; readonly reason: unknown }[]> {
  const telemetry = makeRecordingTelemetry();
  const memory = makeAgentCoreMemory({ client, memoryId: STUB_MEMORY_ID, actorId: 'a', clock: systemClock });
  const code = makeAgentCoreCodeInterpreter({ client, codeInterpreterId: STUB_CODE_INTERPRETER_ID, telemetry }).open('run');
  const planner = makeAgentCorePlanner({ client, agentRuntimeArn: STUB_RUNTIME_ARN, telemetry }).open('run');
  const outcomes: readonly Either<object, unknown>[] = [
    await memory.get({ op: 'memory_get', key: 'k' }, noDeadline)(),
    await memory.put({ op: 'memory_put', key: 'k', value: 1 }, 'first', noDeadline)(),
    await memory.clear({ op: 'memory_clear', key: 'k' }, noDeadline)(),
    await code.execute({ language: 'python', code: '1' }, 'second', noDeadline)(),
    await planner.propose({ goal: 'g', context: {} }, 'third', noDeadline)(),
  ];
  await Promise.all([code.close(), planner.close()]);
  const notes = telemetry.records().flatMap((record) => (record.kind === 'note' ? [record.fields] : []));
  const failed = outcomes.flatMap((outcome) => (isRight(outcome) ? [] : [outcome.left as Readonly<Record<string, unknown>>]));
  return [...failed, ...notes].map(({ operation, reason }) => ({ operation, reason }));
}

it('nothing fails where nothing is wrong', async () => {
  expect(await failures()).toEqual([]);
});

it.each([
  ...['ListEvents', 'CreateEvent', 'DeleteEvent', 'StartCodeInterpreterSession', 'InvokeCodeInterpreter', 'StopCodeInterpreterSession'],
  ...['InvokeAgentRuntime', 'StopRuntimeSession'],
])('%s: a page of a proxy says that it is one', async (operation) => {
  stub.failOperation(operation, { when: 'before', how: 'body', status: 502, contentType: 'text/html', body: PAGE });
  const found = await failures();
  stub.failOperation(operation);
  expect(found.filter((failure) => failure.operation === operation)).not.toEqual([]);
  for (const failure of found.filter((failure) => failure.operation === operation))
    expect(failure.reason).toMatch(/^the body of the answer is not JSON \(HTTP 502, text\/html\)$/);
  expect(JSON.stringify(found)).not.toContain(SECRET);
});

const EVENT = { memoryId: STUB_MEMORY_ID, actorId: 'a', sessionId: 's', eventId: '1#a', eventTimestamp: 1.5, payload: [] };
it.each([
  ['ListEvents', {}, /^events: expected a list$/],
  ['ListEvents', { events: 'none' }, /^events: expected a list$/],
  ['ListEvents', { events: [null] }, /^events\.0: expected an object$/],
  ['ListEvents', { events: [EVENT, { ...EVENT, eventId: undefined }] }, /^events\.1\.eventId: missing/],
  ['ListEvents', { events: [{ ...EVENT, eventTimestamp: undefined }] }, /^events\.0\.eventTimestamp: missing/],
  [
    'ListEvents',
    { events: [{ ...EVENT, eventTimestamp: '2026-11-27' }] },
    /^the answer does not fit the operation \(HTTP 200, application\/json\): /,
  ],
  [
    'ListEvents',
    { events: [{ ...EVENT, payload: [{ blob: `{k=${SECRET}}` }] }] },
    /^payload of event 1#a, the newest of the key: not a value/,
  ],
  ['ListEvents', null, /^the answer does not fit the operation .*'events'/],
  ['CreateEvent', {}, /^event: expected an object$/],
  ['CreateEvent', { event: { ...EVENT, eventId: '' } }, /^event\.eventId: missing/],
  ['StartCodeInterpreterSession', {}, /^sessionId: missing/],
] as const)('%s: %j says which member is wrong', async (operation, body, reason) => {
  stub.failOperation(operation, { when: 'before', how: 'body', body: JSON.stringify(body) });
  const found = await failures();
  stub.failOperation(operation);
  expect(found).toContainEqual({ operation, reason: expect.stringMatching(reason) as string });
  expect(JSON.stringify(found)).not.toContain(SECRET);
  expect(JSON.stringify(found)).not.toContain('Deserialization');
});

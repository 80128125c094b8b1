/** The stub refuses what the service would refuse: one illegal member a request, sent by the real client. */
import {
  type BedrockAgentCoreClient,
  CreateEventCommand,
  InvokeAgentRuntimeCommand,
  ListEventsCommand,
  StartCodeInterpreterSessionCommand,
  StopRuntimeSessionCommand,
} from '@aws-sdk/client-bedrock-agentcore';
import { makeAgentCoreClient } from '../../src/adapters/agentcore/client';
import {
  type AgentCoreStub,
  startAgentCoreStub,
  STUB_CODE_INTERPRETER_ID,
  STUB_MEMORY_ID,
  STUB_RUNTIME_ARN,
} from '../support/agentcore-stub';
import { useStubEnvironment } from '../support/aws-environment';

const PLACE = { memoryId: STUB_MEMORY_ID, actorId: 'team/a:1', sessionId: 's' };
const EVENT = { ...PLACE, eventTimestamp: new Date(0), payload: [{ blob: 'x' }] };
const RUNTIME = { agentRuntimeArn: STUB_RUNTIME_ARN, runtimeSessionId: 'r'.repeat(33) };

let stub: AgentCoreStub;
let client: BedrockAgentCoreClient;

beforeAll(async () => {
  stub = await startAgentCoreStub();
  useStubEnvironment({ AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: stub.url });
  client = makeAgentCoreClient({ connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 });
});
afterAll(async () => {
  client.destroy();
  await stub.close();
});

const REFUSED: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['actorId', () => client.send(new CreateEventCommand({ ...EVENT, actorId: 'a::b' }))],
  ['actorId', () => client.send(new ListEventsCommand({ ...PLACE, actorId: 'a'.repeat(256) }))],
  ['sessionId', () => client.send(new ListEventsCommand({ ...PLACE, sessionId: 'é' }))],
  ['maxResults', () => client.send(new ListEventsCommand({ ...PLACE, maxResults: 101 }))],
  ['memoryId', () => client.send(new ListEventsCommand({ ...PLACE, memoryId: 'short' }))],
  ['payload', () => client.send(new CreateEventCommand({ ...EVENT, payload: Array.from({ length: 101 }, () => ({ blob: 'x' })) }))],
  ['metadata.k.stringValue', () => client.send(new CreateEventCommand({ ...EVENT, metadata: { k: { stringValue: '{}' } } }))],
  [
    'runtimeSessionId',
    () => client.send(new InvokeAgentRuntimeCommand({ ...RUNTIME, runtimeSessionId: 'short', payload: Buffer.from('{}') })),
  ],
  ['runtimeSessionId', () => client.send(new StopRuntimeSessionCommand({ ...RUNTIME, runtimeSessionId: 'short' }))],
  [
    'sessionTimeoutSeconds',
    () =>
      client.send(
        new StartCodeInterpreterSessionCommand({ codeInterpreterIdentifier: STUB_CODE_INTERPRETER_ID, sessionTimeoutSeconds: 28_801 }),
      ),
  ],
];
it.each(REFUSED)('an illegal %s', async (member, send) => {
  const before = stub.violations.length;
  await expect(send()).rejects.toMatchObject({ name: 'ValidationException', fieldList: [{ name: member }] });
  expect(stub.violations.slice(before)).toMatchObject([{ member }]);
});

it('a planner session that was begun and then stopped, and nothing else, is refused nothing', async () => {
  const before = stub.violations.length;
  stub.replies.push({ contentType: 'application/json', chunks: ['[]'] });
  await client.send(new InvokeAgentRuntimeCommand({ ...RUNTIME, payload: Buffer.from('{}') }));
  expect(stub.openSessions('planner')).toEqual([RUNTIME.runtimeSessionId]);
  await client.send(new StopRuntimeSessionCommand(RUNTIME));
  expect(stub.openSessions('planner')).toEqual([]);
  expect(stub.violations).toHaveLength(before);
});

it('a listing that lags shows an event late and its deletion late', async () => {
  let nowMs = 0;
  Object.assign(stub.lag, { createdMs: 2_000, deletedMs: 2_000, nowMs: () => nowMs });
  await client.send(new CreateEventCommand(EVENT));
  const listed = async (): Promise<number> => (await client.send(new ListEventsCommand(PLACE))).events?.length ?? 0;
  expect(await listed()).toBe(0);
  nowMs = 2_000;
  expect(await listed()).toBe(1);
});

import type { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import { makeAgentCoreClient } from '../../src/adapters/agentcore/client';
import { makeAgentCoreMemory } from '../../src/adapters/agentcore/memory';
import { sessionIdOf } from '../../src/adapters/agentcore/memory-events';
import { deadlineIn, makeManualClock, noDeadline, systemClock } from '../../src/adapters/in-process/clock';
import type { Json } from '../../src/domain/canonical/canonical';
import type { Deadline } from '../../src/ports/clock';
import { type Memory, MEMORY_REQUESTS_MAX } from '../../src/ports/memory';
import { describeMemoryContract } from '../contracts/memory';
import { type AgentCoreStub, startAgentCoreStub, STUB_MEMORY_ID } from '../support/agentcore-stub';
import { useStubEnvironment } from '../support/aws-environment';
import { describeFault, RETRYABLE_FAULTS } from '../support/faults';
import { leftOf, rightOf } from '../support/task';

const LIMITS = { connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 };
const ACTOR = 'team/a:1';

async function startStub(): Promise<AgentCoreStub> {
  const stub = await startAgentCoreStub();
  useStubEnvironment({ AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: stub.url });
  return stub;
}

const PAGINGS = {
  'one page': {},
  'pages of two, in no order, after two empty ones': { eventsMax: 2, emptyPages: 2, shuffled: true },
};

for (const [name, paging] of Object.entries(PAGINGS)) {
  describeMemoryContract(`AgentCore stub, ${name}`, async () => {
    const stub = await startStub();
    Object.assign(stub.paging, paging);
    const client = makeAgentCoreClient(LIMITS);
    return {
      // A clock that stands still is the hard case for an order.
      memory: makeAgentCoreMemory({ client, memoryId: STUB_MEMORY_ID, actorId: ACTOR, clock: makeManualClock(1_764_000_000_000) }),
      close: () => {
        client.destroy();
        return stub.close();
      },
    };
  });
}

describe('AgentCore memory', () => {
  let stub: AgentCoreStub;
  let client: BedrockAgentCoreClient;
  let memory: Memory;

  beforeAll(async () => {
    stub = await startStub();
    client = makeAgentCoreClient(LIMITS);
  });
  afterAll(async () => {
    client.destroy();
    await stub.close();
  });
  beforeEach(() => {
    stub.reset();
    stub.forgetEvents();
    Object.assign(stub.paging, { eventsMax: 100, emptyPages: 0, sameTokenForever: false, shuffled: false, duplicates: false });
    Object.assign(stub.lag, { createdMs: 0, deletedMs: 0, nowMs: () => performance.now() });
    stub.tokens.repeated = 'ignored';
    // Each test knows nothing of what those before it wrote.
    memory = fresh();
  });
  afterEach(() => {
    // But for the one that is sent on purpose.
    expect(stub.violations.filter(({ member }) => member !== 'actorId')).toEqual([]);
  });

  const put = (value: Json, operationId: string, deadline: Deadline = noDeadline): ReturnType<Memory['put']> =>
    memory.put({ op: 'memory_put', key: 'notes', value }, operationId, deadline);
  const get = (deadline: Deadline = noDeadline): ReturnType<Memory['get']> => memory.get({ op: 'memory_get', key: 'notes' }, deadline);
  const clear = (deadline: Deadline = noDeadline): ReturnType<Memory['clear']> =>
    memory.clear({ op: 'memory_clear', key: 'notes' }, deadline);
  const bodies = (): readonly Record<string, unknown>[] =>
    stub
      .requests()
      .filter(({ body }) => body.length > 0)
      .map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>);
  const created = (): readonly Record<string, unknown>[] => bodies().filter(({ payload }) => payload !== undefined);
  /** `list`, `create` or `delete`: what was sent, in order. */
  const sent = (): readonly string[] =>
    stub.requests().map(({ method, segments }) => (method === 'DELETE' ? 'delete' : segments.length === 3 ? 'create' : 'list'));
  const fresh = (clock = systemClock): Memory => makeAgentCoreMemory({ client, memoryId: STUB_MEMORY_ID, actorId: ACTOR, clock });
  const place = { actorId: ACTOR, sessionId: sessionIdOf('notes') };
  /** What an older version left, or what others put: events that this process knows nothing of. */
  const filled = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      const timestampMs = 1_764_000_000_000 + index;
      const eventId = `${String(timestampMs).padStart(19, '0')}#0`;
      stub.events.push({ ...place, eventId, timestampMs, payload: [{ blob: JSON.stringify({ key: 'notes', value: index }) }] });
    }
  };

  it('maps any key to a legal session id', () => {
    for (const key of ['', 'a', 'a/b', '日本', 'k'.repeat(10_000)]) expect(sessionIdOf(key)).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9-_]{0,99}$/);
  });

  it('puts the value as canonical JSON text, and removes the one before it', async () => {
    await rightOf(put({ b: [1, 'é'], a: null }, 'run:0'));
    expect(sent()).toEqual(['list', 'create']);
    expect(created()).toMatchObject([{ ...place, payload: [{ blob: '{"key":"notes","value":{"a":null,"b":[1,"é"]}}' }] }]);
    stub.reset();
    await rightOf(put('newer', 'run:1'));
    expect([sent(), stub.events.length]).toEqual([['list', 'create', 'delete'], 1]);
  });

  it('derives the client token from the operation and its content alone', async () => {
    const another = makeAgentCoreMemory({ client, memoryId: STUB_MEMORY_ID, actorId: ACTOR, clock: makeManualClock(0) });
    await rightOf(put('v', 'run:0'));
    stub.events.length = 0;
    await rightOf(another.put({ op: 'memory_put', key: 'notes', value: 'v' }, 'run:0', noDeadline));
    await rightOf(put('v', 'run:1'));
    await rightOf(put('w', 'run:0'));
    const tokens = created().map((body) => body['clientToken']);
    expect(tokens[1]).toBe(tokens[0]);
    expect(new Set(tokens).size).toBe(3);
    expect(tokens[0]).toMatch(/^[a-zA-Z0-9-]{33,256}$/);
  });

  it('stamps events in strictly increasing order, whatever the clock does', async () => {
    const clock = makeManualClock(1_764_000_000_500);
    const stamped = makeAgentCoreMemory({ client, memoryId: STUB_MEMORY_ID, actorId: ACTOR, clock });
    for (const [index, nowMs] of [
      1_764_000_000_500, 1_764_000_000_500, 1_763_999_999_000, 1_764_000_000_502, 1_764_000_001_000,
    ].entries()) {
      clock.set(nowMs);
      await rightOf(stamped.put({ op: 'memory_put', key: 'notes', value: index }, String(index), noDeadline));
    }
    const stamps = created().map(({ eventTimestamp }) => Math.round(Number(eventTimestamp) * 1_000) - 1_764_000_000_000);
    expect(stamps).toEqual([500, 501, 502, 503, 1_000]);
    expect(stub.events).toHaveLength(1);
  });

  it('is not hidden by a value that a clock put into the future', async () => {
    const clock = makeManualClock(1_764_000_000_000);
    clock.set(1_764_003_600_000);
    await rightOf(fresh(clock).put({ op: 'memory_put', key: 'notes', value: 'early' }, 'run:0', noDeadline));
    clock.set(1_764_000_001_000);
    const later = fresh(clock);
    await rightOf(later.put({ op: 'memory_put', key: 'notes', value: 'late' }, 'run:1', noDeadline));
    expect(await rightOf(fresh(clock).get({ op: 'memory_get', key: 'notes' }, noDeadline))).toBe('late');
  });

  it('follows empty pages, reads pages in no order to the end, and stops behind the newest of those in order', async () => {
    filled(3);
    Object.assign(stub.paging, { eventsMax: 1, emptyPages: 3 });
    expect(await rightOf(get())).toBe(2);
    expect(sent()).toHaveLength(4);
    expect(bodies()[0]).toEqual({ includePayloads: true, maxResults: 10 });
    stub.reset();
    Object.assign(stub.paging, { eventsMax: 3, emptyPages: 0, shuffled: true, duplicates: true });
    filled(12);
    expect(await rightOf(get())).toBe(11);
  });

  it('takes 50 requests at most, whatever a key holds, and says what is left', async () => {
    filled(1_000);
    expect(await rightOf(get())).toBe(999);
    expect(sent()).toHaveLength(1);
    stub.reset();
    await rightOf(put('now', 'run:0'));
    expect([sent().length, stub.events.length]).toEqual([MEMORY_REQUESTS_MAX, 1_000 + 1 - 48]);
    expect(await rightOf(get())).toBe('now');
    stub.reset();
    const failure = await leftOf(clear());
    expect(failure).toMatchObject({ _tag: 'DependencyFailed', operation: 'DeleteEvent', effect: 'none' });
    expect('reason' in failure && failure.reason).toContain('49 older values were removed and the newest stands: clear again');
    expect(sent()).toHaveLength(MEMORY_REQUESTS_MAX);
    expect(await rightOf(get())).toBe('now');
    for (let left = stub.events.length; left > 49; left = stub.events.length) {
      await leftOf(clear());
      expect(await rightOf(fresh().get({ op: 'memory_get', key: 'notes' }, noDeadline))).toBe('now');
    }
    await rightOf(clear());
    expect([await rightOf(get()), stub.events]).toEqual([undefined, []]);
    stub.reset();
    Object.assign(stub.paging, { emptyPages: 1_000 });
    expect(await leftOf(get())).toMatchObject({ _tag: 'DependencyFailed', operation: 'ListEvents', effect: 'none' });
    expect(sent()).toHaveLength(MEMORY_REQUESTS_MAX - 1);
  });

  describe('with a listing that lags', () => {
    let startMs: number;
    let nowMs: number;
    beforeEach(() => {
      startMs = performance.now();
      nowMs = startMs;
      Object.assign(stub.lag, { createdMs: 2_000, deletedMs: 2_000, nowMs: () => nowMs });
    });
    const stale = { _tag: 'StaleRead', operation: 'ListEvents', effect: 'none' };

    it('F03: does not take what it does not show for what is not there', async () => {
      await rightOf(put('v', 'run:0'));
      expect(await leftOf(get())).toMatchObject(stale);
      nowMs = startMs + 2_000;
      expect(await rightOf(get())).toBe('v');
      await rightOf(put('w', 'run:1'));
      // The older value is shown, and is not the newest.
      expect(await leftOf(get())).toMatchObject(stale);
      nowMs = startMs + 4_000;
      expect(await rightOf(get())).toBe('w');
    });

    it('clears what it does not show, and what it still shows stays cleared', async () => {
      for (const value of [1, 2, 3]) await rightOf(put(value, `run:${String(value)}`));
      await rightOf(clear());
      expect(stub.events).toEqual([]);
      for (; nowMs <= startMs + 5_000; nowMs += 500) expect(await rightOf(get())).toBeUndefined();
      await rightOf(put(4, 'run:4'));
      nowMs += 2_000;
      await rightOf(clear());
      // Listed still, though it is deleted.
      expect(await rightOf(get())).toBeUndefined();
      await rightOf(clear());
      await rightOf(put(5, 'run:5'));
      expect(await leftOf(get())).toMatchObject(stale);
      nowMs += 2_000;
      expect(await rightOf(get())).toBe(5);
    });

    it.each(['before', 'after'] as const)('says nothing of a value whose put was not answered, %s it took effect', async (when) => {
      stub.failCall(1, { when, how: 'status', status: 500, type: 'ServiceException' });
      expect(await leftOf(put('lost', 'run:0'))).toMatchObject({ operation: 'CreateEvent', effect: 'unknown' });
      expect(await leftOf(get())).toMatchObject(stale);
      expect(await leftOf(clear())).toMatchObject(stale);
      nowMs = startMs + 2_000;
      if (when === 'before') return;
      expect(await rightOf(get())).toBe('lost');
      await rightOf(clear());
      expect(stub.events).toEqual([]);
    });

    it('believes the listing again after a minute, for others may have cleared the key', async () => {
      const clock = makeManualClock(1_764_000_000_000);
      const patient = fresh(clock);
      await rightOf(patient.put({ op: 'memory_put', key: 'notes', value: 'v' }, 'run:0', noDeadline));
      stub.events.length = 0;
      const read = patient.get({ op: 'memory_get', key: 'notes' }, noDeadline);
      expect(await leftOf(read)).toMatchObject(stale);
      clock.set(1_764_000_060_001);
      expect(await rightOf(read)).toBeUndefined();
    });
  });

  it.each(['ignored', 'refused'] as const)(
    'is one event when a put is repeated by another process, and the service has %s the token',
    async (repeated) => {
      stub.tokens.repeated = repeated;
      const send = (value: Json, operationId: string): Promise<void> =>
        rightOf(
          fresh(makeManualClock(1_764_000_000_000 + created().length)).put(
            { op: 'memory_put', key: 'notes', value },
            operationId,
            noDeadline,
          ),
        );
      await send('first', 'run:0');
      await send('first', 'run:0');
      Object.assign(stub.lag, { createdMs: 2_000, deletedMs: 2_000 });
      await send('first', 'run:0');
      Object.assign(stub.lag, { createdMs: 0, deletedMs: 0 });
      expect(stub.events).toHaveLength(1);
      // One that comes late does not bring its value back.
      await send('second', 'run:1');
      await send('first', 'run:0');
      expect(stub.events.map(({ payload }) => payload)).toEqual([[{ blob: '{"key":"notes","value":"second"}' }]]);
    },
  );

  it('gives up on a list that never moves on', async () => {
    stub.paging.sameTokenForever = true;
    expect(await leftOf(get())).toMatchObject({ _tag: 'DependencyFailed', operation: 'ListEvents', effect: 'none' });
    expect(stub.requests()).toHaveLength(2);
  });

  it('removes the oldest event first, so that no older value comes back', async () => {
    filled(3);
    const ids = stub.events.map((event) => event.eventId);
    stub.paging.shuffled = true;
    await rightOf(clear());
    expect(
      stub
        .requests()
        .slice(1)
        .map((request) => request.segments.at(-1)),
    ).toEqual(ids);
    expect(bodies()[0]).toMatchObject({ includePayloads: false });
  });

  it('is content where another clear was faster', async () => {
    filled(2);
    stub.failCall(1, { when: 'after', how: 'status', status: 404, type: 'ResourceNotFoundException' });
    await rightOf(clear());
    expect(stub.events).toEqual([]);
  });

  const FOREIGN: readonly (readonly [string, readonly unknown[]])[] = [
    ['nothing', []],
    ['conversation', [{ conversational: { role: 'USER', content: { text: 'hi' } } }]],
    ['text that is no JSON', [{ blob: '{content=hi, role=user}' }]],
    ['another key', [{ blob: '{"key":"other","value":1}' }]],
    ['more fields', [{ blob: '{"key":"notes","value":1,"more":1}' }]],
    ['a document', [{ blob: { key: 'notes', value: 1 } }]],
    ['a number JSON cannot hold', [{ blob: '{"key":"notes","value":1e999}' }]],
    ['text without a UTF-8 form', [{ blob: '{"key":"notes","value":"\\ud800"}' }]],
    ['two items', [{ blob: '{"key":"notes","value":1}' }, { blob: '1' }]],
  ];
  it.each(FOREIGN)('does not take an event of others for a value: %s', async (_what, payload) => {
    await rightOf(put('ours', 'run:0'));
    stub.events.push({ ...place, eventId: '9'.repeat(19) + '#0', timestampMs: 9e12, payload });
    expect(await leftOf(get())).toMatchObject({ _tag: 'DependencyFailed', operation: 'ListEvents', effect: 'none' });
  });

  it.each(RETRYABLE_FAULTS.map((fault) => [describeFault(fault), fault] as const))('sends every request once: %s', async (_what, fault) => {
    const unsure = fault.how === 'reset' || (fault.status ?? 0) >= 500 ? 'unknown' : 'none';
    stub.failCall(0, fault);
    expect(await leftOf(put('v', 'run:0'))).toMatchObject({ _tag: 'DependencyFailed', operation: 'ListEvents', effect: 'none' });
    expect(sent()).toEqual(['list']);

    stub.reset();
    stub.failCall(1, fault);
    expect(await leftOf(put('v', describeFault(fault)))).toMatchObject({
      _tag: 'DependencyFailed',
      operation: 'CreateEvent',
      effect: unsure,
    });
    expect(sent()).toEqual(['list', 'create']);
    expect(stub.events).toHaveLength(fault.when === 'after' ? 1 : 0);

    // What cannot be removed now is removed by the next put.
    stub.reset();
    stub.events.length = 0;
    filled(1);
    stub.failCall(2, fault);
    await rightOf(put('w', `${describeFault(fault)} again`));
    expect(sent()).toEqual(['list', 'create', 'delete']);
    await rightOf(put('x', `${describeFault(fault)} at last`));
    expect(stub.events).toHaveLength(1);

    stub.reset();
    stub.failCall(0, fault);
    expect(await leftOf(get())).toMatchObject({ _tag: 'DependencyFailed', operation: 'ListEvents', effect: 'none' });
    expect(stub.requests()).toHaveLength(1);
  });

  it.each(RETRYABLE_FAULTS.map((fault) => [describeFault(fault), fault] as const))(
    'leaves the value or nothing when a clear fails: %s',
    async (_what, fault) => {
      // A list and three deletes: each of them fails in turn.
      for (let failing = 0; failing < 4; failing += 1) {
        stub.events.length = 0;
        filled(3);
        stub.reset();
        stub.failCall(failing, fault);
        expect(await leftOf(clear())).toMatchObject({ _tag: 'DependencyFailed', operation: failing === 0 ? 'ListEvents' : 'DeleteEvent' });
        expect(stub.requests()).toHaveLength(failing + 1);
        expect(await rightOf(get())).toBe(failing === 3 && fault.when === 'after' ? undefined : 2);
      }
    },
  );

  it.each(['before', 'after'] as const)('gives up a slow service at the deadline, %s it took effect', async (when) => {
    const late = { _tag: 'DeadlineExceeded', service: 'bedrock-agentcore' };
    const acts = [
      async () => {
        expect(await leftOf(put('v', when, deadlineIn(250)))).toMatchObject({ ...late, effect: 'none' });
      },
      async () => {
        expect(await leftOf(get(deadlineIn(250)))).toMatchObject({ ...late, effect: 'none' });
      },
      async () => {
        expect(await leftOf(clear(deadlineIn(250)))).toMatchObject({ ...late, effect: 'none' });
      },
    ];
    for (const act of acts) {
      stub.reset();
      stub.failCall(0, { when, how: 'hang' });
      await act();
      expect(stub.requests()).toHaveLength(1);
    }
  });

  it('asks for no more pages once the deadline has passed', async () => {
    Object.assign(stub.paging, { emptyPages: 1_000 });
    let pages = 3;
    const deadline: Deadline = { remainingMs: () => (pages-- > 0 ? 1_000 : 0) };
    expect(await leftOf(get(deadline))).toMatchObject({ _tag: 'DeadlineExceeded', operation: 'ListEvents' });
    expect(stub.requests()).toHaveLength(3);
  });

  it('gives up a slow service at the timeout of the client', async () => {
    const impatient = makeAgentCoreClient({ connectTimeoutMs: 40, requestTimeoutMs: 40 });
    const slow = makeAgentCoreMemory({ client: impatient, memoryId: STUB_MEMORY_ID, actorId: ACTOR, clock: systemClock });
    stub.failCall(0, { when: 'before', how: 'hang' });
    expect(await leftOf(slow.get({ op: 'memory_get', key: 'notes' }, noDeadline))).toMatchObject({
      _tag: 'DependencyFailed',
      reason: expect.stringContaining('TimeoutError') as string,
    });
    expect(stub.requests()).toHaveLength(1);
    impatient.destroy();
  });

  it('F04: names the operation and the field that the service refused, and repeats nothing of what was sent', async () => {
    const wrong = makeAgentCoreMemory({ client, memoryId: STUB_MEMORY_ID, actorId: '!', clock: systemClock });
    const failure = await leftOf(wrong.put({ op: 'memory_put', key: 'notes', value: 'a secret' }, 'run:0', noDeadline));
    expect(failure).toEqual({
      _tag: 'DependencyFailed',
      service: 'bedrock-agentcore',
      operation: 'ListEvents',
      reason: 'ValidationException: FieldValidationFailed (actorId)',
      httpStatus: 400,
      effect: 'none',
    });
    stub.reset();
    stub.failCall(1, {
      when: 'before',
      how: 'status',
      status: 400,
      type: 'InvalidInputException',
      message: 'Value "a secret" is not valid',
    });
    expect(JSON.stringify(await leftOf(put('a secret', 'run:1')))).not.toContain('secret');
  });

  it('does not take an unknown memory for an empty one', async () => {
    const unknown = makeAgentCoreMemory({ client, memoryId: 'ewm_other-0123456789', actorId: ACTOR, clock: systemClock });
    expect(await leftOf(unknown.get({ op: 'memory_get', key: 'notes' }, noDeadline))).toMatchObject({
      httpStatus: 404,
      reason: 'ResourceNotFoundException: Memory not found',
    });
  });

  it('fails where nobody listens', async () => {
    const gone = await startStub();
    const lost = makeAgentCoreClient(LIMITS);
    await gone.close();
    const nowhere = makeAgentCoreMemory({ client: lost, memoryId: STUB_MEMORY_ID, actorId: ACTOR, clock: systemClock });
    expect(await leftOf(nowhere.put({ op: 'memory_put', key: 'notes', value: 1 }, 'run:0', noDeadline))).toMatchObject({
      _tag: 'DependencyFailed',
      reason: expect.stringContaining('ECONNREFUSED') as string,
    });
    lost.destroy();
  });
});

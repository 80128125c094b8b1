/** The stop switch in the handlers: what runs ends before its next act outside, sealed; what is asked meanwhile is refused; and all goes on behind it. */
import { left, right } from 'fp-ts/Either';
import { makeMemoryArtifactStore } from '../../src/adapters/in-process/artifact-store';
import { noDeadline, systemClock } from '../../src/adapters/in-process/clock';
import { makeScriptedCodeInterpreter } from '../../src/adapters/in-process/code-interpreter';
import { makeInProcessMemory } from '../../src/adapters/in-process/memory';
import { makeInProcessSessionLog } from '../../src/adapters/in-process/session-log';
import { makeInProcessStopSwitch } from '../../src/adapters/in-process/stop-switch';
import { makeRecordingTelemetry } from '../../src/adapters/in-process/telemetry';
import { isRecord } from '../../src/domain/codec/codec';
import { sessionsFunction, stoppableBaseFunction } from '../../src/handlers/compose-http';
import { mcpFunction } from '../../src/handlers/compose-mcp';
import { errorCodec } from '../../src/handlers/http/contract/answer-codecs';
import type { CodeInterpreter } from '../../src/ports/code-interpreter';
import type { StopSwitch } from '../../src/ports/stop-switch';
import { sendEvent, CONFIG, contextOf, invoke, makeTestHandler, provenHead, storedFiles } from '../support/handlers';
import { httpEvent, JSON_TYPE } from '../support/http-events';
import { rightOf } from '../support/task';

const ORDER = { who: 'ops@desk', why: 'the bill runs away', at: '2026-11-26T09:30:00.000Z' };
const STOPPED = { code: 'stopped_by_operator', message: `stopped by ops@desk at ${ORDER.at}: the bill runs away`, ...ORDER };
const BUDGET = { max_steps: 9, max_tool_calls: 9, max_model_calls: 2, max_memory_ops: 9, max_memory_bytes: 900 };
const PYTHON = { name: 'execute_code', args: { language: 'python', code: '1' } };
const PLAN = { budget: BUDGET, tool_plan: [PYTHON, { name: 'evaluate_strategy', args: { step: 0 } }, PYTHON, PYTHON] };
const PUTS = { budget: BUDGET, requests: ['a', 'b', 'c'].map((key) => ({ op: 'memory_put', key, value: 1 })) };

/** Sets the switch while its first program runs, counts what is run, and is closed once. */
function pulledWhileRunning(stopSwitch: StopSwitch): {
  readonly interpreter: CodeInterpreter;
  readonly ran: () => number;
  readonly closed: () => number;
} {
  const scripted = makeScriptedCodeInterpreter();
  let [ran, closed] = [0, 0];
  return {
    interpreter: {
      ...scripted,
      source: 'remote',
      open: (runId) => {
        const session = scripted.open(runId);
        return {
          execute: (program, id, deadline) => async () => {
            ran += 1;
            await rightOf(stopSwitch.set(ORDER, noDeadline));
            return session.execute(program, id, deadline)();
          },
          close: () => {
            closed += 1;
            return session.close();
          },
        };
      },
    },
    ran: () => ran,
    closed: () => closed,
  };
}

const unreadable: StopSwitch = {
  ...makeInProcessStopSwitch(),
  read: () => () => Promise.resolve(left({ _tag: 'SwitchUnreadable', reason: 'the network is gone' })),
};

describe('a plan of tools', () => {
  it('ends before its next act outside, is sealed and proven, and its session is stopped', async () => {
    const stopSwitch = makeInProcessStopSwitch();
    const { interpreter, ran, closed } = pulledWhileRunning(stopSwitch);
    const handler = makeTestHandler('agentcore-tools', {}, { stopSwitch, interpreter });
    const answer = await invoke(handler, PLAN);
    expect(answer).toMatchObject({ ok: false, error: STOPPED });
    expect([ran(), closed()]).toEqual([1, 1]);
    expect(answer.results).toMatchObject([{ ok: true }, { ok: true }, { ok: false, error: STOPPED }]);
    // The attempt is what is charged.
    expect(answer.budget_state).toMatchObject({ steps: 3, tool_calls: 3 });
    expect(await provenHead(handler.artifacts, answer)).toBe(answer.head_hash);
    const files = await storedFiles(handler.artifacts, handler.mode, answer.artifact_dir ?? '');
    const seal = JSON.parse(
      Buffer.from(files['tape.jsonl'] ?? [])
        .toString()
        .trim()
        .split('\n')
        .at(-1) ?? '',
    ) as object;
    expect(seal).toMatchObject({ type: 'seal', ok: false, error: STOPPED });
  });

  it('is not begun while the switch is set, and is once it is not', async () => {
    const stopSwitch = makeInProcessStopSwitch();
    await rightOf(stopSwitch.set(ORDER, noDeadline));
    const interpreter = makeScriptedCodeInterpreter();
    const handler = makeTestHandler('agentcore-tools', {}, { stopSwitch, interpreter });
    for (const body of [PLAN, {}, { ...PLAN, quote: true }]) {
      expect(await invoke(handler, body)).toMatchObject({ ok: false, run_id: null, artifact_dir: null, error: STOPPED });
    }
    const refused = await sendEvent(
      handler.handle,
      httpEvent({ method: 'POST', path: '/agentcore/tools', headers: JSON_TYPE, body: JSON.stringify(PLAN) }),
    );
    expect(refused.status).toBe(503);
    expect(errorCodec.decode((JSON.parse(refused.text) as { error: unknown }).error)).toEqual(right(STOPPED));
    expect(handler.puts).toEqual([]);
    // Whoever asks how it is, is told.
    expect((await sendEvent(handler.handle, httpEvent({ method: 'GET', path: '/health' }))).status).toBe(200);
    // It was stopped on purpose: no failure, and no alarm about one.
    for (const record of handler.telemetry.records()) {
      expect(record).not.toMatchObject(record.kind === 'note' ? { level: 'error' } : { metric: 'Failures', value: 1 });
    }
    await rightOf(stopSwitch.clear(noDeadline));
    expect(await invoke(handler, PLAN)).toMatchObject({ ok: true });
  });

  it('is stopped by a switch that cannot be read, which is said', async () => {
    const handler = makeTestHandler('agentcore-tools', {}, { stopSwitch: unreadable });
    const { error } = await invoke(handler, PLAN);
    expect(error).toEqual({
      code: 'stopped_by_operator',
      message: 'the stop switch could not be read: the network is gone (that counts as stopped)',
      who: null,
      why: 'the stop switch could not be read: the network is gone',
      at: null,
    });
    expect(handler.puts).toEqual([]);
  });

  it('looks at the switch once a request and once an act outside', async () => {
    const held = makeInProcessStopSwitch();
    let looks = 0;
    const stopSwitch: StopSwitch = {
      ...held,
      read: (deadline) => {
        looks += 1;
        return held.read(deadline);
      },
    };
    const handler = makeTestHandler('agentcore-tools', {}, { stopSwitch, interpreter: makeScriptedCodeInterpreter() });
    await invoke(handler, PLAN);
    expect(looks).toBe(1 + 3);
  });
});

describe('a plan of memory operations', () => {
  it('ends before its next operation, is sealed and proven', async () => {
    const stopSwitch = makeInProcessStopSwitch();
    const memory = makeInProcessMemory();
    const handler = makeTestHandler(
      'agentcore-memory',
      {},
      {
        stopSwitch,
        memory: {
          ...memory,
          put:
            (...args) =>
            async () => {
              await rightOf(stopSwitch.set(ORDER, noDeadline));
              return memory.put(...args)();
            },
        },
      },
    );
    const answer = await invoke(handler, PUTS);
    expect(answer).toMatchObject({ ok: false, error: STOPPED, budget_state: { memory_ops: 2 } });
    expect(handler.memoryCalls).toHaveLength(1);
    expect(await provenHead(handler.artifacts, answer)).toBe(answer.head_hash);
    expect(await invoke(handler, PUTS)).toMatchObject({ ok: false, run_id: null, error: STOPPED });
    expect(handler.memoryCalls).toHaveLength(1);
  });
});

describe('a base request', () => {
  it('is not begun by a server that looks', async () => {
    const stopSwitch = makeInProcessStopSwitch();
    await rightOf(stopSwitch.set(ORDER, noDeadline));
    const ports = { artifacts: makeMemoryArtifactStore(), telemetry: makeRecordingTelemetry(), openApi: () => '', stopSwitch };
    const handle = stoppableBaseFunction(CONFIG, ports);
    expect(await handle({}, contextOf())).toMatchObject({ ok: false, run_id: null, error: STOPPED });
    await rightOf(stopSwitch.clear(noDeadline));
    expect(await handle({}, contextOf())).toMatchObject({ ok: true });
  });
});

describe('a session', () => {
  function harness(stopSwitch: StopSwitch, interpreter: CodeInterpreter) {
    const ports = {
      artifacts: makeMemoryArtifactStore(),
      log: makeInProcessSessionLog(),
      clock: systemClock,
      telemetry: makeRecordingTelemetry(),
      openApi: () => '',
      interpreter,
      stopSwitch,
    };
    const settings = { ...CONFIG, ceilings: { ...CONFIG.ceilings, max_steps: 100, max_tool_calls: 100 } };
    const sessions = sessionsFunction(settings, ports);
    const send = async (method: 'GET' | 'POST', path: string, body?: object): Promise<{ readonly status: number; readonly json: Told }> => {
      const { status, text } = await sendEvent(
        sessions,
        httpEvent({ method, path, headers: JSON_TYPE, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
      );
      return { status, json: JSON.parse(text) as Told };
    };
    return { send, mcp: mcpFunction(settings, ports) };
  }

  interface Told {
    readonly ok: boolean;
    readonly session_id: string;
    readonly head: string;
    readonly status: string;
    readonly error?: unknown;
    readonly results?: readonly unknown[];
  }

  it('has what was stopped on its tape, stays open, and goes on once the switch is cleared', async () => {
    const stopSwitch = makeInProcessStopSwitch();
    const { interpreter, ran, closed } = pulledWhileRunning(stopSwitch);
    const { send } = harness(stopSwitch, interpreter);
    const { json: made } = await send('POST', '/sessions', { name: 'one', budget: { max_steps: 50, max_tool_calls: 50 } });
    const path = `/sessions/${made.session_id}`;
    const request = { head: made.head, calls: [PYTHON, PYTHON, PYTHON] };
    const { status, json: stopped } = await send('POST', `${path}/calls`, request);
    expect(status).toBe(503);
    expect(stopped).toMatchObject({ ok: false, error: STOPPED, status: 'open', results: [{ ok: true }, { ok: false, error: STOPPED }] });
    expect([ran(), closed()]).toEqual([1, 1]);

    // Nothing is begun, and what was done can be looked at.
    for (const [verb, body] of [
      ['calls', { head: stopped.head, calls: [{ name: 'evaluate_strategy', args: {} }] }],
      ['quote', { calls: [PYTHON] }],
      ['fork', { head: stopped.head, budget: { max_steps: 1, max_tool_calls: 1 } }],
      ['close', { head: stopped.head }],
    ] as const) {
      expect(await send('POST', `${path}/${verb}`, body)).toMatchObject({ status: 503, json: { ok: false, error: STOPPED } });
    }
    expect(await send('POST', '/sessions', { name: 'two', budget: { max_steps: 1 } })).toMatchObject({
      status: 503,
      json: { error: STOPPED },
    });
    expect(await send('GET', path)).toMatchObject({ status: 200, json: { head: stopped.head, status: 'open' } });

    await rightOf(stopSwitch.clear(noDeadline));
    // The very same request is answered from the record: what was not sent then is not sent now.
    expect((await send('POST', `${path}/calls`, request)).json).toMatchObject({ repeated: true, head: stopped.head, error: STOPPED });
    expect(ran()).toBe(1);
    const next = await send('POST', `${path}/calls`, { head: stopped.head, calls: [{ name: 'evaluate_strategy', args: {} }] });
    expect(next).toMatchObject({ status: 200, json: { ok: true } });
    expect(await send('POST', `${path}/close`, { head: next.json.head })).toMatchObject({ status: 200, json: { status: 'sealed' } });
  });

  it('answers a tool of MCP with the same error, as an error of the tool', async () => {
    const stopSwitch = makeInProcessStopSwitch();
    const { send, mcp } = harness(stopSwitch, makeScriptedCodeInterpreter());
    const { json: made } = await send('POST', '/sessions', { name: 'one', budget: { max_steps: 50, max_tool_calls: 50 } });
    await rightOf(stopSwitch.set(ORDER, noDeadline));
    const call = async (name: string, args: object): Promise<Record<string, unknown>> => {
      const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } };
      const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
      const { status, text } = await sendEvent(mcp, httpEvent({ method: 'POST', path: '/mcp', headers, body: JSON.stringify(message) }));
      expect(status).toBe(200);
      const told = JSON.parse(text.startsWith('{') ? text : (/^data: (.*)$/m.exec(text)?.[1] ?? '')) as {
        result?: Record<string, unknown>;
      };
      if (!isRecord(told.result)) throw new Error(text);
      return told.result;
    };
    const acted = await call('world_act', { session_id: made.session_id, head: made.head, calls: [{ name: 'execute', args: {} }] });
    expect(acted).toMatchObject({ isError: true, structuredContent: { ok: false, error: STOPPED, head: made.head } });
    expect(await call('world_observe', { session_id: made.session_id })).toMatchObject({ structuredContent: { ok: true } });
  });
});

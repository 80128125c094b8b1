/** What operators see: one line an invocation, its measures, and nothing that a caller sent. */
import { left } from 'fp-ts/Either';
import { makePowertoolsTelemetry } from '../../src/adapters/powertools/telemetry';
import type { HandlerPorts } from '../../src/handlers/compose-http';
import type { HttpMode } from '../../src/handlers/http/contract/response';
import { METRICS } from '../../src/handlers/http/edge/observed';
import type { ArtifactStore } from '../../src/ports/artifact-store';
import type { Telemetry } from '../../src/ports/telemetry';
import { contextOf, invoke, makeTestHandler } from '../support/handlers';

const SLOW_DOWN = { _tag: 'DependencyFailed', service: 's3', operation: 'PutObject', reason: 'SlowDown', effect: 'none' } as const;
const unused = (): never => {
  throw new Error('not asked for here');
};

const SECRET = 'sk-not-to-be-seen';
const BUDGET = { max_steps: 3, max_tool_calls: 3, max_memory_ops: 2, max_memory_bytes: 300 };

it('notes a run with its limiter and its spend', async () => {
  const test = makeTestHandler('agentcore-base');
  const answer = await invoke(test, { steps: 5, budget: { max_steps: 2 } }, contextOf('request-1'));
  const [note, ...measures] = test.telemetry.records();
  expect(note).toEqual({
    kind: 'note',
    level: 'info',
    event: 'request',
    fields: {
      request_id: 'request-1',
      mode: 'agentcore-base',
      via: 'direct',
      route: 'direct',
      ok: false,
      status: 422,
      run_id: answer.run_id,
      head_hash: answer.head_hash,
      code: 'budget_exceeded',
      limiter: 'max_steps',
      requested: 1,
      steps: 2,
      tool_calls: 0,
      model_calls: 0,
      memory_ops: 0,
      memory_bytes: 0,
      duration_ms: expect.any(Number) as number,
    },
  });
  expect(measures.every((record) => record.kind === 'measure')).toBe(true);
  const values = Object.fromEntries(measures.map((record) => (record.kind === 'measure' ? [record.metric, record.value] : ['', 0])));
  expect(values).toMatchObject({ Requests: 1, Refusals: 1, Failures: 0, Steps: 2, ToolCalls: 0, MemoryBytes: 0 });
  expect(Object.keys(values).sort()).toEqual(Object.values(METRICS).sort());
});

it('never notes what was sent, remembered, asked or answered', async () => {
  const memory = makeTestHandler('agentcore-memory');
  await invoke(memory, {
    budget: BUDGET,
    requests: [
      { op: 'memory_put', key: SECRET, value: SECRET },
      { op: 'memory_get', key: SECRET },
    ],
  });
  await invoke(memory, { budget: BUDGET, requests: [{ op: SECRET, [SECRET]: SECRET }] });
  const tools = makeTestHandler('agentcore-tools');
  await invoke(tools, { budget: BUDGET, tool_plan: [{ name: SECRET, args: { [SECRET]: SECRET } }] });
  await invoke(tools, { budget: BUDGET, strategy: SECRET, [SECRET]: SECRET });
  const seen = JSON.stringify([memory.telemetry.records(), tools.telemetry.records()]);
  expect(seen).toContain('"code":"invalid_request"');
  expect(seen).not.toContain(SECRET);
});

describe('through Powertools', () => {
  function written(act: () => void): readonly Readonly<Record<string, unknown>>[] {
    const lines: string[] = [];
    const restore = listen((chunk) => lines.push(chunk));
    try {
      act();
    } finally {
      restore();
    }
    return parsed(lines);
  }

  /** Warnings and errors go to stderr; Lambda's log has both. */
  function listen(hear: (chunk: string) => void): () => void {
    const writes = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockImplementation((chunk) => {
        hear(String(chunk));
        return true;
      }),
    );
    return () => {
      for (const write of writes) write.mockRestore();
    };
  }

  function parsed(lines: readonly string[]): readonly Readonly<Record<string, unknown>>[] {
    return lines
      .join('')
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  }

  it('is a JSON line an event and one line of embedded metrics an invocation', () => {
    const telemetry = makePowertoolsTelemetry({ service: 'agentcore-base' });
    const lines = written(() => {
      telemetry.note('info', 'request', { run_id: 'abc', ok: true, steps: 3 });
      telemetry.measure(METRICS.requests, 'Count', 1);
      telemetry.measure(METRICS.duration, 'Milliseconds', 12.5);
      telemetry.measure(METRICS.memory_bytes, 'Bytes', 7);
      telemetry.flush();
      telemetry.flush();
    });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ level: 'INFO', message: 'request', service: 'agentcore-base', run_id: 'abc', ok: true, steps: 3 });
    expect(lines[1]).toMatchObject({
      service: 'agentcore-base',
      Requests: 1,
      Duration: 12.5,
      MemoryBytes: 7,
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: 'ExecutableWorldModels',
            Dimensions: [['service']],
            Metrics: [
              { Name: 'Requests', Unit: 'Count' },
              { Name: 'Duration', Unit: 'Milliseconds' },
              { Name: 'MemoryBytes', Unit: 'Bytes' },
            ],
          },
        ],
      },
    });
  });

  const failing = (answer: ReturnType<ArtifactStore['putFolder']>): ArtifactStore => ({
    location: 'nowhere',
    put: unused,
    putFolder: () => answer,
    get: unused,
    list: unused,
  });
  const CASES: readonly (readonly [string, HttpMode, object, Partial<HandlerPorts>])[] = [
    ['a run', 'agentcore-base', {}, {}],
    ['a refusal', 'agentcore-base', { steps: 3, budget: { max_steps: 2 } }, {}],
    ['a mistake', 'agentcore-memory', { requests: 1 }, {}],
    ['a failed dependency', 'agentcore-base', {}, { artifacts: failing(() => Promise.resolve(left(SLOW_DOWN))) }],
    ['a failed tool', 'agentcore-tools', { budget: BUDGET, tool_plan: [{ name: 'other', args: {} }] }, {}],
    ['a fault of ours', 'agentcore-base', {}, { artifacts: failing(unused) }],
  ];

  it.each(CASES)('keeps every field that was noted, and warns of none: %s', async (_name, mode, body, ports) => {
    const real = makePowertoolsTelemetry({ service: mode });
    const noted: object[] = [];
    const telemetry: Telemetry = {
      ...real,
      note: (level, event, fields) => {
        noted.push({ level: level.toUpperCase(), message: event, ...fields, service: mode });
        real.note(level, event, fields);
      },
    };
    const lines: string[] = [];
    const restore = listen((chunk) => lines.push(chunk));
    try {
      await invoke(makeTestHandler(mode, {}, { ...ports, telemetry }), body);
      real.flush();
    } finally {
      restore();
    }
    const [notes, metrics] = [parsed(lines).filter((line) => !('_aws' in line)), parsed(lines).filter((line) => '_aws' in line)];
    expect([notes.length, metrics.length]).toEqual([noted.length, 1]);
    for (const [index, fields] of noted.entries()) expect(notes[index]).toMatchObject(fields);
  });

  it('names the dependency that failed', async () => {
    const test = makeTestHandler('agentcore-base', {}, { artifacts: failing(() => Promise.resolve(left(SLOW_DOWN))) });
    await invoke(test, {});
    expect(test.telemetry.records()[0]).toMatchObject({
      fields: { code: 'dependency_failed', dependency: 's3', operation: 'PutObject', effect: 'none' },
    });
  });

  it('starts anew after a flush', () => {
    const telemetry = makePowertoolsTelemetry({ service: 'agentcore-base' });
    const lines = written(() => {
      for (const value of [1, 2]) {
        telemetry.measure(METRICS.steps, 'Count', value);
        telemetry.flush();
      }
    });
    expect(lines.map((line) => line['Steps'])).toEqual([1, 2]);
  });
});

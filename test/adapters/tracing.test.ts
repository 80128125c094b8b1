/** Traces: which headers of a caller go on, and what spans hold and how much they are at most. */
import { type RequestTracing, makeTracing, SPAN_BYTES_MAX, type SpanSink } from '../../src/adapters/otel/tracing';
import { headersOf, traceContextOf, xrayTraceId } from '../../src/adapters/otel/trace-context';
import { makeManualClock } from '../../src/adapters/in-process/clock';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

const passedOn = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> => headersOf(traceContextOf(headers));

describe('the headers of a trace', () => {
  it('go on as they came', () => {
    const headers = { traceparent: PARENT, tracestate: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', baggage: 'tenant=a%20b;ttl=1, user = 7' };
    expect(passedOn({ ...headers, host: 'example.com' })).toEqual(headers);
    expect(passedOn({ baggage: 'a=' })).toEqual({ baggage: 'a=' });
    expect(passedOn({})).toEqual({});
  });

  it.each([
    ['a later version, as far as it is known', `01-${TRACE_ID}-b7ad6b7169203331-01-more`, PARENT],
    ['flags that are not known', `00-${TRACE_ID}-b7ad6b7169203331-03`, PARENT],
    ['not sampled', `00-${TRACE_ID}-b7ad6b7169203331-00`, `00-${TRACE_ID}-b7ad6b7169203331-00`],
  ])('traceparent: %s', (_what, traceparent, sent) => {
    expect(passedOn({ traceparent })).toEqual({ traceparent: sent });
  });

  it.each([
    ['version ff', `ff-${TRACE_ID}-b7ad6b7169203331-01`],
    ['a trace of zeroes', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['a parent of zeroes', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['upper case', PARENT.toUpperCase()],
    ['more behind version 00', `${PARENT}-more`],
    ['a line end', `${PARENT}\r\nx-amz-security-token: mine`],
    ['nothing', ''],
  ])('traceparent: %s is none, and takes its tracestate along', (_what, traceparent) => {
    expect(passedOn({ traceparent, tracestate: 'a=1', baggage: 'b=2' })).toEqual({ baggage: 'b=2' });
  });

  it.each([
    ['a line end', 'a=1\r\nhost: elsewhere'],
    ['text that is not ASCII', 'a=é'],
    ['no member', 'a'],
    ['no name', '=1'],
    ['more than AgentCore takes', `a=${'x'.repeat(8_191)}`],
  ])('baggage: %s is left out', (_what, baggage) => {
    expect(passedOn({ traceparent: PARENT, baggage })).toEqual({ traceparent: PARENT });
  });

  it('a tracestate is as long as AgentCore takes it', () => {
    expect(passedOn({ traceparent: PARENT, tracestate: `a=${'x'.repeat(510)}` })).toHaveProperty('tracestate');
    expect(passedOn({ traceparent: PARENT, tracestate: `a=${'x'.repeat(511)}` })).not.toHaveProperty('tracestate');
  });

  it("a trace of X-Ray is one of the W3C's with its parts together", () => {
    expect(xrayTraceId('Self=1-1-1;Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1')).toBe(
      '5759e988bd862e3fe1be46a994272793',
    );
    for (const none of ['', 'Root=1-00000000-000000000000000000000000', 'Root=2-5759e988-bd862e3fe1be46a994272793'])
      expect(xrayTraceId(none)).toBeUndefined();
  });
});

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly status: { readonly code?: number };
}

function spansOf(lines: readonly string[]): readonly Span[] {
  return lines.flatMap((line) => {
    const { resourceSpans } = JSON.parse(line) as { resourceSpans: [{ scopeSpans: [{ spans: Span[] }] }] };
    return resourceSpans[0].scopeSpans[0].spans;
  });
}

const valuesOf = ({ attributes }: Span): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

describe('spans', () => {
  const clock = makeManualClock(1_764_000_000_000);
  let lines: string[];
  let tracing: RequestTracing;
  const sink: SpanSink = { write: (line) => lines.push(line), clock, xrayHeader: () => undefined };
  const request = { route: 'POST /agentcore/tools', headers: { traceparent: PARENT } };
  const ended = () => ({ runId: 'run', headHash: 'head' });

  beforeEach(() => {
    lines = [];
    tracing = makeTracing({ service: 'agentcore-tools', version: '1.2.3', spans: sink });
  });

  it('are one of a request and one of each call, and what a call sends names its span', async () => {
    const sent: string[] = [];
    const answer = await tracing.request(
      request,
      async () => {
        await tracing.call(
          { runId: 'run', index: 0, tool: 'execute_code' },
          () => {
            sent.push(tracing.headers()['traceparent'] ?? '');
            clock.set(clock.nowMs() + 250);
            return Promise.resolve('called');
          },
          () => ({ code: 'budget_exceeded', limiter: 'max_steps' }),
        );
        sent.push(tracing.headers()['traceparent'] ?? '');
        return 'answered';
      },
      ended,
    );
    expect(answer).toBe('answered');
    const [call, whole] = spansOf(lines);
    if (call === undefined || whole === undefined) throw new Error('two spans were written');
    expect([call.traceId, whole.traceId]).toEqual([TRACE_ID, TRACE_ID]);
    expect([call.parentSpanId, whole.parentSpanId]).toEqual([whole.spanId, 'b7ad6b7169203331']);
    expect(sent).toEqual([call, whole].map(({ spanId }) => `00-${TRACE_ID}-${spanId}-01`));
    expect([call.startTimeUnixNano, call.endTimeUnixNano]).toEqual(['1764000000000000000', '1764000000250000000']);
    expect([call.name, call.status]).toEqual(['execute_tool execute_code', { code: 2 }]);
    expect(valuesOf(call)).toEqual({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'execute_code',
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.call.id': 'run-0',
      'ewm.index': '0',
      'ewm.limiter': 'max_steps',
      'error.type': 'budget_exceeded',
    });
    expect([whole.name, whole.status]).toEqual(['invoke_agent agentcore-tools', {}]);
    expect(valuesOf(whole)).toEqual({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'agentcore-tools',
      'gen_ai.agent.id': 'run',
      'ewm.route': 'POST /agentcore/tools',
      'ewm.run_id': 'run',
      'ewm.head_hash': 'head',
    });
  });

  it('begin a trace where the caller has none: that of X-Ray, else a new one', async () => {
    await tracing.request({ ...request, headers: {} }, () => Promise.resolve(0), ended);
    const xrayHeader = (): string => 'Root=1-5759e988-bd862e3fe1be46a994272793';
    const joined = makeTracing({ service: 's', version: '1', spans: { ...sink, xrayHeader } });
    await joined.request({ ...request, headers: {} }, () => Promise.resolve(0), ended);
    const [fresh, xray] = spansOf(lines);
    expect(fresh?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(fresh).not.toHaveProperty('parentSpanId');
    expect(xray?.traceId).toBe('5759e988bd862e3fe1be46a994272793');
  });

  it('are not written where the caller does not want the trace recorded, and the trace goes on all the same', async () => {
    const headers = { traceparent: PARENT.replace(/01$/, '00'), baggage: 'a=1' };
    const act = (): Promise<unknown> =>
      tracing.call(
        { runId: 'run', index: 0, tool: 't' },
        () => Promise.resolve(tracing.headers()),
        () => ({}),
      );
    expect(await tracing.request({ ...request, headers }, act, ended)).toEqual(headers);
    expect(lines).toEqual([]);
  });

  it('of what throws are written, and what was thrown comes through', async () => {
    const broken = new Error('broken');
    await expect(tracing.request(request, () => Promise.reject(broken), ended)).rejects.toBe(broken);
    expect(spansOf(lines).map(valuesOf)).toMatchObject([{ 'error.type': 'internal_error' }]);
  });

  it('of requests side by side do not mix', async () => {
    const seen = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        tracing.request(
          { ...request, headers: { baggage: `name=${name}` } },
          async () => {
            await new Promise((resolve) => setImmediate(resolve));
            return tracing.headers()['baggage'];
          },
          ended,
        ),
      ),
    );
    expect(seen).toEqual(['name=a', 'name=b', 'name=c']);
    expect(tracing.headers()).toEqual({});
    expect(lines).toHaveLength(3);
  });

  it('are bounded in number, in length of a line and in bytes, whatever is called', async () => {
    const long = 'f'.repeat(64);
    const end = { code: 'deadline_exceeded', limiter: 'max_world_memory_bytes' };
    await tracing.request(
      { route: 'POST /sessions/{id}/reclaim', headers: { traceparent: PARENT } },
      async () => {
        for (let index = 0; index < 1_000; index += 1)
          await tracing.call(
            { runId: `${long}-99999999`, index, tool: '"\u0000\ud800日'.repeat(1_000) },
            () => Promise.resolve(0),
            () => end,
          );
        return 0;
      },
      () => ({ ...end, runId: long, sessionId: long, headHash: long }),
    );
    const spans = spansOf(lines);
    expect(spans).toHaveLength(101);
    expect(valuesOf(spans.at(-1) ?? ({ attributes: [] } as unknown as Span))).toMatchObject({ 'ewm.spans_dropped': '900' });
    const bytes = lines.map((line) => Buffer.byteLength(line) + 1 + 26);
    expect(Math.max(...bytes)).toBeLessThan(32_768);
    expect(bytes.reduce((sum, count) => sum + count, 0)).toBeLessThan(SPAN_BYTES_MAX);
  });

  it('are none unless they are asked for', async () => {
    const off = makeTracing({ service: 's', version: '1' });
    const act = (): Promise<unknown> =>
      off.call(
        { runId: 'run', index: 0, tool: 't' },
        () => Promise.resolve(off.headers()),
        () => ({}),
      );
    expect(await off.request(request, act, ended)).toEqual({ traceparent: PARENT });
    expect(lines).toEqual([]);
  });
});

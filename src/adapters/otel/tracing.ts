/**
 * Tracing: the trace of a request goes along with every call of AgentCore; and, where they are asked for, spans of the request and of its calls are
 * written as OTLP JSON, a document a line, as the file exporter of OpenTelemetry writes it. No collector is called and nothing is kept
 * (docs/decisions/0022-spans.md). Invariants: a span holds names and codes of this program alone; one request writes at most
 * SPAN_BYTES_MAX, whatever it does.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import {
  agentSpan,
  otlpAttributes,
  SPAN_ID_CHARS,
  SPAN_KIND,
  SPAN_STATUS,
  type SpanAttributes,
  toolSpan,
  TRACE_ID_CHARS,
} from '../../domain/otlp';
import type { Clock } from '../../ports/clock';
import type { TracedEnd, Tracing } from '../../ports/tracing';
import { headersOf, type TraceContext, traceContextOf, xrayTraceId } from './trace-context';

export interface TracingOptions {
  /** The function's mode: the agent, and `service.name`. */
  readonly service: string;
  readonly version: string;
  /** Absent: no spans. */
  readonly spans?: SpanSink;
}

export interface SpanSink {
  /** Takes one line, its end not included. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
  /** `X-Amzn-Trace-Id` of the invocation, where Lambda tells it. */
  readonly xrayHeader: () => string | undefined;
}

export interface RequestTracing extends Tracing {
  /** What belongs on a call that is made now. */
  readonly headers: () => Readonly<Record<string, string>>;
}

/** A request has no more spans than this; what is dropped is counted in its own. */
const SPANS_MAX = 100;
/** Lines of standard output that are longer may be torn apart. Unit: spans. */
const SPANS_PER_LINE = 20;
/** Names that callers choose. Unit: characters. */
const NAME_CHARS_MAX = 64;
/** The most that one request writes: what the bill counts. Unit: bytes. */
export const SPAN_BYTES_MAX = 131_072;

/** One request, or one call of it, that is being done. */
interface Scope {
  readonly context: TraceContext;
  /** Absent: this request writes no spans. */
  readonly recorded?: Recorded;
}

interface Recorded {
  readonly spans: object[];
  dropped: number;
}

export function makeTracing({ service, version, spans: sink }: TracingOptions): RequestTracing {
  const scopes = new AsyncLocalStorage<Scope>();

  /** Does an act as a span below the scope, and says what became of it. */
  async function within<A>(scope: Scope, sink: SpanSink, named: Named, act: () => Promise<A>, endOf: (answer: A) => Ended): Promise<A> {
    const { context, recorded } = scope;
    const { parent } = context;
    const traceId = parent?.traceId ?? xrayTraceId(sink.xrayHeader() ?? '') ?? randomId(TRACE_ID_CHARS);
    const spanId = randomId(SPAN_ID_CHARS);
    const beganMs = sink.clock.nowMs();
    const end = ({ code, attributes }: Ended): void => {
      if (recorded === undefined) return;
      if (recorded.spans.length >= SPANS_MAX && named.isRoot !== true) {
        recorded.dropped += 1;
        return;
      }
      recorded.spans.push({
        traceId,
        spanId,
        ...(parent === undefined ? {} : { parentSpanId: parent.spanId }),
        name: named.name,
        kind: SPAN_KIND.internal,
        startTimeUnixNano: nanoseconds(beganMs),
        // The clock may be set back meanwhile.
        endTimeUnixNano: nanoseconds(Math.max(beganMs, sink.clock.nowMs())),
        attributes: otlpAttributes({
          ...named.attributes,
          ...attributes,
          'error.type': code,
          'ewm.spans_dropped': named.isRoot === true && recorded.dropped > 0 ? recorded.dropped : undefined,
        }),
        status: code === undefined ? {} : { code: SPAN_STATUS.error },
      });
    };
    const inner: Scope = { ...scope, context: { ...context, parent: { traceId, spanId, sampled: true } } };
    try {
      const answer = await scopes.run(inner, act);
      end(endOf(answer));
      return answer;
    } catch (error) {
      end({ code: 'internal_error', attributes: {} });
      throw error;
    }
  }

  function write({ spans }: Recorded, sink: SpanSink): void {
    const resource = { attributes: otlpAttributes({ 'service.name': service, 'service.version': version }) };
    for (let at = 0; at < spans.length; at += SPANS_PER_LINE) {
      const scopeSpans = [{ scope: { name: 'executable-world-models', version }, spans: spans.slice(at, at + SPANS_PER_LINE) }];
      sink.write(JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] }));
    }
  }

  return {
    headers: () => headersOf(scopes.getStore()?.context ?? {}),
    request: async ({ route, headers }, act, endOf) => {
      const context = traceContextOf(headers);
      // Who begins a trace decides whether it is recorded, as everywhere in OpenTelemetry.
      if (sink === undefined || context.parent?.sampled === false) return scopes.run({ context }, act);
      const recorded: Recorded = { spans: [], dropped: 0 };
      const { name, attributes } = agentSpan(service, undefined);
      try {
        return await within(
          { context, recorded },
          sink,
          { name, attributes: { ...attributes, 'ewm.route': route }, isRoot: true },
          act,
          (answer) => {
            const { runId, sessionId, headHash, ...end } = endOf(answer);
            return {
              code: end.code,
              attributes: {
                'gen_ai.agent.id': runId ?? sessionId,
                'gen_ai.conversation.id': sessionId,
                'ewm.run_id': runId,
                'ewm.head_hash': headHash,
                'ewm.limiter': end.limiter,
              },
            };
          },
        );
      } finally {
        write(recorded, sink);
      }
    },
    call: (call, act, endOf) => {
      const scope = scopes.getStore();
      if (sink === undefined || scope?.recorded === undefined) return act();
      const { name, attributes } = toolSpan(printable(call.tool));
      const place = { 'gen_ai.tool.call.id': `${call.runId}-${String(call.index)}`, 'ewm.index': call.index };
      return within(scope, sink, { name, attributes: { ...attributes, ...place } }, act, (answer) => {
        const { code, limiter } = endOf(answer);
        return { code, attributes: { 'ewm.limiter': limiter } };
      });
    },
  };
}

interface Named {
  readonly name: string;
  readonly attributes: SpanAttributes;
  readonly isRoot?: true;
}

interface Ended extends Pick<TracedEnd, 'code'> {
  readonly attributes: SpanAttributes;
}

/** A double does not hold the nanoseconds since 1970. */
function nanoseconds(ms: number): string {
  return `${String(Math.floor(ms))}000000`;
}

function randomId(hexDigits: number): string {
  return randomBytes(hexDigits / 2).toString('hex');
}

/** A caller may call a tool that does not exist, by any name. */
function printable(name: string): string {
  return name.replaceAll(/[^\x20-\x7E]/g, '?').slice(0, NAME_CHARS_MAX);
}

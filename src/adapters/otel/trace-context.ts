/**
 * The headers of W3C Trace Context and Baggage, taken from a request and put on what it calls. A caller wrote them: what is not in their grammar, or
 * longer than AgentCore takes, is left out, so that no header of a stranger can make a call of ours fail.
 */
export interface TraceContext {
  /** Absent: the caller names no trace. */
  readonly parent?: TraceParent;
  readonly tracestate?: string;
  readonly baggage?: string;
}

export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether spans of this trace are wanted. */
  readonly sampled: boolean;
}

type Headers = Readonly<Record<string, string>>;

const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 1;
/** The most of each that AgentCore takes. Unit: characters. */
const TRACESTATE_CHARS_MAX = 512;
const BAGGAGE_CHARS_MAX = 8_192;
const PRINTABLE = /^[\x20-\x7E]+$/;
/** `key=value` with properties behind it, in a list. */
const BAGGAGE = /^[\t ]*[!#$%&'*+.^_`|~0-9A-Za-z-]+[\t ]*=[^\x00-\x1F\x7F-\uFFFF]*$/;

export function traceContextOf(headers: Headers): TraceContext {
  const parent = parentOf(headers['traceparent'] ?? '');
  const tracestate = printable(headers['tracestate'], TRACESTATE_CHARS_MAX);
  const baggage = printable(headers['baggage'], BAGGAGE_CHARS_MAX);
  return {
    ...(parent === undefined ? {} : { parent }),
    // It belongs to a traceparent, and means nothing without one.
    ...(parent === undefined || tracestate === undefined ? {} : { tracestate }),
    ...(baggage === undefined || !BAGGAGE.test(baggage) ? {} : { baggage }),
  };
}

/** As the next one in the trace reads them. */
export function headersOf({ parent, tracestate, baggage }: TraceContext): Headers {
  return {
    ...(parent === undefined ? {} : { traceparent: `00-${parent.traceId}-${parent.spanId}-${parent.sampled ? '01' : '00'}` }),
    ...(tracestate === undefined ? {} : { tracestate }),
    ...(baggage === undefined ? {} : { baggage }),
  };
}

/** A version after 00 is read as 00 is, as far as that goes. */
function parentOf(text: string): TraceParent | undefined {
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = TRACEPARENT.exec(text) ?? [];
  if (traceId === '' || (version === '00' && rest !== undefined)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

/** The trace of AWS X-Ray that an invocation is part of, as Lambda names it: the SDK sends it along, and two ids for one trace would tear it apart. */
export function xrayTraceId(header: string): string | undefined {
  const [, seconds = '', rest = ''] = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)/.exec(header) ?? [];
  return /[1-9a-f]/.test(seconds + rest) ? seconds + rest : undefined;
}

function printable(text: string | undefined, charsMax: number): string | undefined {
  return text !== undefined && text.length <= charsMax && PRINTABLE.test(text) ? text : undefined;
}

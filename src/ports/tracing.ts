/**
 * The trace that a request is part of, and spans of what is done for it. It never changes a run: what an act answers or throws comes back as it is,
 * and nothing is waited for. Whether spans are written at all is the adapter's setting.
 */

/** How a request or a call ended. Codes and names alone: no text of a caller's, of a model's or of a program's. */
export interface TracedEnd {
  /** The code of the error; absent: it did not fail. */
  readonly code?: string | undefined;
  /** Which limit refused it. */
  readonly limiter?: string | undefined;
}

export interface TracedRequest {
  /** As `POST /agentcore/tools`; `direct` for an invocation with a bare body. */
  readonly route: string;
  /** Names in lower case: `traceparent`, `tracestate` and `baggage` are looked for. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface RequestEnd extends TracedEnd {
  readonly runId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly headHash?: string | undefined;
}

export interface TracedCall {
  readonly runId: string;
  readonly index: number;
  readonly tool: string;
}

export interface Tracing {
  /** Does the work of one request under the trace that its headers name. Requests side by side do not see each other's. */
  readonly request: <A>(request: TracedRequest, act: () => Promise<A>, endOf: (answer: A) => RequestEnd) => Promise<A>;
  /** Makes one call of a request; what it sends belongs to it. */
  readonly call: <A>(call: TracedCall, act: () => Promise<A>, endOf: (answer: A) => TracedEnd) => Promise<A>;
}

/**
 * What one request of somebody without credentials sets off at an HTTP API, by the API's own settings. A model of API Gateway: it matches the route
 * before it asks for a signature, answers by itself where it refuses, and writes to the access log whatever became of a request.
 */
import type { ModelPrices } from './bill-model';
import { type Fraction, priceOf, plus } from './bill-model';

export interface ApiSettings {
  /** By route key, such as `POST /agentcore/base`: how callers prove who they are. */
  readonly routes: Readonly<Record<string, string>>;
  /** Of the access log, where there is one. */
  readonly logFormat?: string;
  /** Metrics by route, which are paid for. */
  readonly detailedMetrics: boolean;
  /** Origins whose pages may call; preflight requests are then answered without a signature. */
  readonly corsOrigins: readonly string[];
}

export interface StrangerRequest {
  readonly what: string;
  readonly method: string;
  readonly path: string;
}

export interface SetOff {
  readonly status: number;
  /** A request that AWS charges for. */
  readonly charged: boolean;
  readonly invocations: number;
  readonly logBytes: number;
  readonly bytesOut: number;
  readonly metrics: number;
}

/** Everything else somebody can send is one of these with other bytes. */
export function strangerRequests(routes: readonly string[]): readonly StrangerRequest[] {
  const known = routes.map((key) => key.split(' ') as [string, string]);
  return [
    ...known.flatMap(([method, path]) => [
      { what: 'not signed', method, path },
      { what: 'signed by another account', method, path },
      { what: 'above the throttle', method, path },
      { what: 'a body of more than 10 MB', method, path },
      { what: 'a method that the route does not have', method: 'DELETE', path },
      { what: 'a preflight', method: 'OPTIONS', path },
      { what: 'a path that goes on', method, path: `${path}/x` },
    ]),
    { what: 'no such route', method: 'GET', path: '/' },
    { what: 'a long path', method: 'GET', path: `/${'x'.repeat(8_000)}` },
  ];
}

/** What CloudWatch counts for an event besides its text. Unit: bytes. */
const LOG_EVENT_BYTES = 26;
/** The longest value of each variable that API Gateway puts into a line. Unit: bytes. */
const LONGEST: Readonly<Record<string, number>> = {
  requestId: 36,
  requestTimeEpoch: 13,
  routeKey: 64,
  status: 3,
  'identity.sourceIp': 45,
  // A role's id of 21 characters, a colon, a session name of 64.
  'identity.caller': 86,
  responseLength: 8,
  responseLatency: 6,
  'error.responseType': 40,
};

/** The longest line of a format; a variable whose length nobody bounds throws. */
export function longestLine(format: string): number {
  const line = format.replace(/\$context\.([A-Za-z.]+)/g, (_, name: string) => {
    const longest = LONGEST[name];
    if (longest === undefined) throw new Error(`how long can $context.${name} be?`);
    return 'x'.repeat(longest);
  });
  return Buffer.byteLength(line) + LOG_EVENT_BYTES;
}

/** Status line, date, content type and length, request id, and `{"message":"Request Entity Too Large"}`. Unit: bytes. */
const REFUSAL_BYTES = 320;

export function setOff(api: ApiSettings, { what, method, path }: StrangerRequest): SetOff {
  const auth = api.routes[`${method} ${path}`] ?? api.routes['$default'];
  const preflight = method === 'OPTIONS' && api.corsOrigins.length > 0;
  const accepted = auth === 'NONE' && what !== 'above the throttle' && !what.startsWith('a body');
  return {
    status: preflight ? 204 : auth === undefined ? 404 : accepted ? 200 : what === 'above the throttle' ? 429 : 403,
    charged: preflight || accepted,
    invocations: accepted ? 1 : 0,
    logBytes: api.logFormat === undefined ? 0 : longestLine(api.logFormat),
    bytesOut: REFUSAL_BYTES,
    metrics: api.detailedMetrics ? 1 : 0,
  };
}

/** So many of them a second, for an hour. */
export function strangersHour(prices: ModelPrices, one: SetOff, perSecond: number, logDays: number): Fraction {
  const times = perSecond * 3_600;
  const logged = times * one.logBytes;
  return plus(
    priceOf(prices, one.charged ? 'api_requests' : 'api_refusals', times),
    priceOf(prices, 'lambda_requests', times * one.invocations),
    priceOf(prices, 'access_log_ingestion', logged),
    priceOf(prices, 'log_storage', logged * logDays),
    priceOf(prices, 'data_out', times * one.bytesOut),
    priceOf(prices, 'metrics', one.metrics),
  );
}

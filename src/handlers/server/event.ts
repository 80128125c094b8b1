/** An HTTP request as API Gateway tells it to a Lambda: payload format 2.0. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

export interface HttpRequest {
  readonly method: string;
  /** Path and query as they came; the path begins with a slash. */
  readonly url: string;
  /** Every value of every header, names in lower case. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly body: Buffer;
  readonly protocol: string;
  readonly sourceIp: string;
}

export interface Received {
  readonly requestId: string;
  readonly nowMs: number;
  readonly routeKey: string;
}

export function gatewayEvent(request: HttpRequest, { requestId, nowMs, routeKey }: Received): APIGatewayProxyEventV2 {
  const [path = '/', ...rest] = request.url.split('?');
  const query = rest.join('?');
  const cookies = (request.headers['cookie'] ?? []).flatMap((line) => line.split('; '));
  const headers = joined(request.headers);
  const parameters = query === '' ? undefined : queryParameters(query);
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: query,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers,
    ...(parameters === undefined ? {} : { queryStringParameters: parameters }),
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      domainName: headers['host'] ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method: request.method,
        path,
        protocol: request.protocol,
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey,
      stage: '$default',
      time: commonLogTime(nowMs),
      timeEpoch: nowMs,
    },
    ...bodyFields(request.body, headers['content-type'] ?? ''),
  };
}

function joined(headers: HttpRequest['headers']): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, values] of Object.entries(headers)) if (name !== 'cookie' && values !== undefined) all[name] = values.join(',');
  return all;
}

function queryParameters(query: string): Record<string, string> {
  const all = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const before = all.get(name);
    all.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(all);
}

const TEXT_TYPE = /^\s*(text\/|application\/(json|xml|javascript|[a-z0-9.+-]+\+(json|xml))\s*(;|$))/i;

function bodyFields(bytes: Buffer, contentType: string): { readonly body?: string; readonly isBase64Encoded: boolean } {
  if (bytes.length === 0) return { isBase64Encoded: false };
  // Bytes that are no UTF-8 stay what they are: as text they would be replaced before anybody could refuse them.
  const text = TEXT_TYPE.test(contentType) ? utf8(bytes) : undefined;
  return text === undefined ? { body: bytes.toString('base64'), isBase64Encoded: true } : { body: text, isBase64Encoded: false };
}

function utf8(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `12/Mar/2020:19:03:58 +0000`. */
function commonLogTime(ms: number): string {
  const at = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()] ?? ''}/${String(at.getUTCFullYear())}`;
  return `${day}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
}

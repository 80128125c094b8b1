/**
 * A request over HTTP, whichever service handed it on: API Gateway (payload formats 2.0 and 1.0), a function URL, a load balancer. Each reads
 * its answer in a shape of its own. Told apart by members that every event of that kind has, and no body of ours.
 */
import type { ALBResult, APIGatewayProxyResult, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { STATUS_CODES } from 'node:http';
import { isRecord } from '../../../domain/codec/codec';
import type { Parameters } from '../contract/routes';

export type HttpForm = 'payload-2.0' | 'payload-1.0' | 'load-balancer' | 'load-balancer-multi';

export interface HttpEvent {
  readonly form: HttpForm;
  readonly method: string;
  /** As it was sent: a stage or a base path may stand before the route. */
  readonly path: string;
  readonly stage?: string;
  readonly query: Parameters;
  /** Names in lower case; the last value where there are several. */
  readonly headers: Parameters;
  readonly body: unknown;
  readonly isBase64Encoded: boolean;
}

export type HttpResult = APIGatewayProxyStructuredResultV2 | APIGatewayProxyResult | ALBResult;

export function httpEventOf(event: unknown): HttpEvent | undefined {
  if (!isRecord(event)) return undefined;
  // A console's test event may have none.
  const context = isRecord(event['requestContext']) ? event['requestContext'] : {};
  if (event['version'] === '2.0' && isRecord(context['http'])) {
    const { method } = context['http'];
    if (typeof method !== 'string') return undefined;
    const query = typeof event['rawQueryString'] === 'string' ? Object.fromEntries(new URLSearchParams(event['rawQueryString'])) : {};
    return {
      form: 'payload-2.0',
      method: method.toUpperCase(),
      path: textOf(event['rawPath']),
      query,
      ...stageOf(context),
      ...rest(event),
    };
  }
  if (typeof event['httpMethod'] !== 'string') return undefined;
  const request = { method: event['httpMethod'].toUpperCase(), path: textOf(event['path']), ...rest(event) };
  if (!isRecord(context['elb'])) return { form: 'payload-1.0', query: queryOf(event, (text) => text), ...stageOf(context), ...request };
  // A load balancer that is told to keep every value of a header sends, and reads, lists alone.
  const form = isRecord(event['multiValueHeaders']) ? 'load-balancer-multi' : 'load-balancer';
  return { form, query: queryOf(event, percentDecoded), ...request };
}

/** What an answer is made of, in the form that its reader takes. */
export function httpResult(
  form: HttpForm,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
): HttpResult {
  switch (form) {
    case 'payload-2.0':
      return { statusCode: status, headers: { ...headers }, ...(body === undefined ? {} : { body }) };
    case 'payload-1.0':
      return { statusCode: status, headers: { ...headers }, body: body ?? '', isBase64Encoded: false };
    case 'load-balancer':
      return { ...balanced(status), headers: { ...headers }, body: body ?? '' };
    case 'load-balancer-multi':
      return {
        ...balanced(status),
        multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
        body: body ?? '',
      };
  }
}

function balanced(status: number): Pick<ALBResult, 'statusCode' | 'statusDescription' | 'isBase64Encoded'> {
  return { statusCode: status, statusDescription: `${String(status)} ${STATUS_CODES[status] ?? ''}`.trim(), isBase64Encoded: false };
}

type Fields = Readonly<Record<string, unknown>>;

function rest(event: Fields): Pick<HttpEvent, 'headers' | 'body' | 'isBase64Encoded'> {
  const { headers, multiValueHeaders, body, isBase64Encoded } = event;
  return {
    headers: { ...lowerCased(lastOf(multiValueHeaders)), ...lowerCased(headers) },
    body: body ?? undefined,
    isBase64Encoded: isBase64Encoded === true,
  };
}

function stageOf({ stage }: Fields): Pick<HttpEvent, 'stage'> {
  return typeof stage === 'string' && stage !== '$default' ? { stage } : {};
}

function queryOf(event: Fields, decoded: (text: string) => string): Parameters {
  const given = { ...lastOf(event['multiValueQueryStringParameters']), ...texts(event['queryStringParameters']) };
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [decoded(name), decoded(value)]));
}

/** The last of several values by name. */
function lastOf(lists: unknown): Parameters {
  if (!isRecord(lists)) return {};
  return texts(
    Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, Array.isArray(list) ? (list.at(-1) as unknown) : undefined])),
  );
}

function texts(fields: unknown): Parameters {
  if (!isRecord(fields)) return {};
  return Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : [])));
}

function lowerCased(headers: unknown): Parameters {
  return Object.fromEntries(Object.entries(texts(headers)).map(([name, value]) => [name.toLowerCase(), value]));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

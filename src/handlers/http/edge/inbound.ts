/**
 * An invocation as the handler sees it, whichever way it came. Invariant: nothing of the body is parsed before its route, its size, its
 * type and its encoding are known to be right.
 */
import { isRecord } from '../../../domain/codec/codec';
import type { ApiError, RequestRefused } from '../contract/errors';
import { invalidRequest } from '../contract/problems';
import { matchRoute, type Parameters, type Route, type Service } from '../contract/routes';
import type { Call } from './act';

export interface Inbound extends Call {
  readonly via: 'http' | 'direct';
  readonly route: Route | 'direct' | 'OPTIONS' | 'none';
  readonly withBody: boolean;
  readonly allow?: string;
  /** The text of a body that is still to be parsed; a direct invocation has none. */
  readonly text?: string;
  /** Set as soon as something is wrong; nothing more is looked at then. */
  readonly refusal?: ApiError;
}

interface HttpEvent {
  readonly method: string;
  readonly path: string;
  readonly query: Parameters;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly isBase64Encoded: boolean;
}

/** A payload 2.0 event, by the members that every one of them has. No body of ours has a field of these names. */
export function httpEventOf(event: unknown): HttpEvent | undefined {
  if (!isRecord(event) || event['version'] !== '2.0' || !isRecord(event['requestContext'])) return undefined;
  const { stage, http } = event['requestContext'];
  if (!isRecord(http) || typeof http['method'] !== 'string') return undefined;
  const rawPath = typeof event['rawPath'] === 'string' ? event['rawPath'] : '';
  return {
    method: http['method'].toUpperCase(),
    path: withoutStage(rawPath, stage),
    query: queryOf(event['rawQueryString']),
    headers: isRecord(event['headers']) ? lowerCased(event['headers']) : {},
    body: event['body'],
    isBase64Encoded: event['isBase64Encoded'] === true,
  };
}

export function readInbound(service: Service, bodyBytesMax: number, event: unknown): Inbound {
  const http = httpEventOf(event);
  if (http === undefined) return { via: 'direct', route: 'direct', withBody: true, parameters: {}, query: {}, body: event };
  const call = { via: 'http', parameters: {}, query: http.query, body: {} } as const;
  const match = matchRoute(service, http.method, http.path);
  switch (match._tag) {
    case 'Refused':
      return { ...call, route: 'none', withBody: http.method !== 'HEAD', ...refusal(match) };
    case 'Options':
      return { ...call, route: 'OPTIONS', withBody: false, allow: match.allow };
    case 'Route': {
      const { route, parameters, withBody } = match;
      const inbound = { ...call, route, parameters, withBody };
      return route.startsWith('GET ') ? inbound : { ...inbound, ...readBody(http, bodyBytesMax) };
    }
  }
}

function refusal(match: { readonly error: RequestRefused; readonly allow?: string }): Pick<Inbound, 'refusal' | 'allow'> {
  return { refusal: match.error, ...(match.allow === undefined ? {} : { allow: match.allow }) };
}

function readBody(http: HttpEvent, bodyBytesMax: number): Pick<Inbound, 'text' | 'refusal'> {
  const { body, headers } = http;
  if (typeof body !== 'string' || body === '') return {};
  const bytes = Buffer.byteLength(body, http.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes > bodyBytesMax) {
    return {
      refusal: { code: 'payload_too_large', message: `a body of ${String(bytes)} bytes; at most ${String(bodyBytesMax)} are read` },
    };
  }
  const wrongType = mediaTypeFault(headers['content-type'], headers['content-encoding']);
  if (wrongType !== undefined) return { refusal: { code: 'unsupported_media_type', message: wrongType } };
  const text = http.isBase64Encoded ? utf8Of(Buffer.from(body, 'base64')) : body;
  if (!text?.isWellFormed()) return { refusal: invalidRequest([{ pointer: '', message: 'the body is not UTF-8' }]) };
  // Some shells put a byte order mark before what they send; JSON has none.
  return { text: text.startsWith('\uFEFF') ? text.slice(1) : text };
}

const MEDIA_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json$/i;
const UTF8_PARAMETER = /^charset\s*=\s*"?utf-?8"?$/i;

function mediaTypeFault(contentType: unknown, contentEncoding: unknown): string | undefined {
  if (typeof contentEncoding === 'string' && contentEncoding.toLowerCase() !== 'identity')
    return 'a content encoding; send the body as it is';
  if (typeof contentType !== 'string') return 'no content type; send content-type: application/json';
  const [essence = '', ...parameters] = contentType.split(';').map((part) => part.trim());
  if (!MEDIA_TYPE.test(essence)) return 'expected content-type: application/json';
  const charset = parameters.find((parameter) => /^charset\b/i.test(parameter));
  return charset === undefined || UTF8_PARAMETER.test(charset) ? undefined : 'expected the charset utf-8';
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8Of(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A stage other than `$default` stands before every path. */
function withoutStage(rawPath: string, stage: unknown): string {
  if (typeof stage !== 'string' || stage === '$default') return rawPath;
  return rawPath === `/${stage}` || rawPath.startsWith(`/${stage}/`) ? rawPath.slice(stage.length + 1) : rawPath;
}

function lowerCased(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function queryOf(rawQueryString: unknown): Parameters {
  return typeof rawQueryString === 'string' && rawQueryString !== '' ? Object.fromEntries(new URLSearchParams(rawQueryString)) : {};
}

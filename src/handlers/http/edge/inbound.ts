/**
 * An invocation as the handler sees it, whichever way it came. Invariant: nothing of the body is parsed before its route, its size, its
 * type and its encoding are known to be right.
 */
import type { ApiError } from '../contract/errors';
import { invalidRequest } from '../contract/problems';
import { isRoutePath, type Match, matchRoute, type Route, type Service } from '../contract/routes';
import type { Call } from './act';
import { type HttpEvent, httpEventOf, type HttpForm } from './http-event';

export interface Inbound extends Call {
  /** How the answer is read; a direct invocation reads the bare body. */
  readonly via: HttpForm | 'direct';
  readonly route: Route | 'direct' | 'OPTIONS' | 'none';
  readonly withBody: boolean;
  readonly allow?: string;
  /** The page that asks, where a browser says so. */
  readonly origin?: string;
  /** The text of a body that is still to be parsed; a direct invocation has none. */
  readonly text?: string;
  /** Set as soon as something is wrong; nothing more is looked at then. */
  readonly refusal?: ApiError;
}

export interface InboundOptions {
  readonly service: Service;
  readonly bodyBytesMax: number;
  /** What may stand before every path, as a domain's mapping puts it there. Empty: nothing. */
  readonly basePath: string;
}

/** The event is the body: of an invocation that is no request over HTTP, and of a tool. */
export function directInbound(event: unknown): Inbound {
  return { via: 'direct', route: 'direct', withBody: true, parameters: {}, query: {}, headers: {}, body: event };
}

export function readInbound(event: unknown, { service, bodyBytesMax, basePath }: InboundOptions): Inbound {
  const http = httpEventOf(event);
  if (http === undefined) return directInbound(event);
  const { form, method, query, headers } = http;
  const { origin } = headers;
  const call = { via: form, parameters: {}, query, headers, body: {}, ...(origin === undefined ? {} : { origin }) } as const;
  const match = matchRoute(service, method, routePath(http, basePath));
  switch (match._tag) {
    case 'Refused':
      return { ...call, route: 'none', withBody: method !== 'HEAD', ...refusal(match, http.path) };
    case 'Options':
      return { ...call, route: 'OPTIONS', withBody: false, allow: match.allow };
    case 'Route': {
      const { route, parameters, withBody } = match;
      const inbound = { ...call, route, parameters, withBody };
      return route.startsWith('GET ') ? inbound : { ...inbound, ...readBody(http, bodyBytesMax) };
    }
  }
}

/** The path as it came where that is one of ours; else without what stands before it: a stage, then a base path. */
export function routePath({ path, stage }: Pick<HttpEvent, 'path' | 'stage'>, basePath: string): string {
  const staged = stage === undefined ? path : without(`/${stage}`, path);
  return [path, staged, without(basePath, staged), without(basePath, path)].find(isRoutePath) ?? path;
}

function without(prefix: string, path: string): string {
  return prefix !== '' && path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
}

const PATH_CHARS_MAX = 200;

function refusal({ error, allow }: Match & { readonly _tag: 'Refused' }, path: string): Pick<Inbound, 'refusal' | 'allow'> {
  if (error.code !== 'not_found') return { refusal: error, ...(allow === undefined ? {} : { allow }) };
  const shown = path.length > PATH_CHARS_MAX ? `${path.slice(0, PATH_CHARS_MAX)}…` : path;
  return { refusal: { ...error, message: `no such path: ${shown.toWellFormed()}; ${error.message}` } };
}

function readBody(http: HttpEvent, bodyBytesMax: number): Pick<Inbound, 'text' | 'refusal'> {
  const { body, headers } = http;
  if (body === undefined || body === '') return {};
  if (typeof body !== 'string') {
    const message = 'the body is not text: this event has it as a value that is already parsed; send the JSON as text';
    return { refusal: invalidRequest([{ pointer: '', message }]) };
  }
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

function mediaTypeFault(contentType: string | undefined, contentEncoding: string | undefined): string | undefined {
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity') return 'a content encoding; send the body as it is';
  if (contentType === undefined) return 'no content type; send content-type: application/json';
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

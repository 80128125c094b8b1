/**
 * One way to call the API, wherever it is: the local server or API Gateway.
 * Invariant: a request is sent once, to a server whose certificate was verified, and its answer is bounded.
 */
import http from 'node:http';
import https from 'node:https';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { isRecord } from '../../../domain/codec/codec';
import { type ApiProblem, noAnswer } from './api-problem';
import { type Headers, makeSigner, type Sign } from './api-signer';
import { type ApiTarget, findApi } from './api-target';
import { readTrust, tlsProblem, type Trust } from './api-tls';
import type { Agents } from '../../../adapters/proxy/agents';
import { client } from '../../compose-client';
import type { Environment } from '../../config';

export interface ApiAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Uint8Array;
  /** The body where it is JSON. */
  readonly json?: unknown;
}

export interface ApiClient {
  readonly target: ApiTarget;
  readonly trust: Trust;
  readonly agents: Agents;
  readonly get: (path: string) => Promise<Either<ApiProblem, ApiAnswer>>;
  /** `headers`: of the request, besides what every one has. */
  readonly post: (path: string, body: object, headers?: Headers) => Promise<Either<ApiProblem, ApiAnswer>>;
}

/** API Gateway gives up after 30 seconds. */
const TIMEOUT_MS = 35_000;

/** No file of a run that came by this API is longer than what it takes in, by far. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export async function openApi(env: Environment): Promise<Either<ApiProblem, ApiClient>> {
  const trust = await readTrust(env);
  if (isLeft(trust)) return trust;
  const target = await findApi(env);
  if (isLeft(target)) return target;
  const agents = client.agents(trust.right.authorities);
  const sign = makeSigner(target.right, agents);
  return isLeft(sign) ? sign : right(makeApiClient(target.right, trust.right, agents, sign.right));
}

function makeApiClient(target: ApiTarget, trust: Trust, agents: Agents, sign: Sign): ApiClient {
  async function call(method: string, path: string, body: string, more: Headers = {}): Promise<Either<ApiProblem, ApiAnswer>> {
    const url = new URL(target.url + path);
    const content = body === '' ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    const headers = await sign(method, url, { host: url.host, accept: 'application/json', ...more, ...content }, body);
    return isLeft(headers) ? headers : send(method, url, headers.right, body, { trust, agents });
  }
  return {
    target,
    trust,
    agents,
    get: (path) => call('GET', path, ''),
    post: (path, body, headers) => call('POST', path, JSON.stringify(body), headers),
  };
}

interface Way {
  readonly trust: Trust;
  readonly agents: Agents;
}

function send(method: string, url: URL, headers: Headers, body: string, { trust, agents }: Way): Promise<Either<ApiProblem, ApiAnswer>> {
  const ca = trust.authorities === undefined ? {} : { ca: [...trust.authorities] };
  const proxy = client.proxyNameOf(url);
  const via = proxy === undefined ? '' : ` (by way of the proxy ${proxy}; NO_PROXY=${url.hostname} calls it directly)`;
  return new Promise((resolve) => {
    const failed = (error: unknown): void => {
      resolve(left(noAnswer(tlsProblem(error, url.host, trust) ?? `${method} ${url.href}: ${messageOf(error)}${via}`)));
    };
    const options = { method, headers: { ...headers }, signal: AbortSignal.timeout(TIMEOUT_MS) };
    const request =
      url.protocol === 'https:'
        ? https.request(url, { ...options, agent: agents.https, ...ca, rejectUnauthorized: true })
        : http.request(url, { ...options, agent: agents.http });
    request.on('error', failed);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('error', failed);
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > ANSWER_BYTES_MAX) request.destroy(new Error(`an answer of more than ${String(ANSWER_BYTES_MAX)} bytes`));
        else chunks.push(chunk);
      });
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const contentType = response.headers['content-type'] ?? '';
        resolve(right({ status: response.statusCode ?? 0, contentType, bytes, ...jsonOf(bytes, contentType) }));
      });
    });
    request.end(body);
  });
}

function jsonOf(bytes: Buffer, contentType: string): { readonly json?: unknown } {
  if (!/^application\/json\b/.test(contentType)) return {};
  try {
    return { json: JSON.parse(bytes.toString('utf8')) as unknown };
  } catch {
    return {};
  }
}

function messageOf(error: unknown): string {
  if (!isRecord(error)) return String(error);
  if (error['name'] === 'TimeoutError' || error['name'] === 'AbortError') return `no answer within ${String(TIMEOUT_MS / 1000)} s`;
  if (error['code'] === 'ECONNREFUSED') return 'nothing listens there';
  return typeof error['message'] === 'string' && error['message'] !== '' ? error['message'] : String(error['code']);
}

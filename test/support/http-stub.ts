/** A server for one test file that speaks HTTP on a free port, records every request, and fails the calls it is told to fail. */
import { appendFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface StubRequest {
  readonly method: string;
  /** Decoded one by one: the path is split before `%2F` becomes a slash. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface StubAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent chunk by chunk. */
  readonly chunks?: readonly (string | Buffer)[];
  /** Before each chunk. Unit: milliseconds. */
  readonly chunkDelayMs?: number;
}

/**
 * How a call fails. `before`: it took no effect; `after`: it did, and the caller is not told.
 * `status` answers an error, `body` whatever text it is given (a page of a proxy, a document of another shape), `reset` drops the connection, `hang` never answers, `cut` sends the head and a part of the body and drops the rest.
 */
export interface Fault {
  readonly when: 'before' | 'after';
  readonly how: 'status' | 'body' | 'reset' | 'hang' | 'cut';
  readonly status?: number;
  readonly type?: string;
  readonly message?: string;
  readonly contentType?: string;
  readonly body?: string;
}

export interface HttpStub {
  readonly url: string;
  readonly requests: () => readonly StubRequest[];
  /** Fails the call with this index, counted from the last `reset`. */
  readonly failCall: (index: number, fault: Fault) => void;
  /** Fails the first call that this is true of: for calls that are made at the same time. */
  readonly failWhere: (matches: (request: StubRequest) => boolean, fault: Fault) => void;
  /** Forgets requests and faults; what the service holds stays. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
}

export interface Service {
  readonly answer: (request: StubRequest) => StubAnswer;
  /** An error as this service writes it. */
  readonly refuse: (status: number, type: string, message: string) => StubAnswer;
  /** How long an answer takes behind its effect. Unit: milliseconds. */
  readonly takesMs?: number;
  /** How a call fails that is not told to fail by its index. */
  readonly faultOf?: (request: StubRequest) => Fault | undefined;
}

const CUT_BYTES = 20;

/** A file that gets a line a request, for a test that looks at what other tests ask of AWS: test/infra/handler-calls.test.ts. */
const CALL_LOG = process.env['EWM_CALL_LOG'];

export async function startHttpStub(service: Service): Promise<HttpStub> {
  let requests: StubRequest[] = [];
  let faults = new Map<number, Fault>();
  let searched: { readonly matches: (request: StubRequest) => boolean; readonly fault: Fault } | undefined;
  const server = http.createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    // The client may give up in the middle of its request.
    incoming.on('error', () => undefined);
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = parse(incoming, Buffer.concat(chunks));
      let fault = faults.get(requests.length) ?? service.faultOf?.(request);
      if (searched?.matches(request) === true) {
        fault = searched.fault;
        searched = undefined;
      }
      requests.push(request);
      if (CALL_LOG !== undefined) appendFileSync(CALL_LOG, `${JSON.stringify(recorded(request))}\n`);
      const real = fault?.when === 'before' ? undefined : service.answer(request);
      if (fault !== undefined) fail(outgoing, fault, real, service);
      else if (service.takesMs === undefined) void send(outgoing, real ?? { status: 500 });
      else setTimeout(() => void send(outgoing, real ?? { status: 500 }), service.takesMs);
    });
  });
  // A connection that waits is never closed from here: on a busy machine that would meet a request on its way, which then fails untold.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests: () => requests,
    failCall: (index, fault) => {
      faults.set(index, fault);
    },
    failWhere: (matches, fault) => {
      searched = { matches, fault };
    },
    reset: () => {
      requests = [];
      faults = new Map();
      searched = undefined;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

export interface RecordedCall {
  readonly method: string;
  readonly segments: readonly string[];
  readonly query: string;
  readonly authorization: string;
}

function recorded({ method, segments, query, headers }: StubRequest): RecordedCall {
  return { method, segments, query: query.toString(), authorization: headers.authorization ?? '' };
}

function parse(incoming: http.IncomingMessage, body: Buffer): StubRequest {
  const [path = '', query = ''] = (incoming.url ?? '').split('?');
  return {
    method: incoming.method ?? '',
    segments: path.split('/').slice(1).map(decodeURIComponent),
    query: new URLSearchParams(query),
    headers: incoming.headers,
    body,
  };
}

async function send(outgoing: http.ServerResponse, answer: StubAnswer): Promise<void> {
  outgoing.writeHead(answer.status, answer.headers);
  for (const chunk of answer.chunks ?? []) {
    if (answer.chunkDelayMs !== undefined) await sleep(answer.chunkDelayMs);
    outgoing.write(chunk);
  }
  outgoing.end();
}

function fail(outgoing: http.ServerResponse, fault: Fault, real: StubAnswer | undefined, service: Service): void {
  switch (fault.how) {
    case 'status':
      void send(outgoing, service.refuse(fault.status ?? 500, fault.type ?? 'InternalServerException', fault.message ?? 'told to fail'));
      return;
    case 'body':
      void send(outgoing, {
        status: fault.status ?? 200,
        headers: { 'content-type': fault.contentType ?? 'application/json' },
        chunks: [fault.body ?? ''],
      });
      return;
    case 'reset':
      outgoing.socket?.resetAndDestroy();
      return;
    case 'hang':
      return;
    case 'cut': {
      const body = Buffer.concat((real?.chunks ?? []).map((chunk) => Buffer.from(chunk)));
      outgoing.writeHead(real?.status ?? 200, real?.headers);
      outgoing.write(body.subarray(0, Math.min(CUT_BYTES, Math.max(0, body.length - 1))), () => outgoing.socket?.destroy());
    }
  }
}

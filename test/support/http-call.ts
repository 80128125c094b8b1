/** One HTTP request as a test wants it: the path goes out as it is written, and headers may be wrong. */
import http from 'node:http';
import net from 'node:net';

export interface Called {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  readonly agent?: http.Agent;
}

export function call(url: string, path: string, { method = 'GET', headers = {}, body, agent }: CallOptions = {}): Promise<Called> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = http.request({
      hostname,
      port,
      path,
      method,
      headers: { ...headers } as http.OutgoingHttpHeaders,
      agent: agent ?? false,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
      });
    });
    request.end(body);
  });
}

export function post(url: string, path: string, body: object, options: CallOptions = {}): Promise<Called> {
  return call(url, path, {
    ...options,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...options.headers },
    body: JSON.stringify(body),
  });
}

/** Writes bytes to a connection and answers all that came back until it was closed. */
export function raw(url: string, bytes: string, more: readonly string[] = []): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = net.connect({ host: hostname, port: Number(port) }, () => {
      socket.write(bytes);
      for (const text of more) socket.write(text);
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

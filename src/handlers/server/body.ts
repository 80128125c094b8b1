/** The body of a request, held whole and bounded. Invariant: no more than the limit is ever held. */
import type { IncomingMessage } from 'node:http';

export type Body = { readonly _tag: 'Whole'; readonly bytes: Buffer } | { readonly _tag: 'TooLarge' } | { readonly _tag: 'Gone' };

/** Told by its own `Content-Length`, before a byte of it is read. */
export function declaresTooMuch(request: IncomingMessage, bytesMax: number): boolean {
  return Number(request.headers['content-length'] ?? '0') > bytesMax;
}

export function readBody(request: IncomingMessage, bytesMax: number): Promise<Body> {
  if (declaresTooMuch(request, bytesMax)) return Promise.resolve({ _tag: 'TooLarge' });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    // By events and not by `for await`: leaving that loop early would close the connection before the refusal is sent.
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= bytesMax) chunks.push(chunk);
      else resolve({ _tag: 'TooLarge' });
    });
    request.once('end', () => {
      resolve({ _tag: 'Whole', bytes: Buffer.concat(chunks) });
    });
    request.once('error', () => {
      resolve({ _tag: 'Gone' });
    });
    request.once('close', () => {
      resolve({ _tag: 'Gone' });
    });
  });
}

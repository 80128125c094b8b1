/** What goes back over HTTP, and the answers that API Gateway gives by itself, in its own words. */

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** On every answer: it is what its type says, no page of another origin embeds it, and an answer that cost budget is never an old one. */
const ALWAYS = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'cross-origin-resource-policy': 'same-origin' } as const;

export function reply(status: number, body: Uint8Array, headers: Readonly<Record<string, string>>): Reply {
  return { status, headers: { ...ALWAYS, ...headers }, body };
}

export function jsonReply(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return reply(status, Buffer.from(`${JSON.stringify(value)}\n`), { 'content-type': 'application/json', ...headers });
}

/** A throttled Lambda (reserved concurrency 1, and one is running) and one that does not answer in time look like this from outside. */
export const SERVICE_UNAVAILABLE = jsonReply(503, { message: 'Service Unavailable' });

/** The same, and when it is worth asking again: a request is answered in less than a second. */
export const BUSY = jsonReply(503, { message: 'Service Unavailable' }, { 'retry-after': '1' });

/** A Lambda that threw, or answered what is no answer. */
export const INTERNAL_SERVER_ERROR = jsonReply(500, { message: 'Internal Server Error' });

export const TOO_LARGE = jsonReply(413, { message: 'Request Entity Too Large' });

export const NOT_FOUND = jsonReply(404, { message: 'Not Found' });

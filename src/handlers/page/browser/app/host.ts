/**
 * The client that shows this page: JSON-RPC over postMessage, as MCP Apps has it (SEP-1865, 2026-01-26).
 * Invariants: only the window that holds this page is heard; each request of it is answered.
 */
import { record, text } from '../shared/run-model';

export interface Host {
  readonly request: (method: string, params: object) => Promise<unknown>;
  readonly notify: (method: string, params: object) => void;
  /** One listener a method. */
  readonly on: (method: string, listener: (params: unknown) => void) => void;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** What a host may ask of a page that has nothing to keep. */
const ANSWERED = ['ping', 'ui/resource-teardown'];
const METHOD_NOT_FOUND = -32601;

export function connectHost(host: Window): Host {
  const waiting = new Map<unknown, Waiting>();
  const listeners = new Map<string, (params: unknown) => void>();
  let requests = 0;
  // The page does not know where it is shown: whoever holds it is whom it talks to.
  const send = (message: object): void => {
    host.postMessage({ jsonrpc: '2.0', ...message }, '*');
  };
  addEventListener('message', ({ source, data }: MessageEvent<unknown>) => {
    const { jsonrpc, id, method, params, result, error } = record(data);
    if (source !== host || jsonrpc !== '2.0') return;
    if (typeof method !== 'string') {
      const request = waiting.get(id);
      waiting.delete(id);
      if (error !== undefined) request?.reject(new Error(text(record(error)['message'])));
      else request?.resolve(result);
    } else if (id === undefined) listeners.get(method)?.(params);
    else if (ANSWERED.includes(method)) send({ id, result: {} });
    else send({ id, error: { code: METHOD_NOT_FOUND, message: `this page does not answer ${method.slice(0, 100)}` } });
  });
  return {
    request: (method, params) =>
      new Promise((resolve, reject) => {
        requests += 1;
        waiting.set(requests, { resolve, reject });
        send({ id: requests, method, params });
      }),
    notify: (method, params) => {
      send({ method, params });
    },
    on: (method, listener) => {
      listeners.set(method, listener);
    },
  };
}

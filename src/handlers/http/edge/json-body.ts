/**
 * Middleware: the body as a JSON value that is safe to walk. Parsing is Middy's; what it and JSON.parse let pass is refused here: a key
 * that stands twice in one object, a number that is not held as written, nesting beyond any document of ours, and keys that would reach a
 * prototype.
 */
import httpJsonBodyParser from '@middy/http-json-body-parser';
import { isRecord } from '../../../domain/codec/codec';
import { jsonFault, NESTING_MAX } from '../../../domain/codec/json-faults';
import type { Problem } from '../../../domain/codec/problem';
import type { Inbound } from './inbound';
import { FORBIDDEN_KEY, valueFault } from './json-value';
import type { Middleware } from './middleware';
import { invalidRequest, positionOf } from '../contract/problems';

interface Options {
  readonly bodyBytesMax: number;
}

export function jsonBody({ bodyBytesMax }: Options): Middleware {
  const parser = httpJsonBodyParser();
  return {
    before: (request) => {
      const { inbound } = request.internal;
      if (inbound?.refusal !== undefined || inbound === undefined) return;
      if (inbound.via === 'direct') {
        const refusal = valueFault(inbound.body, bodyBytesMax);
        if (refusal !== undefined) request.internal.inbound = { ...inbound, refusal };
      } else if (inbound.text !== undefined) {
        request.internal.inbound = { ...inbound, ...parse(parser, inbound.text) };
      }
    },
  };
}

type Parser = ReturnType<typeof httpJsonBodyParser>;

function parse(parser: Parser, text: string): Pick<Inbound, 'body'> | Pick<Inbound, 'refusal'> {
  const event: { body: unknown; readonly headers: Readonly<Record<string, string>>; readonly isBase64Encoded: false } = {
    body: text,
    headers: { 'content-type': 'application/json' },
    isBase64Encoded: false,
  };
  try {
    // Its type asks for whole requests; it reads and writes the event alone.
    (parser.before as ((request: { readonly event: unknown }) => void) | undefined)?.({ event });
  } catch (error) {
    return { refusal: invalidRequest([parseProblem(text, error)]) };
  }
  const fault = jsonFault(text);
  if (fault === undefined) return { body: event.body };
  const { pointer, message, offset } = fault;
  return { refusal: invalidRequest([{ pointer, message, ...positionOf(text, offset) }]) };
}

const POSITION = /at position ([0-9]+)/;

/** The parser's errors carry V8's message in their cause; it may quote the body, which goes back to its sender and nowhere else. */
function parseProblem(text: string, error: unknown): Problem {
  const cause = isRecord(error) && isRecord(error['cause']) ? error['cause'] : {};
  const message = typeof cause['message'] === 'string' ? cause['message'] : undefined;
  if (message === undefined) return { pointer: '', message: FORBIDDEN_KEY };
  // The parser recurses, so this is how it meets nesting that the check below would name.
  if (message.startsWith('Maximum call stack')) return { pointer: '', message: `nested deeper than ${String(NESTING_MAX)} levels` };
  const at = POSITION.exec(message)?.[1];
  return { pointer: '', message: `not JSON: ${message}`, ...(at === undefined ? {} : positionOf(text, Number(at))) };
}

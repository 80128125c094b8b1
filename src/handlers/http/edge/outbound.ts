/** Middleware: reads what came in, and gives what goes out the form in which it was asked for. Whatever is thrown is a bug and a 500. */
import { type ApiError, internalError } from '../contract/errors';
import { type Answer, type AnswerBody, answerOf } from './act';
import { corsHeaders } from './cors';
import { httpEventOf, httpResult } from './http-event';
import { gatewayToolOf } from './gateway-tool';
import { directInbound, type Inbound, type InboundOptions, readInbound } from './inbound';
import { type HandlerResult, isAnswer, type Middleware } from './middleware';

interface Options extends InboundOptions {
  /** Origins whose pages may read answers. */
  readonly corsOrigins: readonly string[];
  readonly refused: (error: ApiError) => AnswerBody;
}

export function outbound({ refused, corsOrigins, ...options }: Options): Middleware {
  function formed(inbound: Origin, { status, body, document }: Answer): HandlerResult {
    const { via, withBody, allow } = inbound;
    if (via === 'direct' && body !== undefined) return body;
    const content = document ?? (body === undefined ? undefined : { text: JSON.stringify(body), contentType: 'application/json' });
    const headers: Record<string, string> = {
      ...(content === undefined ? {} : { 'content-type': content.contentType }),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(allow === undefined ? {} : { allow }),
      ...corsHeaders(corsOrigins, inbound),
    };
    return httpResult(via === 'direct' ? 'payload-2.0' : via, status, headers, withBody ? content?.text : undefined);
  }

  return {
    before: (request) => {
      const { event, context } = request;
      request.internal.inbound = gatewayToolOf(context) === undefined ? readInbound(event, options) : directInbound(event);
    },
    after: (request) => {
      const { response, internal } = request;
      if (!isAnswer(response)) return;
      internal.answer = response;
      request.response = formed(internal.inbound ?? unread(request.event), response);
    },
    onError: (request) => {
      const { awsRequestId } = request.context;
      const answer = answerOf(refused(internalError(awsRequestId)));
      request.internal.answer = answer;
      request.response = formed(request.internal.inbound ?? unread(request.event), answer);
    },
  };
}

type Origin = Pick<Inbound, 'via' | 'withBody' | 'allow' | 'route' | 'origin'>;

/** Where reading itself failed. */
function unread(event: unknown): Origin {
  return { via: httpEventOf(event)?.form ?? 'direct', withBody: true, route: 'none' };
}

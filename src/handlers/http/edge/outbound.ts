/** Middleware: reads what came in, and gives what goes out the form in which it was asked for. Whatever is thrown is a bug and a 500. */
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ApiError } from '../contract/errors';
import type { Service } from '../contract/routes';
import { type Answer, type AnswerBody, answerOf } from './act';
import { httpEventOf, type Inbound, readInbound } from './inbound';
import { type HandlerResult, isAnswer, type Middleware } from './middleware';

interface Options {
  readonly service: Service;
  readonly bodyBytesMax: number;
  readonly refused: (error: ApiError) => AnswerBody;
}

export function outbound({ service, bodyBytesMax, refused }: Options): Middleware {
  return {
    before: (request) => {
      request.internal.inbound = readInbound(service, bodyBytesMax, request.event);
    },
    after: (request) => {
      const { response, internal } = request;
      if (!isAnswer(response)) return;
      internal.answer = response;
      request.response = formed(internal.inbound ?? unread(request.event), response);
    },
    onError: (request) => {
      const answer = answerOf(
        refused({
          code: 'internal_error',
          message: 'a fault of this service; its log has the details',
          request_id: request.context.awsRequestId,
        }),
      );
      request.internal.answer = answer;
      request.response = formed(request.internal.inbound ?? unread(request.event), answer);
    },
  };
}

/** Where reading itself failed. */
function unread(event: unknown): Pick<Inbound, 'via' | 'withBody'> {
  return { via: httpEventOf(event) === undefined ? 'direct' : 'http', withBody: true };
}

function formed({ via, withBody, allow }: Pick<Inbound, 'via' | 'withBody' | 'allow'>, { status, body }: Answer): HandlerResult {
  if (via === 'direct' && body !== undefined) return body;
  const headers: Record<string, string> = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(allow === undefined ? {} : { allow }),
  };
  const result: APIGatewayProxyStructuredResultV2 = { statusCode: status, headers };
  return body === undefined || !withBody ? result : { ...result, body: JSON.stringify(body) };
}

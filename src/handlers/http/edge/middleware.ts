/** What the middlewares of one invocation share. */
import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { isRecord } from '../../../domain/codec/codec';
import type { Answer, AnswerBody } from './act';
import type { Inbound } from './inbound';

export type HandlerResult = APIGatewayProxyStructuredResultV2 | AnswerBody;

export type Shared = { inbound?: Inbound; answer?: Answer; startedMs?: number };

export type Middleware = MiddlewareObj<unknown, Answer | HandlerResult, Error, Context, Shared>;

export function isAnswer(value: unknown): value is Answer {
  return isRecord(value) && value['_tag'] === 'Answer';
}

/** What the middlewares of one invocation share. */
import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { isRecord } from '../../../domain/codec/codec';
import type { Answer, AnswerBody } from './act';
import type { HttpResult } from './http-event';
import type { Inbound } from './inbound';

/** Of an event that is no request. */
export interface SenderAnswer {
  readonly message: string;
}

export type HandlerResult = HttpResult | AnswerBody | SenderAnswer;

export type Shared = { inbound?: Inbound; answer?: Answer; startedMs?: number };

export type Middleware = MiddlewareObj<unknown, Answer | HandlerResult, Error, Context, Shared>;

export function isAnswer(value: unknown): value is Answer {
  return isRecord(value) && value['_tag'] === 'Answer';
}

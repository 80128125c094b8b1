/** What the middlewares of one invocation share. */
import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { isRecord } from '../../domain/codec/codec';
import type { Inbound } from './inbound';
import type { ApiResponse, HealthResponse } from './response';

/** What the handler answers: not yet in the form of HTTP or of a direct invocation. */
export interface Answer {
  readonly _tag: 'Answer';
  readonly status: number;
  /** Absent for OPTIONS. */
  readonly body?: ApiResponse | HealthResponse;
}

export type HandlerResult = APIGatewayProxyStructuredResultV2 | ApiResponse | HealthResponse;

export type Shared = { inbound?: Inbound; answer?: Answer; startedMs?: number };

export type Middleware = MiddlewareObj<unknown, Answer | HandlerResult, Error, Context, Shared>;

export function isAnswer(value: unknown): value is Answer {
  return isRecord(value) && value['_tag'] === 'Answer';
}

/**
 * The handler of a function: the very one that Lambda runs and that the local server calls.
 * It takes a request over HTTP and answers in the form that its sender reads, or takes the bare body and answers the bare response.
 */
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { assert } from '../../../domain/assert';
import type { Budget } from '../../../domain/budget/budget';
import { SPEC_VERSION } from '../../../domain/limits';
import type { Telemetry } from '../../../ports/telemetry';
import type { RequestEnd, Tracing } from '../../../ports/tracing';
import type { ApiError } from '../contract/errors';
import type { HealthResponse } from '../contract/response';
import type { Route, RouteOf, Service } from '../contract/routes';
import { type Act, type Answer, type AnswerBody, answerOf, type Invocation } from './act';
import { gatewayToolOf } from './gateway-tool';
import type { Inbound } from './inbound';
import { type InvocationContext, invocationOf } from './invocation';
import { jsonBody } from './json-body';
import type { HandlerResult, Shared } from './middleware';
import { observed } from './observed';
import { outbound } from './outbound';
import { senderOf } from './senders';

export interface EdgeSettings {
  readonly version: string;
  /** As `/health` tells them. */
  readonly ceilings: Budget;
  readonly enabled: HealthResponse['enabled'];
  /** The longest body that is read. Unit: UTF-8 bytes. */
  readonly bodyBytesMax: number;
  /** Kept back from the work of an invocation for storing what came of it. Unit: ms. */
  readonly storeReserveMs: number;
  /** What may stand before every path; empty for nothing. */
  readonly basePath: string;
  /** Origins whose pages may read answers; none otherwise. */
  readonly corsOrigins: readonly string[];
}

/** What a function serves: an act for each of its routes. */
export interface Served<S extends Service> {
  readonly service: S;
  readonly acts: Readonly<Record<RouteOf<S>, Act>>;
  /** The act of an invocation with a bare body. */
  readonly direct: Act;
  /** The body that says why a request reached no act. */
  readonly refused: (error: ApiError) => AnswerBody;
}

/** A request over HTTP gives a result in the form of its sender; anything else is taken for the bare body and gives the bare response. */
export type Handler = (event: unknown, context: InvocationContext) => Promise<HandlerResult>;

export interface EdgePorts {
  readonly telemetry: Telemetry;
  readonly tracing?: Tracing;
  /** The text of `/openapi.json`; made when it is asked for. */
  readonly openApi: () => string;
}

export function makeHandler<S extends Service>(
  served: Served<S>,
  settings: EdgeSettings,
  { telemetry, tracing, openApi }: EdgePorts,
): Handler {
  const { service, refused } = served;
  const { bodyBytesMax, storeReserveMs, basePath, corsOrigins } = settings;
  const acts: Readonly<Partial<Record<Route, Act>>> = {
    ...served.acts,
    'GET /health': healthAct(service, settings),
    'GET /openapi.json': documentAct(openApi),
  };
  // `outbound` gives every answer its form, the one of a fault included; `observed` stands around it and sees them all.
  const wrapped = middy<unknown, Answer | HandlerResult, Error, Context, Shared>(
    // The last `before` put it there.
    (event: unknown, context: InvocationContext) => answerTo(event as Inbound, invocationOf(context, storeReserveMs)),
    // The deadlines of an invocation end its work; Middy's own timer would throw away what was done.
    { timeoutEarlyInMillis: 0 },
  )
    .use(observed({ service, telemetry, nowMs: () => performance.now() }))
    .use(outbound({ service, bodyBytesMax, basePath, corsOrigins, refused }))
    .use(jsonBody({ bodyBytesMax }))
    .before((request) => {
      request.event = request.internal.inbound;
    });

  async function answerTo({ route, refusal, ...call }: Inbound, invocation: Invocation): Promise<Answer> {
    if (refusal !== undefined) return answerOf(refused(refusal));
    if (route === 'OPTIONS') return { _tag: 'Answer', status: 204 };
    const act = route === 'direct' ? served.direct : route === 'none' ? undefined : acts[route];
    assert(act !== undefined, 'a route that is matched has an act');
    // What only reads is no agent at work.
    if (tracing === undefined || route.startsWith('GET ')) return act(call, invocation);
    return tracing.request({ route, headers: call.headers }, () => act(call, invocation), endOf);
  }

  return async (event, context) => {
    const sender = gatewayToolOf(context) === undefined ? senderOf(event) : undefined;
    if (sender === undefined) return (await wrapped(event, context as Context)) as HandlerResult;
    // Outside the middlewares, for this is no request: it is neither measured nor among the refusals.
    const fields = { request_id: context.awsRequestId, mode: service, sender: sender.name };
    telemetry.note(sender.carriesMessage ? 'error' : 'info', 'not_a_request', fields);
    const message = `not a request: ${sender.name}`;
    if (sender.carriesMessage)
      throw new Error(`${message}; this function takes requests, so nothing was done and the message is not taken as done`);
    return { message };
  };
}

function endOf({ body }: Answer): RequestEnd {
  const { error, run_id: runId, session_id: sessionId, head_hash: headHash, head } = body ?? {};
  return {
    code: error?.code,
    limiter: error !== undefined && 'limiter' in error ? error.limiter : undefined,
    runId: runId ?? undefined,
    sessionId,
    headHash: headHash ?? head,
  };
}

function documentAct(openApi: () => string): Act {
  return () => Promise.resolve({ _tag: 'Answer', status: 200, document: { text: openApi(), contentType: 'application/json' } });
}

function healthAct(mode: Service, { version, ceilings, enabled }: EdgeSettings): Act {
  const health: HealthResponse = { ok: true, version, spec_version: SPEC_VERSION, mode, ceilings, enabled };
  return () => Promise.resolve(answerOf(health));
}

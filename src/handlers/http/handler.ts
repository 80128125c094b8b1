/**
 * The handler of each mode: the very function that Lambda runs and that the local server calls.
 * It takes an API Gateway payload 2.0 event and answers its structured result, or takes the bare body and answers the bare response.
 */
import middy from '@middy/core';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { Budget } from '../../domain/budget/budget';
import type { ArtifactStore } from '../../ports/artifact-store';
import type { CodeInterpreter } from '../../ports/code-interpreter';
import type { Memory } from '../../ports/memory';
import type { Planner } from '../../ports/planner';
import type { Telemetry } from '../../ports/telemetry';
import { SPEC_VERSION } from '../../domain/limits';
import { refused } from './conclude';
import { STATUS_OF } from './errors';
import type { Inbound } from './inbound';
import { type Invocation, invocationOf } from './invocation';
import { jsonBody } from './json-body';
import type { Answer, HandlerResult, Shared } from './middleware';
import type { Act } from './modes';
import { observed } from './observed';
import { outbound } from './outbound';
import type { ApiResponse, HealthResponse, Mode } from './response';

export type { Mode } from './response';

export interface HandlerConfig {
  readonly version: string;
  /** A request whose budget names more than this of anything is refused whole. */
  readonly ceilings: Budget;
  /** `ENABLE_AGENTCORE_MEMORY=1`. Without it a memory request is answered and nothing is called. */
  readonly memoryEnabled: boolean;
  /** The longest body that is read. Unit: UTF-8 bytes. */
  readonly bodyBytesMax: number;
  /** The most that the files of one run have together; a run with more stores nothing. Unit: bytes. */
  readonly artifactBytesMax: number;
  /** Kept back from the work of an invocation for storing what came of it. Unit: ms. */
  readonly storeReserveMs: number;
}

/** Only what the mode uses: base needs `artifacts`; `interpreter` and `planner` absent means that the tool is not enabled. */
export interface HandlerPorts {
  readonly artifacts: ArtifactStore;
  readonly memory?: Memory;
  readonly interpreter?: CodeInterpreter;
  readonly planner?: Planner;
  readonly telemetry: Telemetry;
}

/** What the handler reads of Lambda's context. */
export interface InvocationContext {
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;
}

/** A payload 2.0 event gives the structured result; anything else is taken for the bare body and gives the bare response. */
export type Handler = (event: unknown, context: InvocationContext) => Promise<APIGatewayProxyStructuredResultV2 | ApiResponse>;

/** Takes the act of its mode, so that a bundle of one function holds no other's. */
export function makeModeHandler(mode: Mode, act: Act, config: HandlerConfig, ports: HandlerPorts): Handler {
  // `outbound` gives every answer its form, the one of a fault included; `observed` stands around it and sees them all.
  const wrapped = middy<unknown, Answer | HandlerResult, Error, Context, Shared>(
    // The last `before` put it there.
    (event: unknown, context: InvocationContext) => answerTo(event as Inbound, mode, act, invocationOf(config, ports, context)),
    // The deadlines of an invocation end its work; Middy's own timer would throw away what was done.
    { timeoutEarlyInMillis: 0 },
  )
    .use(observed({ mode, telemetry: ports.telemetry, nowMs: () => performance.now() }))
    .use(outbound({ mode, bodyBytesMax: config.bodyBytesMax }))
    .use(jsonBody({ bodyBytesMax: config.bodyBytesMax }))
    .before((request) => {
      request.event = request.internal.inbound;
    });
  return async (event, context) => (await wrapped(event, context as Context)) as APIGatewayProxyStructuredResultV2 | ApiResponse;
}

async function answerTo({ target, refusal, body }: Inbound, mode: Mode, act: Act, invocation: Invocation): Promise<Answer> {
  if (refusal !== undefined) return answerOf(refused(mode, refusal));
  switch (target) {
    case 'options':
      return { _tag: 'Answer', status: 204 };
    case 'health':
      return { _tag: 'Answer', status: 200, body: health(mode, invocation.config, invocation.ports) };
    default:
      return answerOf(await act(body, invocation));
  }
}

function answerOf(body: ApiResponse): Answer {
  return { _tag: 'Answer', status: body.error === undefined ? 200 : STATUS_OF[body.error.code], body };
}

function health(mode: Mode, { version, ceilings, memoryEnabled }: HandlerConfig, { interpreter, planner }: HandlerPorts): HealthResponse {
  const enabled = {
    memory: mode === 'agentcore-memory' && memoryEnabled,
    code_interpreter: interpreter !== undefined,
    planner: planner !== undefined,
  };
  return { ok: true, version, spec_version: SPEC_VERSION, mode, ceilings, enabled };
}

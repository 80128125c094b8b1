/**
 * A Lambda function as it is deployed: so many at a time, and not for ever.
 * Invariant: no more than `atOnce` run, those included that were given up: their code is still running.
 */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { isRecord } from '../../domain/codec/codec';
import type { InvocationContext } from '../http/edge/invocation';
import { BUSY, INTERNAL_SERVER_ERROR, jsonReply, type Reply, reply, SERVICE_UNAVAILABLE } from './reply';

/** A handler, of which nothing is taken for granted: what it answers is looked at as API Gateway looks at it. */
export type Invoke = (event: APIGatewayProxyEventV2, context: InvocationContext) => Promise<unknown>;

export interface LocalFunction {
  readonly call: (event: APIGatewayProxyEventV2) => Promise<Reply>;
}

export function makeLocalFunction(invoke: Invoke, timeoutMs: number, note: (what: string) => void, atOnce = 1): LocalFunction {
  let running = 0;

  async function run(event: APIGatewayProxyEventV2): Promise<Reply> {
    const endMs = performance.now() + timeoutMs;
    const context = {
      awsRequestId: event.requestContext.requestId,
      getRemainingTimeInMillis: () => Math.max(0, endMs - performance.now()),
    };
    try {
      return replyOf(await invoke(event, context));
    } catch (error) {
      note(`the function failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      return INTERNAL_SERVER_ERROR;
    } finally {
      running -= 1;
    }
  }

  return {
    call: async (event) => {
      if (running >= atOnce) return BUSY;
      running += 1;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<Reply>((resolve) => {
        timer = setTimeout(() => {
          note(`the function did not answer within ${String(timeoutMs)} ms`);
          resolve(SERVICE_UNAVAILABLE);
        }, timeoutMs);
      });
      const answer = await Promise.race([run(event), late]);
      clearTimeout(timer);
      return answer;
    },
  };
}

/** The result of a payload 2.0 integration; a result without a status is a body that succeeded. */
function replyOf(result: unknown): Reply {
  if (!isRecord(result) || result['statusCode'] === undefined) return result === undefined ? INTERNAL_SERVER_ERROR : jsonReply(200, result);
  const { statusCode: status, headers, body = '', isBase64Encoded: encoded } = result;
  if (typeof status !== 'number' || typeof body !== 'string') return INTERNAL_SERVER_ERROR;
  const bytes = Buffer.from(body, encoded === true ? 'base64' : 'utf8');
  const named = isRecord(headers) ? Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]) : [];
  return reply(status, bytes, Object.fromEntries(named) as Record<string, string>);
}

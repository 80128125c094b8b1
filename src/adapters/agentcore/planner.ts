/**
 * Plans from an agent on AgentCore Runtime: a session a run, stopped when it is closed.
 * What the agent answers is untrusted text: bounded, decoded by the codec of proposed actions, and never acted upon here. Its contract:
 * `POST {"context":...,"goal":"..."}` answers a JSON list of actions, as `application/json` or as `text/event-stream`.
 */
import {
  type BedrockAgentCoreClient,
  InvokeAgentRuntimeCommand,
  type InvokeAgentRuntimeCommandOutput,
  StopRuntimeSessionCommand,
} from '@aws-sdk/client-bedrock-agentcore';
import { Readable } from 'node:stream';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { canonical } from '../../domain/canonical/canonical';
import { jsonFault } from '../../domain/codec/json-faults';
import type { Problem } from '../../domain/codec/problem';
import { sha256Hex } from '../../domain/hash';
import { decodeProposal, type ProposedAction } from '../../domain/world/market/proposal';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import { CLOSE_MS_MAX } from '../../ports/closing';
import type { Goal, MalformedPlan, Planner, PlannerSession } from '../../ports/planner';
import type { Telemetry } from '../../ports/telemetry';
import { attempt, type AwsCall } from '../aws/attempt';
import { AGENTCORE } from './client';
import { textOfEventStream } from './event-stream-text';
import { stopSession } from './stop-session';

export interface AgentCorePlannerDeps {
  readonly client: BedrockAgentCoreClient;
  readonly agentRuntimeArn: string;
  /** The endpoint of the runtime; the service takes `DEFAULT` when there is none. */
  readonly qualifier?: string;
  readonly telemetry: Telemetry;
  /** The longest that ending a session may take. */
  readonly stopTimeoutMs?: number;
  readonly replyBytesMax?: number;
}

const REPLY_BYTES_MAX = 256 * 1024;

type Reply = { readonly _tag: 'text'; readonly text: string } | { readonly _tag: 'unreadable'; readonly why: string };

export function makeAgentCorePlanner(deps: AgentCorePlannerDeps): Planner {
  return {
    source: 'remote',
    label: 'agent on Amazon Bedrock AgentCore Runtime',
    open: (runId) => openSession(deps, sessionIdOf(runId)),
  };
}

/**
 * 33 to 256 characters. Of our own making, so that the goals of a run are one session, a repeat of the run does not open another, and both
 * sides' logs can be matched.
 */
export function sessionIdOf(runId: string): string {
  return sha256Hex(runId);
}

function openSession(deps: AgentCorePlannerDeps, sessionId: string): PlannerSession {
  // A request that the service declined opened nothing; of any other nobody but the service knows.
  let mayRun = false;
  return {
    propose: (goal, _operationId, deadline) => async () => {
      const reply = await invoke(deps, goal, sessionId, deadline);
      mayRun ||= !isLeft(reply) || reply.left.effect === 'unknown';
      return isLeft(reply) ? reply : decodeReply(reply.right);
    },
    close: () => (mayRun ? stop(deps, sessionId) : Promise.resolve(0)),
  };
}

function stop(deps: AgentCorePlannerDeps, runtimeSessionId: string): Promise<number> {
  const { client, agentRuntimeArn, qualifier, telemetry, stopTimeoutMs = CLOSE_MS_MAX } = deps;
  const named = { agentRuntimeArn, runtimeSessionId, ...(qualifier === undefined ? {} : { qualifier }) };
  return stopSession(telemetry, 'StopRuntimeSession', runtimeSessionId, stopTimeoutMs, (abortSignal) =>
    client.send(new StopRuntimeSessionCommand(named), { abortSignal }),
  );
}

function invoke(deps: AgentCorePlannerDeps, goal: Goal, runtimeSessionId: string, deadline: Deadline): Promise<Either<CallFailure, Reply>> {
  const call: AwsCall = { service: AGENTCORE, operation: 'InvokeAgentRuntime', kind: 'write', deadline };
  return attempt(call, async (abortSignal) => {
    const command = new InvokeAgentRuntimeCommand({
      agentRuntimeArn: deps.agentRuntimeArn,
      ...(deps.qualifier === undefined ? {} : { qualifier: deps.qualifier }),
      runtimeSessionId,
      contentType: 'application/json',
      accept: 'application/json, text/event-stream',
      payload: Buffer.from(canonical({ goal: goal.goal, context: goal.context })),
    });
    return readReply(await deps.client.send(command, { abortSignal }), deps.replyBytesMax ?? REPLY_BYTES_MAX);
  });
}

async function readReply(output: InvokeAgentRuntimeCommandOutput, replyBytesMax: number): Promise<Reply> {
  const body: unknown = output.response;
  const mediaType = output.contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!(body instanceof Readable)) return { _tag: 'unreadable', why: 'no body' };
  if (mediaType !== 'application/json' && mediaType !== 'text/event-stream') {
    // An unread body would keep its socket out of the pool.
    body.destroy();
    return { _tag: 'unreadable', why: 'neither application/json nor text/event-stream' };
  }
  const bytes = await readBounded(body, replyBytesMax);
  if (bytes === undefined) return { _tag: 'unreadable', why: `more than ${String(replyBytesMax)} bytes` };
  const text = decodeUtf8(bytes);
  if (text === undefined) return { _tag: 'unreadable', why: 'not UTF-8' };
  return { _tag: 'text', text: mediaType === 'text/event-stream' ? textOfEventStream(text) : text };
}

/** The whole body, or `undefined` when it is longer; leaving the loop early destroys the stream. */
async function readBounded(body: Readable, bytesMax: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function decodeReply(reply: Reply): Either<MalformedPlan, readonly ProposedAction[]> {
  if (reply._tag === 'unreadable') return malformed([{ pointer: '', message: `the agent's reply: ${reply.why}` }]);
  let document: unknown;
  try {
    document = JSON.parse(reply.text);
  } catch {
    return malformed([{ pointer: '', message: "the agent's reply: expected a JSON list of actions, and it is not JSON" }]);
  }
  const fault = jsonFault(reply.text);
  if (fault !== undefined) return malformed([{ pointer: fault.pointer, message: `the agent's reply: ${fault.message}` }]);
  const proposal = decodeProposal(document);
  return isLeft(proposal) ? malformed(proposal.left) : right(proposal.right);
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function malformed(problems: readonly Problem[]): Either<MalformedPlan, never> {
  return left({ _tag: 'MalformedPlan', problems });
}

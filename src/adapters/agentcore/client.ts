/** The one place that constructs the AgentCore data plane client. */
import { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import { type ConnectionLimits, connectionSettings } from '../aws/connection';

export interface AgentCoreClientOptions extends ConnectionLimits {
  /** Headers of a trace (`traceparent`, `tracestate`, `baggage`) for the call that is made now; absent: none. */
  readonly traceHeaders?: () => Readonly<Record<string, string>>;
}

/** `requestTimeoutMs` has to cover the longest program: the service answers when a program ends, not when it begins. */
export function makeAgentCoreClient({ traceHeaders, ...limits }: AgentCoreClientOptions): BedrockAgentCoreClient {
  const client = new BedrockAgentCoreClient(connectionSettings(limits));
  if (traceHeaders === undefined) return client;
  // Operations of the runtime and of the interpreter have members for some of these and those of memory have none: on the wire all are the same
  // headers. Before the signature, which then covers them.
  client.middlewareStack.add(
    (next) => (args) => {
      Object.assign((args.request as { readonly headers: Record<string, string> }).headers, traceHeaders());
      return next(args);
    },
    { step: 'build', name: 'traceHeaders' },
  );
  return client;
}

/** The `service` of every failure of these adapters. */
export const AGENTCORE = 'bedrock-agentcore';

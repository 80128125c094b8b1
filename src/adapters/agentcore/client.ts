/** The one place that constructs the AgentCore data plane client. */
import { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import { type ConnectionLimits, connectionSettings } from '../aws/connection';

/** `requestTimeoutMs` has to cover the longest program: the service answers when a program ends, not when it begins. */
export function makeAgentCoreClient(limits: ConnectionLimits): BedrockAgentCoreClient {
  return new BedrockAgentCoreClient(connectionSettings(limits));
}

/** The `service` of every failure of these adapters. */
export const AGENTCORE = 'bedrock-agentcore';

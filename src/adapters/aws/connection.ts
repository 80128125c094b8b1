/**
 * The settings every AWS client of ours is built with: one attempt, and limits on every wait.
 * Region, credentials and endpoint come from the SDK's own environment variables (`AWS_REGION`, `AWS_ENDPOINT_URL_S3`,
 * `AWS_ENDPOINT_URL_BEDROCK_AGENTCORE`, ...), so a deployment and a test redirect a client the same way.
 */
import type { Agent } from 'node:http';
import { assert } from '../../domain/assert';

export interface ConnectionLimits {
  /** Until the TCP and TLS handshake is done. */
  readonly connectTimeoutMs: number;
  /** Until the first byte of the answer, and between two of them. Below the Lambda's own timeout; a call's deadline may end it sooner. */
  readonly requestTimeoutMs: number;
  /** Connections of another making: by way of a proxy, and with authorities of their own. The SDK for JavaScript reads neither from the environment. */
  readonly agents?: { readonly http: Agent; readonly https: Agent };
}

export interface ConnectionSettings {
  readonly maxAttempts: 1;
  readonly retryMode: 'standard';
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: true;
    readonly socketTimeout: number;
    readonly httpAgent?: Agent;
    readonly httpsAgent?: Agent;
  };
}

export function connectionSettings(limits: ConnectionLimits): ConnectionSettings {
  assert(limits.connectTimeoutMs > 0, 'a connection is not waited for without end');
  assert(limits.connectTimeoutMs <= limits.requestTimeoutMs, 'connecting is a part of the request');
  return {
    // Stated here because it then wins over AWS_MAX_ATTEMPTS and profile files: a retry would be an act that no budget has charged.
    maxAttempts: 1,
    // The adaptive mode would delay calls of its own accord.
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: limits.connectTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      // Without it the SDK only prints a warning and waits on.
      throwOnRequestTimeout: true,
      socketTimeout: limits.requestTimeoutMs,
      ...(limits.agents === undefined ? {} : { httpAgent: limits.agents.http, httpsAgent: limits.agents.https }),
    },
  };
}

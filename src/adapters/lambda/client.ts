/** The one place that constructs the client of Lambda's control plane. */
import { LambdaClient } from '@aws-sdk/client-lambda';
import { type ConnectionLimits, connectionSettings } from '../aws/connection';

export function makeLambdaClient(limits: ConnectionLimits & { readonly region?: string }): LambdaClient {
  return new LambdaClient({ ...connectionSettings(limits), ...(limits.region === undefined ? {} : { region: limits.region }) });
}

/** The one place that constructs the KMS client. */
import { KMSClient } from '@aws-sdk/client-kms';
import { type ConnectionLimits, connectionSettings } from '../aws/connection';

export function makeKmsClient(limits: ConnectionLimits): KMSClient {
  return new KMSClient(connectionSettings(limits));
}

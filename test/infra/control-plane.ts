/** The SDK's clients for reading back what was deployed. */
import { ApiGatewayV2Client } from '@aws-sdk/client-apigatewayv2';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { READER, TEST_REGION } from '../support/aws-calls';

export interface ControlPlane {
  readonly api: ApiGatewayV2Client;
  readonly iam: IAMClient;
  readonly kms: KMSClient;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
  readonly steps: SFNClient;
  readonly watch: CloudWatchClient;
  readonly close: () => void;
}

export function controlPlane(endpoint: string): ControlPlane {
  const settings = { endpoint, region: TEST_REGION, credentials: { accessKeyId: READER, secretAccessKey: 'test' }, maxAttempts: 1 };
  const clients = {
    api: new ApiGatewayV2Client(settings),
    iam: new IAMClient(settings),
    kms: new KMSClient(settings),
    lambda: new LambdaClient(settings),
    logs: new CloudWatchLogsClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    steps: new SFNClient(settings),
    watch: new CloudWatchClient(settings),
  };
  return {
    ...clients,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

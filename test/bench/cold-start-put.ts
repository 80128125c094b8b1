/** A function that puts one object: what the first request to S3 costs, whoever makes it. */
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const client = new S3Client({ forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' });
/** SHA-256 of `{}`. */
const CHECKSUM = 'RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=';

export const handler = async (): Promise<object> => {
  const command = {
    Bucket: process.env['EWM_ARTIFACT_BUCKET'],
    Key: 'object',
    Body: '{}',
    ContentLength: 2,
    ChecksumSHA256: CHECKSUM,
    IfNoneMatch: '*',
  };
  await client.send(new PutObjectCommand(command));
  return { ok: true };
};

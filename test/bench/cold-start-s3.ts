/** A function that builds an S3 client and does nothing with it: what every function with artifacts has to load. */
import { S3Client } from '@aws-sdk/client-s3';

const client = new S3Client({});

export const handler = (): Promise<object> => Promise.resolve({ ok: client.config.apiVersion });

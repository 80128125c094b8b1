/** The one place that constructs the S3 client. */
import { S3Client } from '@aws-sdk/client-s3';
import { type ConnectionLimits, connectionSettings } from '../aws/connection';

export interface S3ClientSettings extends ConnectionLimits {
  /** `http://host/bucket/key` in place of `http://bucket.host/key`: for S3 look-alikes whose host is a name. */
  readonly pathStyle?: boolean;
  /** Where the SDK's own variables are not to decide. */
  readonly region?: string;
}

export function makeS3Client(settings: S3ClientSettings): S3Client {
  return new S3Client({
    ...connectionSettings(settings),
    ...(settings.region === undefined ? {} : { region: settings.region }),
    forcePathStyle: settings.pathStyle ?? false,
    // The adapter sends its own SHA-256; the SDK's default CRC-32 beside it would be a second pass over the same bytes.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    // A bucket in another region is a mistake of the configuration, and following it would be a second request.
    followRegionRedirects: false,
  });
}

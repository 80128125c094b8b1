/** An object in pieces, for one that is not held whole. */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import { attempt } from '../aws/attempt';
import { type BucketDeps, bucketOf, SERVICE } from './objects';

/** Bytes `[from, from + bytes)` of an object, fewer at its end. Cost: one request. */
export type ReadRange = (key: string, from: number, bytes: number, deadline: Deadline) => TaskEither<CallFailure, Uint8Array>;

export function makeReadRange(deps: BucketDeps): ReadRange {
  const { client, bucket, prefix } = bucketOf(deps);
  return (key, from, bytes, deadline) => () =>
    attempt({ service: SERVICE, operation: 'GetObject', kind: 'read', deadline }, async (abortSignal) => {
      const Range = `bytes=${String(from)}-${String(from + bytes - 1)}`;
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: prefix + key, Range }), { abortSignal });
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    });
}

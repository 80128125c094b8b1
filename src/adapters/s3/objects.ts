/**
 * Objects of one bucket that are created once and read whole: what every store in S3 does with them.
 * Invariant: every write carries `If-None-Match: *` and is sent once; a `PutObject` that failed half-way leaves no object.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Either, isLeft, right } from 'fp-ts/Either';
import { assert } from '../../domain/assert';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import { attempt, type AwsCall, errorName, httpStatusOf } from '../aws/attempt';

export const SERVICE = 's3';

export interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
  /** Put before every key; empty, or ending in `/`. */
  readonly prefix: string;
}

export interface BucketDeps {
  readonly client: S3Client;
  readonly bucket: string;
  /** Put before every key; empty, or ending in `/`. */
  readonly prefix?: string;
}

export function bucketOf({ client, bucket, prefix = '' }: BucketDeps): Bucket {
  assert(prefix === '' || prefix.endsWith('/'), 'a prefix of keys ends in "/"');
  return { client, bucket, prefix };
}

/** What is created at a key. */
export interface NewObject {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** 412: the key exists. 409: somebody else is writing it at this moment. Nothing of ours was written in either case. */
export type Created = 'created' | { readonly status: 409 | 412 };

export function createObject(
  at: Bucket,
  { key, bytes, contentType }: NewObject,
  deadline: Deadline,
): Promise<Either<CallFailure, Created>> {
  const command = new PutObjectCommand({
    Bucket: at.bucket,
    Key: at.prefix + key,
    Body: bytes,
    ContentLength: bytes.length,
    ContentType: contentType,
    ChecksumSHA256: createHash('sha256').update(bytes).digest('base64'),
    IfNoneMatch: '*',
  });
  return attempt<Created>({ service: SERVICE, operation: 'PutObject', kind: 'write', deadline }, async (signal) => {
    try {
      await at.client.send(command, { abortSignal: signal });
      return 'created';
    } catch (error) {
      const status = httpStatusOf(error);
      if (status === 412 || status === 409) return { status };
      throw error;
    }
  });
}

/** What is at a key: its bytes, or why they were not read. */
export type Found = Uint8Array | 'missing' | 'another length';

export interface Reading {
  /** A body of another length is not downloaded: it answers a comparison already. Unit: bytes. */
  readonly expectedBytes?: number;
  /**
   * Whether to list the key where S3 forbids to read it. S3 says that a key is missing only to those who may list the whole bucket, and forbids
   * it to all others; a role that may list this key is told by the list. Costs a request more, and only there.
   */
  readonly list?: boolean;
}

export async function readObject(
  at: Bucket,
  key: string,
  deadline: Deadline,
  { expectedBytes, list = false }: Reading = {},
): Promise<Either<CallFailure, Found>> {
  const call: AwsCall = { service: SERVICE, operation: 'GetObject', kind: 'read', deadline };
  const found = await attempt<Found>(call, async (signal) => {
    const command = new GetObjectCommand({ Bucket: at.bucket, Key: at.prefix + key, ChecksumMode: 'ENABLED' });
    try {
      const { Body: body, ContentLength: lengthBytes } = await at.client.send(command, { abortSignal: signal });
      if (body === undefined) return new Uint8Array();
      if (expectedBytes === undefined || lengthBytes === expectedBytes) return await body.transformToByteArray();
      // An unread body would keep its socket out of the pool.
      if (body instanceof Readable) body.destroy();
      return 'another length';
    } catch (error) {
      // A missing bucket is a 404 too, and a failure.
      if (errorName(error) === 'NoSuchKey') return 'missing';
      throw error;
    }
  });
  const forbidden = list && isLeft(found) && found.left._tag === 'DependencyFailed' && found.left.httpStatus === 403;
  return forbidden && (await isMissing(at, key, deadline)) ? right('missing') : found;
}

async function isMissing(at: Bucket, key: string, deadline: Deadline): Promise<boolean> {
  const page = await attempt({ service: SERVICE, operation: 'ListObjectsV2', kind: 'read', deadline }, (signal) => {
    const command = new ListObjectsV2Command({ Bucket: at.bucket, Prefix: at.prefix + key, MaxKeys: 1 });
    return at.client.send(command, { abortSignal: signal });
  });
  // The first key with this prefix is the key itself, if there is one.
  return !isLeft(page) && page.right.Contents?.[0]?.Key !== at.prefix + key;
}

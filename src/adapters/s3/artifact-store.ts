/**
 * Artifacts in an S3 bucket.
 * Invariant: an object is only ever created, never replaced: every write carries `If-None-Match: *`. A `PutObject` that failed half-way
 * leaves no object, and a repeat of the run finds out whether it had worked by comparing bytes.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { assert } from '../../domain/assert';
import type { Artifact, ArtifactConflict, ArtifactNotFound, ArtifactStore, PutOutcome } from '../../ports/artifact-store';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import { checkFolder, checkKey } from '../artifact-key';
import { putFolderBy } from '../put-folder';
import { attempt, type Call, errorName, httpStatusOf, unusable } from '../aws/attempt';

export interface S3ArtifactStoreDeps {
  readonly client: S3Client;
  readonly bucket: string;
  /** Put before every key; empty, or ending in `/`. */
  readonly prefix?: string;
}

const SERVICE = 's3';

export function makeS3ArtifactStore(deps: S3ArtifactStoreDeps): ArtifactStore {
  const prefix = deps.prefix ?? '';
  assert(prefix === '' || prefix.endsWith('/'), 'a prefix of artifacts ends in "/"');
  const at = { client: deps.client, bucket: deps.bucket, prefix };
  const putOne: ArtifactStore['put'] = (artifact, deadline) => async () => {
    const key = checkKey(artifact.key);
    return isLeft(key) ? key : put(at, artifact, deadline);
  };
  return {
    location: `s3://${deps.bucket}/${prefix}`,
    put: putOne,
    putFolder: putFolderBy(putOne),
    get: (key, deadline) => async () => {
      const checked = checkKey(key);
      return isLeft(checked) ? checked : get(at, key, deadline);
    },
    list: (folder, deadline) => async () => {
      const checked = checkFolder(folder);
      return isLeft(checked) ? checked : list(at, folder, deadline);
    },
  };
}

interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
  readonly prefix: string;
}

async function put(at: Bucket, artifact: Artifact, deadline: Deadline): Promise<Either<ArtifactConflict | CallFailure, PutOutcome>> {
  const call: Call = { service: SERVICE, operation: 'PutObject', kind: 'write', deadline };
  const sent = await attempt(call, (signal) => create(at, artifact, signal));
  if (isLeft(sent)) return sent;
  if (sent.right === 'created') return right('written');
  const found = await read(at, artifact.key, deadline, artifact.bytes.length);
  if (isLeft(found)) return found;
  if (found.right === 'missing') {
    // Another writer was at the key (a 409) and gave up, or the object was deleted between the two requests.
    return left({
      ...unusable(call, 'the key was taken when writing and free right after'),
      httpStatus: sent.right.status,
      effect: 'none',
    });
  }
  const same = found.right !== 'another length' && Buffer.compare(found.right, artifact.bytes) === 0;
  return same ? right('unchanged') : left({ _tag: 'ArtifactConflict', key: artifact.key });
}

/** 412: the key exists. 409: somebody else is writing it at this moment. Both mean that nothing of ours was written. */
async function create(at: Bucket, artifact: Artifact, signal: AbortSignal): Promise<'created' | { readonly status: number }> {
  const command = new PutObjectCommand({
    Bucket: at.bucket,
    Key: at.prefix + artifact.key,
    Body: artifact.bytes,
    ContentLength: artifact.bytes.length,
    ContentType: artifact.contentType,
    ChecksumSHA256: createHash('sha256').update(artifact.bytes).digest('base64'),
    IfNoneMatch: '*',
  });
  try {
    await at.client.send(command, { abortSignal: signal });
    return 'created';
  } catch (error) {
    const status = httpStatusOf(error);
    if (status === 412 || status === 409) return { status };
    throw error;
  }
}

/** What is at a key: its bytes, or why they were not read. */
type Found = Uint8Array | 'missing' | 'another length';

async function get(at: Bucket, key: string, deadline: Deadline): Promise<Either<ArtifactNotFound | CallFailure, Uint8Array>> {
  const found = await read(at, key, deadline);
  if (isLeft(found)) return found;
  assert(found.right !== 'another length', 'only a comparison expects a length');
  return found.right === 'missing' ? left({ _tag: 'NotFound', key }) : right(found.right);
}

/** A body of another length than expected is not downloaded: it answers a comparison already. */
async function read(at: Bucket, key: string, deadline: Deadline, expectedBytes?: number): Promise<Either<CallFailure, Found>> {
  const call: Call = { service: SERVICE, operation: 'GetObject', kind: 'read', deadline };
  return attempt<Found>(call, async (signal) => {
    const command = new GetObjectCommand({ Bucket: at.bucket, Key: at.prefix + key, ChecksumMode: 'ENABLED' });
    try {
      const { Body: body, ContentLength: lengthBytes } = await at.client.send(command, { abortSignal: signal });
      if (body === undefined) return new Uint8Array();
      if (expectedBytes === undefined || lengthBytes === expectedBytes) return await body.transformToByteArray();
      // An unread body would keep its socket out of the pool.
      if (body instanceof Readable) body.destroy();
      return 'another length';
    } catch (error) {
      // A missing bucket is a 404 too, and a failure. Without s3:ListBucket a missing key reads as 403 and is one as well.
      if (errorName(error) === 'NoSuchKey') return 'missing';
      throw error;
    }
  });
}

async function list(at: Bucket, folder: string, deadline: Deadline): Promise<Either<CallFailure, readonly string[]>> {
  const call: Call = { service: SERVICE, operation: 'ListObjectsV2', kind: 'read', deadline };
  const root = at.prefix + folder;
  const names: string[] = [];
  let token: string | undefined;
  do {
    const after = token;
    const page = await attempt(call, (signal) => {
      const command = new ListObjectsV2Command({
        Bucket: at.bucket,
        Prefix: root,
        Delimiter: '/',
        ...(after === undefined ? {} : { ContinuationToken: after }),
      });
      return at.client.send(command, { abortSignal: signal });
    });
    if (isLeft(page)) return page;
    for (const object of page.right.Contents ?? []) if (object.Key !== undefined) names.push(object.Key.slice(root.length));
    for (const common of page.right.CommonPrefixes ?? []) if (common.Prefix !== undefined) names.push(common.Prefix.slice(root.length));
    token = page.right.NextContinuationToken;
    // Without this a service that answers the same page for ever would be asked until the deadline.
    if (token !== undefined && token === after) return left(unusable(call, 'the same page was answered twice'));
  } while (token !== undefined);
  // An object named like the folder itself, as the S3 console makes them, is not in the folder.
  return right(names.filter((name) => name !== '').sort());
}

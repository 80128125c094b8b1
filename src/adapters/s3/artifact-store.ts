/**
 * Artifacts in an S3 bucket.
 * Invariant: an object is only ever created, never replaced: every write carries `If-None-Match: *`. A `PutObject` that failed half-way
 * leaves no object, and a repeat of the run finds out whether it had worked by comparing bytes.
 */
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { assert } from '../../domain/assert';
import type { Artifact, ArtifactConflict, ArtifactNotFound, ArtifactStore, PutOutcome } from '../../ports/artifact-store';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import { checkFolder, checkKey } from '../artifact-key';
import { attempt, type AwsCall, unusable } from '../aws/attempt';
import { putFolderBy } from '../put-folder';
import { type Bucket, type BucketDeps, bucketOf, createObject, readObject, type Reading, SERVICE } from './objects';

export interface S3ArtifactStoreDeps extends BucketDeps {
  /** Whether the caller may list the keys that it reads, so that a missing one is told from a forbidden one. */
  readonly mayList?: boolean;
}

export function makeS3ArtifactStore(deps: S3ArtifactStoreDeps): ArtifactStore {
  const at = bucketOf(deps);
  const reading: Reading = { list: deps.mayList ?? false };
  const putOne: ArtifactStore['put'] = (artifact, deadline) => async () => {
    const key = checkKey(artifact.key);
    return isLeft(key) ? key : put(at, artifact, reading, deadline);
  };
  return {
    location: `s3://${at.bucket}/${at.prefix}`,
    put: putOne,
    putFolder: putFolderBy(putOne),
    get: (key, deadline) => async () => {
      const checked = checkKey(key);
      return isLeft(checked) ? checked : get(at, key, reading, deadline);
    },
    list: (folder, deadline) => async () => {
      const checked = checkFolder(folder);
      return isLeft(checked) ? checked : list(at, folder, deadline);
    },
  };
}

async function put(
  at: Bucket,
  artifact: Artifact,
  reading: Reading,
  deadline: Deadline,
): Promise<Either<ArtifactConflict | CallFailure, PutOutcome>> {
  const sent = await createObject(at, artifact, deadline);
  if (isLeft(sent)) return sent;
  if (sent.right === 'created') return right('written');
  const found = await readObject(at, artifact.key, deadline, { ...reading, expectedBytes: artifact.bytes.length });
  if (isLeft(found)) return found;
  if (found.right === 'missing') {
    // Another writer was at the key (a 409) and gave up, or the object was deleted between the two requests.
    const call: AwsCall = { service: SERVICE, operation: 'PutObject', kind: 'write', deadline };
    return left({
      ...unusable(call, 'the key was taken when writing and free right after'),
      httpStatus: sent.right.status,
      effect: 'none',
    });
  }
  const same = found.right !== 'another length' && Buffer.compare(found.right, artifact.bytes) === 0;
  return same ? right('unchanged') : left({ _tag: 'ArtifactConflict', key: artifact.key });
}

async function get(
  at: Bucket,
  key: string,
  reading: Reading,
  deadline: Deadline,
): Promise<Either<ArtifactNotFound | CallFailure, Uint8Array>> {
  const found = await readObject(at, key, deadline, reading);
  if (isLeft(found)) return found;
  assert(found.right !== 'another length', 'only a comparison expects a length');
  return found.right === 'missing' ? left({ _tag: 'NotFound', key }) : right(found.right);
}

async function list(at: Bucket, folder: string, deadline: Deadline): Promise<Either<CallFailure, readonly string[]>> {
  const call: AwsCall = { service: SERVICE, operation: 'ListObjectsV2', kind: 'read', deadline };
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

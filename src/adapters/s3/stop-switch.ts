/**
 * The stop switch of a deployment: one object beside the artifacts, always there. A key that is missing counts as set, like everything that cannot be
 * read: a role that may read this key alone is told of a missing one only that it is forbidden.
 */
import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { type Either, isLeft, left, map } from 'fp-ts/Either';
import { assert } from '../../domain/assert';
import { readSwitchText, switchText } from '../../domain/agent/stop-switch';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import type { StopOrder, StopSwitch, SwitchUnreadable } from '../../ports/stop-switch';
import { attempt } from '../aws/attempt';
import { type Bucket, type BucketDeps, bucketOf, readObject, SERVICE } from './objects';

/** `key`: the whole key, without a prefix put before it. */
export function makeS3StopSwitch({ key, ...deps }: Omit<BucketDeps, 'prefix'> & { readonly key: string }): StopSwitch {
  const at = bucketOf(deps);
  const location = `s3://${at.bucket}/${key}`;
  return {
    location,
    read: (deadline) => () => read(at, key, location, deadline),
    set: (order, deadline) => () => put(at, key, order, deadline),
    clear: (deadline) => () => put(at, key, undefined, deadline),
  };
}

async function read(
  at: Bucket,
  key: string,
  location: string,
  deadline: Deadline,
): Promise<Either<SwitchUnreadable, StopOrder | undefined>> {
  const unreadable = (reason: string): Either<SwitchUnreadable, never> =>
    left({ _tag: 'SwitchUnreadable', reason: `${location}: ${reason}` });
  const found = await readObject(at, key, deadline);
  if (isLeft(found)) {
    if (found.left._tag === 'DeadlineExceeded') return unreadable('no time was left');
    const hint = found.left.httpStatus === 403 ? '; it may be missing (ewm resume writes it)' : '';
    return unreadable(`${found.left.reason}${hint}`);
  }
  assert(found.right !== 'another length', 'only a comparison expects a length');
  if (found.right === 'missing') return unreadable('is missing (ewm resume writes it)');
  const state = readSwitchText(found.right);
  return isLeft(state) ? unreadable(state.left.reason) : state;
}

async function put(at: Bucket, key: string, order: StopOrder | undefined, deadline: Deadline): Promise<Either<CallFailure, void>> {
  const bytes = new TextEncoder().encode(switchText(order));
  const command = new PutObjectCommand({
    Bucket: at.bucket,
    Key: key,
    Body: bytes,
    ContentLength: bytes.length,
    ContentType: 'application/json',
    ChecksumSHA256: createHash('sha256').update(bytes).digest('base64'),
  });
  const sent = await attempt({ service: SERVICE, operation: 'PutObject', kind: 'write', deadline }, (signal) =>
    at.client.send(command, { abortSignal: signal }),
  );
  return map(() => undefined)(sent);
}

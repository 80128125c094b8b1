/**
 * Session logs in an S3 bucket.
 * Invariant: a segment is only ever created: every write carries `If-None-Match: *`, is sent once, and a `PutObject` that failed half-way
 * leaves no object.
 */
import { createHash } from 'node:crypto';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { assert } from '../../domain/assert';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import type { CreateOutcome, SegmentKey, SegmentNotFound, SessionLog } from '../../ports/session-log';
import { attempt, type Call, errorName, httpStatusOf, unusable } from '../aws/attempt';
import { SEGMENT_SEQ_MAX, segmentFile, segmentPath, segmentsFolder, seqOfFile, SESSIONS_FOLDER } from '../session-key';

export interface S3SessionLogDeps {
  readonly client: S3Client;
  readonly bucket: string;
  /** Put before every key; empty, or ending in `/`. */
  readonly prefix?: string;
}

const SERVICE = 's3';

interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
  readonly prefix: string;
}

export function makeS3SessionLog(deps: S3SessionLogDeps): SessionLog {
  const prefix = deps.prefix ?? '';
  assert(prefix === '' || prefix.endsWith('/'), 'a prefix of sessions ends in "/"');
  const at = { client: deps.client, bucket: deps.bucket, prefix };
  return {
    location: `s3://${deps.bucket}/${prefix}`,
    create: (key, bytes, deadline) => () => create(at, key, bytes, deadline),
    read: (key, deadline) => () => read(at, key, deadline),
    newest: (session, known, deadline) => () => newest(at, session, known, deadline),
    list: (deadline) => () => list(at, deadline),
  };
}

/** 412: the segment exists. 409: somebody else is writing it at this moment. Nothing of ours was written in either case. */
async function create(at: Bucket, key: SegmentKey, bytes: Uint8Array, deadline: Deadline): Promise<Either<CallFailure, CreateOutcome>> {
  const command = new PutObjectCommand({
    Bucket: at.bucket,
    Key: at.prefix + segmentPath(key),
    Body: bytes,
    ContentLength: bytes.length,
    ContentType: 'application/jsonl',
    ChecksumSHA256: createHash('sha256').update(bytes).digest('base64'),
    IfNoneMatch: '*',
  });
  return attempt<CreateOutcome>({ service: SERVICE, operation: 'PutObject', kind: 'write', deadline }, async (signal) => {
    try {
      await at.client.send(command, { abortSignal: signal });
      return 'created';
    } catch (error) {
      const status = httpStatusOf(error);
      if (status === 412) return 'taken';
      if (status === 409) return 'contended';
      throw error;
    }
  });
}

async function read(at: Bucket, key: SegmentKey, deadline: Deadline): Promise<Either<SegmentNotFound | CallFailure, Uint8Array>> {
  const found = await attempt({ service: SERVICE, operation: 'GetObject', kind: 'read', deadline }, async (signal) => {
    const command = new GetObjectCommand({ Bucket: at.bucket, Key: at.prefix + segmentPath(key), ChecksumMode: 'ENABLED' });
    try {
      const { Body: body } = await at.client.send(command, { abortSignal: signal });
      return body === undefined ? new Uint8Array() : await body.transformToByteArray();
    } catch (error) {
      // A missing bucket is a 404 too, and a failure.
      if (errorName(error) === 'NoSuchKey') return undefined;
      throw error;
    }
  });
  if (isLeft(found)) return found;
  return found.right === undefined ? left({ _tag: 'SegmentNotFound', session: key.session }) : right(found.right);
}

/** S3 answers at most this many keys a page. */
const PAGE_KEYS = 1_000;

async function newest(
  at: Bucket,
  session: string,
  known: number,
  deadline: Deadline,
): Promise<Either<SegmentNotFound | CallFailure, number>> {
  const first = await segmentsAfter(at, session, known, PAGE_KEYS, deadline);
  if (isLeft(first)) return first;
  if (first.right.last === undefined) return known < 0 ? left({ _tag: 'SegmentNotFound', session }) : right(known);
  let low = first.right.last;
  if (!first.right.more) return right(low);
  // Numbers have no gap, so one key behind a number tells whether the newest is behind it: gallop, then halve.
  let step = PAGE_KEYS;
  let high = low + step;
  for (;;) {
    if (high > SEGMENT_SEQ_MAX) break;
    const page = await segmentsAfter(at, session, high - 1, 1, deadline);
    if (isLeft(page)) return page;
    if (page.right.last === undefined) break;
    low = page.right.last;
    step *= 2;
    high = low + step;
  }
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    const page = await segmentsAfter(at, session, middle - 1, high - low <= PAGE_KEYS ? PAGE_KEYS : 1, deadline);
    if (isLeft(page)) return page;
    if (page.right.last === undefined) high = middle;
    else low = page.right.last;
    if (page.right.last !== undefined && !page.right.more) return right(low);
  }
  return right(low);
}

interface SegmentPage {
  /** The last number on the page. */
  readonly last: number | undefined;
  readonly more: boolean;
}

async function segmentsAfter(
  at: Bucket,
  session: string,
  seq: number,
  keysMax: number,
  deadline: Deadline,
): Promise<Either<CallFailure, SegmentPage>> {
  const root = at.prefix + segmentsFolder(session);
  const page = await attempt({ service: SERVICE, operation: 'ListObjectsV2', kind: 'read', deadline }, (signal) => {
    const command = new ListObjectsV2Command({
      Bucket: at.bucket,
      Prefix: root,
      MaxKeys: keysMax,
      ...(seq < 0 ? {} : { StartAfter: root + segmentFile(seq) }),
    });
    return at.client.send(command, { abortSignal: signal });
  });
  if (isLeft(page)) return page;
  const seqs = (page.right.Contents ?? []).flatMap(({ Key: key }) => seqOfFile((key ?? '').slice(root.length)) ?? []);
  return right({ last: seqs.at(-1), more: page.right.IsTruncated === true });
}

async function list(at: Bucket, deadline: Deadline): Promise<Either<CallFailure, readonly string[]>> {
  const call: Call = { service: SERVICE, operation: 'ListObjectsV2', kind: 'read', deadline };
  const root = at.prefix + SESSIONS_FOLDER;
  const ids: string[] = [];
  let token: string | undefined;
  do {
    const after = token;
    const page = await attempt(call, (signal) => {
      const from = after === undefined ? {} : { ContinuationToken: after };
      const command = new ListObjectsV2Command({ Bucket: at.bucket, Prefix: root, Delimiter: '/', ...from });
      return at.client.send(command, { abortSignal: signal });
    });
    if (isLeft(page)) return page;
    for (const { Prefix: prefix } of page.right.CommonPrefixes ?? []) ids.push((prefix ?? '').slice(root.length, -1));
    token = page.right.NextContinuationToken;
    // Without this a service that answers the same page for ever would be asked until the deadline.
    if (token !== undefined && token === after) return left(unusable(call, 'the same page was answered twice'));
  } while (token !== undefined);
  return right(ids.sort());
}

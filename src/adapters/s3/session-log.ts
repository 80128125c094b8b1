/**
 * Session logs in an S3 bucket. What reads here has to be allowed to list `sessions/`: the newest segment is found by a list, and a segment that
 * is not there is told from one that may not be read.
 * Invariant: a segment is only ever created (`objects.ts`).
 */
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { assert } from '../../domain/assert';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import type { CreateOutcome, SegmentKey, SegmentNotFound, SessionLog, SessionPage } from '../../ports/session-log';
import { attempt } from '../aws/attempt';
import { SEGMENT_SEQ_MAX, segmentFile, segmentPath, segmentsFolder, seqOfFile, SESSIONS_FOLDER } from '../session-key';
import { type Bucket, type BucketDeps, bucketOf, createObject, readObject, SERVICE } from './objects';

export function makeS3SessionLog(deps: BucketDeps): SessionLog {
  const at = bucketOf(deps);
  return {
    location: `s3://${at.bucket}/${at.prefix}`,
    create: (key, bytes, deadline) => () => create(at, key, bytes, deadline),
    read: (key, deadline) => () => read(at, key, deadline),
    newest: (session, known, deadline) => () => newest(at, session, known, deadline),
    list: (after, deadline) => () => list(at, after, deadline),
  };
}

async function create(at: Bucket, key: SegmentKey, bytes: Uint8Array, deadline: Deadline): Promise<Either<CallFailure, CreateOutcome>> {
  const created = await createObject(at, { key: segmentPath(key), bytes, contentType: 'application/jsonl' }, deadline);
  if (isLeft(created)) return created;
  if (created.right === 'created') return right('created');
  return right(created.right.status === 412 ? 'taken' : 'contended');
}

async function read(at: Bucket, key: SegmentKey, deadline: Deadline): Promise<Either<SegmentNotFound | CallFailure, Uint8Array>> {
  const found = await readObject(at, segmentPath(key), deadline, { list: true });
  if (isLeft(found)) return found;
  assert(found.right !== 'another length', 'only a comparison expects a length');
  return found.right === 'missing' ? left({ _tag: 'SegmentNotFound', session: key.session }) : right(found.right);
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

async function list(at: Bucket, after: string, deadline: Deadline): Promise<Either<CallFailure, SessionPage>> {
  const root = at.prefix + SESSIONS_FOLDER;
  const page = await attempt({ service: SERVICE, operation: 'ListObjectsV2', kind: 'read', deadline }, (signal) => {
    // `0` is the character behind `/`: behind every key of that session, and before every other session.
    const from = after === '' ? {} : { StartAfter: `${root}${after}0` };
    const command = new ListObjectsV2Command({ Bucket: at.bucket, Prefix: root, Delimiter: '/', MaxKeys: PAGE_KEYS, ...from });
    return at.client.send(command, { abortSignal: signal });
  });
  if (isLeft(page)) return page;
  const sessions = (page.right.CommonPrefixes ?? []).map(({ Prefix: prefix }) => (prefix ?? '').slice(root.length, -1));
  return right({ sessions: sessions.sort(), more: page.right.IsTruncated === true && sessions.length > 0 });
}

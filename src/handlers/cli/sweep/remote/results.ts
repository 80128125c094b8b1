/**
 * What Step Functions wrote of the cells of a sweep: a folder for each run of the map, whose manifest names the files. A redrive may write the folder
 * again or another one; both are read, and who reads drops what is there twice.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { isRecord } from '../../../../domain/codec/codec';
import { parseJson } from '../../../../domain/codec/parse';
import { sweepKeys } from '../../../../domain/sweep/folder';
import { oneRequest } from '../../../compose-sweeps';
import type { Failure } from '../../shared/failure';
import { callFailure, type SweepDeployment, unanswered } from './deployment';

export interface ResultFile {
  /** Below the prefix of the deployment. */
  readonly key: string;
  readonly bytes: number;
  /** Of its own among all files of the sweep. */
  readonly name: string;
}

/** As the manifest sorts them: children that failed or were aborted are in the files of `FAILED`. */
export type ResultKind = 'SUCCEEDED' | 'FAILED';

/** Read at a time. Unit: bytes. */
const PIECE_BYTES = 8 * 1024 * 1024;
const NEWLINE = 10;

/** The files that are there now, of every time that the sweep was gone on with. */
export async function listResults(
  sweep: string,
  kind: ResultKind,
  { store }: Pick<SweepDeployment, 'store'>,
): Promise<Either<Failure, readonly ResultFile[]>> {
  const folder = `${sweepKeys(sweep).results}/`;
  const runs = await store.list(folder, oneRequest())();
  if (isLeft(runs)) return left(callFailure(runs.left));
  const files: ResultFile[] = [];
  for (const run of runs.right.filter((name) => name.endsWith('/'))) {
    const manifest = await store.get(`${folder}${run}manifest.json`, oneRequest())();
    if (isLeft(manifest)) {
      // A run that goes on has none yet.
      if (manifest.left._tag === 'NotFound') continue;
      return left(callFailure(manifest.left));
    }
    const document = parseJson(new TextDecoder().decode(manifest.right));
    const listed = isRecord(document) && isRecord(document['ResultFiles']) ? document['ResultFiles'][kind] : undefined;
    for (const entry of Array.isArray(listed) ? (listed as readonly unknown[]) : []) {
      const { Key: key, Size: bytes } = isRecord(entry) ? entry : {};
      const name = typeof key === 'string' ? (key.split('/').at(-1) ?? '') : '';
      if (!/^[A-Za-z0-9_.-]+$/.test(name) || typeof bytes !== 'number') continue;
      // With its length: a redrive writes a longer one of the same name.
      files.push({ key: `${folder}${run}${name}`, bytes, name: `${run.slice(0, -1)}-${String(bytes)}-${name}` });
    }
  }
  return right(files);
}

/** What became of each child, in pieces of whole lines; false from `onChildren` ends it. */
export async function readResults(
  { key, bytes }: ResultFile,
  { readRange }: Pick<SweepDeployment, 'readRange'>,
  onChildren: (children: readonly Readonly<Record<string, unknown>>[]) => Promise<Failure | undefined>,
): Promise<Either<Failure, void>> {
  let held: Uint8Array = new Uint8Array();
  for (let from = 0; from < bytes;) {
    const piece = await readRange(key, from, Math.min(PIECE_BYTES, bytes - from), oneRequest())();
    if (isLeft(piece)) return left(callFailure(piece.left));
    if (piece.right.length === 0) return left(unanswered(key, `ends after ${String(from)} of ${String(bytes)} bytes`));
    from += piece.right.length;
    const text = Buffer.concat([held, piece.right]);
    const end = from < bytes ? text.lastIndexOf(NEWLINE) + 1 : text.length;
    held = text.subarray(end);
    const lines = text.subarray(0, end).toString('utf8').split('\n');
    const children = lines.flatMap((line) => {
      const child = line === '' ? undefined : parseJson(line);
      return isRecord(child) ? [child] : [];
    });
    const failed = await onChildren(children);
    if (failed !== undefined) return left(failed);
  }
  return right(undefined);
}

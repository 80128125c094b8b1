/**
 * What the function of a cell is made of: it reads the spec and the market of its sweep, once for all cells that a container is given, and
 * answers with the row. It writes nothing and calls nothing: what becomes of the row is for Step Functions to say.
 */
import { isLeft } from 'fp-ts/Either';
import { deadlineIn } from '../adapters/in-process/clock';
import { makeS3ArtifactStore } from '../adapters/s3/artifact-store';
import { makeS3Client } from '../adapters/s3/client';
import { makeTakeBatch, type TakeBatch } from '../domain/sweep/batch';
import { type CellAnswer, decodeCellItem, readSweepFolder, sweepKeys } from '../domain/sweep/folder';
import type { ArtifactStore } from '../ports/artifact-store';
import { readCellConfig } from './config';

/** Of Lambda's context. */
interface Context {
  readonly getRemainingTimeInMillis: () => number;
}

export type CellHandler = (event: unknown, context: Context) => Promise<CellAnswer>;

/** Kept back for the answer. Unit: milliseconds. */
const ANSWER_MS = 250;

export function cellHandler(): CellHandler {
  const { artifacts, s3 } = readCellConfig();
  const client = makeS3Client({ ...s3, pathStyle: artifacts.pathStyle });
  return makeCellHandler(makeS3ArtifactStore({ client, bucket: artifacts.bucket, prefix: artifacts.prefix }));
}

/** Throws what went wrong, in a sentence: it stands in the results of Step Functions, where `ewm sweep status` finds it. */
export function makeCellHandler(store: ArtifactStore): CellHandler {
  let held: { readonly sweep: string; readonly granted: number; readonly take: TakeBatch } | undefined;

  async function open(sweep: string, ms: number): Promise<NonNullable<typeof held>> {
    if (held?.sweep === sweep) return held;
    const keys = sweepKeys(sweep);
    const deadline = deadlineIn(ms);
    const read = async (key: string): Promise<Uint8Array> => {
      const got = await store.get(key, deadline)();
      if (isLeft(got)) throw new Error(`${store.location}${key} cannot be read: ${describe(got.left)}`);
      return got.right;
    };
    const [spec, market] = await Promise.all([read(keys.spec), read(keys.market)]);
    const folder = readSweepFolder(sweep, new TextDecoder().decode(spec), market);
    if (isLeft(folder)) throw new Error(`${store.location}sweeps/${sweep}: ${folder.left}`);
    const { plan, market: bytes } = folder.right;
    return (held = { sweep, granted: plan.granted, take: makeTakeBatch(plan, bytes) });
  }

  return async (event, context) => {
    const item = decodeCellItem(event);
    if (item === undefined) throw new Error('expected {"sweep": the id of a sweep, "cell": the number of a cell}');
    const { granted, take } = await open(item.sweep, context.getRemainingTimeInMillis() - ANSWER_MS);
    if (item.cell >= granted) throw new Error(`cell ${String(item.cell)}: the sweep has ${String(granted)}`);
    const taken = await take({ from: item.cell, until: item.cell + 1 });
    if (isLeft(taken)) {
      const problems = taken.left.problems.map(({ pointer, message }) => `${pointer}: ${message}`);
      throw new Error(`cell ${String(item.cell)}, ${taken.left.point}: ${problems.join('; ')}`);
    }
    const [row = ''] = taken.right;
    return { cell: item.cell, row };
  };
}

function describe(error: { readonly _tag: string; readonly reason?: string }): string {
  return error.reason ?? error._tag;
}

/**
 * `ewm sweep collect`: the rows of a sweep that ran on Step Functions, into the same directory that `ewm sweep` leaves. What was fetched is not
 * fetched again; where cells are missing they are named, and nothing is made that could be taken for the whole.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { join } from 'node:path';
import { parseJson } from '../../../../domain/codec/parse';
import { decodeCellAnswer, type HeldSweep, readSweepFolder, sweepKeys } from '../../../../domain/sweep/folder';
import { makeSummary } from '../../../../domain/sweep/summary';
import { local } from '../../../compose';
import { oneRequest } from '../../../compose-sweeps';
import { EXIT, type ExitCode } from '../../shared/exit-codes';
import { fail, type Failure, storeFailure } from '../../shared/failure';
import type { Io } from '../../shared/io';
import { makeProgress } from '../../shared/progress';
import { counted, shellWord } from '../../shared/words';
import { finishSweep, resumeRows, writeMarket } from '../sweep-finish';
import { whatIsThere } from '../sweep-run';
import { callFailure, type DeploymentOptions, openDeployment, type SweepDeployment } from './deployment';
import { listResults, readResults, type ResultFile } from './results';
import { notSubmitted } from './status';

export interface CollectOptions extends DeploymentOptions {
  readonly out: string;
  readonly force: boolean;
}

/** Where what was fetched waits, inside the directory of the sweep. */
const FETCHED = 'fetched.partial';
const ROWS_AT_A_TIME = 1_000;
const RANGES_SHOWN = 20;

export async function collectCommand(sweep: string, options: CollectOptions, io: Io): Promise<ExitCode> {
  const interrupted = io.watchInterrupts();
  const opened = await openDeployment(options, io);
  if (isLeft(opened)) return fail(io, options.json, opened.left);
  const deployment = opened.right;
  const held = await readFolder(sweep, deployment);
  if (isLeft(held)) return fail(io, options.json, held.left);
  const { plan, market } = held.right;
  const there = await whatIsThere(options, plan);
  if (isLeft(there)) return fail(io, options.json, there.left);
  if (there.right === 'finished') {
    await io.stderr.write(`ewm: ${options.out} holds this very sweep, finished; ewm verify ${shellWord(options.out)} proves it\n`);
    return EXIT.ok;
  }
  const fetched = await fetchResults(sweep, options.out, deployment, io, interrupted);
  if (isLeft(fetched)) return fail(io, options.json, fetched.left);
  const index = await local.sweep.indexRows(fetched.right, plan.granted);
  if (isLeft(index)) return fail(io, options.json, storeFailure(index.left));
  const { missing, read, close } = index.right;
  try {
    if (missing.length > 0) return await fail(io, options.json, await incomplete(sweep, missing, plan.granted, deployment));
    const summary = makeSummary(plan);
    const before = await resumeRows(options.out, plan, summary);
    if (isLeft(before)) return await fail(io, options.json, before.left);
    const writer = await local.sweep.open(options.out, plan.sweepId, before.right)();
    if (isLeft(writer)) return await fail(io, options.json, storeFailure(writer.left));
    const written = await writeMarket(options.out, market);
    if (isLeft(written)) return await fail(io, options.json, written.left);
    while (summary.rows() < plan.granted) {
      const from = summary.rows();
      const rows = await read(from, Math.min(plan.granted, from + ROWS_AT_A_TIME))();
      if (isLeft(rows)) return await fail(io, options.json, storeFailure(rows.left));
      for (const row of rows.right) if (!summary.next(row)) return await fail(io, options.json, notARow(summary.rows()));
      const appended = await writer.right.append(rows.right)();
      if (isLeft(appended)) return await fail(io, options.json, storeFailure(appended.left));
      if (!interrupted()) continue;
      await writer.right.close()();
      return await fail(io, options.json, stopped(`${String(summary.rows())} of ${counted(plan.granted, 'row')}`));
    }
    const finished = await finishSweep(options, plan, market, { summary: summary.summary(), writer: writer.right }, io);
    const dropped = await local.sweep.dropRows(join(options.out, FETCHED))();
    return isLeft(dropped) ? await fail(io, options.json, storeFailure(dropped.left)) : finished;
  } finally {
    await close();
  }
}

async function readFolder(sweep: string, { store }: SweepDeployment): Promise<Either<Failure, HeldSweep>> {
  const keys = sweepKeys(sweep);
  const [spec, market] = await Promise.all([store.get(keys.spec, oneRequest())(), store.get(keys.market, oneRequest())()]);
  for (const got of [spec, market])
    if (isLeft(got)) return left(got.left._tag === 'NotFound' ? notSubmitted(sweep) : callFailure(got.left));
  if (isLeft(spec) || isLeft(market)) return left(notSubmitted(sweep));
  const held = readSweepFolder(sweep, new TextDecoder().decode(spec.right), market.right);
  if (!isLeft(held)) return held;
  return left({ exit: EXIT.badInput, code: 'invalid_input', messages: [`${store.location}sweeps/${sweep}: ${held.left}`] });
}

/** The files that hold rows now, fetched; of every time that the sweep was gone on with. */
async function fetchResults(
  sweep: string,
  out: string,
  deployment: SweepDeployment,
  io: Io,
  interrupted: () => boolean,
): Promise<Either<Failure, readonly string[]>> {
  const files = await listResults(sweep, 'SUCCEEDED', deployment);
  if (isLeft(files)) return files;
  const pathOf = ({ name }: ResultFile): string => join(out, FETCHED, name);
  const progress = await makeProgress(io, 'collect', 'files');
  try {
    for (const [done, file] of files.right.entries()) {
      const exists = await local.sweep.exists(pathOf(file))();
      if (isLeft(exists)) return left(storeFailure(exists.left));
      const fetched = exists.right ? right(undefined) : await fetchFile(file, pathOf(file), deployment);
      if (isLeft(fetched)) return fetched;
      progress.update(done + 1, files.right.length);
      if (interrupted()) return left(stopped(`${String(done + 1)} of ${counted(files.right.length, 'file')} of results`));
    }
    return right(files.right.map(pathOf));
  } finally {
    progress.stop();
  }
}

async function fetchFile(file: ResultFile, path: string, deployment: SweepDeployment): Promise<Either<Failure, void>> {
  const rows = await local.sweep.openRows(path)();
  if (isLeft(rows)) return left(storeFailure(rows.left));
  const read = await readResults(file, deployment, async (children) => {
    const appended = await rows.right.append(rowsOf(children))();
    return isLeft(appended) ? storeFailure(appended.left) : undefined;
  });
  if (isLeft(read)) return read;
  const finished = await rows.right.finish()();
  return isLeft(finished) ? left(storeFailure(finished.left)) : right(undefined);
}

function rowsOf(children: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return children.flatMap(({ Output: output }) => {
    const answer = decodeCellAnswer(typeof output === 'string' ? parseJson(output) : output);
    return answer === undefined ? [] : [answer.row];
  });
}

async function incomplete(
  sweep: string,
  missing: readonly (readonly [number, number])[],
  granted: number,
  { machine }: SweepDeployment,
): Promise<Failure> {
  const found = await machine.describe(sweep, oneRequest())();
  const status = isLeft(found) ? 'unknown' : (found.right?.status.toLowerCase() ?? 'never started');
  const lacking = missing.reduce((sum, [from, until]) => sum + until - from, 0);
  const shown = missing
    .slice(0, RANGES_SHOWN)
    .map(([from, until]) => (until === from + 1 ? String(from) : `${String(from)}-${String(until - 1)}`));
  const more = missing.length > shown.length ? ` and ${String(missing.length - shown.length)} more ranges` : '';
  return {
    exit: EXIT.notProven,
    code: 'incomplete',
    messages: [
      `${String(granted - lacking)} of ${counted(granted, 'cell')} are there; missing: ${shown.join(', ')}${more}`,
      status === 'running'
        ? 'it is running: collect again when ewm sweep status says that it succeeded'
        : status === 'succeeded'
          ? 'it succeeded, and what it wrote is no longer all there (artifact_expiry_days): ewm sweep runs it on this machine'
          : `it is ${status}: ewm sweep submit with the same spec goes on with what is missing; what was fetched stays`,
    ],
  };
}

function stopped(after: string): Failure {
  return { exit: EXIT.interrupted, code: 'interrupted', messages: [`interrupted after ${after}; the same command goes on from there`] };
}

function notARow(cell: number): Failure {
  return {
    exit: EXIT.notProven,
    code: 'invalid_row',
    messages: [`what came for cell ${String(cell)} is no row of it: the results were changed, or are of another version`],
  };
}

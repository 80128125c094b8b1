/** `ewm sweep status`: what has become of a sweep on Step Functions. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import { isRecord } from '../../../../domain/codec/codec';
import { parseJson } from '../../../../domain/codec/parse';
import { printable } from '../../../../domain/codec/printable';
import { decodeCellItem } from '../../../../domain/sweep/folder';
import { oneRequest } from '../../../compose-sweeps';
import { EXIT, type ExitCode } from '../../shared/exit-codes';
import { fail, type Failure } from '../../shared/failure';
import type { Io } from '../../shared/io';
import { callFailure, type DeploymentOptions, openDeployment, type SweepDeployment } from './deployment';
import { listResults, readResults } from './results';

export async function statusCommand(sweep: string, options: DeploymentOptions, io: Io): Promise<ExitCode> {
  const deployment = await openDeployment(options, io);
  if (isLeft(deployment)) return fail(io, options.json, deployment.left);
  const found = await deployment.right.machine.describe(sweep, oneRequest())();
  if (isLeft(found)) return fail(io, options.json, callFailure(found.left));
  if (found.right === undefined) return fail(io, options.json, notSubmitted(sweep));
  const { status, cells, redrives, error, cause } = found.right;
  const failed = status === 'FAILED' || status === 'TIMED_OUT' || status === 'ABORTED';
  const why = failed ? await failuresOf(sweep, deployment.right) : right([]);
  if (isLeft(why)) return fail(io, options.json, why.left);
  if (options.json) await io.stdout.write(`${JSON.stringify({ ok: !failed, sweep_id: sweep, ...found.right, failures: why.right })}\n`);
  else {
    const counts =
      cells === undefined
        ? 'no cell has begun'
        : `${String(cells.succeeded)} of ${String(cells.total)} cells are there, ${String(cells.running)} run, ${String(cells.pending)} wait, ${String(cells.failed)} failed`;
    const lines = [
      `sweep ${sweep}: ${status.toLowerCase()}${redrives === 0 ? '' : `, gone on with ${String(redrives)} times`}`,
      `  cells      ${counts}`,
      ...(error === undefined ? [] : [`  error      ${printable(error)}${cause === undefined ? '' : `: ${printable(cause)}`}`]),
      ...why.right.map(({ cell, cause }) => `  cell ${String(cell).padEnd(6)}${printable(cause)}`),
      ...(failed ? ['  next       ewm sweep submit with the same spec goes on with the cells that are not there'] : []),
      ...(status === 'SUCCEEDED' ? [`  next       ewm sweep collect ${sweep} --out sweeps/${sweep}`] : []),
    ];
    await io.stdout.write(`${lines.join('\n')}\n`);
  }
  return failed ? EXIT.notProven : EXIT.ok;
}

/** The first cells that failed: of a machine whose map failed, Step Functions says only that one did. */
async function failuresOf(sweep: string, deployment: SweepDeployment): Promise<Either<Failure, readonly CellFailure[]>> {
  const files = await listResults(sweep, 'FAILED', deployment);
  if (isLeft(files)) return files;
  const failures: CellFailure[] = [];
  for (const file of files.right) {
    const read = await readResults(file, deployment, (children) => {
      for (const { Status: status, Input: input, Error: error, Cause: cause } of children) {
        const item = decodeCellItem(typeof input === 'string' ? parseJson(input) : input);
        if (status === 'FAILED' && item !== undefined) failures.push({ cell: item.cell, cause: causeText(error, cause) });
      }
      return Promise.resolve(undefined);
    });
    if (isLeft(read)) return read;
  }
  return right(failures.slice(0, FAILURES_SHOWN));
}

interface CellFailure {
  readonly cell: number;
  readonly cause: string;
}

const FAILURES_SHOWN = 5;

/** What a function throws is JSON; Lambda itself, in words. */
function causeText(error: unknown, cause: unknown): string {
  const parsed = typeof cause === 'string' ? parseJson(cause) : undefined;
  const message = isRecord(parsed) ? parsed['errorMessage'] : parsed;
  return typeof message === 'string' ? message : String(error);
}

export function notSubmitted(sweep: string): Failure {
  return {
    exit: EXIT.badInput,
    code: 'not_found',
    messages: [`this deployment knows no sweep ${sweep}: ewm sweep submit prints the id of one`],
  };
}

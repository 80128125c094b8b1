/** `ewm sweep status`: what has become of a sweep on Step Functions. */
import { isLeft } from 'fp-ts/Either';
import { printable } from '../../../../domain/codec/printable';
import { oneRequest } from '../../../compose-sweeps';
import { EXIT, type ExitCode } from '../../shared/exit-codes';
import { fail, type Failure } from '../../shared/failure';
import type { Io } from '../../shared/io';
import { callFailure, type DeploymentOptions, openDeployment } from './deployment';

export async function statusCommand(sweep: string, options: DeploymentOptions, io: Io): Promise<ExitCode> {
  const deployment = await openDeployment(options, io);
  if (isLeft(deployment)) return fail(io, options.json, deployment.left);
  const found = await deployment.right.machine.describe(sweep, oneRequest())();
  if (isLeft(found)) return fail(io, options.json, callFailure(found.left));
  if (found.right === undefined) return fail(io, options.json, notSubmitted(sweep));
  const { status, cells, redrives, error, cause } = found.right;
  const failed = status === 'FAILED' || status === 'TIMED_OUT' || status === 'ABORTED';
  if (options.json) await io.stdout.write(`${JSON.stringify({ ok: !failed, sweep_id: sweep, ...found.right })}\n`);
  else {
    const counts =
      cells === undefined
        ? 'no cell has begun'
        : `${String(cells.succeeded)} of ${String(cells.total)} cells are there, ${String(cells.running)} run, ${String(cells.pending)} wait, ${String(cells.failed)} failed`;
    const lines = [
      `sweep ${sweep}: ${status.toLowerCase()}${redrives === 0 ? '' : `, gone on with ${String(redrives)} times`}`,
      `  cells      ${counts}`,
      ...(error === undefined ? [] : [`  error      ${printable(error)}${cause === undefined ? '' : `: ${printable(cause)}`}`]),
      ...(failed ? ['  next       ewm sweep submit with the same spec goes on with the cells that are not there'] : []),
      ...(status === 'SUCCEEDED' ? [`  next       ewm sweep collect ${sweep} --out sweeps/${sweep}`] : []),
    ];
    await io.stdout.write(`${lines.join('\n')}\n`);
  }
  return failed ? EXIT.notProven : EXIT.ok;
}

export function notSubmitted(sweep: string): Failure {
  return {
    exit: EXIT.badInput,
    code: 'not_found',
    messages: [`this deployment knows no sweep ${sweep}: ewm sweep submit prints the id of one`],
  };
}

/** The commands of sweeps beyond this machine, built as a file of its own: the clients of AWS are in it. */
import type { ExitCode } from '../../shared/exit-codes';
import type { Io } from '../../shared/io';
import { collectCommand, type CollectOptions } from './collect';
import type { DeploymentOptions } from './deployment';
import { statusCommand } from './status';
import { submitCommand, type SubmitOptions } from './submit';

export function submitSweep(options: SubmitOptions, io: Io): Promise<ExitCode> {
  return submitCommand(options, io);
}

export function sweepStatus(sweep: string, options: DeploymentOptions, io: Io): Promise<ExitCode> {
  return statusCommand(sweep, options, io);
}

export function collectSweep(sweep: string, options: CollectOptions, io: Io): Promise<ExitCode> {
  return collectCommand(sweep, options, io);
}

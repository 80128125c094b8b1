/** The commands of sweeps, built as a file of its own (`dist/sweep-commands.cjs`): the pool of threads and the page are in it. */
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';
import { sweepCheckCommand, type SweepCheckOptions } from './sweep-check';
import { reportSweepDirectory, type SweepReportOptions } from './sweep-report';
import { sweepCommand, type SweepOptions } from './sweep-run';
import { type SweepVerifyOptions, verifySweepDirectory } from './sweep-verify';

export function sweep(options: SweepOptions, io: Io): Promise<ExitCode> {
  return sweepCommand(options, io);
}

export function checkSweep(file: string, options: SweepCheckOptions, io: Io): Promise<ExitCode> {
  return sweepCheckCommand(file, options, io);
}

export function verifySweep(directory: string, options: SweepVerifyOptions, io: Io): Promise<ExitCode> {
  return verifySweepDirectory(directory, options, io);
}

export function reportSweep(directory: string, options: SweepReportOptions, io: Io): Promise<ExitCode> {
  return reportSweepDirectory(directory, options, io);
}

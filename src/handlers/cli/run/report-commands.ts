/** The commands that show a run, built as a file of its own (`dist/report-commands.cjs`): the program of a page is in it. */
import { isLeft } from 'fp-ts/Either';
import { join } from 'node:path';
import { local } from '../../compose';
import { diffCommand } from './diff-command';
import { environment } from '../shared/environment';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';
import { reportCommand, type ReportOptions } from './report-command';
import { showCommand } from './show-command';

export function report(directory: string, options: ReportOptions, io: Io): Promise<ExitCode> {
  return reportCommand(directory, options, io, environment());
}

export function diff(a: string, b: string, json: boolean, io: Io): Promise<ExitCode> {
  return diffCommand(a, b, json, io);
}

export function show(directory: string, json: boolean, io: Io): Promise<ExitCode> {
  return showCommand(directory, json, io, environment());
}

export async function isSweep(directory: string): Promise<boolean> {
  const exists = await local.sweep.exists(join(directory, local.sweep.SWEEP_FILE))();
  return !isLeft(exists) && exists.right;
}

/** `ewm report`: a run as one file for a browser, with its tape and the program that proves it inside. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import { basename, normalize, resolve } from 'node:path';
import { printable } from '../../../domain/codec/printable';
import type { PageData } from '../../../domain/report/page-data';
import { describeWith } from '../../../domain/run/describe-world';
import { local } from '../../compose';
import type { Environment } from '../../config';
import { openSandbox } from '../../open-sandbox';
import { renderPage } from '../../page/html';
import { packRun } from '../../page/pack';
import { compareDirectories } from './diff-command';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, interruptedFailure, storeFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { openInBrowser } from '../shared/open-in-browser';
import { doubts, isWhole, type OpenedRun, readRunDirectory, runName, wholeText } from '../shared/page-run';
import { makeProgress } from '../shared/progress';
import { receiptJson, receiptLine } from '../shared/receipt-status';
import { counted } from '../shared/words';

export interface ReportOptions {
  readonly out?: string;
  /** Another run, to be shown beside it. */
  readonly compare?: string;
  readonly open: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

export async function reportCommand(directory: string, options: ReportOptions, io: Io, env: Environment): Promise<ExitCode> {
  // Beside the run and not in it: a run directory holds what its run.json names, and nothing else.
  const out = options.out ?? pageBeside(directory);
  const free = await local.checkOutput(out, options.force)();
  if (isLeft(free)) return fail(io, options.json, storeFailure(free.left));

  const progress = await makeProgress(io, 'report');
  const run = await readRunDirectory(directory, { onProgress: progress.update }, undefined, describeWorld);
  progress.stop();
  if (isLeft(run)) return fail(io, options.json, run.left);
  const other = await compareWith(directory, options.compare);
  if (isLeft(other)) return fail(io, options.json, other.left);
  const { b, diff, doubts: otherDoubts } = other.right;
  const data: PageData = {
    version: 1,
    made_by: `ewm ${EWM_VERSION}`,
    a: await packRun(runName(directory), run.right, run.right.receiptText),
    b,
    diff,
  };
  const html = renderPage(data);
  const written = await local.writeText(out, [html], options.force)();
  if (isLeft(written)) {
    const failure = written.left._tag === 'Interrupted' ? interruptedFailure(0, out) : storeFailure(written.left);
    return fail(io, options.json, failure);
  }
  await printReport(out, Buffer.byteLength(html), run.right, options.json, io);
  for (const doubt of otherDoubts) await io.stderr.write(`ewm: ${printable(doubt)}\n`);
  if (options.open) {
    const failed = await openInBrowser(resolve(out), env);
    if (failed !== undefined) await io.stderr.write(`ewm: ${printable(failed)}; open ${printable(out)} in a browser\n`);
  }
  return isWhole(run.right) && otherDoubts.length === 0 ? EXIT.ok : EXIT.notProven;
}

const describeWorld = describeWith(openSandbox);

/** `runs/first.html` for `runs/first/`; a path that ends in no name, as `.` does, is looked up first. */
function pageBeside(directory: string): string {
  const path = normalize(directory).replace(/[/\\]+$/, '');
  return `${['', '.', '..'].includes(basename(path)) ? resolve(directory) : path}.html`;
}

type Other = Pick<PageData, 'b' | 'diff'> & { readonly doubts: readonly string[] };

async function compareWith(directory: string, compare: string | undefined): Promise<Either<Failure, Other>> {
  if (compare === undefined) return right({ b: null, diff: null, doubts: [] });
  const run = await readRunDirectory(compare, undefined, undefined, describeWorld);
  if (isLeft(run)) return run;
  const compared = await compareDirectories(directory, compare);
  if (isLeft(compared)) return compared;
  const warnings = isWhole(run.right) ? [] : doubts(run.right).map((doubt) => `${compare}: ${doubt}`);
  return right({ b: await packRun(runName(compare), run.right, run.right.receiptText), diff: compared.right.diff, doubts: warnings });
}

async function printReport(out: string, bytes: number, run: OpenedRun, json: boolean, io: Io): Promise<void> {
  const { chain, sample, unfinished } = run;
  const whole = isWhole(run);
  await io.stdout.write(
    json
      ? `${JSON.stringify({ ok: whole, report: out, bytes, unfinished, sealed: chain.sealed, sampled: sample !== null, chain: { rows: chain.rows, broken: chain.broken ?? null }, head_hash: chain.headHash ?? null, receipt: receiptJson(run.receipt) })}\n`
      : `${printable(out)}\n`,
  );
  for (const doubt of doubts(run)) await io.stderr.write(`ewm: ${printable(doubt)}\n`);
  if (run.receipt._tag !== 'None') await io.stderr.write(`ewm: receipt ${printable(receiptLine(run.receipt))}\n`);
  if (sample !== null) {
    const held = sample.ranges.reduce((rows, [, count]) => rows + count, 0);
    await io.stderr.write(
      `ewm: the page holds ${counted(held, 'row')} of ${String(sample.rows_total)}: extremes, fills and refusals as far as they fit, both ends.\n`,
    );
  }
  await io.stderr.write(`ewm: ${String(Math.ceil(bytes / 1000))} KB${whole ? `; ${wholeText(run)}` : ''}\n`);
}

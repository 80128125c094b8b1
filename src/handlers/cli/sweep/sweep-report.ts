/** The page of a sweep: written when its rows are all there, and again by `ewm report`. */
import { type Either, isLeft, right, left } from 'fp-ts/Either';
import { dirname, join, relative, resolve } from 'node:path';
import { printable } from '../../../domain/codec/printable';
import type { MarketBytes } from '../../../domain/sweep/market';
import { makePageReader } from '../../../domain/sweep/page-reader';
import type { SweepPlan } from '../../../domain/sweep/plan';
import { local } from '../../compose';
import { renderSweepPage } from '../../page/sweep-html';
import { environment } from '../shared/environment';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, interruptedFailure, storeFailure, usageFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { openInBrowser } from '../shared/open-in-browser';
import { counted, shellWord } from '../shared/words';
import { differenceOf, readRows, readSweepDirectory } from './sweep-verify';

/** Beside the runs that it links to. */
export const PAGE_FILE = 'report.html';

const { CELLS_FILE } = local.sweep;

export interface SweepReportOptions {
  readonly out?: string;
  readonly compare?: string;
  readonly open: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

export interface WrittenPage {
  readonly bytes: number;
  /** Cells in the page. */
  readonly held: number;
}

/** `rows`: the path of the rows, which have another name while a sweep is not finished. */
export async function writeSweepPage(
  { directory, rows, out, force }: { readonly directory: string; readonly rows: string; readonly out: string; readonly force: boolean },
  plan: SweepPlan,
  market: MarketBytes,
  summary: string,
): Promise<Either<Failure, WrittenPage>> {
  const reader = makePageReader(plan, market, summary);
  const read = await local.sweep.readLines(rows, (line) => {
    reader.next(line);
    return true;
  })();
  if (isLeft(read)) return left(storeFailure(read.left));
  const content = reader.content();
  const runs = relative(dirname(resolve(out)), resolve(directory, 'runs')).replaceAll('\\', '/');
  const html = await renderSweepPage({ madeBy: `ewm ${EWM_VERSION}`, runs }, content);
  const written = await local.writeText(out, [html], force)();
  if (isLeft(written)) return left(written.left._tag === 'Interrupted' ? interruptedFailure(0, out) : storeFailure(written.left));
  return right({ bytes: Buffer.byteLength(html), held: content.cells.length });
}

/** `ewm report` of a sweep. The rows have to come to the `sweep.json` beside them; `ewm verify` runs cells again. */
export async function reportSweepDirectory(directory: string, options: SweepReportOptions, io: Io): Promise<ExitCode> {
  const { open, force, json } = options;
  if (options.compare !== undefined)
    return fail(io, json, usageFailure('--compare: two runs are compared, not sweeps; a sweep has its cells in one table'));
  const out = options.out ?? join(directory, PAGE_FILE);
  const free = await local.checkOutput(out, force)();
  if (isLeft(free)) return fail(io, json, storeFailure(free.left));
  const read = await readSweepDirectory(directory, io);
  if (isLeft(read)) return typeof read.left === 'string' ? doubtful(directory, read.left, json, io) : fail(io, json, read.left);
  const { text, plan, market } = read.right;
  const rows = await readRows(directory, plan, new Set());
  if (isLeft(rows)) return fail(io, json, storeFailure(rows.left));
  const { summary, doubt } = rows.right;
  const found = doubt ?? (summary.json === text ? undefined : differenceOf(summary.json, text));
  if (found !== undefined) return doubtful(directory, found, json, io);
  const written = await writeSweepPage({ directory, rows: join(directory, CELLS_FILE), out, force }, plan, market, text);
  if (isLeft(written)) return fail(io, json, written.left);
  const { bytes, held } = written.right;
  await io.stdout.write(
    json
      ? `${JSON.stringify({ ok: true, report: out, bytes, sampled: held < plan.granted, cells: plan.granted, held, merkle_root: summary.merkleRoot })}\n`
      : `${printable(out)}\n`,
  );
  if (held < plan.granted)
    await io.stderr.write(
      `ewm: the page holds ${counted(held, 'cell')} of ${String(plan.granted)}: a sample, the best, and the choices.\n`,
    );
  if (open) {
    const failed = await openInBrowser(resolve(out), environment());
    if (failed !== undefined) await io.stderr.write(`ewm: ${printable(failed)}; open ${printable(out)} in a browser\n`);
  }
  return EXIT.ok;
}

function doubtful(directory: string, doubt: string, json: boolean, io: Io): Promise<ExitCode> {
  const message = `${directory}: ${doubt}; no page is made of it: ewm verify ${shellWord(directory)} says more`;
  return fail(io, json, { exit: EXIT.notProven, code: 'not_proven', messages: [message] });
}

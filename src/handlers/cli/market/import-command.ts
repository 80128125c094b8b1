/**
 * `ewm market import`, built as a file of its own (`dist/import-command.cjs`): the rest of the CLI starts without unpackers and time zones.
 * Invariant: how the file was read and what was chosen in it is said, on stderr and with `--json`, whatever comes of it.
 */
import { isLeft } from 'fp-ts/Either';
import { formatDecimal } from '../../../domain/decimal/decimal';
import type { ImportCounts } from '../../../domain/market/import';
import type { ImportOptions, ImportPlan } from '../../../domain/market/import-plan';
import { importMarket, type ImportDescription, previewImport, describeImport } from '../../../domain/run/import-market';
import type { MarketInputError } from '../../../ports/market-input';
import type { PriceFile } from '../../../ports/price-file';
import { local } from '../../compose';
import { importing } from '../../compose-import';
import { deliver, formOfOutput, illegalHeader, illegalOutput, INTERRUPTED, optionFailure, reportSink, type Target } from './deliver-market';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, storeFailure, usageFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { writeLines } from '../shared/write-lines';
import { makeTable } from '../shared/table';

export interface ImportCommandOptions extends ImportOptions {
  readonly encoding?: string;
  /** Show the first rows as they are understood, and write nothing. */
  readonly dryRun: boolean;
}

/** Rows that a dry run shows. */
const PREVIEW_ROWS = 10;
/** Columns of prices that it shows. */
const PREVIEW_SYMBOLS = 8;

export async function importCommand(
  file: string,
  options: ImportCommandOptions,
  out: string | undefined,
  force: boolean,
  json: boolean,
  io: Io,
): Promise<ExitCode> {
  // A dry run has no data on stdout but what it shows.
  const target: Target = { out: options.dryRun ? '' : (out ?? ''), force, json };
  const report = (failure: Failure): Promise<ExitCode> => fail(io, json, failure, reportSink(target, io));
  if (!options.dryRun && out === undefined) return report(usageFailure('ewm market import needs --out <file>, or --dry-run'));
  const opened = await importing.openPriceFile(file, options, io)();
  if (isLeft(opened)) return report(priceFileFailure(opened.left, file));
  try {
    return await importOpened(opened.right, file, options, target, io);
  } finally {
    await opened.right.close();
  }
}

async function importOpened(file: PriceFile, path: string, options: ImportCommandOptions, target: Target, io: Io): Promise<ExitCode> {
  const report = (failure: Failure): Promise<ExitCode> => fail(io, target.json, failure, reportSink(target, io));
  const form = formOfOutput(target.out);
  if (!options.dryRun && form === undefined) return report(illegalOutput(target.out));
  if (!options.dryRun && target.out !== '-') {
    const free = await local.checkOutput(target.out, target.force)();
    if (isLeft(free)) return report(storeFailure(free.left));
  }
  const plan = await describeImport(file, options, importing.zones)();
  if (isLeft(plan)) return report(priceFileFailure(plan.left, path));
  // With --json and the market on stdout, stderr is the one document.
  const quiet = target.json && target.out === '-';
  if (!quiet) await writeLines(plan.right.description.lines, io);
  if (options.dryRun) return preview(file, path, plan.right.plan, plan.right.description, options, target, io);
  if (!quiet) await writeLines(plan.right.description.notes, io);

  const interrupted = io.watchInterrupts();
  const spool = importing.makeRecordSpool();
  try {
    const imported = await importMarket(file, plan.right.plan, options, { spool, zones: importing.zones, interrupted })();
    if (isLeft(imported)) return await report(imported.left._tag === 'Interrupted' ? INTERRUPTED : priceFileFailure(imported.left, path));
    const { symbols, counts, notes, steps } = imported.right;
    const illegal = illegalHeader(symbols, form ?? 'jsonl');
    if (illegal !== undefined) return await report(illegal);
    if (!quiet) await writeLines(notes, io);
    const { shapes, naive, sorted, blank, notPositive, ...counted } = counts;
    const facts = {
      form: plan.right.plan.layout.form,
      ...counted,
      symbols,
      dialect: { ...plan.right.description.dialect, time_shapes: shapes },
      not_positive: notPositive,
      blank,
      sorted,
      naive,
      notes: [...plan.right.description.notes, ...notes],
    };
    const text = local.marketText(symbols, steps(), form ?? 'jsonl');
    return await deliver(text, target, io, facts, importedText(counts, plan.right.plan, symbols), interrupted);
  } finally {
    await spool.close();
  }
}

async function preview(
  file: PriceFile,
  path: string,
  plan: ImportPlan,
  { dialect, notes }: ImportDescription,
  options: ImportOptions,
  target: Target,
  io: Io,
): Promise<ExitCode> {
  await writeLines(notes, io);
  const rows = previewImport(file, plan, options, PREVIEW_ROWS);
  if (isLeft(rows)) return fail(io, target.json, priceFileFailure(rows.left, path));
  const symbols = [...new Set(rows.right.flatMap(({ prices }) => Object.keys(prices)))];
  if (target.json) {
    const shown = rows.right.map(({ line, time, prices }) => ({
      line,
      time,
      prices: Object.fromEntries(Object.entries(prices).map(([symbol, price]) => [symbol, price === null ? null : formatDecimal(price)])),
    }));
    await io.stdout.write(`${JSON.stringify({ ok: true, dry_run: true, dialect, notes, symbols, rows: shown })}\n`);
    return EXIT.ok;
  }
  const columns = symbols.slice(0, PREVIEW_SYMBOLS);
  const table = makeTable(['line', 'time', ...columns], io.stdout);
  for (const { line, time, prices } of rows.right) {
    const cells = columns.map((symbol) => {
      const price = prices[symbol];
      return price === undefined ? '' : price === null ? 'none' : formatDecimal(price);
    });
    await table.row([String(line), time ?? '', ...cells]);
  }
  await table.flush();
  if (columns.length < symbols.length) await io.stderr.write(`ewm: and ${String(symbols.length - columns.length)} more symbols\n`);
  return EXIT.ok;
}

function importedText({ rows, steps, rounded, dropped, filled }: ImportCounts, { layout }: ImportPlan, symbols: readonly string[]): string {
  const of = (count: number, one: string, many: string): readonly string[] =>
    count === 0 ? [] : [`${String(count)} ${count === 1 ? one : many}`];
  const counted = [
    ...of(rounded, 'price rounded half-even to 8 decimals', 'prices rounded half-even to 8 decimals'),
    ...of(dropped, 'step dropped for want of a price', 'steps dropped for want of a price'),
    ...of(filled, 'price carried forward', 'prices carried forward'),
  ];
  const remarks = counted.length === 0 ? '' : ` (${counted.join(', ')})`;
  return `imported ${String(rows)} ${layout.form} rows as ${String(steps)} steps of ${symbols.join(', ')}${remarks}`;
}

/** Advice that names a file says which. */
function priceFileFailure(error: MarketInputError, path: string): Failure {
  if (error._tag === 'InvalidInput') return optionFailure(error.source, error.problems);
  const failure = storeFailure(error);
  return { ...failure, messages: failure.messages.map((message) => message.replaceAll('FILE', path)) };
}

/**
 * Imports a price file: tells how it is written, reads it once, sorts its prices by time, and hands out the steps. Invariant: every mistake is
 * found before the first step is handed out, and the memory it takes does not grow with the file.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import type { MarketInputError } from '../../ports/market-input';
import type { FileFacts, PriceFile, RecordSpool } from '../../ports/price-file';
import type { ByteCursor, StoreError } from '../../ports/run-files';
import type { Problem } from '../codec/problem';
import { rowProblem } from '../market/csv-table';
import { type ImportCounts, makeRowImporter } from '../market/import';
import { type DialectReport, dialectReport, dialectText, type ImportOptions, type ImportPlan, planImport } from '../market/import-plan';
import {
  addRunBytes,
  compareRecords,
  copyRecord,
  makeRun,
  priceAt,
  RECORD_BYTES,
  type RecordRun,
  runBytes,
  sortedRun,
} from '../market/import-records';
import { makeStepAssembler, type StepRules } from '../market/import-steps';
import { importTimeText } from '../market/import-time';
import type { ZoneLookup } from '../market/import-zone';
import type { MarketStep } from '../market/market-path';

export type ImportError = MarketInputError | { readonly _tag: 'Interrupted' };

export interface ImportPorts {
  readonly spool: RecordSpool;
  readonly zones: ZoneLookup;
  readonly interrupted: () => boolean;
}

export interface ImportDescription {
  readonly dialect: FileFacts & DialectReport;
  /** The same in words. */
  readonly lines: readonly string[];
  readonly notes: readonly string[];
}

export interface ImportedMarket {
  readonly symbols: readonly string[];
  readonly counts: ImportCounts;
  readonly notes: readonly string[];
  /** All steps, in batches. The spool and the file must still be open. */
  readonly steps: () => AsyncIterable<Either<StoreError, readonly MarketStep[]>>;
}

export interface PreviewRow {
  readonly line: number;
  readonly time: string | null;
  /** By symbol; null where there is none. */
  readonly prices: Readonly<Record<string, bigint | null>>;
}

/** The first rows tell nearly everything; where they leave the order of day and month open, more are looked at. Unit: bytes. */
const SAMPLE_BYTES = 1024 * 1024;
const SAMPLE_BYTES_MAX = 16 * 1024 * 1024;

/** How the file is written. */
export function describeImport(
  file: PriceFile,
  options: ImportOptions,
  zones: ZoneLookup,
): TaskEither<MarketInputError, { readonly plan: ImportPlan; readonly description: ImportDescription }> {
  return async () => {
    let plan: ImportPlan | undefined;
    for (const bytes of [SAMPLE_BYTES, SAMPLE_BYTES_MAX]) {
      const sample = await file.sample(bytes)();
      if (isLeft(sample)) return sample;
      const made = planImport(sample.right, file.split, options, zones);
      if (isLeft(made)) return left(invalid(file, made.left));
      plan = made.right;
      if (!plan.undecided || sample.right.ended) break;
    }
    if (plan === undefined) return left(invalid(file, []));
    return right({
      plan,
      description: {
        dialect: { ...file.facts, ...dialectReport(plan) },
        lines: [factsText(file.facts), ...dialectText(plan)],
        notes: plan.notes,
      },
    });
  };
}

export function importMarket(
  file: PriceFile,
  plan: ImportPlan,
  options: ImportOptions,
  ports: ImportPorts,
): TaskEither<ImportError, ImportedMarket> {
  return async () => {
    const { spool, interrupted } = ports;
    const importer = makeRowImporter(plan, options);
    if (isLeft(importer)) return left(invalid(file, importer.left));
    const { add, run, full, reset, end } = importer.right;
    const reader = file.rows(plan.dialect);
    let header = plan.dialect.header.length;
    let [going, failed] = [true, undefined as MarketInputError | undefined];
    while (going) {
      const batch = await reader.next()();
      if (interrupted()) return left({ _tag: 'Interrupted' });
      if (isLeft(batch)) {
        failed = batch.left;
        break;
      }
      if (batch.right.length === 0) break;
      for (const row of batch.right) {
        if (header > 0) {
          // The header comes again: blank lines before it were told in the sample.
          header -= plan.dialect.header.some(({ line }) => line === row.line) ? 1 : 0;
          continue;
        }
        if (full()) {
          const added = await spool.add(runBytes(sortedRun(run)))();
          if (isLeft(added)) return added;
          reset();
        }
        going = add(row);
        if (!going) break;
      }
    }
    const ended = end();
    // What stands before a line that could not be read is told with it.
    if (isLeft(ended)) return left(invalid(file, ended.left));
    if (failed !== undefined) return left(failed);
    const last = sortedRun(run);
    const { counts, notes, steps: rules } = ended.right;

    const check = makeStepAssembler(rules);
    for await (const batch of sorted(spool, last)) {
      if (isLeft(batch)) return batch;
      check.push(batch.right);
    }
    const checked = check.end();
    if (checked.problems.length > 0) return left(invalid(file, checked.problems));
    const all: ImportCounts = { ...counts, ...checked.counts };
    if (all.steps === 0) {
      const place = plan.dialect.header[0] ?? { line: 1, cells: [] };
      return left(invalid(file, [rowProblem(place, `no step is left of ${String(all.rows)} rows`)]));
    }
    return right({
      symbols: rules.symbols.map(({ symbol }) => symbol),
      counts: all,
      notes: [...notes, ...countNotes(all, plan)],
      steps: () => stepsOf(spool, last, rules),
    });
  };
}

/** The first rows as they are understood; nothing but the sample is read. */
export function previewImport(
  file: PriceFile,
  plan: ImportPlan,
  options: ImportOptions,
  rowsMax: number,
): Either<MarketInputError, readonly PreviewRow[]> {
  const importer = makeRowImporter(plan, options);
  if (isLeft(importer)) return left(invalid(file, importer.left));
  const { add, run, full, end } = importer.right;
  for (const row of plan.dialect.rows.slice(0, rowsMax)) if (full() || !add(row)) break;
  const ended = end();
  if (isLeft(ended)) return left(invalid(file, ended.left));
  const { symbols, precision } = ended.right.steps;
  const names = new Map(symbols.map(({ symbol, number }) => [number, symbol]));
  const rows = new Map<number, { readonly line: number; readonly time: string | null; readonly prices: Record<string, bigint | null> }>();
  for (let at = 0; at < run.length; at += 1) {
    const [line, seconds, nanos] = [run.line[at] ?? 0, run.seconds[at] ?? 0, run.nanos[at] ?? 0];
    const row = rows.get(line) ?? {
      line,
      time: precision === undefined ? null : importTimeText({ precision, seconds, nanos }),
      prices: {},
    };
    rows.set(line, row);
    const symbol = names.get(run.symbol[at] ?? 0);
    const price = priceAt(run, at);
    if (symbol !== undefined) row.prices[symbol] = price === 0n ? null : price;
  }
  return right([...rows.values()]);
}

function invalid(file: PriceFile, problems: readonly Problem[]): MarketInputError {
  return { _tag: 'InvalidInput', source: file.source, problems };
}

function factsText({ encoding, compression, line_end: lineEnd }: FileFacts): string {
  const unpacked = compression === 'none' ? '' : `, unpacked from ${compression}`;
  return `read as ${encoding}${unpacked}, lines end in ${lineEnd === 'lf' ? 'LF' : lineEnd === 'crlf' ? 'CR LF' : 'CR'}`;
}

/** What was done to rows and prices without anybody having said it row by row. */
function countNotes({ naive, sorted: wasSorted, blank, duplicates, notPositive }: ImportCounts, { rules }: ImportPlan): readonly string[] {
  const of = (count: number, one: string, many: string): string => `${String(count)} ${count === 1 ? one : many}`;
  return [
    ...(naive > 0 && rules.zone === undefined ? ['times without an offset were taken as UTC; --zone says another'] : []),
    ...(wasSorted ? ['rows were sorted by time'] : []),
    ...(blank > 0 ? [`${of(blank, 'blank row', 'blank rows')} left out`] : []),
    ...(duplicates > 0 ? [`${of(duplicates, 'price that was', 'prices that were')} there already left out`] : []),
    ...(notPositive > 0 ? [`${of(notPositive, 'price', 'prices')} of 0 or less taken as none`] : []),
  ];
}

// ---- Sorted records ----

/** Records handed on at a time. */
const BATCH_RECORDS = 4_096;

async function* stepsOf(
  spool: RecordSpool,
  last: RecordRun,
  rules: StepRules,
): AsyncGenerator<Either<StoreError, readonly MarketStep[]>, void> {
  const assembler = makeStepAssembler(rules);
  let steps: MarketStep[] = [];
  const emit = (step: MarketStep): void => {
    steps.push(step);
  };
  for await (const batch of sorted(spool, last)) {
    if (isLeft(batch)) {
      yield batch;
      return;
    }
    for (let from = 0; from < batch.right.length; from += BATCH_RECORDS) {
      assembler.push(batch.right, emit, from, from + BATCH_RECORDS);
      yield right(steps);
      steps = [];
    }
  }
  assembler.end(emit);
  yield right(steps);
}

/** All records in order: the runs that were set down and the one in memory, merged. */
async function* sorted(spool: RecordSpool, last: RecordRun): AsyncGenerator<Either<StoreError, RecordRun>, void> {
  if (spool.runs() === 0) {
    yield right(last);
    return;
  }
  const heads: Head[] = [{ records: last, at: 0, cursor: undefined }];
  for (let run = 0; run < spool.runs(); run += 1) heads.push({ records: makeRun(0), at: 0, cursor: spool.open(run) });
  try {
    for (const head of heads) {
      const refilled = await refill(head);
      if (isLeft(refilled)) {
        yield refilled;
        return;
      }
    }
    const heap = heads.filter(({ records }) => records.length > 0).sort(compareHeads);
    let out = makeRun(BATCH_RECORDS);
    for (;;) {
      const [head] = heap;
      if (head === undefined) break;
      copyRecord(head.records, head.at, out);
      head.at += 1;
      if (head.at === head.records.length) {
        const refilled = await refill(head);
        if (isLeft(refilled)) {
          yield refilled;
          return;
        }
      }
      if (head.at < head.records.length) sink(heap);
      else heap.shift();
      if (out.length === BATCH_RECORDS) {
        yield right(out);
        out = makeRun(BATCH_RECORDS);
      }
    }
    yield right(out);
  } finally {
    for (const { cursor } of heads) await cursor?.close();
  }
}

interface Head {
  records: RecordRun;
  at: number;
  readonly cursor: ByteCursor | undefined;
}

function compareHeads(a: Head, b: Head): number {
  return compareRecords(a.records, a.at, b.records, b.at);
}

/** The first head has moved on: it goes behind those that come before it now. A file that is in order moves none. */
function sink(heads: Head[]): void {
  for (let at = 1; at < heads.length; at += 1) {
    const [before, after] = [heads[at - 1], heads[at]];
    if (before === undefined || after === undefined || compareHeads(before, after) <= 0) return;
    heads[at - 1] = after;
    heads[at] = before;
  }
}

async function refill(head: Head): Promise<Either<StoreError, void>> {
  if (head.cursor === undefined || head.at < head.records.length) return right(undefined);
  const bytes = await head.cursor.read(BATCH_RECORDS * RECORD_BYTES)();
  if (isLeft(bytes)) return bytes;
  head.records = makeRun(bytes.right.length / RECORD_BYTES);
  head.at = 0;
  addRunBytes(bytes.right, head.records);
  return right(undefined);
}

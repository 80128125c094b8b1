/** `ewm market import` and `ewm market generate`: where a market comes from. */
import { isLeft } from 'fp-ts/Either';
import type { Problem } from '../../domain/codec/problem';
import { generateMarket } from '../../domain/market/generate';
import { importMarket, type ImportOptions, type ImportReport } from '../../domain/market/import';
import { local } from '../compose';
import { EXIT, type ExitCode } from './exit-codes';
import { fail, type Failure, inputFailure, invalidFailure, storeFailure, usageFailure } from './failure';
import type { Io, TextSink } from './io';

export interface Target {
  /** `-` is stdout. */
  readonly out: string;
  readonly force: boolean;
  readonly json: boolean;
}

export async function importCommand(file: string, options: ImportOptions, target: Target, io: Io): Promise<ExitCode> {
  const told = (failure: Failure): Promise<ExitCode> => fail(io, target.json, failure, reportSink(target, io));
  const form = formOf(target.out);
  if (form === undefined) return told(usageFailure(`--out ${target.out}: must end in .jsonl, .json or .csv, or be - for stdout`));
  const table = await local.readCsv(file, io)();
  if (isLeft(table)) return told(inputFailure(table.left));
  const imported = importMarket(table.right, options);
  if (isLeft(imported)) return told(optionFailure(file, imported.left));
  const { path, report } = imported.right;
  return deliver(local.marketText(path, form), target, io, { ...report, symbols: path.symbols }, importedText(report, path.symbols));
}

export interface GenerateArguments {
  readonly symbols: readonly string[];
  readonly steps: number;
  readonly seed: string;
  readonly startPrice?: string;
}

export async function generateCommand(options: GenerateArguments, target: Target, io: Io): Promise<ExitCode> {
  const told = (failure: Failure): Promise<ExitCode> => fail(io, target.json, failure, reportSink(target, io));
  if (formOf(target.out) !== 'jsonl') return told(usageFailure(`--out ${target.out}: must end in .jsonl, or be - for stdout`));
  const chunks = generateMarket(options);
  if (isLeft(chunks)) {
    const problems = chunks.left.map(({ pointer, message }) => ({
      pointer: '',
      message: `${pointer.slice(1).replace('_', '-')}: ${message}`,
    }));
    return told(optionFailure('', problems));
  }
  const { symbols, steps, seed } = options;
  return deliver(
    chunks.right,
    target,
    io,
    { symbols, steps, seed },
    `generated ${String(steps)} steps of ${symbols.join(', ')} from seed ${seed}`,
  );
}

/** Text to a file or stdout; what is said about it goes where the text does not. */
async function deliver(chunks: Iterable<string>, target: Target, io: Io, facts: object, words: string): Promise<ExitCode> {
  const interrupted = io.watchInterrupts();
  const report = reportSink(target, io);
  if (target.out === '-') {
    for (const chunk of chunks) {
      if (interrupted()) return fail(io, target.json, INTERRUPTED, report);
      await io.stdout.write(chunk);
    }
  } else {
    const written = await local.writeText(target.out, chunks, target.force, interrupted)();
    if (isLeft(written)) return fail(io, target.json, written.left._tag === 'Interrupted' ? INTERRUPTED : storeFailure(written.left));
  }
  if (target.json) await report.write(`${JSON.stringify({ ok: true, out: target.out, ...facts })}\n`);
  else await report.write(target.out === '-' ? `ewm: ${words}\n` : `${words} into ${target.out}\n`);
  return EXIT.ok;
}

const INTERRUPTED: Failure = { exit: EXIT.interrupted, code: 'interrupted', messages: ['interrupted; no file was written'] };

function reportSink(target: Target, io: Io): TextSink {
  return target.out === '-' ? io.stderr : io.stdout;
}

/** What the importer says of an option, said as the command line spells it. */
function optionFailure(source: string, problems: readonly Problem[]): Failure {
  const spelt = problems.map((problem) => ({
    ...problem,
    message: problem.message
      .replace(/\bstate (missing|date-order): /, 'say --$1 ')
      .replace(/\bstate (symbol|column)\b/, 'say --$1')
      .replace(/^(symbols|steps|seed|start-price|from|to|symbol|column): /, '--$1 '),
  }));
  const [first] = spelt;
  // What is wrong with an option has no place in the file.
  return invalidFailure(first?.line === undefined && first?.message.startsWith('--') === true ? '' : source, spelt);
}

function importedText({ form, rows, steps, rounded, dropped, filled }: ImportReport, symbols: readonly string[]): string {
  const counted = [
    ...(rounded > 0 ? [`${String(rounded)} prices rounded half-even to 8 decimals`] : []),
    ...(dropped > 0 ? [`${String(dropped)} steps dropped for want of a price`] : []),
    ...(filled > 0 ? [`${String(filled)} prices carried forward`] : []),
  ];
  const remarks = counted.length === 0 ? '' : ` (${counted.join(', ')})`;
  return `imported ${String(rows)} ${form} rows as ${String(steps)} steps of ${symbols.join(', ')}${remarks}`;
}

function formOf(out: string): 'jsonl' | 'json' | 'csv' | undefined {
  if (out === '-' || out.endsWith('.jsonl')) return 'jsonl';
  if (out.endsWith('.json')) return 'json';
  return out.endsWith('.csv') ? 'csv' : undefined;
}

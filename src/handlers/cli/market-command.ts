/** `ewm market import` and `ewm market generate`: where a market comes from. */
import { isLeft } from 'fp-ts/Either';
import { generateMarket } from '../../domain/market/generate';
import { importMarket, type ImportOptions, type ImportReport } from '../../domain/market/import';
import { local } from '../compose';
import { EXIT, type ExitCode } from './exit-codes';
import { fail, inputFailure, invalidFailure, storeFailure } from './failure';
import type { Io } from './io';

export interface Target {
  /** `-` is stdout. */
  readonly out: string;
  readonly force: boolean;
  readonly json: boolean;
}

export async function importCommand(file: string, options: ImportOptions, target: Target, io: Io): Promise<ExitCode> {
  const form = formOf(target.out);
  if (form === undefined) {
    return fail(io, target.json, { exit: EXIT.badInput, code: 'usage', messages: [`--out ${target.out}: must end in .jsonl, .json or .csv`] });
  }
  const table = await local.readCsv(file, io)();
  if (isLeft(table)) return fail(io, target.json, inputFailure(table.left));
  const imported = importMarket(table.right, options);
  if (isLeft(imported)) return fail(io, target.json, invalidFailure(file, imported.left));
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
  if (formOf(target.out) !== 'jsonl') {
    return fail(io, target.json, { exit: EXIT.badInput, code: 'usage', messages: [`--out ${target.out}: must end in .jsonl`] });
  }
  const chunks = generateMarket(options);
  if (isLeft(chunks)) {
    const problems = chunks.left.map(({ pointer, message }) => ({ pointer: '', message: `${pointer.slice(1).replace('_', '-')}: ${message}` }));
    return fail(io, target.json, invalidFailure('ewm market generate', problems));
  }
  const { symbols, steps, seed } = options;
  return deliver(chunks.right, target, io, { symbols, steps, seed }, `generated ${String(steps)} steps of ${symbols.join(', ')} from seed ${seed}`);
}

/** Text to a file or stdout; what is said about it goes where the text does not. */
async function deliver(chunks: Iterable<string>, target: Target, io: Io, facts: object, words: string): Promise<ExitCode> {
  if (target.out === '-') {
    for (const chunk of chunks) {
      if (io.interrupted()) return EXIT.interrupted;
      await io.stdout.write(chunk);
    }
    await io.stderr.write(`ewm: ${words}\n`);
    return EXIT.ok;
  }
  const written = await local.writeText(target.out, chunks, target.force)();
  if (isLeft(written)) return fail(io, target.json, storeFailure(written.left));
  await io.stdout.write(target.json ? `${JSON.stringify({ ok: true, out: target.out, ...facts })}\n` : `${words} into ${target.out}\n`);
  return EXIT.ok;
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

/** A market as text to a file or stdout; what is said about it goes where the text does not. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { TextChunks } from '../../../adapters/filesystem/output-file';
import { utf8Length } from '../../../domain/bytes';
import type { Problem } from '../../../domain/codec/problem';
import { DOCUMENT_BYTES_MAX } from '../../../domain/limits';
import { rawColumns } from '../../../domain/market/column-kinds';
import type { StoreError } from '../../../ports/run-files';
import { local } from '../../compose';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, invalidFailure, storeFailure, usageFailure } from '../shared/failure';
import type { Io, TextSink } from '../shared/io';

export interface Target {
  /** `-` is stdout. */
  readonly out: string;
  readonly force: boolean;
  readonly json: boolean;
}

export type OutputForm = 'jsonl' | 'json' | 'csv';

export const INTERRUPTED: Failure = { exit: EXIT.interrupted, code: 'interrupted', messages: ['interrupted; no file was written'] };

export function formOfOutput(out: string): OutputForm | undefined {
  if (out === '-' || out.endsWith('.jsonl')) return 'jsonl';
  if (out.endsWith('.json')) return 'json';
  return out.endsWith('.csv') ? 'csv' : undefined;
}

export function illegalOutput(out: string): Failure {
  return usageFailure(`--out ${out}: must end in .jsonl, .json or .csv, or be - for stdout`);
}

/** What `ewm run` would take for a raw price file: a .csv says nothing but its header. */
export function illegalHeader(symbols: readonly string[], form: OutputForm): Failure | undefined {
  if (form !== 'csv' || rawColumns(symbols).length === 0) return undefined;
  return usageFailure(
    `a .csv with the header ${symbols.join(', ')} would not be read as a market; write .jsonl or .json, or --rename them`,
  );
}

export async function deliver(
  chunks: TextChunks,
  target: Target,
  io: Io,
  facts: object,
  words: string,
  interrupted: () => boolean,
): Promise<ExitCode> {
  const report = reportSink(target, io);
  if (target.out === '-') {
    for await (const chunk of chunks) {
      if (interrupted()) return fail(io, target.json, INTERRUPTED, report);
      if (typeof chunk !== 'string' && isLeft(chunk)) return fail(io, target.json, storeFailure(chunk.left), report);
      await io.stdout.write(typeof chunk === 'string' ? chunk : chunk.right);
    }
  } else {
    const readable = formOfOutput(target.out) === 'json' ? shortEnough(chunks, target.out) : chunks;
    const written = await local.writeText(target.out, readable, target.force, interrupted)();
    if (isLeft(written)) return fail(io, target.json, written.left._tag === 'Interrupted' ? INTERRUPTED : storeFailure(written.left));
  }
  if (target.json) await report.write(`${JSON.stringify({ ok: true, out: target.out, ...facts })}\n`);
  else await report.write(target.out === '-' ? `ewm: ${words}\n` : `${words} into ${target.out}\n`);
  return EXIT.ok;
}

/** A `.json` market is read whole, so one that nothing would read is not written. */
async function* shortEnough(chunks: TextChunks, path: string): AsyncGenerator<Either<StoreError, string>, void> {
  let bytes = 0;
  for await (const chunk of chunks) {
    const text = typeof chunk === 'string' ? right(chunk) : chunk;
    if (!isLeft(text)) bytes += utf8Length(text.right);
    if (bytes > DOCUMENT_BYTES_MAX) {
      const reason = `it would be longer than ${String(DOCUMENT_BYTES_MAX)} bytes, the most that a .json market may have; write .jsonl or .csv`;
      yield left({ _tag: 'Unwritable', path, reason });
      return;
    }
    yield text;
  }
}

export function reportSink(target: Target, io: Io): TextSink {
  return target.out === '-' ? io.stderr : io.stdout;
}

/** What is wrong with an option has no place in the file. */
export function optionFailure(source: string, problems: readonly Problem[]): Failure {
  const [first] = problems;
  return invalidFailure(first?.line === undefined && first?.message.startsWith('--') === true ? '' : source, problems);
}

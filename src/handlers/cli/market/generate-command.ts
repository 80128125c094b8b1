/** `ewm market generate`: a random market, in any form that `ewm market import` writes. */
import { isLeft } from 'fp-ts/Either';
import type { TextChunks } from '../../../adapters/filesystem/output-file';
import { generateMarket } from '../../../domain/market/generate';
import { normalSymbol } from '../../../domain/market/symbol';
import { local } from '../../compose';
import { deliver, formOfOutput, illegalHeader, illegalOutput, optionFailure, reportSink, type Target } from './deliver-market';
import type { ExitCode } from '../shared/exit-codes';
import { fail, type Failure } from '../shared/failure';
import type { Io } from '../shared/io';

export interface GenerateArguments {
  readonly symbols: readonly string[];
  readonly steps: number;
  readonly seed: string;
  readonly startPrice?: string;
}

export async function generateCommand(options: GenerateArguments, target: Target, io: Io): Promise<ExitCode> {
  const report = (failure: Failure): Promise<ExitCode> => fail(io, target.json, failure, reportSink(target, io));
  const form = formOfOutput(target.out);
  if (form === undefined) return report(illegalOutput(target.out));
  const made = generateMarket(options);
  if (isLeft(made)) {
    const problems = made.left.map(({ pointer, message }) => ({
      pointer: '',
      message: `--${pointer.slice(1).replace('_', '-')} ${message}`,
    }));
    return report(optionFailure('', problems));
  }
  const { steps, seed } = options;
  const symbols = options.symbols.flatMap((symbol) => normalSymbol(symbol) ?? []);
  const illegal = illegalHeader(symbols, form);
  if (illegal !== undefined) return report(illegal);
  const chunks: TextChunks = form === 'jsonl' ? made.right : local.marketText(symbols, local.stepsOfText(symbols, made.right), form);
  const words = `generated ${String(steps)} steps of ${options.symbols.join(', ')} from seed ${seed}`;
  return deliver(chunks, target, io, { symbols: options.symbols, steps, seed }, words, io.watchInterrupts());
}

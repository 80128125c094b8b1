/** `ewm strategy check`: every mistake of a strategy at once. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import { countNewlines } from '../../../domain/market/line-splitter';
import { decodeStrategy } from '../../../domain/world/market/strategy';
import { strategyNotes } from '../../../domain/world/market/strategy-notes';
import type { MarketInputError } from '../../../ports/market-input';
import { local } from '../../compose';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, inputFailure, invalidFailure, stdinTwice } from '../shared/failure';
import type { Io } from '../shared/io';
import { writeLines } from '../shared/write-lines';
import { counted } from '../shared/words';

export interface CheckOptions {
  readonly market?: string;
  readonly json: boolean;
}

export async function checkCommand(file: string, options: CheckOptions, io: Io): Promise<ExitCode> {
  const twice = stdinTwice({ 'the strategy': file, '--market': options.market });
  if (twice !== undefined) return fail(io, options.json, twice);
  const document = await local.readDocument(file, io)();
  if (isLeft(document)) return fail(io, options.json, inputFailure(document.left));
  const market = options.market === undefined ? right(undefined) : await readMarket(options.market, io);
  if (isLeft(market)) return fail(io, options.json, inputFailure(market.left));
  const strategy = decodeStrategy(document.right.value, market.right?.symbols);
  if (isLeft(strategy)) return fail(io, options.json, invalidFailure(file, document.right.problemsAt(strategy.left)));
  const course = market.right === undefined ? undefined : { steps: market.right.steps, name: 'the market' };
  const notes = strategyNotes(strategy.right, course);
  await writeLines(notes, io);
  const { metadata, universe, rules } = strategy.right;
  const against = options.market === undefined ? '' : `, against ${options.market}`;
  await io.stdout.write(
    options.json
      ? `${JSON.stringify({ ok: true, name: metadata.name, version: metadata.version, symbols: universe.symbols, rules: rules.length, notes })}\n`
      : `${file}: ${metadata.name} ${metadata.version} is legal: ${counted(rules.length, 'rule')} on ${universe.symbols.join(', ')}${against}\n`,
  );
  return EXIT.ok;
}

/** Read to its end: what is wrong with a market, and a rule that looks further back than it goes, is better known before a run. */
async function readMarket(
  path: string,
  io: Io,
): Promise<Either<MarketInputError, { readonly symbols: readonly string[]; readonly steps: number }>> {
  const market = local.openMarket(path, io);
  try {
    const symbols = await market.open()();
    if (isLeft(symbols)) return symbols;
    for (let steps = 0; ;) {
      const text = await market.read()();
      if (isLeft(text)) return text;
      if (text.right === '') return right({ symbols: symbols.right, steps });
      steps += countNewlines(text.right);
    }
  } finally {
    await market.close();
  }
}

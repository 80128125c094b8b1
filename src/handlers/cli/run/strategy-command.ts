/** `ewm strategy check`: every mistake of a strategy at once. */
import { isLeft } from 'fp-ts/Either';
import { decodeStrategy } from '../../../domain/world/market/strategy';
import { local } from '../../compose';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, inputFailure, invalidFailure, stdinTwice } from '../shared/failure';
import type { Io } from '../shared/io';
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
  let symbols: readonly string[] | undefined;
  if (options.market !== undefined) {
    const market = local.openMarket(options.market, io);
    const opened = await market.open()();
    await market.close();
    if (isLeft(opened)) return fail(io, options.json, inputFailure(opened.left));
    symbols = opened.right;
  }
  const strategy = decodeStrategy(document.right.value, symbols);
  if (isLeft(strategy)) return fail(io, options.json, invalidFailure(file, document.right.problemsAt(strategy.left)));
  const { metadata, universe, rules } = strategy.right;
  const against = options.market === undefined ? '' : `, against ${options.market}`;
  await io.stdout.write(
    options.json
      ? `${JSON.stringify({ ok: true, name: metadata.name, version: metadata.version, symbols: universe.symbols, rules: rules.length })}\n`
      : `${file}: ${metadata.name} ${metadata.version} is legal: ${counted(rules.length, 'rule')} on ${universe.symbols.join(', ')}${against}\n`,
  );
  return EXIT.ok;
}

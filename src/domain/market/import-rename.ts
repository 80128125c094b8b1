/** `--rename BTC/USD=BTCUSD`: what a symbol of the file is called in the market. */
import { type Either, left, right } from 'fp-ts/Either';
import { quoted } from '../codec/printable';
import type { Problem } from '../codec/problem';
import { normalSymbol, SYMBOL_LEGAL } from './symbol';

const SYMBOLS_SHOWN = 20;

export interface Renames {
  /** What a name of the file is called; itself when nothing was said of it. */
  readonly nameOf: (name: string) => string;
  /** Those that named nothing in the file. */
  readonly unused: () => readonly string[];
}

/**
 * A symbol may have `=` in it (`EURUSD=X=EURUSD`): each place where one stands could be the middle, and the file tells which name is meant.
 */
export function makeRenames(stated: readonly string[]): Either<readonly Problem[], Renames> {
  const targets = new Map<string, { readonly to: string; readonly of: string }>();
  for (const text of stated) {
    const splits = [...text.matchAll(/=/g)].flatMap(({ index }) => {
      const to = normalSymbol(text.slice(index + 1));
      const from = key(text.slice(0, index));
      return to === undefined || from === '' ? [] : [{ from, to }];
    });
    if (splits.length === 0) return left([{ pointer: '', message: `--rename ${quoted(text)}: expected A=B, where B is ${SYMBOL_LEGAL}` }]);
    for (const { from, to } of splits) {
      if (targets.has(from)) return left([{ pointer: '', message: `--rename ${quoted(text)}: ${quoted(from)} is renamed twice` }]);
      targets.set(from, { to, of: text });
    }
  }
  const used = new Set<string>();
  return right({
    nameOf: (name) => {
      if (targets.size === 0) return name;
      const target = targets.get(key(name));
      if (target === undefined) return name;
      used.add(target.of);
      return target.to;
    },
    unused: () => stated.filter((text) => !used.has(text)),
  });
}

export interface ChosenSymbols {
  readonly kept: readonly string[];
  /** What the one that is kept is called instead. */
  readonly called?: string;
  readonly notes: readonly string[];
}

/** `--symbol` in a file that names its symbols: the one to take, or, where there is one, what to call it. */
export function chosenAmong(symbols: readonly string[], stated: string | undefined): ChosenSymbols {
  const named = stated === undefined ? undefined : normalSymbol(stated);
  if (named === undefined) return { kept: symbols, notes: [] };
  if (symbols.includes(named)) return { kept: [named], notes: [] };
  const [only] = symbols;
  if (only !== undefined && symbols.length === 1) return { kept: symbols, called: named, notes: [`${only} is called ${named}`] };
  const list =
    symbols.length > SYMBOLS_SHOWN
      ? `${symbols.slice(0, SYMBOLS_SHOWN).join(', ')} and ${String(symbols.length - SYMBOLS_SHOWN)} more`
      : symbols.join(', ');
  return {
    kept: symbols,
    notes: [
      `--symbol ${named} is not used: the file names its symbols (${list}); --symbols chooses among them, --rename calls one something else`,
    ],
  };
}

function key(name: string): string {
  return name.trim().toUpperCase();
}

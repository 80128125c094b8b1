/** A market path that is already in memory (an inline document, a bundled example), as the port gives it: text of the normal form. */
import { right } from 'fp-ts/Either';
import { CHUNK_BYTES } from '../../domain/limits';
import { makeMarketForm } from '../../domain/market/market-form';
import type { MarketPath } from '../../domain/market/market-path';
import type { MarketInput } from '../../ports/market-input';

export function makeMarketPathInput({ symbols, steps }: MarketPath): MarketInput {
  const form = makeMarketForm(symbols);
  let at = 0;

  function nextText(): string {
    let text = '';
    for (; at < steps.length && text.length < CHUNK_BYTES; at += 1) {
      const step = steps[at];
      if (step !== undefined) text += `${form.render(step)}\n`;
    }
    return text;
  }

  return {
    open: () => () => Promise.resolve(right(symbols)),
    read: () => () => Promise.resolve(right(nextText())),
    close: () => Promise.resolve(),
  };
}

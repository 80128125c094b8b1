/** A market that is already decoded (an inline document, an import, a test), as a `MarketInput`. */
import { right } from 'fp-ts/Either';
import { makeMarketForm } from '../../domain/market/market-form';
import type { MarketPath } from '../../domain/market/market-path';
import type { MarketInput } from '../../ports/market-input';

/** Steps rendered at a time. */
const BATCH_STEPS = 1_000;

export function makeMarketDocument(market: MarketPath): MarketInput {
  const form = makeMarketForm(market.symbols);
  let at = 0;
  return {
    open: () => () => Promise.resolve(right(market.symbols)),
    read: () => () => {
      const batch = market.steps.slice(at, at + BATCH_STEPS);
      at += batch.length;
      return Promise.resolve(right(batch.map((step) => `${form.render(step)}\n`).join('')));
    },
    close: () => Promise.resolve(),
  };
}

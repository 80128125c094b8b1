/** Writes a market in each of the forms that `openMarketFile` reads, for people: one step a line. Memory does not grow with the market. */
import { stringify } from 'csv-stringify/sync';
import { type Either, isLeft, right } from 'fp-ts/Either';
import { canonicalString } from '../../domain/canonical/canonical';
import { formatDecimal } from '../../domain/decimal/decimal';
import { makeMarketForm, makeScannedStep } from '../../domain/market/market-form';
import type { MarketStep } from '../../domain/market/market-path';

export const MARKET_TEXT_FORMS = ['jsonl', 'json', 'csv'] as const;
export type MarketTextForm = (typeof MARKET_TEXT_FORMS)[number];

interface Writer {
  readonly head: (first: MarketStep | undefined) => string;
  readonly step: (step: MarketStep, index: number) => string;
  readonly end: string;
}

/** The file's text in chunks; a failure of the steps ends it. */
export async function* marketText<E>(
  symbols: readonly string[],
  batches: AsyncIterable<Either<E, readonly MarketStep[]>>,
  form: MarketTextForm,
): AsyncGenerator<Either<E, string>, void> {
  const writer = WRITERS[form](symbols);
  let count = 0;
  let begun = false;
  for await (const batch of batches) {
    if (isLeft(batch)) {
      yield batch;
      return;
    }
    if (batch.right.length === 0) continue;
    let text = begun ? '' : writer.head(batch.right[0]);
    begun = true;
    for (const step of batch.right) {
      text += writer.step(step, count);
      count += 1;
    }
    yield right(text);
  }
  const rest = `${begun ? '' : writer.head(undefined)}${writer.end}`;
  if (rest !== '') yield right(rest);
}

/** Steps of a text in normal form, as `generateMarket` makes it: its header, then whole lines a chunk. */
export async function* stepsOfText(
  symbols: readonly string[],
  chunks: Iterable<string>,
): AsyncGenerator<Either<never, readonly MarketStep[]>, void> {
  const form = makeMarketForm(symbols);
  const scanned = makeScannedStep(symbols);
  let header = true;
  for (const chunk of chunks) {
    const steps: MarketStep[] = [];
    for (let start = 0; start < chunk.length;) {
      const end = chunk.indexOf('\n', start);
      if (!header && form.scan(chunk, start, end, scanned)) steps.push({ prices: [...scanned.prices], time: undefined });
      header = false;
      start = end + 1;
    }
    yield await Promise.resolve(right(steps));
  }
}

const WRITERS: Readonly<Record<MarketTextForm, (symbols: readonly string[]) => Writer>> = {
  jsonl: jsonLines,
  json: jsonDocument,
  csv: csvLines,
};

function jsonLines(symbols: readonly string[]): Writer {
  const form = makeMarketForm(symbols);
  return { head: () => `${form.header}\n`, step: (step) => `${form.render(step)}\n`, end: '' };
}

function jsonDocument(symbols: readonly string[]): Writer {
  return {
    head: () => `{\n  "symbols": [${symbols.map(canonicalString).join(', ')}],\n  "steps": [`,
    step: (step, index) => {
      const fields = symbols.map((symbol, k) => `${canonicalString(symbol)}: "${priceText(step, k)}"`);
      if (step.time !== undefined) fields.unshift(`"time": ${canonicalString(step.time)}`);
      return `${index === 0 ? '' : ','}\n    {${fields.join(', ')}}`;
    },
    end: '\n  ]\n}\n',
  };
}

function csvLines(symbols: readonly string[]): Writer {
  let timed = false;
  return {
    head: (first) => {
      timed = first?.time !== undefined;
      return stringify([timed ? ['time', ...symbols] : symbols]);
    },
    step: (step) => {
      const prices = symbols.map((_, k) => priceText(step, k));
      return stringify([timed ? [step.time ?? '', ...prices] : prices]);
    },
    end: '',
  };
}

function priceText(step: MarketStep, k: number): string {
  return formatDecimal(step.prices[k] ?? 0n);
}

/** Writes a market path in each of the forms that `openMarketFile` reads, for people: one step a line. */
import { stringify } from 'csv-stringify/sync';
import { canonicalString } from '../../domain/canonical/canonical';
import { formatDecimal } from '../../domain/decimal/decimal';
import { CHUNK_BYTES } from '../../domain/limits';
import { makeMarketForm } from '../../domain/market/market-form';
import type { MarketPath, MarketStep } from '../../domain/market/market-path';

export const MARKET_TEXT_FORMS = ['jsonl', 'json', 'csv'] as const;
export type MarketTextForm = (typeof MARKET_TEXT_FORMS)[number];

/** The file's text in chunks. */
export function marketText(path: MarketPath, form: MarketTextForm): Iterable<string> {
  switch (form) {
    case 'jsonl':
      return inChunks(jsonLines(path));
    case 'json':
      return inChunks(jsonDocument(path));
    case 'csv':
      return inChunks(csvLines(path));
  }
}

function* jsonLines({ symbols, steps }: MarketPath): Generator<string, void> {
  const form = makeMarketForm(symbols);
  yield `${form.header}\n`;
  for (const step of steps) yield `${form.render(step)}\n`;
}

function* jsonDocument({ symbols, steps }: MarketPath): Generator<string, void> {
  yield `{\n  "symbols": [${symbols.map(canonicalString).join(', ')}],\n  "steps": [\n`;
  for (const [index, step] of steps.entries()) {
    const fields = symbols.map((symbol, k) => `${canonicalString(symbol)}: "${priceText(step, k)}"`);
    if (step.time !== undefined) fields.unshift(`"time": ${canonicalString(step.time)}`);
    yield `    {${fields.join(', ')}}${index === steps.length - 1 ? '' : ','}\n`;
  }
  yield '  ]\n}\n';
}

function* csvLines({ symbols, steps }: MarketPath): Generator<string, void> {
  const timed = steps.some(({ time }) => time !== undefined);
  yield stringify([timed ? ['time', ...symbols] : symbols]);
  for (const step of steps) {
    const prices = symbols.map((_, k) => priceText(step, k));
    yield stringify([timed ? [step.time ?? '', ...prices] : prices]);
  }
}

function priceText(step: MarketStep, k: number): string {
  return formatDecimal(step.prices[k] ?? 0n);
}

function* inChunks(lines: Iterable<string>): Generator<string, void> {
  let text = '';
  for (const line of lines) {
    text += line;
    if (text.length < CHUNK_BYTES) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

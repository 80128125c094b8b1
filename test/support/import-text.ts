/** Imports a text or bytes as `ewm market import` does, and says what came of it in lines. */
import { isLeft } from 'fp-ts/Either';
import { openPriceFile } from '../../src/adapters/filesystem/price-file';
import { makeRecordSpool } from '../../src/adapters/filesystem/record-spool';
import { zoneByName } from '../../src/adapters/zones/zones';
import type { Problem } from '../../src/domain/codec/problem';
import type { ImportCounts } from '../../src/domain/market/import';
import type { ImportOptions } from '../../src/domain/market/import-plan';
import { makeMarketForm } from '../../src/domain/market/market-form';
import type { MarketStep } from '../../src/domain/market/market-path';
import { type ImportError, importMarket, type ImportDescription, describeImport } from '../../src/domain/run/import-market';

export interface ImportedText {
  readonly symbols: readonly string[];
  readonly steps: readonly MarketStep[];
  /** The market in normal form. */
  readonly lines: readonly string[];
  readonly counts: ImportCounts;
  readonly told: ImportDescription;
  /** Everything that was chosen. */
  readonly notes: readonly string[];
}

export interface ImportTextOptions extends ImportOptions {
  readonly encoding?: string;
}

export type ImportOutcome =
  { readonly _tag: 'Imported'; readonly market: ImportedText } | { readonly _tag: 'Failed'; readonly errors: readonly string[] };

export async function importText(content: string | Uint8Array, options: ImportTextOptions = {}): Promise<ImportOutcome> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const file = await openPriceFile('-', options, { stdin: chunksOf(bytes) })();
  if (isLeft(file)) return failed(file.left);
  const spool = makeRecordSpool();
  try {
    const plan = await describeImport(file.right, options, zoneByName)();
    if (isLeft(plan)) return failed(plan.left);
    const imported = await importMarket(file.right, plan.right.plan, options, { spool, zones: zoneByName, interrupted: () => false })();
    if (isLeft(imported)) return failed(imported.left);
    const { symbols, counts, notes } = imported.right;
    const steps: MarketStep[] = [];
    for await (const batch of imported.right.steps()) if (!isLeft(batch)) steps.push(...batch.right);
    const form = makeMarketForm(symbols);
    const lines = [form.header, ...steps.map(form.render)];
    return {
      _tag: 'Imported',
      market: { symbols, steps, lines, counts, told: plan.right.description, notes: [...plan.right.description.notes, ...notes] },
    };
  } finally {
    await spool.close();
    await file.right.close();
  }
}

/** Throws, with the errors, where it fails. */
export async function imported(content: string | Uint8Array, options: ImportTextOptions = {}): Promise<ImportedText> {
  const outcome = await importText(content, options);
  if (outcome._tag === 'Failed') throw new Error(outcome.errors.join('; '));
  return outcome.market;
}

/** `line:column message`; none where it succeeds. */
export async function importErrors(content: string | Uint8Array, options: ImportTextOptions = {}): Promise<readonly string[]> {
  const outcome = await importText(content, options);
  return outcome._tag === 'Failed' ? outcome.errors : [];
}

function failed(error: ImportError): ImportOutcome {
  switch (error._tag) {
    case 'InvalidInput':
      return { _tag: 'Failed', errors: error.problems.map(placed) };
    case 'Unreadable':
    case 'Unwritable':
    case 'AlreadyExists':
      return { _tag: 'Failed', errors: [error.reason] };
    case 'NotFound':
    case 'Interrupted':
      return { _tag: 'Failed', errors: [error._tag] };
  }
}

function placed({ line, column, message }: Problem): string {
  return line === undefined ? message : `${String(line)}${column === undefined ? '' : `:${String(column)}`} ${message}`;
}

/** Pieces of odd lengths: what is read must not depend on where chunks end. */
async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  if (bytes.length > 1_000_000) {
    yield bytes;
    return;
  }
  for (let at = 0, length = 1; at < bytes.length; at += length, length = (length * 7 + 3) % 4_093) {
    yield await Promise.resolve(bytes.subarray(at, at + length));
  }
}

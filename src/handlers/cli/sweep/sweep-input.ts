/** What a sweep is made from: its spec, the documents that the spec names by path, and the market, read once. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { dirname, isAbsolute, join } from 'node:path';
import { isRecord } from '../../../domain/codec/codec';
import type { Problem } from '../../../domain/codec/problem';
import { factsOf, type MarketBytes } from '../../../domain/sweep/market';
import { planSweep, type SweepPlan } from '../../../domain/sweep/plan';
import { decodeSweep, type SweepSpec } from '../../../domain/sweep/spec';
import type { MarketInput, MarketInputError } from '../../../ports/market-input';
import { local } from '../../compose';
import { type Failure, inputFailure, invalidFailure } from '../shared/failure';
import type { Io } from '../shared/io';

export interface SweepInput {
  readonly plan: SweepPlan;
  readonly market: MarketBytes;
}

interface Named {
  readonly spec: SweepSpec;
  readonly marketPath: string;
  readonly problemsAt: (problems: readonly Problem[]) => readonly Problem[];
}

/** `market` on the command line stands for the one in the spec. */
export async function readSweep(file: string, market: string | undefined, io: Io): Promise<Either<Failure, SweepInput>> {
  const named = await readSpec(file, market, io);
  if (isLeft(named)) return named;
  const { spec, marketPath, problemsAt } = named.right;
  const bytes = await readMarket(local.openMarket(marketPath, io));
  if (isLeft(bytes)) return left(inputFailure(bytes.left));
  const plan = planSweep(spec, factsOf(bytes.right));
  return isLeft(plan) ? left(invalidFailure(file, problemsAt(plan.left))) : right({ plan: plan.right, market: bytes.right });
}

async function readSpec(file: string, market: string | undefined, io: Io): Promise<Either<Failure, Named>> {
  const document = await local.readDocument(file, io)();
  if (isLeft(document)) return left(inputFailure(document.left));
  const { value, problemsAt } = document.right;
  if (!isRecord(value)) return left(invalidFailure(file, [{ pointer: '', message: 'expected an object' }]));
  const beside = (path: string): string => (isAbsolute(path) || file === '-' ? path : join(dirname(file), path));
  const whole: Record<string, unknown> = { ...value };
  for (const name of ['strategy', 'policy', 'initial_state']) {
    const path = whole[name];
    if (typeof path !== 'string') continue;
    const read = await local.readDocument(beside(path), io)();
    if (isLeft(read)) return left(inputFailure(read.left));
    whole[name] = isRecord(read.right.value) ? withoutSchema(read.right.value) : read.right.value;
  }
  const spec = decodeSweep(whole);
  if (isLeft(spec)) return left(invalidFailure(file, problemsAt(spec.left)));
  const marketPath = market ?? (typeof value['market'] === 'string' ? beside(value['market']) : undefined);
  if (marketPath === undefined) {
    const message = 'names no market: "market" with a path beside the spec, or --market';
    return left(invalidFailure(file, [{ pointer: '/market', message }]));
  }
  return right({ spec: spec.right, marketPath, problemsAt });
}

/** A help for editors, which says nothing of the document: the sweep is the same without it. */
function withoutSchema({ $schema: _schema, ...document }: Readonly<Record<string, unknown>>): unknown {
  return document;
}

/** The normal form of the market, in memory that threads can share. */
export async function readMarket(market: MarketInput): Promise<Either<MarketInputError, MarketBytes>> {
  try {
    const symbols = await market.open()();
    if (isLeft(symbols)) return symbols;
    const encoder = new TextEncoder();
    const chunks: Uint8Array[] = [];
    const starts = [0];
    let bytes = 0;
    for (;;) {
      const text = await market.read()();
      if (isLeft(text)) return text;
      if (text.right === '') break;
      const chunk = encoder.encode(text.right);
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) starts.push(bytes + at + 1);
      chunks.push(chunk);
      bytes += chunk.length;
    }
    const lines = new Uint8Array(new SharedArrayBuffer(bytes));
    let at = 0;
    for (const chunk of chunks) {
      lines.set(chunk, at);
      at += chunk.length;
    }
    const shared = new Float64Array(new SharedArrayBuffer(starts.length * Float64Array.BYTES_PER_ELEMENT));
    shared.set(starts);
    return right({ symbols: symbols.right, lines, starts: shared });
  } finally {
    await market.close();
  }
}

const NEWLINE = 10;

/**
 * The use case `verify`: re-executes a run from its own inputs and compares every byte of every file.
 * Invariant: a directory is proven only if the engine, given the inputs of tape row 0, writes exactly what stands in it.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { RunFile, RunReader, StoreError } from '../../ports/run-files';
import { CHECKPOINT_INTERVAL_STEPS } from '../limits';
import { makeWorld } from '../world/step';
import { type Comparison, type CompareError, makeComparison } from './compare';
import type { Divergence } from './divergence';
import { type Cursor, type Engine, type EngineError, type EngineWatch, makeEngine } from './engine';
import { digestDiffers, diverged, type Evidence, type MarketFacts, readEvidence, readMarket, textError } from './evidence';
import { stepsOffset } from '../market/market-form';
import { appendAll, digested, type DigestedOutput } from './output';
import { makeReportRows, type ReportLines, renderReport } from './report';
import { budgetRows, digestsOf, runJson, type RunSummary, summarise } from './summary';
import { makeTextReader } from './text-reader';

export type Verdict =
  | { readonly _tag: 'Proven'; readonly summary: RunSummary }
  | { readonly _tag: 'NotProven'; readonly divergence: Divergence }
  /** No `run.json`: the run was interrupted, or is still going on. */
  | { readonly _tag: 'Unfinished' };

export type VerifyError = StoreError | { readonly _tag: 'Interrupted'; readonly steps: number };

export async function verify(reader: RunReader, watch: EngineWatch = {}): Promise<Either<VerifyError, Verdict>> {
  const finished = await reader.size('run.json')();
  if (isLeft(finished)) return finished.left._tag === 'NotFound' ? right({ _tag: 'Unfinished' }) : finished;
  const comparison = makeComparison(reader);
  const summary = await proveWhole(reader, comparison, watch);
  await comparison.close();
  return verdictOf(summary);
}

export function verdictOf(summary: Either<CompareError | { readonly _tag: 'Interrupted'; readonly steps: number }, RunSummary>): Either<VerifyError, Verdict> {
  if (!isLeft(summary)) return right({ _tag: 'Proven', summary: summary.right });
  if (summary.left._tag === 'Diverged') return right({ _tag: 'NotProven', divergence: summary.left.divergence });
  return left(summary.left);
}

type Interrupted = Extract<EngineError, { _tag: 'Interrupted' }>;

async function proveWhole(reader: RunReader, comparison: Comparison, watch: EngineWatch): Promise<Either<CompareError | Interrupted, RunSummary>> {
  const evidence = await readEvidence(reader);
  if (isLeft(evidence)) return evidence;
  const market = await readMarket(reader, evidence.right.symbols, []);
  if (isLeft(market)) return market;
  const { inputs, identity, symbols, strategy, policy, initial } = evidence.right;
  const world = makeWorld(symbols, strategy, policy);
  const engine = makeEngine(inputs, identity, world);
  const output = digested(comparison);
  const report = makeReportRows(world, Math.min(inputs.steps, inputs.budget.max_steps));

  const start = engine.start(initial);
  const opened = await output.append('tape.jsonl', start.row.line);
  if (isLeft(opened)) return opened;
  const end = await advanceOver(reader, engine, start.cursor, inputs.steps, stepsOffset(symbols), output, { ...watch, onStep: report.onStep });
  const marketChecked = checkMarket(evidence.right, market.right, end);
  if (isLeft(marketChecked)) return marketChecked;
  if (isLeft(end)) return end;
  return proveEnd(evidence.right, engine, end.right, report.rows(), output, output.digest, comparison);
}

/** The engine over a market file from a byte offset on; what is wrong with the file becomes a divergence. */
export async function advanceOver(
  reader: RunReader,
  engine: Engine,
  from: Cursor,
  until: number,
  marketOffset: number,
  output: DigestedOutput<CompareError>,
  watch: EngineWatch,
): Promise<Either<CompareError | Interrupted, Cursor>> {
  const cursor = await reader.open('market.jsonl', marketOffset)();
  if (isLeft(cursor)) return cursor;
  const prices = makeTextReader(cursor.right);
  const end = await engine.advance(from, until, prices, output, watch);
  await prices.close();
  if (!isLeft(end)) return end;
  switch (end.left._tag) {
    case 'MarketUnreadable':
      return textError('market.jsonl', end.left.error);
    case 'MarketBroken':
      return diverged({ file: 'market.jsonl', row: end.left.line - 1, pointer: '', expected: 'a step in normal form', actual: end.left.message });
    default:
      return left(end.left);
  }
}

/**
 * A market with another digest than row 0 names. The tape holds the prices of every step taken, so the row in which the
 * market was changed can usually be named; a change behind the last step shows in the digest alone.
 */
export function checkMarket(evidence: Evidence, market: MarketFacts, end: Either<CompareError | Interrupted, Cursor>): Either<CompareError, void> {
  const { inputs } = evidence;
  if (market.sha256 === inputs.market_sha256) {
    if (inputs.steps <= market.steps) return right(undefined);
    const expected = `at most ${String(market.steps)}, the steps of the market`;
    return diverged({ file: 'tape.jsonl', row: 0, pointer: '/inputs/steps', expected, actual: String(inputs.steps) });
  }
  if (isLeft(end) && end.left._tag === 'Diverged') {
    const { file, row, pointer, expected, actual } = end.left.divergence;
    const inPrices = file === 'tape.jsonl' && (pointer.startsWith('/prices') || pointer.startsWith('/time'));
    const step = inPrices && row !== undefined ? row - 1 - Math.floor((row - 1) / (CHECKPOINT_INTERVAL_STEPS + 1)) : undefined;
    if (step !== undefined) return diverged({ file: 'market.jsonl', row: step + 1, pointer, expected: `${actual} (the tape)`, actual: expected });
  }
  return digestDiffers('market.jsonl', inputs.market_sha256, market.sha256);
}

/** What follows the last step: the seal, the report, `run.json`, and that every file ends there. */
export async function proveEnd(
  evidence: Evidence,
  engine: Engine,
  end: Cursor,
  lines: ReportLines,
  output: DigestedOutput<CompareError>,
  digest: (file: RunFile) => string,
  comparison: Comparison,
): Promise<Either<CompareError, RunSummary>> {
  const { inputs, identity, symbols } = evidence;
  const seal = engine.seal(end);
  const summary = summarise(inputs, identity, symbols, end, { headHash: seal.row.hash, error: seal.error });
  const sealed = await output.append('tape.jsonl', seal.row.line);
  if (isLeft(sealed)) return sealed;
  for (const file of ['tape.jsonl', 'executions.jsonl'] as const) {
    const ended = await comparison.expectEnd(file);
    if (isLeft(ended)) return ended;
  }
  const reported = await appendAll(output, [['report.md', renderReport(summary, lines, budgetRows(inputs.budget, end.spent))]]);
  if (isLeft(reported)) return reported;
  const known: Partial<Record<RunFile, string>> = {
    'strategy.json': inputs.strategy_sha256,
    'policy.json': inputs.policy_sha256,
    'market.jsonl': inputs.market_sha256,
  };
  const named = await output.append('run.json', runJson(summary, digestsOf((file) => known[file] ?? digest(file))));
  if (isLeft(named)) return named;
  for (const file of ['report.md', 'run.json'] as const) {
    const ended = await comparison.expectEnd(file);
    if (isLeft(ended)) return ended;
  }
  return right(summary);
}

/**
 * The use case `run`: normalises the inputs, takes the steps, seals the tape, and leaves a directory that proves itself.
 * A crash between two writes leaves no `run.json` and no file under its final name; see the port.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { MarketInput, MarketInputError } from '../../ports/market-input';
import type { RunWriter, StoreError } from '../../ports/run-files';
import { type Budget, DEFAULT_BUDGET } from '../budget/budget';
import type { Problem } from '../codec/problem';
import { sha256Hex } from '../hash';
import { SPEC_VERSION } from '../limits';
import { countNewlines } from '../market/line-splitter';
import { makeMarketForm, stepsOffset } from '../market/market-form';
import { decodeStrategy, normalStrategy, type Strategy } from '../strategy/strategy';
import { decodePolicy, normalPolicy, type Policy } from '../world/policy';
import { decodeState, type State, stateText } from '../world/state';
import { makeWorld } from '../world/step';
import { type EngineError, type EngineWatch, makeEngine } from './engine';
import { identify, type RunInputs } from './inputs';
import { appendAll, digested, type DigestedOutput } from './output';
import { makeReportRows, renderReport } from './report';
import { budgetRows, digestsOf, type FileDigests, runJson, type RunSummary, summarise } from './summary';
import { makeTextReader, type TextReader } from './text-reader';

/** What to run. The documents are as somebody wrote them, not yet decoded. */
export interface RunRequest {
  readonly strategy: unknown;
  readonly policy: unknown;
  readonly initialState: unknown;
  /** Steps to take; all of the market when absent. */
  readonly steps?: number;
  /** Most steps to grant; as many as asked for when absent. */
  readonly maxSteps?: number;
}

export type RunError =
  | MarketInputError
  /** `document` says which part of the request the problems are in. */
  | { readonly _tag: 'InvalidRequest'; readonly document: 'strategy' | 'policy' | 'initial_state' | 'steps'; readonly problems: readonly Problem[] }
  | EngineError;

export interface FinishedRun {
  readonly summary: RunSummary;
  readonly digests: FileDigests;
}

/** Runs and commits. Whatever fails, the writer is closed and nothing looks finished. */
export async function run(
  request: RunRequest,
  market: MarketInput,
  writer: RunWriter,
  watch: EngineWatch = {},
): Promise<Either<RunError, FinishedRun>> {
  const outcome = await runInto(request, market, writer, watch);
  await market.close();
  // An interrupted run keeps what it did, under names that say it is unfinished; a failed one has nothing worth keeping.
  if (isLeft(outcome)) await writer.abandon(outcome.left._tag === 'Interrupted' ? 'keep' : 'remove');
  return outcome;
}

async function runInto(request: RunRequest, market: MarketInput, writer: RunWriter, watch: EngineWatch): Promise<Either<RunError, FinishedRun>> {
  const output = digested(writer);
  const prepared = await prepare(request, market, output, watch);
  if (isLeft(prepared)) return prepared;
  const { inputs, strategy, policy, symbols, initial } = prepared.right;

  const identity = identify(inputs);
  const world = makeWorld(symbols, strategy, policy);
  const engine = makeEngine(inputs, identity, world);
  const start = engine.start(initial);
  const opened = await output.append('tape.jsonl', start.row.line);
  if (isLeft(opened)) return opened;

  const prices = await openSteps(symbols, writer);
  if (isLeft(prices)) return prices;
  const report = makeReportRows(world, Math.min(inputs.steps, inputs.budget.max_steps));
  const end = await engine.advance(start.cursor, inputs.steps, prices.right, output, { ...watch, onStep: report.onStep });
  await prices.right.close();
  if (isLeft(end)) return end;

  const seal = engine.seal(end.right);
  const summary = summarise(inputs, identity, symbols, end.right, { headHash: seal.row.hash, error: seal.error });
  const closed = await appendAll(output, [
    ['tape.jsonl', seal.row.line],
    ['report.md', renderReport(summary, report.rows(), budgetRows(inputs.budget, end.right.spent))],
  ]);
  if (isLeft(closed)) return closed;
  const named = await output.append('run.json', runJson(summary, digestsOf(output.digest)));
  if (isLeft(named)) return named;
  const committed = await writer.commit()();
  return isLeft(committed) ? committed : right({ summary, digests: digestsOf(output.digest) });
}

interface Prepared {
  readonly inputs: RunInputs;
  readonly strategy: Strategy;
  readonly policy: Policy;
  readonly symbols: readonly string[];
  readonly initial: State;
}

/** Decodes the documents and writes the normal form of everything; the digests of that text identify the run. */
async function prepare(
  request: RunRequest,
  market: MarketInput,
  output: DigestedOutput<StoreError>,
  watch: EngineWatch,
): Promise<Either<RunError, Prepared>> {
  const symbols = await market.open()();
  if (isLeft(symbols)) return symbols;
  const strategy = decodeStrategy(request.strategy, symbols.right);
  if (isLeft(strategy)) return left({ _tag: 'InvalidRequest', document: 'strategy', problems: strategy.left });
  const policy = decodePolicy(request.policy);
  if (isLeft(policy)) return left({ _tag: 'InvalidRequest', document: 'policy', problems: policy.left });
  const initial = decodeState(request.initialState, symbols.right);
  if (isLeft(initial)) return left({ _tag: 'InvalidRequest', document: 'initial_state', problems: initial.left });

  const strategyText = `${normalStrategy(strategy.right)}\n`;
  const policyText = `${normalPolicy(policy.right)}\n`;
  const written = await appendAll(output, [
    ['strategy.json', strategyText],
    ['policy.json', policyText],
  ]);
  if (isLeft(written)) return written;
  const marketSteps = await writeMarket(symbols.right, market, output, watch);
  if (isLeft(marketSteps)) return marketSteps;
  const steps = request.steps ?? marketSteps.right;
  const maxSteps = request.maxSteps ?? steps;
  const mistake = stepsMistake(steps, maxSteps, marketSteps.right);
  if (mistake !== undefined) return left({ _tag: 'InvalidRequest', document: 'steps', problems: [{ pointer: '', message: mistake }] });
  const budget: Budget = { ...DEFAULT_BUDGET, max_steps: Math.min(steps, maxSteps) };
  const inputs: RunInputs = {
    spec_version: SPEC_VERSION,
    mode: 'local',
    market_sha256: output.digest('market.jsonl'),
    strategy_sha256: sha256Hex(strategyText),
    policy_sha256: sha256Hex(policyText),
    initial_state: stateText(initial.right, symbols.right),
    steps,
    budget,
    invocation: null,
  };
  return right({ inputs, strategy: strategy.right, policy: policy.right, symbols: symbols.right, initial: initial.right });
}

function stepsMistake(steps: number, maxSteps: number, marketSteps: number): string | undefined {
  if (!Number.isSafeInteger(steps) || steps < 1) return `${String(steps)} steps: expected an integer of 1 or more`;
  if (!Number.isSafeInteger(maxSteps) || maxSteps < 1) return `a budget of ${String(maxSteps)} steps: expected an integer of 1 or more`;
  return steps > marketSteps ? `${String(steps)} asked for, the market has ${String(marketSteps)}` : undefined;
}

/** Copies the normal form of the market; answers how many steps it has. */
async function writeMarket(
  symbols: readonly string[],
  market: MarketInput,
  output: DigestedOutput<StoreError>,
  watch: EngineWatch,
): Promise<Either<RunError, number>> {
  let text = `${makeMarketForm(symbols).header}\n`;
  let lines = -1;
  while (text !== '') {
    if (watch.interrupted?.() === true) return left({ _tag: 'Interrupted', steps: 0 });
    const appended = await output.append('market.jsonl', text);
    if (isLeft(appended)) return appended;
    lines += countNewlines(text);
    const next = await market.read()();
    if (isLeft(next)) return next;
    text = next.right;
  }
  return right(lines);
}

/** The lines after the header of the market just written. */
async function openSteps(symbols: readonly string[], writer: RunWriter): Promise<Either<StoreError, TextReader>> {
  const cursor = await writer.readBack('market.jsonl', stepsOffset(symbols))();
  return isLeft(cursor) ? cursor : right(makeTextReader(cursor.right));
}

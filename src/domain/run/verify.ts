/**
 * The use case `verify`: re-executes a run from its own inputs and compares every byte of every file.
 * Invariant: a directory is proven only if the code that ran, given the inputs of tape row 0 and the recorded answers of the outside,
 * writes exactly what stands in it.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { RunFile, RunReader, StoreError } from '../../ports/run-files';
import { sha256Hex } from '../hash';
import { CHECKPOINT_INTERVAL_STEPS } from '../limits';
import { stepsOffset } from '../market/market-form';
import type { Row } from '../tape/chain';
import { isRecord } from '../codec/codec';
import { inRange } from '../decimal/decimal';
import { valueOf } from '../world/state';
import { makeWorld } from '../world/step';
import { type Comparison, type CompareError, makeComparison } from './compare';
import type { Divergence } from './divergence';
import { type Cursor, type Engine, type EngineWatch, makeEngine } from './engine';
import {
  digestDiffers,
  diverged,
  type Evidence,
  type MarketFacts,
  parseJson,
  readEvidence,
  readInputs,
  readMarket,
  readText,
  textError,
} from './evidence';
import { finish, type RunEnd } from './finish';
import { filesOf, identify, type MemoryInputs, type RunInputs, type WorldInputs } from './inputs';
import { takeMemoryPlan } from './memory-plan';
import { appendAll, digested, type DigestedOutput } from './output';
import { replayedMemory, replayedTools } from './recorded';
import { readChain } from './replay';
import { makeReportRows, type ReportLines } from './report';
import { memoryRequestJson, type PlanItem, worldRequestJson } from './request';
import { decodeRecordedPlan, decodeRecordedRequests } from './request-codecs';
import { memoryPlanEnd, readSteps, toolPlanEnd } from './run-plans';
import { DEADLINE } from './stop';
import { type RunSummary, summarise } from './summary';
import { makeTextReader } from './text-reader';
import { takeToolPlan } from './tool-plan';

export type Verdict =
  | { readonly _tag: 'Proven'; readonly summary: RunSummary }
  | { readonly _tag: 'NotProven'; readonly divergence: Divergence }
  /** No `run.json`: the run was interrupted, or is still going on. */
  | { readonly _tag: 'Unfinished' };

interface Interrupted {
  readonly _tag: 'Interrupted';
  readonly steps: number;
}

export type VerifyError = StoreError | Interrupted;

export async function verify(reader: RunReader, watch: EngineWatch = {}): Promise<Either<VerifyError, Verdict>> {
  const finished = await reader.size('run.json')();
  if (isLeft(finished)) return finished.left._tag === 'NotFound' ? right({ _tag: 'Unfinished' }) : finished;
  const comparison = makeComparison(reader);
  const inputs = await readInputs(reader);
  const summary = isLeft(inputs) ? inputs : await prove(reader, inputs.right, comparison, watch);
  await comparison.close();
  if (!isLeft(summary)) return right({ _tag: 'Proven', summary: summary.right });
  if (summary.left._tag === 'Diverged') return right({ _tag: 'NotProven', divergence: summary.left.divergence });
  return left(summary.left);
}

type Proof = Promise<Either<CompareError | Interrupted, RunSummary>>;

async function prove(reader: RunReader, inputs: RunInputs, comparison: Comparison, watch: EngineWatch): Proof {
  if (inputs.mode === 'agentcore-memory') return proveMemoryPlan(reader, inputs, comparison);
  const evidence = await readEvidence(reader, inputs);
  if (isLeft(evidence)) return evidence;
  return inputs.mode === 'agentcore-tools'
    ? proveToolPlan(reader, evidence.right, comparison)
    : proveSteps(reader, evidence.right, comparison, watch);
}

async function proveSteps(reader: RunReader, evidence: Evidence, comparison: Comparison, watch: EngineWatch): Proof {
  const { inputs, identity, symbols, strategy, policy, initial } = evidence;
  const until = await lastStep(reader, inputs);
  if (isLeft(until)) return until;
  const market = await readMarket(reader, symbols, { readElsewhere: Math.min(until.right, inputs.budget.max_steps) });
  if (isLeft(market)) return market;
  const world = makeWorld(symbols, strategy, policy);
  const engine = makeEngine(inputs, identity, world);
  const output = digested(comparison);
  const requested = await proveRequest(inputs, undefined, output);
  if (isLeft(requested)) return requested;
  const report = makeReportRows(world, Math.min(inputs.steps, inputs.budget.max_steps));

  const start = engine.start(initial);
  const opened = await output.append('tape.jsonl', start.row.line);
  if (isLeft(opened)) return opened;
  const end = await advanceOver(reader, engine, start.cursor, until.right, stepsOffset(symbols), output, {
    ...watch,
    onStep: report.onStep,
  });
  if (!isLeft(end) && end.right.outOfRange !== undefined) {
    // The run ended early, so nobody else has read the lines behind the step that was refused.
    const rest = await readMarket(reader, symbols, { readElsewhere: end.right.t });
    if (isLeft(rest)) return rest;
  }
  const marketChecked = checkMarket(evidence, market.right, end);
  if (isLeft(marketChecked)) return marketChecked;
  if (isLeft(end)) return end;
  if (end.right.t === 0) return initialBeyondRange();
  return proveEnd(stepsEnd(evidence, engine, end.right, report.rows()), output, output.digest, comparison);
}

/** No run starts with a state that the first prices take out of range; see `initialOutOfRange`. */
function initialBeyondRange(): Either<CompareError, never> {
  const expected = 'a state worth less than 10^18 at the first prices';
  return diverged({ file: 'tape.jsonl', row: 0, pointer: '/inputs/initial_state', expected, actual: 'one worth more' });
}

/** What sums up a run of steps. */
export function stepsEnd({ inputs, identity, symbols }: Evidence, engine: Engine, end: Cursor, lines: ReportLines): RunEnd {
  const seal = engine.seal(end);
  const summary = summarise(inputs, identity, symbols, end, { headHash: seal.row.hash, error: seal.error });
  return { summary, seal: seal.row, lines, callRows: [] };
}

/** The step that a run ends before: all that were asked for, unless its seal says that the clock stopped a handler earlier. */
async function lastStep(reader: RunReader, inputs: WorldInputs): Promise<Either<StoreError, number>> {
  if (inputs.mode !== 'agentcore-base') return right(inputs.steps);
  const tape = await readCalls(reader);
  if (isLeft(tape)) return tape;
  const steps = tape.right.seal?.['steps'];
  const stopped = tape.right.stopped === DEADLINE.code && typeof steps === 'number' && Number.isSafeInteger(steps) && steps > 0;
  return right(stopped ? Math.min(steps, inputs.steps) : inputs.steps);
}

async function proveToolPlan(reader: RunReader, evidence: Evidence, comparison: Comparison): Proof {
  const { inputs, identity, symbols, strategy, policy, initial } = evidence;
  const market = await readMarket(reader, symbols, { readElsewhere: 0 });
  if (isLeft(market)) return market;
  if (market.right.sha256 !== inputs.market_sha256) return digestDiffers('market.jsonl', inputs.market_sha256, market.right.sha256);
  const plan = await readRequest(reader, decodeRecordedPlan);
  if (isLeft(plan)) return plan;
  const output = digested(comparison);
  const requested = await proveRequest(inputs, plan.right, output);
  if (isLeft(requested)) return requested;
  const cursor = await reader.open('market.jsonl', stepsOffset(symbols))();
  if (isLeft(cursor)) return cursor;
  const text = makeTextReader(cursor.right);
  const steps = await readSteps(symbols, text);
  await text.close();
  if (isLeft(steps)) return diverged({ file: 'market.jsonl', pointer: '', expected: 'steps in normal form', actual: steps.left._tag });
  const tape = await readCalls(reader);
  if (isLeft(tape)) return tape;

  if (!inRange(valueOf(initial, steps.right[0]?.prices ?? []).equity)) return initialBeyondRange();
  const planned = { inputs, identity, world: makeWorld(symbols, strategy, policy), steps: steps.right, initial, plan: plan.right };
  const end = await takeToolPlan(planned, replayedTools(tape.right.calls, tape.right.stopped));
  const written = await appendAll(output, [
    ['tape.jsonl', end.tape],
    ['executions.jsonl', end.ledger],
  ]);
  return isLeft(written) ? written : proveEnd(toolPlanEnd(planned, end), output, output.digest, comparison);
}

async function proveMemoryPlan(reader: RunReader, inputs: MemoryInputs, comparison: Comparison): Proof {
  const requests = await readRequest(reader, decodeRecordedRequests);
  if (isLeft(requests)) return requests;
  const output = digested(comparison);
  const line = memoryRequestJson(inputs.budget, requests.right);
  const requested = await output.append('request.json', line);
  if (isLeft(requested)) return requested;
  if (sha256Hex(line) !== inputs.request_sha256) return digestDiffers('request.json', inputs.request_sha256, sha256Hex(line));
  const tape = await readCalls(reader);
  if (isLeft(tape)) return tape;
  const identity = identify(inputs);
  const end = await takeMemoryPlan(inputs, identity, requests.right, replayedMemory(tape.right.calls, tape.right.stopped));
  const written = await output.append('tape.jsonl', end.tape);
  return isLeft(written) ? written : proveEnd(memoryPlanEnd(inputs, identity, end), output, output.digest, comparison);
}

/** `request.json` of a world run, written again from the inputs. */
async function proveRequest(
  inputs: WorldInputs,
  plan: readonly PlanItem[] | undefined,
  output: DigestedOutput<CompareError>,
): Promise<Either<CompareError, void>> {
  if (inputs.request_sha256 === undefined) return right(undefined);
  const line = worldRequestJson(
    {
      marketSha256: inputs.market_sha256,
      strategySha256: inputs.strategy_sha256,
      policySha256: inputs.policy_sha256,
      initialState: inputs.initial_state,
      steps: inputs.steps,
      budget: inputs.budget,
    },
    plan,
  );
  const compared = await output.append('request.json', line);
  if (isLeft(compared)) return compared;
  return sha256Hex(line) === inputs.request_sha256
    ? right(undefined)
    : digestDiffers('request.json', inputs.request_sha256, sha256Hex(line));
}

async function readRequest<A>(
  reader: RunReader,
  decode: (value: unknown) => Either<readonly { readonly pointer: string; readonly message: string }[], A>,
): Promise<Either<CompareError, A>> {
  const text = await readText(reader, 'request.json');
  if (isLeft(text)) return text;
  const value = decode(parseJson(text.right.text));
  if (!isLeft(value)) return value;
  const [first] = value.left;
  return diverged({
    file: 'request.json',
    row: 0,
    pointer: first?.pointer ?? '',
    expected: 'a legal request',
    actual: first?.message ?? '',
  });
}

interface RecordedCalls {
  readonly calls: readonly Row[];
  readonly seal: Row | undefined;
  /** Code of the error that the seal records. */
  readonly stopped: unknown;
}

/** The rows that record what came from outside. A plan is bounded, and so are they. */
async function readCalls(reader: RunReader): Promise<Either<StoreError, RecordedCalls>> {
  const cursor = await reader.open('tape.jsonl')();
  if (isLeft(cursor)) return cursor;
  const calls: Row[] = [];
  let seal: Row | undefined;
  const read = await readChain(cursor.right, 'tape', (row) => {
    if (row['type'] === 'tool' || row['type'] === 'model' || row['type'] === 'memory') calls.push(row);
    if (row['type'] === 'seal') seal = row;
  });
  await cursor.right.close();
  if (isLeft(read)) return read;
  const error = seal?.['error'];
  return right({ calls, seal, stopped: isRecord(error) ? error['code'] : undefined });
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
      return diverged({
        file: 'market.jsonl',
        row: end.left.line - 1,
        pointer: '',
        expected: 'a step in normal form',
        actual: end.left.message,
      });
    default:
      return left(end.left);
  }
}

/**
 * A market with another digest than row 0 names. The tape holds the prices of every step taken, so the row in which the
 * market was changed can usually be named; a change behind the last step shows in the digest alone.
 */
export function checkMarket(
  evidence: Evidence,
  market: MarketFacts,
  end: Either<CompareError | Interrupted, Cursor>,
): Either<CompareError, void> {
  const { inputs } = evidence;
  if (market.sha256 === inputs.market_sha256) {
    if (inputs.steps <= market.steps) return right(undefined);
    const expected = `at most ${String(market.steps)}, the steps of the market`;
    return diverged({ file: 'tape.jsonl', row: 0, pointer: '/inputs/steps', expected, actual: String(inputs.steps) });
  }
  if (isLeft(end) && end.left._tag === 'Diverged') {
    const { file, row, pointer, expected, actual } = end.left.divergence;
    if (file === 'market.jsonl') return left(end.left);
    const inPrices = file === 'tape.jsonl' && (pointer.startsWith('/prices') || pointer.startsWith('/time'));
    const step = inPrices && row !== undefined ? row - 1 - Math.floor((row - 1) / (CHECKPOINT_INTERVAL_STEPS + 1)) : undefined;
    if (step !== undefined)
      return diverged({ file: 'market.jsonl', row: step + 1, pointer, expected: `${actual} (the tape)`, actual: expected });
  }
  return digestDiffers('market.jsonl', inputs.market_sha256, market.sha256);
}

/** What follows the last row: the seal, the summary files, `run.json`, and that every file ends there. */
export async function proveEnd(
  end: RunEnd,
  output: DigestedOutput<CompareError>,
  digest: (file: RunFile) => string,
  comparison: Comparison,
): Promise<Either<CompareError, RunSummary>> {
  const { inputs } = end.summary;
  // These were read whole and compared by their digest; the others pass through the output.
  const known: Partial<Record<RunFile, string>> =
    inputs.mode === 'agentcore-memory'
      ? {}
      : { 'strategy.json': inputs.strategy_sha256, 'policy.json': inputs.policy_sha256, 'market.jsonl': inputs.market_sha256 };
  const finished = await finish(output, end, (file) => known[file] ?? digest(file));
  if (isLeft(finished)) return finished;
  for (const file of filesOf(inputs.mode)) {
    if (known[file] !== undefined) continue;
    const ended = await comparison.expectEnd(file);
    if (isLeft(ended)) return ended;
  }
  return right(end.summary);
}

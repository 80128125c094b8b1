/**
 * The use case `verify`: re-executes a run from its own inputs and compares every byte of every file.
 * Invariant: a directory is proven only if the code that ran, given the inputs of tape row 0 and the recorded answers of the outside,
 * writes exactly what stands in it.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { RunFile, RunReader, StoreError } from '../../ports/run-files';
import { recordedCalls } from '../agent/calls';
import { callOf } from '../agent/memory-tools';
import { recordedAnswerProblem, type RecordedTool } from '../agent/recorded-answers';
import { DEADLINE } from '../agent/stop';
import type { ToolCall, Tool } from '../agent/tool';
import { memoryTools, planTools, reachesOutside } from '../agent/tools';
import type { StepsError, StepsWatch } from '../episode/episode';
import { digested, type DigestedOutput } from '../episode/output';
import { makeTextReader, type TextReader } from '../episode/text-reader';
import { sha256Hex } from '../hash';
import { CHECKPOINT_INTERVAL_STEPS } from '../limits';
import { stepsOffset } from '../market/market-form';
import type { Row } from '../tape/chain';
import { isRecord } from '../codec/codec';
import { excerpt, type Problem } from '../codec/problem';
import { type Comparison, type CompareError, makeComparison } from './compare';
import { parseJson } from '../codec/parse';
import { withCursor } from './cursors';
import type { Divergence } from './divergence';
import {
  digestDiffers,
  diverged,
  type Evidence,
  type MarketFacts,
  readEvidence,
  readInputs,
  readMarket,
  readText,
  textError,
  worldRunOf,
  malformed,
} from './evidence';
import { finish, type SealedRun } from './finish';
import { decodeInputs, identify, type MemoryInputs, type RunInputs, type WorldInputs } from './inputs';
import { belongsTo, proveListing } from './listing';
import { type Mode, namedDigest } from './modes';
import { readPath } from './path';
import { type OpenSandbox, retakeWorld } from './retake-world';
import { readChain } from './replay';
import { retakeGuard } from '../guard/retake';
import { memoryRequestJson, worldRequestJson } from './request';
import { decodeRecordedPlan, decodeRecordedRequests } from './request-codecs';
import type { RunSummary } from './summary';
import { type StartOutOfRange, takeMemoryPlan, takeSteps, takeToolPlan } from './take';

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

/** How a run of a mode is taken again from what is recorded of it, into an output that compares. */
export type Retake<I> = (
  reader: RunReader,
  inputs: I,
  output: DigestedOutput<CompareError>,
  watch: StepsWatch,
) => Promise<Either<ProofError, SealedRun>>;

/** What can be proven: how the inputs of tape row 0 are read, and how their run is taken again. */
export interface Provable<I> {
  readonly decodeInputs: (value: unknown) => Either<readonly Problem[], I>;
  readonly retake: Retake<I>;
}

type Retakes = { readonly [M in Mode]: Retake<Extract<RunInputs, { readonly mode: M }>> };

const retakesIn = (sandbox: OpenSandbox | undefined): Retakes => ({
  local: inMarket(retakeSteps),
  'agentcore-base': inMarket(retakeSteps),
  'agentcore-tools': inMarket(retakeToolPlan),
  'agentcore-memory': retakeMemoryPlan,
  guard: retakeGuard,
  world: (reader, inputs, output, watch) => retakeWorld(reader, inputs, output, watch, sandbox, overMarket),
});

/** `sandbox`: where runs in world files are taken again; without one they cannot be told. */
export function verify(reader: RunReader, watch: StepsWatch = {}, sandbox?: OpenSandbox): Promise<Either<VerifyError, Verdict>> {
  const retakes = retakesIn(sandbox);
  const retake: Retake<RunInputs> = (run, inputs, ...rest) => (retakes[inputs.mode] as Retake<RunInputs>)(run, inputs, ...rest);
  return verifyAs({ decodeInputs, retake }, reader, watch);
}

export async function verifyAs<I>(
  { decodeInputs: decode, retake }: Provable<I>,
  reader: RunReader,
  watch: StepsWatch = {},
): Promise<Either<VerifyError, Verdict>> {
  const finished = await reader.size('run.json')();
  if (isLeft(finished)) return finished.left._tag === 'NotFound' ? right({ _tag: 'Unfinished' }) : finished;
  const comparison = makeComparison(reader);
  const summary = await prove(decode, retake, reader, comparison, watch);
  await comparison.close();
  if (!isLeft(summary)) return right({ _tag: 'Proven', summary: summary.right });
  if (summary.left._tag === 'Diverged') return right({ _tag: 'NotProven', divergence: summary.left.divergence });
  return left(summary.left);
}

export type ProofError = CompareError | Interrupted;

async function prove<I>(
  decode: Provable<I>['decodeInputs'],
  retake: Retake<I>,
  reader: RunReader,
  comparison: Comparison,
  watch: StepsWatch,
): Promise<Either<ProofError, RunSummary>> {
  const inputs = await readInputs(reader, decode);
  if (isLeft(inputs)) return inputs;
  const output = digested(comparison);
  const end = await retake(reader, inputs.right, output, watch);
  return isLeft(end) ? end : proveEnd(end.right, output, output.digest, comparison, reader);
}

/** The documents of a market run are read and held against the digests in its inputs first. */
function inMarket(retake: Retake<Evidence>): Retake<WorldInputs> {
  return async (reader, inputs, output, watch) => {
    const evidence = await readEvidence(reader, inputs);
    return isLeft(evidence) ? evidence : retake(reader, evidence.right, output, watch);
  };
}

async function retakeSteps(
  reader: RunReader,
  evidence: Evidence,
  output: DigestedOutput<CompareError>,
  watch: StepsWatch,
): Promise<Either<ProofError, SealedRun>> {
  const { inputs, symbols } = evidence;
  const until = await lastStep(reader, inputs);
  if (isLeft(until)) return until;
  const market = await readMarket(reader, symbols, { readElsewhere: Math.min(until.right, inputs.budget.max_steps) });
  if (isLeft(market)) return market;
  const requested = await proveRequest(inputs, undefined, output);
  if (isLeft(requested)) return requested;
  const end = await overMarket(reader, stepsOffset(symbols), (lines) => takeSteps(worldRunOf(evidence), until.right, lines, output, watch));
  if (!isLeft(end) && end.right.summary.error?.code === 'out_of_range') {
    // The run ended early, so nobody else has read the lines behind the step that was refused.
    const rest = await readMarket(reader, symbols, { readElsewhere: end.right.summary.steps });
    if (isLeft(rest)) return rest;
  }
  const marketChecked = checkMarket(evidence, market.right, end);
  return isLeft(marketChecked) ? marketChecked : end;
}

/** The step that a run ends before: all that were asked for, unless its seal says that the clock stopped a handler earlier. */
async function lastStep(reader: RunReader, inputs: WorldInputs): Promise<Either<CompareError, number>> {
  if (inputs.mode === 'local') return right(inputs.steps);
  const tape = await readCalls(reader, [], []);
  if (isLeft(tape)) return tape;
  const steps = tape.right.seal?.['steps'];
  const stopped = tape.right.stopped === DEADLINE.code && typeof steps === 'number' && Number.isSafeInteger(steps) && steps > 0;
  return right(stopped ? Math.min(steps, inputs.steps) : inputs.steps);
}

async function retakeToolPlan(
  reader: RunReader,
  evidence: Evidence,
  output: DigestedOutput<CompareError>,
): Promise<Either<ProofError, SealedRun>> {
  const { inputs, symbols } = evidence;
  const market = await readMarket(reader, symbols, { readElsewhere: 0 });
  if (isLeft(market)) return market;
  if (market.right.sha256 !== inputs.market_sha256) return digestDiffers('market.jsonl', inputs.market_sha256, market.right.sha256);
  const plan = await readRequest(reader, decodeRecordedPlan);
  if (isLeft(plan)) return plan;
  const requested = await proveRequest(inputs, plan.right, output);
  if (isLeft(requested)) return requested;
  const run = worldRunOf(evidence);
  const tools = planTools(run.world.actions);
  const planned = checkPlanInputs(inputs, plan.right, tools);
  if (isLeft(planned)) return planned;
  const path = await overMarket(reader, stepsOffset(symbols), (lines) => readPath(run.world, lines));
  if (isLeft(path)) return path;
  const tape = await readCalls(reader, plan.right, tools);
  if (isLeft(tape)) return tape;
  const end = await takeToolPlan(run, path.right, plan.right, recordedCalls(tape.right.calls, tape.right.stopped), output);
  if (!isLeft(end)) return end;
  return end.left._tag === 'StartOutOfRange' ? startOutOfRange() : left(end.left);
}

async function retakeMemoryPlan(
  reader: RunReader,
  inputs: MemoryInputs,
  output: DigestedOutput<CompareError>,
): Promise<Either<ProofError, SealedRun>> {
  const requests = await readRequest(reader, decodeRecordedRequests);
  if (isLeft(requests)) return requests;
  const line = memoryRequestJson(inputs.budget, requests.right);
  const requested = await output.append('request.json', line);
  if (isLeft(requested)) return requested;
  if (sha256Hex(line) !== inputs.request_sha256) return digestDiffers('request.json', inputs.request_sha256, sha256Hex(line));
  const tape = await readCalls(reader, requests.right.map(callOf), memoryTools());
  if (isLeft(tape)) return tape;
  return takeMemoryPlan(inputs, identify(inputs), requests.right, recordedCalls(tape.right.calls, tape.right.stopped), output);
}

/** `request.json` of a world run, written again from the inputs. */
async function proveRequest(
  inputs: WorldInputs,
  plan: readonly ToolCall[] | undefined,
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
  return isLeft(value) ? malformed('request.json', 'a legal request', value.left) : value;
}

interface RecordedCalls {
  readonly calls: readonly Row[];
  readonly seal: Row | undefined;
  /** Code of the error that the seal records. */
  readonly stopped: unknown;
}

/** What a handler makes of a plan: a step of the budget for each call, and an invocation where one of them may reach outside. */
function checkPlanInputs(
  { steps, invocation }: WorldInputs,
  plan: readonly ToolCall[],
  tools: readonly Pick<Tool<never>, 'name' | 'reach'>[],
): Either<CompareError, void> {
  const inputs = { file: 'tape.jsonl', row: 0 } as const;
  if (steps !== plan.length) {
    return diverged({
      ...inputs,
      pointer: '/inputs/steps',
      expected: `${String(plan.length)}, the calls of the plan`,
      actual: String(steps),
    });
  }
  const outside = reachesOutside(tools, plan);
  if (outside === (invocation !== null)) return right(undefined);
  const expected = outside ? 'the id of a request: the plan calls a tool that reaches outside' : 'null: the plan calls nothing outside';
  return diverged({ ...inputs, pointer: '/inputs/invocation', expected, actual: excerpt(invocation) });
}

/** The rows that record what came from outside, each held to what can have come. A plan is bounded, and so are they. */
async function readCalls(
  reader: RunReader,
  planned: readonly ToolCall[],
  tools: readonly RecordedTool[],
): Promise<Either<CompareError, RecordedCalls>> {
  const calls: Row[] = [];
  let seal: Row | undefined;
  let problem: Either<CompareError, never> | undefined;
  const read = await withCursor(reader.open('tape.jsonl'), (cursor) =>
    readChain(cursor, 'tape', (row, index) => {
      if (row['type'] === 'seal') seal = row;
      if (row['type'] !== 'tool' && row['type'] !== 'model' && row['type'] !== 'memory') return;
      calls.push(row);
      const wrong = problem === undefined ? recordedAnswerProblem(row, planned, tools) : undefined;
      if (wrong === undefined) return;
      problem = diverged({
        file: 'tape.jsonl',
        row: index,
        pointer: wrong.pointer,
        expected: 'an answer that can have come from outside',
        actual: wrong.message,
      });
    }),
  );
  if (isLeft(read)) return read;
  if (problem !== undefined) return problem;
  const error = seal?.['error'];
  return right({ calls, seal, stopped: isRecord(error) ? error['code'] : undefined });
}

/** The lines of a path of inputs from a byte offset on; what is wrong with the file becomes a divergence. */
export async function overMarket<A>(
  reader: RunReader,
  offset: number,
  use: (lines: TextReader) => Promise<Either<CompareError | StepsError | StartOutOfRange, A>>,
  file: 'market.jsonl' | 'inputs.jsonl' = 'market.jsonl',
): Promise<Either<ProofError, A>> {
  const outcome = await withCursor(reader.open(file, offset), (cursor) => use(makeTextReader(cursor)));
  if (!isLeft(outcome)) return outcome;
  switch (outcome.left._tag) {
    case 'MarketUnreadable':
      return textError(file, outcome.left.error);
    case 'MarketBroken':
      return diverged({
        file,
        row: outcome.left.line - 1,
        pointer: '',
        expected: 'a step in normal form',
        actual: outcome.left.message,
      });
    case 'StartOutOfRange':
      return startOutOfRange();
    default:
      return left(outcome.left);
  }
}

/** No run starts with a state that the first prices take out of range. */
function startOutOfRange(): Either<CompareError, never> {
  const expected = 'a state worth less than 10^18 at the first prices';
  return diverged({ file: 'tape.jsonl', row: 0, pointer: '/inputs/initial_state', expected, actual: 'one worth more' });
}

/**
 * A market with another digest than row 0 names. The tape holds the prices of every step taken, so the row in which the
 * market was changed can usually be named; a change behind the last step shows in the digest alone.
 */
export function checkMarket(evidence: Evidence, market: MarketFacts, end: Either<ProofError, unknown>): Either<CompareError, void> {
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

/** What follows the seal: the summary files, `run.json`, that every file ends there, and that nothing else stands in the directory. */
export async function proveEnd(
  end: SealedRun,
  output: DigestedOutput<CompareError>,
  digest: (file: RunFile) => string,
  comparison: Comparison,
  reader: RunReader,
): Promise<Either<CompareError, RunSummary>> {
  const { mode, summary } = end;
  // These were read whole and compared by their digest; the others pass through the output.
  const known: Partial<Record<RunFile, string | undefined>> = Object.fromEntries(
    mode.named.filter((file) => file !== 'request.json').map((file) => [file, namedDigest(summary.inputs, file)]),
  );
  const finished = await finish(output, end, (file) => known[file] ?? digest(file));
  if (isLeft(finished)) return finished;
  for (const file of mode.files) {
    if (known[file] !== undefined) continue;
    const ended = await comparison.expectEnd(file);
    if (isLeft(ended)) return ended;
  }
  const alone = await proveListing(reader, belongsTo(summary.inputs.mode, mode.files));
  return isLeft(alone) ? alone : right(summary);
}

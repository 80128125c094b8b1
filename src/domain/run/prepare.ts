/** What comes before the first row of a run that has a world: decoding the documents, writing their normal form, and naming the run by it. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { MarketInput, MarketInputError } from '../../ports/market-input';
import type { TaskEither } from 'fp-ts/TaskEither';
import type { ByteCursor, RunWriter, StoreError } from '../../ports/run-files';
import { type Budget, DEFAULT_BUDGET } from '../budget/budget';
import { utf8Length } from '../bytes';
import type { Problem } from '../codec/problem';
import { sha256Hex } from '../hash';
import { DOCUMENT_BYTES_MAX, SPEC_VERSION } from '../limits';
import { countNewlines } from '../market/line-splitter';
import { makeMarketForm, stepsOffset } from '../market/market-form';
import { decodeStrategy, normalStrategy } from '../world/market/strategy';
import { decodePolicy, normalPolicy } from '../world/market/policy';
import { decodeState, type State, stateText } from '../world/market/state';
import { makeMarketWorld, type MarketWorld } from '../world/market/market-world';
import type { StepsError, StepsWatch } from '../episode/episode';
import { MODES, type ModeRow } from './modes';
import { identify, type RunIdentity, type WorldInputs } from './inputs';
import { appendAll, type DigestedOutput } from '../episode/output';
import type { ToolCall } from '../agent/tool';
import { worldRequestJson } from './request';

/** What to run. The documents are as somebody wrote them, not yet decoded. */
export interface RunRequest {
  readonly strategy: unknown;
  readonly policy: unknown;
  readonly initialState: unknown;
  /** Steps to take; all of the market when absent. */
  readonly steps?: number;
  /** Most steps to grant a local run; as many as asked for when absent. */
  readonly maxSteps?: number;
  /** Set when a handler asks: its mode, the whole budget, and for tools the plan and the request id where it touches the outside. */
  readonly handler?: HandlerRequest;
}

export interface HandlerRequest {
  readonly mode: 'agentcore-base' | 'agentcore-tools';
  readonly budget: Budget;
  readonly plan?: readonly ToolCall[];
  readonly invocation: string | null;
}

/** `document` says which part of the request the problems are in. */
export interface InvalidDocument {
  readonly _tag: 'InvalidRequest';
  readonly document: 'strategy' | 'policy' | 'initial_state' | 'steps';
  readonly problems: readonly Problem[];
}

export type RunError = MarketInputError | InvalidDocument | StepsError;

export interface Prepared {
  readonly mode: ModeRow;
  readonly inputs: WorldInputs;
  readonly identity: RunIdentity;
  readonly symbols: readonly string[];
  readonly world: MarketWorld;
  readonly initial: State;
}

/** The documents of a world, decoded; their normal forms are written, and name whatever is made of them. */
export interface MarketDocuments {
  readonly symbols: readonly string[];
  readonly world: MarketWorld;
  readonly initial: State;
  readonly marketSteps: number;
  readonly facts: Pick<WorldInputs, 'market_sha256' | 'strategy_sha256' | 'policy_sha256' | 'initial_state'>;
}

export async function normaliseDocuments<E>(
  request: Pick<RunRequest, 'strategy' | 'policy' | 'initialState'>,
  market: MarketInput,
  output: DigestedOutput<E>,
  watch: StepsWatch,
): Promise<Either<E | RunError, MarketDocuments>> {
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
  const long = tooLong('strategy', strategyText) ?? tooLong('policy', policyText);
  if (long !== undefined) return left(long);
  const written = await appendAll(output, [
    ['strategy.json', strategyText],
    ['policy.json', policyText],
  ]);
  if (isLeft(written)) return written;
  const marketSteps = await writeMarket(symbols.right, market, output, watch);
  if (isLeft(marketSteps)) return marketSteps;
  return right({
    symbols: symbols.right,
    world: makeMarketWorld(symbols.right, strategy.right, policy.right),
    initial: initial.right,
    marketSteps: marketSteps.right,
    facts: {
      market_sha256: output.digest('market.jsonl'),
      strategy_sha256: sha256Hex(strategyText),
      policy_sha256: sha256Hex(policyText),
      initial_state: stateText(initial.right, symbols.right),
    },
  });
}

/** A normal form is longer than what it was made of where defaults are filled in, and it is what verifiers read. */
function tooLong(document: InvalidDocument['document'], text: string): InvalidDocument | undefined {
  const bytes = utf8Length(text);
  if (bytes <= DOCUMENT_BYTES_MAX) return undefined;
  const message = `its normal form, with defaults filled in, has ${String(bytes)} bytes; at most ${String(DOCUMENT_BYTES_MAX)} are read`;
  return { _tag: 'InvalidRequest', document, problems: [{ pointer: '', message }] };
}

/** Writes the normal form of every input; the digests of that text identify the run. */
export async function prepare(
  request: RunRequest,
  market: MarketInput,
  output: DigestedOutput<StoreError>,
  watch: StepsWatch,
): Promise<Either<RunError, Prepared>> {
  const documents = await normaliseDocuments(request, market, output, watch);
  if (isLeft(documents)) return documents;
  const { symbols, world, initial, marketSteps } = documents.right;
  const { handler } = request;
  // A plan takes a step of the budget for each of its calls, whatever steps of the market they are about.
  const steps = handler?.plan?.length ?? request.steps ?? marketSteps;
  const mistake = stepsMistake(steps, request.maxSteps ?? steps, handler?.plan === undefined ? marketSteps : Infinity);
  if (mistake !== undefined) return left({ _tag: 'InvalidRequest', document: 'steps', problems: [{ pointer: '', message: mistake }] });
  const inputs = await nameInputs(request, { ...documents.right.facts, steps }, output);
  if (isLeft(inputs)) return inputs;
  return right({
    mode: MODES[inputs.right.mode],
    inputs: inputs.right,
    identity: identify(inputs.right),
    symbols,
    world,
    initial,
  });
}

export function stepsMistake(steps: number, maxSteps: number, pathSteps: number, pathHas = 'the market has'): string | undefined {
  if (!Number.isSafeInteger(steps) || steps < 1) return `${String(steps)} steps: expected an integer of 1 or more`;
  if (!Number.isSafeInteger(maxSteps) || maxSteps < 1) return `a budget of ${String(maxSteps)} steps: expected an integer of 1 or more`;
  return steps > pathSteps ? `${String(steps)} asked for, ${pathHas} ${String(pathSteps)}` : undefined;
}

export type Facts = Pick<WorldInputs, 'market_sha256' | 'strategy_sha256' | 'policy_sha256' | 'initial_state' | 'steps'>;

/** The inputs of a local run: it is granted the steps asked for, unless somebody says fewer. */
export function localInputs(facts: Facts, maxSteps: number = facts.steps): WorldInputs {
  const budget = { ...DEFAULT_BUDGET, max_steps: Math.min(facts.steps, maxSteps) };
  return { spec_version: SPEC_VERSION, mode: 'local', ...facts, budget, invocation: null };
}

async function nameInputs(
  { handler, maxSteps }: RunRequest,
  facts: Facts,
  output: DigestedOutput<StoreError>,
): Promise<Either<StoreError, WorldInputs>> {
  if (handler === undefined) {
    return right(localInputs(facts, maxSteps));
  }
  const { mode, budget, plan, invocation } = handler;
  const line = worldRequestJson(
    {
      marketSha256: facts.market_sha256,
      strategySha256: facts.strategy_sha256,
      policySha256: facts.policy_sha256,
      initialState: facts.initial_state,
      steps: facts.steps,
      budget,
    },
    plan,
  );
  const written = await output.append('request.json', line);
  if (isLeft(written)) return written;
  return right({ spec_version: SPEC_VERSION, mode, ...facts, budget, invocation, request_sha256: sha256Hex(line) });
}

/** Copies the normal form of the market; answers how many steps it has. */
async function writeMarket<E>(
  symbols: readonly string[],
  market: MarketInput,
  output: DigestedOutput<E>,
  watch: StepsWatch,
): Promise<Either<E | RunError, number>> {
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
export function marketLines(symbols: readonly string[], writer: RunWriter): TaskEither<StoreError, ByteCursor> {
  return writer.readBack('market.jsonl', stepsOffset(symbols));
}

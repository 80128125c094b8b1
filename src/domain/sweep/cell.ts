/**
 * One cell of a sweep: a run like any other, whose bytes are hashed and not kept. What is left of it is a row: its inputs, which make the run
 * again, the hash that stands for it, and its figures. Invariant: the row depends on the cell alone, not on who ran it, where, or after what.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { stopName } from '../agent/stop';
import { canonical, type Json, type JsonObject } from '../canonical/canonical';
import type { Problem } from '../codec/problem';
import { type Decimal, formatDecimal } from '../decimal/decimal';
import { makeEpisode, stepsStop } from '../episode/episode';
import type { DigestedOutput } from '../episode/output';
import { sha256Hex } from '../hash';
import type { ScannedStep } from '../market/market-form';
import { FIGURES } from '../report/figure-table';
import { makeSums, type Sums, type SumsReader } from '../report/figure-sums';
import { identify, type WorldInputs } from '../run/inputs';
import { localInputs } from '../run/prepare';
import { makeMarketWorld, type MarketWorld } from '../world/market/market-world';
import { decodePolicy, normalPolicy } from '../world/market/policy';
import { decodeState, type State, stateText } from '../world/market/state';
import type { Transition } from '../world/market/step';
import { decodeStrategy, normalStrategy, type Strategy } from '../world/market/strategy';
import type { CellMarket } from './market';
import type { Cell } from './plan';

/** A cell whose documents were decoded: nothing can be wrong with it any more. */
export interface PreparedCell {
  readonly inputs: WorldInputs;
  readonly strategy: Strategy;
  readonly world: MarketWorld;
  readonly initial: State;
  readonly text: string;
}

/** Problems with pointers that begin with the document they are in. */
export function prepareCell({ documents, window }: Cell, market: CellMarket): Either<readonly Problem[], PreparedCell> {
  const strategy = decodeStrategy(documents.strategy, market.symbols);
  if (isLeft(strategy)) return left(under('/strategy', strategy.left));
  const policy = decodePolicy(documents.policy);
  if (isLeft(policy)) return left(under('/policy', policy.left));
  const initial = decodeState(documents.initialState, market.symbols);
  if (isLeft(initial)) return left(under('/initial_state', initial.left));
  const { maxSteps } = documents;
  if (maxSteps !== undefined && !(typeof maxSteps === 'number' && Number.isSafeInteger(maxSteps) && maxSteps >= 1))
    return left([{ pointer: '/budget/max_steps', message: 'expected an integer of 1 or more' }]);
  const { text, sha256 } = market.windowText(window);
  const facts = {
    market_sha256: sha256,
    strategy_sha256: sha256Hex(`${normalStrategy(strategy.right)}\n`),
    policy_sha256: sha256Hex(`${normalPolicy(policy.right)}\n`),
    initial_state: stateText(initial.right, market.symbols),
    steps: window.until - window.from,
  };
  const world = makeMarketWorld(market.symbols, strategy.right, policy.right);
  return right({ inputs: localInputs(facts, maxSteps), strategy: strategy.right, world, initial: initial.right, text });
}

/** The row of a cell, without its newline; or why there is none: its state cannot be held at the first prices. */
export async function takeCell(
  cell: Cell,
  prepared: PreparedCell,
  symbols: readonly string[],
): Promise<Either<readonly Problem[], string>> {
  const { inputs, strategy, world, initial, text } = prepared;
  const identity = identify(inputs);
  const sums = makeSums();
  const onStep = summed(sums, symbols, strategy.universe.symbols);
  const episode = makeEpisode({ inputs, identity, budget: inputs.budget, world: { world, initial, onStep }, output: NOWHERE });
  let rest = text;
  const lines = {
    next: () => {
      const next = rest;
      rest = '';
      return Promise.resolve(right(next));
    },
  };
  const taken = await episode.advance(inputs.steps, lines);
  if (isLeft(taken)) throw new Error(`a window is in normal form, and has its steps: ${canonical(taken.left._tag)}`);
  const { steps, outOfRange } = episode.cursor();
  if (steps === 0 && outOfRange !== undefined) return left([{ pointer: '/initial_state', message: outOfRange.message }]);
  const sealed = await episode.seal(stepsStop(episode, inputs.steps));
  if (isLeft(sealed)) throw new Error('nothing was written');
  const { stop, headHash } = sealed.right;
  const { window, index, point } = cell;
  const results = sums.sums();
  return right(
    canonical({
      cell: index,
      point,
      window: { pair: window.pair, part: window.part, from: window.from, until: window.until },
      run_id: identity.runId,
      inputs,
      head_hash: headHash,
      ok: stop === null,
      stopped_by: stop === null ? null : stopName(stop),
      steps,
      decisions: { ...results.decisions },
      figures: figuresJson(results),
      moments: momentsJson(results),
    }),
  );
}

function summed(sums: SumsReader, symbols: readonly string[], universe: readonly string[]) {
  return (step: number, { timeText, prices }: ScannedStep, transition: Transition): void => {
    const { decision, before, after, valueBefore, valueAfter, fills } = transition;
    // The input is filled anew by each scan, and what is asked of the first and the last step is asked at the end.
    const held = [...prices];
    sums.next(
      {
        step,
        decision,
        before: { cash: before.cash, equity: valueBefore.equity, exposure: valueBefore.exposure },
        after: { cash: after.cash, equity: valueAfter.equity, exposure: valueAfter.exposure },
        time: () => (timeText === '' ? undefined : (JSON.parse(timeText) as string)),
        symbols,
        priceOf: (symbol) => held[symbols.indexOf(symbol)],
      },
      fills,
      universe,
    );
  };
}

function figuresJson(sums: Sums): JsonObject {
  return Object.fromEntries(FIGURES.map(({ name, of }) => [name, amount(of(sums))]));
}

function momentsJson({ measures: { moments } }: Sums): Json {
  if (moments === undefined) return null;
  const { count, sharpe, skewness, kurtosis } = moments;
  return { returns: count, sharpe: formatDecimal(sharpe), skewness: formatDecimal(skewness), kurtosis: formatDecimal(kurtosis) };
}

function amount(value: Decimal | undefined): string | null {
  return value === undefined ? null : formatDecimal(value);
}

function under(prefix: string, problems: readonly Problem[]): readonly Problem[] {
  return problems.map((problem) => ({ ...problem, pointer: prefix + problem.pointer }));
}

const NOWHERE: DigestedOutput<never> = { append: () => Promise.resolve(right(undefined)), digest: () => '' };

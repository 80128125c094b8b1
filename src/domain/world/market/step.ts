/**
 * One step of the world: signals, sizing, verification, decision. docs/spec.md section 3. Read this file first.
 * Invariant: the step is atomic. A plan is applied whole or the state is the very object it was.
 */
import { type Decimal, inRange } from '../../decimal/decimal';
import type { Decision } from '../../episode/world';
import type { Fill } from '../../ledger/fill';
import { entriesAfter, withEntries } from './entries';
import type { Signals } from './signals';
import type { Strategy } from './strategy';
import type { Action, Skip } from './plan';
import type { RiskPolicy } from './policy';
import { size } from './sizing';
import { assertState, type State, type Valuation, valueOf } from './state';
import { beyondRange, type VerifierError, verifyPlan } from './verification';

/** What does not change from step to step. */
export interface MarketRules {
  /** The market's symbols; every array of prices and positions is in this order. */
  readonly symbols: readonly string[];
  readonly strategy: Strategy;
  readonly policy: RiskPolicy;
  /** Market index of each universe symbol. */
  readonly universe: readonly number[];
  /** Whether the state keeps entry prices, because a rule asks for them. */
  readonly entries: boolean;
}

export interface Transition {
  readonly signals: Signals;
  readonly skipped: readonly Skip[];
  readonly actions: readonly Action[];
  readonly decision: Decision;
  readonly errors: readonly VerifierError[];
  readonly before: State;
  readonly after: State;
  readonly valueBefore: Valuation;
  readonly valueAfter: Valuation;
  readonly fills: readonly Fill[];
}

const NONE: readonly never[] = [];
/**
 * Why a step is refused whose prices take the worth of the state beyond what a row can hold, before any action: no row is written for it.
 * The exposure is no more than the equity, for cash is never negative.
 */
export const BEYOND_WORTH: readonly VerifierError[] = [
  { actionIndex: 0, code: 'out_of_range', message: beyondRange('at the prices of this step, equity') },
];

export function makeWorld(symbols: readonly string[], strategy: Strategy, policy: RiskPolicy, entries = false): MarketRules {
  return { symbols, strategy, policy, entries, universe: strategy.universe.symbols.map((symbol) => symbols.indexOf(symbol)) };
}

/** The transition from `state` at `prices` under these signals. */
export function step(world: MarketRules, state: State, prices: readonly Decimal[], signals: Signals): Transition {
  const { actions, skipped } = size(world.strategy, world.policy.costs, world.universe, state, prices, signals);
  return commit(world, state, prices, actions, signals, skipped);
}

/** The transition that `actions` cause, whoever proposed them. */
export function commit(
  world: MarketRules,
  from: State,
  prices: readonly Decimal[],
  actions: readonly Action[],
  signals: Signals,
  skipped: readonly Skip[],
): Transition {
  const state = world.entries ? withEntries(from, prices) : from;
  const valueBefore = valueOf(state, prices);
  const unchanged: Omit<Transition, 'decision' | 'errors'> = {
    signals,
    skipped,
    actions,
    before: state,
    after: state,
    valueBefore,
    valueAfter: valueBefore,
    fills: NONE,
  };
  if (!inRange(valueBefore.equity)) return { ...unchanged, decision: 'REJECTED', errors: BEYOND_WORTH };
  if (actions.length === 0) return { ...unchanged, decision: 'HOLD', errors: NONE };
  const plan = verifyPlan(world.policy, world.symbols, state, valueBefore, prices, actions);
  if (!plan.ok) return { ...unchanged, decision: 'REJECTED', errors: plan.errors };
  assertState(plan.state);
  const after =
    state.entries === undefined ? plan.state : { ...plan.state, entries: entriesAfter(state.entries, world.symbols, plan.fills) };
  return { ...unchanged, decision: 'APPROVED', errors: NONE, after, valueAfter: plan.value, fills: plan.fills };
}

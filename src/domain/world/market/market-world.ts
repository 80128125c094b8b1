/**
 * The market as a world: prices are its inputs, a strategy is its policy, and risk limits refuse. docs/spec.md section 3.
 * Everything that an episode asks of it is here; what a step does is in `../step.ts`.
 */
import type { JsonObject } from '../../canonical/canonical';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { type Codec, isRecord, listCodec, makeCodec, objectCodec, textCodec } from '../../codec/codec';
import { type Problem, problemsOf } from '../../codec/problem';
import { type Decimal, formatDecimal, inRange, ONE } from '../../decimal/decimal';
import type { Chains } from '../../episode/chains';
import type { StepWriter, World } from '../../episode/world';
import { SYMBOLS_MAX } from '../../limits';
import { makeLedgerAudit } from '../../ledger/audit';
import { PLAN_RATIONALE } from '../../ledger/fill';
import { putFill } from '../../ledger/fill-row';
import { makeMarketForm, makeScannedStep, type ScannedStep } from '../../market/market-form';
import { needsEntries, lookbackSteps, makeSignalSource, type Signal, type Signals } from './signals';
import type { Strategy } from './strategy';
import { makeStepRowWriter } from '../../tape/step-row';
import { type Action, type Skip, SKIP_REASONS, type SkipReason } from './plan';
import type { RiskPolicy } from './policy';
import { proposalCodec, type ProposedAction } from './proposal';
import { size } from './sizing';
import { decodeState, type State, stateText, valueOf } from './state';
import { BEYOND_WORTH, commit, makeWorld, type Transition, type MarketRules as MarketSetup } from './step';
import { verifierErrorText } from './verification';
import { inputRows, outcomeRows, refusalLines, STEP_HEAD, stepLine } from './report-lines';
import { failure, success } from 'io-ts';

/** What is to be done at a step, and why: actions without a price are at the market's. */
export interface Plan {
  readonly signals: Signals;
  readonly skipped: readonly Skip[];
  readonly actions: readonly ProposedAction[];
}

export type Proposal = readonly ProposedAction[];

export type MarketWorld = World<State, ScannedStep, Plan, Proposal, Transition>;

export function makeMarketWorld(symbols: readonly string[], strategy: Strategy, policy: RiskPolicy): MarketWorld {
  const setup = makeWorld(symbols, strategy, policy, needsEntries(strategy));
  const form = makeMarketForm(symbols);
  const universe = strategy.universe.symbols;
  const silent: Signals = { signals: universe.map(() => 'HOLD'), whys: universe.map(() => '') };

  return {
    lookback: lookbackSteps(strategy),
    decodeState: (value) => decodeState(value, symbols, { entries: setup.entries }),
    stateText: (state) => stateText(state, symbols),
    totals: ({ valueAfter: { equity, exposure } }) => totalsOf(equity, exposure),
    totalsAt: (state, { prices }) => {
      const { equity, exposure } = valueOf(state, prices);
      return totalsOf(equity, exposure);
    },

    path: 'market',
    headerLines: 1,
    lineForm: '{"prices":{...},"time"?}',
    makeInput: () => makeScannedStep(symbols),
    scan: form.scan,

    makePolicy: () => {
      const source = makeSignalSource(strategy, symbols);
      return {
        observe: ({ prices }) => {
          source.observe(prices);
        },
        plan: (step, state, { prices }) => {
          const signals = source.evaluate(step, state, prices);
          const { actions, skipped } = size(strategy, policy.costs, setup.universe, state, prices, signals);
          return { signals, skipped, actions };
        },
      };
    },
    commit: (state, { prices }, { actions, signals, skipped }) =>
      commit(setup, state, prices, pricedAt(actions, symbols, prices), signals, skipped),
    isBeyondRange: ({ errors }) => errors === BEYOND_WORTH,
    beyondRangeAt: (state, { prices }) => (inRange(valueOf(state, prices).equity) ? undefined : BEYOND_WORTH.map(verifierErrorText)),
    makeWriter: (runId, from, chains) => makeWriter(setup, runId, from, chains),

    observe: (input) => ({ ...timeOf(input), prices: pricesOf(symbols, input) }),
    context: (state, input) => {
      const { equity, exposure } = valueOf(state, input.prices);
      return {
        prices: pricesOf(symbols, input),
        state: stateText(state, symbols),
        equity: formatDecimal(equity),
        exposure: formatDecimal(exposure),
      };
    },
    actions: proposalCodec,
    planOf: (actions, evaluated) => ({ signals: evaluated?.signals ?? silent, skipped: evaluated?.skipped ?? [], actions }),
    actionsOf: ({ actions }) => actions,
    moved: (actions) => actions.map(({ price: _price, ...action }) => action),
    impossible: (actions, step, { prices }) => {
      for (const [index, { symbol, price }] of actions.entries()) {
        const market = prices[symbols.indexOf(symbol)];
        if (price !== undefined && price > 0n && market !== undefined && price !== market) {
          const where = `/actions/${String(index)}/price`;
          return `${where}: ${formatDecimal(price)} is not the market's ${formatDecimal(market)} at step ${String(step)}`;
        }
      }
      return undefined;
    },
    planText: (plan) => planText(universe, plan),
    decodePlan: (value) => decodePlan(universe, value),
    outcome: ({ decision, actions, errors, after, valueAfter }) => ({
      decision,
      actions: actions.map(actionText),
      verifier_errors: errors.map(verifierErrorText),
      state: stateText(after, symbols),
      equity: formatDecimal(valueAfter.equity),
      exposure: formatDecimal(valueAfter.exposure),
    }),
    refusals: ({ errors }) => errors.map(verifierErrorText),
    report: {
      inputRows,
      outcomeRows,
      stepHead: STEP_HEAD,
      stepLine: (step, input, transition) => stepLine(setup, step, input, transition),
      refusalLines,
    },
  };
}

function totalsOf(equity: Decimal, exposure: Decimal): JsonObject {
  return { final_equity: formatDecimal(equity), final_exposure: formatDecimal(exposure) };
}

function makeWriter(setup: MarketSetup, runId: string, from: State, { tape, ledger }: Chains): StepWriter<State, ScannedStep, Transition> {
  const rows = makeStepRowWriter(setup, tape.buffer);
  const audit = makeLedgerAudit(from, setup.symbols);
  const universe = setup.strategy.universe.symbols;
  return {
    write: (step, input, transition) => {
      tape.head = rows.write(step, input, transition, tape.head);
      tape.rows += 1;
      for (const fill of transition.fills) {
        audit.record(fill);
        const why = transition.signals.whys[universe.indexOf(fill.symbol)] ?? '';
        ledger.head = putFill(ledger.buffer, runId, step, fill, why === '' ? PLAN_RATIONALE : why, ledger.head);
        ledger.rows += 1;
      }
    },
    audit: audit.close,
  };
}

/** An absent price is the market's; where the market has none either, any stands in: the verifier refuses the symbol. */
function pricedAt(actions: Proposal, symbols: readonly string[], prices: readonly Decimal[]): readonly Action[] {
  if (actions.every(isPriced)) return actions;
  return actions.map((action) => ({ ...action, price: action.price ?? prices[symbols.indexOf(action.symbol)] ?? ONE }));
}

function isPriced(action: ProposedAction): action is Action {
  return action.price !== undefined;
}

function pricesOf(symbols: readonly string[], { prices }: ScannedStep): JsonObject {
  return Object.fromEntries(symbols.map((symbol, index) => [symbol, formatDecimal(prices[index] ?? 0n)]));
}

function timeOf({ timeText }: ScannedStep): { readonly time?: string } {
  return timeText === '' ? {} : { time: JSON.parse(timeText) as string };
}

function actionText({ type, symbol, quantity, price }: ProposedAction): JsonObject {
  return { type, symbol, quantity: formatDecimal(quantity), ...(price === undefined ? {} : { price: formatDecimal(price) }) };
}

function planText(universe: readonly string[], { signals, skipped, actions }: Plan): JsonObject {
  const signalled = universe.map((symbol, index) => ({ symbol, signal: signals.signals[index] ?? 'HOLD', why: signals.whys[index] ?? '' }));
  return {
    signals: Object.fromEntries(signalled.map(({ symbol, signal }) => [symbol, signal])),
    rationales: Object.fromEntries(signalled.filter(({ signal }) => signal !== 'HOLD').map(({ symbol, why }) => [symbol, why])),
    skipped: skipped.map(({ symbol, reason }) => ({ symbol, reason })),
    actions: actions.map(actionText),
  };
}

const signalsCodec = makeCodec<Readonly<Record<string, Signal>>>('signals', { type: 'object' }, (value, context) =>
  isRecord(value) && Object.values(value).every((signal) => signal === 'BUY' || signal === 'SELL' || signal === 'HOLD')
    ? success(value as Readonly<Record<string, Signal>>)
    : failure(value, context, 'expected BUY, SELL or HOLD by symbol'),
);

const rationalesCodec = makeCodec<Readonly<Record<string, string>>>('rationales', { type: 'object' }, (value, context) =>
  isRecord(value) && Object.values(value).every((why) => typeof why === 'string')
    ? success(value as Readonly<Record<string, string>>)
    : failure(value, context, 'expected a text by symbol'),
);

const reasonCodec: Codec<SkipReason> = makeCodec('reason', { enum: [...SKIP_REASONS] }, (value, context) => {
  const reason = SKIP_REASONS.find((known) => known === value);
  return reason === undefined ? failure(value, context, `expected one of ${SKIP_REASONS.join(', ')}`) : success(reason);
});

const planCodec = objectCodec('plan', {
  required: {
    signals: signalsCodec,
    rationales: rationalesCodec,
    skipped: listCodec(objectCodec('skip', { required: { symbol: textCodec, reason: reasonCodec } }), { min: 0, max: SYMBOLS_MAX }),
    actions: proposalCodec,
  },
});

function decodePlan(universe: readonly string[], value: unknown): Either<readonly Problem[], Plan> {
  const decoded = planCodec.decode(value);
  if (isLeft(decoded)) return left(problemsOf(decoded.left));
  const { signals, rationales, skipped, actions } = decoded.right;
  return right({
    signals: {
      signals: universe.map((symbol) => signals[symbol] ?? 'HOLD'),
      whys: universe.map((symbol) => rationales[symbol] ?? ''),
    },
    skipped,
    actions,
  });
}

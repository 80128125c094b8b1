/**
 * A tool plan: calls in order, each of which takes a step and a tool call of the budget. docs/spec.md section 6.
 * Invariants: nothing is called that was not reserved; the first refusal or failure ends the plan; world time only moves forward; what an
 * agent proposes is verified like any other plan.
 */
import { isLeft } from 'fp-ts/Either';
import { CODE_LANGUAGES, type CodeLanguage } from '../../ports/code-interpreter';
import { assert } from '../assert';
import { makeBreaker } from '../budget/breaker';
import { canonical, canonicalString, type Json } from '../canonical/canonical';
import { type Codec, countCodec, makeCodec, objectCodec, textCodec } from '../codec/codec';
import { describeProblem, type Problem, problemsOf } from '../codec/problem';
import { type Decimal, formatDecimal, inRange, ONE } from '../decimal/decimal';
import { makeLedgerAudit } from '../ledger/audit';
import { ASKED_BY_PLAN } from '../ledger/fill';
import { putFill } from '../ledger/fill-row';
import { CHECKPOINT_INTERVAL_STEPS } from '../limits';
import { makeMarketForm, makeScannedStep, type ScannedStep } from '../market/market-form';
import type { MarketStep } from '../market/market-path';
import { lookbackSteps, makeSignalSource, type Signals } from '../strategy/signals';
import { makeRowBuffer } from '../tape/row-buffer';
import { makeStepRowWriter } from '../tape/step-row';
import type { Action, Skip } from '../world/plan';
import { decodeProposal, type ProposedAction, proposalCodec } from '../world/proposal';
import { size } from '../world/sizing';
import { type State, stateText, valueOf } from '../world/state';
import { commit, type Decision, isBeyondRange, type Transition, type World } from '../world/step';
import { verifierErrorText } from '../world/verification';
import { failure, success } from 'io-ts';
import type { Cursor } from './engine';
import type { RunIdentity, WorldInputs } from './inputs';
import { callRow, type CallOutcome, makePlanTape } from './plan-tape';
import type { OutsideTools } from './recorded';
import { makeReportRows, type ReportLines } from './report';
import type { PlanItem } from './request';
import { DEADLINE, type RunStop } from './stop';

export const TOOL_NAMES = [
  'get_price_context',
  'evaluate_strategy',
  'simulate_and_verify',
  'execute',
  'execute_code',
  'propose_plan',
] as const;

type ToolName = (typeof TOOL_NAMES)[number];

/** Price context, evaluate, simulate: a look at step 0 that changes nothing. */
export const DEFAULT_PLAN: readonly PlanItem[] = [
  { name: 'get_price_context', args: { step: 0 } },
  { name: 'evaluate_strategy', args: { step: 0 } },
  { name: 'simulate_and_verify', args: { step: 0 } },
];

/** Whether a plan touches anything outside, so that its run is one of its invocation. */
export function touchesOutside(plan: readonly PlanItem[]): boolean {
  return plan.some(({ name }) => name === 'execute_code' || name === 'propose_plan');
}

export interface PlannedRun {
  readonly inputs: WorldInputs;
  readonly identity: RunIdentity;
  readonly world: World;
  readonly steps: readonly MarketStep[];
  readonly initial: State;
  readonly plan: readonly PlanItem[];
}

export interface PlanEnd {
  readonly tape: Uint8Array;
  readonly ledger: Uint8Array;
  readonly cursor: Cursor;
  readonly stop: RunStop | null;
  readonly lines: ReportLines;
  readonly callRows: readonly string[];
  readonly results: readonly Json[];
}

/** What a tool answers: a result, or why the plan ends here (with the result as far as there is one). */
type ToolAnswer = { readonly result: Json } | { readonly stop: RunStop; readonly result?: Json };

interface Evaluation {
  readonly step: number;
  readonly signals: Signals;
  readonly skipped: readonly Skip[];
  readonly actions: readonly ProposedAction[];
}

export async function takeToolPlan(run: PlannedRun, outside: OutsideTools): Promise<PlanEnd> {
  const { inputs, identity, world, steps, initial, plan } = run;
  const { symbols } = world;
  const tape = makePlanTape(inputs, identity);
  const ledger = makeRowBuffer();
  const rows = makeStepRowWriter(world, tape.buffer);
  const breaker = makeBreaker(inputs.budget);
  const audit = makeLedgerAudit(initial, symbols);
  const report = makeReportRows(world, plan.length);
  const decisions: Record<Decision, number> = { APPROVED: 0, REJECTED: 0, HOLD: 0 };
  const silent: Signals = {
    signals: world.strategy.universe.symbols.map(() => 'HOLD'),
    whys: world.strategy.universe.symbols.map(() => ''),
  };
  let state = initial;
  let lastStep = -1;
  let committed = 0;
  let fills = 0;
  let ledgerHead = tape.anchor;
  let evaluation: Evaluation | undefined;

  const pricesAt = (t: number): readonly Decimal[] => steps[t]?.prices ?? [];

  function evaluate(t: number): Evaluation {
    const source = makeSignalSource(world.strategy, symbols);
    for (let k = Math.max(0, t - lookbackSteps(world.strategy)); k <= t; k += 1) source.observe(pricesAt(k));
    const signals = source.evaluate(t);
    return { step: t, signals, ...size(world.strategy, world.policy.costs.fee_bps, world.universe, state, pricesAt(t), signals.signals) };
  }

  function transitionAt(t: number, proposed: readonly ProposedAction[]): Transition {
    const prices = pricesAt(t);
    const actions = proposed.map((action) => priced(action, symbols, prices));
    const own = evaluation?.step === t ? evaluation : { signals: silent, skipped: [] };
    return commit(world, state, prices, actions, own.signals, own.skipped);
  }

  /** The actions that a call is about, or what is wrong with them. */
  function actionsFor(t: number, given: readonly ProposedAction[] | undefined): readonly ProposedAction[] | string {
    if (given === undefined && evaluation === undefined) return 'no actions given, and no evaluation before this call to take them from';
    const actions = given ?? evaluation?.actions ?? [];
    // The prices of an evaluation at another step do not hold at this one.
    const current: readonly ProposedAction[] =
      given === undefined && evaluation?.step !== t ? actions.map(({ price: _price, ...action }) => action) : actions;
    for (const [index, { symbol, price }] of current.entries()) {
      const market = pricesAt(t)[symbols.indexOf(symbol)];
      if (price !== undefined && price > 0n && market !== undefined && price !== market) {
        return `/actions/${String(index)}/price: ${formatDecimal(price)} is not the market's ${formatDecimal(market)} at step ${String(t)}`;
      }
    }
    return current;
  }

  const failed = (index: number, tool: string, message: string): ToolAnswer => ({ stop: { code: 'tool_failed', message, index, tool } });

  function rejection(index: number, transition: Transition): RunStop {
    const codes = transition.errors.map(({ code }) => code).join(', ');
    return {
      code: 'simulation_rejected',
      message: `the plan was refused: ${codes}`,
      index,
      verifier_errors: transition.errors.map(verifierErrorText),
    };
  }

  function outcomeOf(t: number, transition: Transition): Json {
    return {
      step: t,
      decision: transition.decision,
      actions: transition.actions.map(actionJson),
      verifier_errors: transition.errors.map(verifierErrorText),
      state: stateText(transition.after, symbols),
      equity: formatDecimal(transition.valueAfter.equity),
      exposure: formatDecimal(transition.valueAfter.exposure),
    };
  }

  function writeStep(t: number, transition: Transition): void {
    const scanned = scannedAt(world, steps[t] ?? { prices: [], time: undefined });
    tape.advanceTo(rows.write(t, scanned, transition, tape.head()));
    for (const fill of transition.fills) {
      audit.record(fill);
      const why = transition.signals.whys[world.strategy.universe.symbols.indexOf(fill.symbol)] ?? '';
      ledgerHead = putFill(ledger, identity.runId, t, fill, why === '' ? ASKED_BY_PLAN : why, ledgerHead);
      fills += 1;
    }
    decisions[transition.decision] += 1;
    state = transition.after;
    lastStep = t;
    report.onStep(t, scanned, transition, committed);
    committed += 1;
    if ((t + 1) % CHECKPOINT_INTERVAL_STEPS === 0) tape.append({ type: 'checkpoint', step_index: t, state: stateText(state, symbols) });
  }

  function simulate(index: number, name: 'simulate_and_verify' | 'execute', args: StepArgs): ToolAnswer {
    if (name === 'execute' && args.step <= lastStep) {
      return failed(index, name, `world time only moves forward: step ${String(args.step)}, and step ${String(lastStep)} is committed`);
    }
    const actions = actionsFor(args.step, args.actions);
    if (typeof actions === 'string') return failed(index, name, actions);
    const transition = transitionAt(args.step, actions);
    // No row and no result can say what the state is worth.
    if (isBeyondRange(transition)) return { stop: rejection(index, transition) };
    if (name === 'execute') writeStep(args.step, transition);
    const result = outcomeOf(args.step, transition);
    return transition.decision === 'REJECTED' ? { stop: rejection(index, transition), result } : { result };
  }

  async function propose(index: number, goal: string): Promise<ToolAnswer> {
    const t = Math.min(evaluation?.step ?? lastStep + 1, steps.length - 1);
    const value = valueOf(state, pricesAt(t));
    if (!inRange(value.equity)) return { stop: rejection(index, transitionAt(t, [])) };
    const context: Json = {
      step: t,
      prices: pricesJson(world, steps[t]),
      state: stateText(state, symbols),
      equity: formatDecimal(value.equity),
      exposure: formatDecimal(value.exposure),
    };
    const { recorded, source } = await outside.propose(index, goal, context);
    const model = { type: 'model', index, name: 'propose_plan', goal, context, source };
    if (!recorded.ok) {
      tape.append({ ...model, ok: false, error: recorded.error });
      return { stop: placed(recorded.error, index, 'propose_plan') };
    }
    tape.append({ ...model, ok: true, result: recorded.result });
    const proposal = decodeProposal(actionsOf(recorded.result));
    if (isLeft(proposal)) return failed(index, 'propose_plan', 'the recorded proposal is not a list of actions');
    evaluation = { step: t, signals: silent, skipped: [], actions: proposal.right };
    const actions = actionsFor(t, proposal.right);
    if (typeof actions === 'string') return failed(index, 'propose_plan', actions);
    const transition = transitionAt(t, actions);
    const result = outcomeOf(t, transition);
    return transition.decision === 'REJECTED' ? { stop: rejection(index, transition), result } : { result };
  }

  async function call(
    index: number,
    name: ToolName,
    args: Json,
  ): Promise<{ readonly answer: ToolAnswer; readonly source: 'local' | 'remote' }> {
    const local = (answer: ToolAnswer): { readonly answer: ToolAnswer; readonly source: 'local' } => ({ answer, source: 'local' });
    switch (name) {
      case 'get_price_context':
      case 'evaluate_strategy':
      case 'simulate_and_verify':
      case 'execute': {
        const decoded = (name === 'simulate_and_verify' || name === 'execute' ? planArgsCodec : stepArgsCodec).decode(args);
        if (isLeft(decoded)) return local(failed(index, name, problemText(problemsOf(decoded.left))));
        const stepArgs: StepArgs = decoded.right;
        const t = stepArgs.step;
        if (t >= steps.length)
          return local(failed(index, name, `step ${String(t)}: the market has steps 0 to ${String(steps.length - 1)}`));
        if (name === 'get_price_context') return local({ result: { step: t, ...timeJson(steps[t]), prices: pricesJson(world, steps[t]) } });
        if (name !== 'evaluate_strategy') return local(simulate(index, name, stepArgs));
        evaluation = evaluate(t);
        return local({ result: evaluationJson(world, evaluation) });
      }
      case 'execute_code': {
        const decoded = codeArgsCodec.decode(args);
        if (isLeft(decoded)) return local(failed(index, name, problemText(problemsOf(decoded.left))));
        const { recorded, source } = await outside.executeCode(index, decoded.right.language, decoded.right.code);
        return { source, answer: recorded.ok ? { result: recorded.result } : { stop: placed(recorded.error, index, name) } };
      }
      case 'propose_plan': {
        const decoded = goalArgsCodec.decode(args);
        if (isLeft(decoded)) return local(failed(index, name, problemText(problemsOf(decoded.left))));
        return local(await propose(index, decoded.right.goal));
      }
    }
  }

  let stop: RunStop | null = null;
  const results: Json[] = [];
  const callRows: string[] = [];
  for (const [index, { name, args }] of plan.entries()) {
    if (outside.timeIsUp(index)) {
      stop = DEADLINE;
      break;
    }
    const refusal = breaker.reserveAll({ tools: { [name]: 1 }, steps: 1, tool_calls: 1, model_calls: asksModel(name, args) ? 1 : 0 });
    if (refusal !== undefined) {
      stop = refusal;
      break;
    }
    const { answer, source } = isToolName(name)
      ? await call(index, name, args)
      : { answer: failed(index, name, `unknown tool; legal: ${TOOL_NAMES.join(', ')}`), source: 'local' as const };
    const outcome: CallOutcome =
      'stop' in answer ? { ok: false, error: answer.stop, ...resultOf(answer) } : { ok: true, result: answer.result };
    tape.append({ type: 'tool', index, name, args, source, ...outcome });
    results.push({ index, name, ...outcome });
    callRows.push(callRow(index, `${name} ${canonical(args)}`, outcome.ok, canonical(outcome.error ?? outcome.result ?? null)));
    if ('stop' in answer) {
      ({ stop } = answer);
      break;
    }
  }

  audit.close(state);
  const spent = breaker.state();
  assert(spent.steps <= inputs.budget.max_steps && spent.tool_calls <= inputs.budget.max_tool_calls, 'nothing is spent beyond the budget');
  const cursor: Cursor = {
    t: committed,
    state,
    value: valueOf(state, pricesAt(Math.max(0, lastStep))),
    tapeHead: tape.head(),
    ledgerHead,
    fills,
    decisions,
    spent,
  };
  return { tape: tape.buffer.take(), ledger: ledger.take(), cursor, stop, lines: report.rows(), callRows, results };
}

type StepArgs = { readonly step: number; readonly actions?: readonly ProposedAction[] };

const stepArgsCodec: Codec<StepArgs> = objectCodec('arguments', { required: { step: countCodec(0) } });
const planArgsCodec: Codec<StepArgs> = objectCodec('arguments', {
  required: { step: countCodec(0) },
  optional: { actions: proposalCodec },
});
const goalArgsCodec = objectCodec('arguments', { required: { goal: textCodec } });
const languageCodec = makeCodec<CodeLanguage>('language', { enum: [...CODE_LANGUAGES] }, (value, context) => {
  const language = CODE_LANGUAGES.find((known) => known === value);
  return language === undefined ? failure(value, context, `expected one of ${CODE_LANGUAGES.join(', ')}`) : success(language);
});
const codeArgsCodec = objectCodec('arguments', { required: { language: languageCodec, code: textCodec } });

/** A proposal without a goal is a failed call that asks nobody. */
function asksModel(name: string, args: Json): boolean {
  return name === 'propose_plan' && !isLeft(goalArgsCodec.decode(args));
}

function isToolName(name: string): name is ToolName {
  return (TOOL_NAMES as readonly string[]).includes(name);
}

function problemText(problems: readonly Problem[]): string {
  return problems.map((problem) => describeProblem('args', problem)).join('; ');
}

/** A call's own error, with its place in the plan where the error has one. */
function placed(error: { readonly code: string; readonly message: string }, index: number, tool: string): RunStop {
  return (error.code === 'tool_failed' ? { ...error, index, tool } : error) as RunStop;
}

function resultOf(answer: ToolAnswer): { readonly result?: Json } {
  return answer.result === undefined ? {} : { result: answer.result };
}

function actionsOf(result: Json): unknown {
  return typeof result === 'object' && result !== null && 'actions' in result ? result.actions : undefined;
}

/** An absent price is the market's; where the market has none either, any stands in: the verifier refuses the symbol. */
function priced({ type, symbol, quantity, price }: ProposedAction, symbols: readonly string[], prices: readonly Decimal[]): Action {
  return { type, symbol, quantity, price: price ?? prices[symbols.indexOf(symbol)] ?? ONE };
}

function actionJson({ type, symbol, quantity, price }: Action): Json {
  return { type, symbol, quantity: formatDecimal(quantity), price: formatDecimal(price) };
}

function evaluationJson(world: World, { step, signals, skipped, actions }: Evaluation): Json {
  const said = world.strategy.universe.symbols.map((symbol, index) => ({
    symbol,
    signal: signals.signals[index] ?? 'HOLD',
    why: signals.whys[index] ?? '',
  }));
  return {
    step,
    signals: Object.fromEntries(said.map(({ symbol, signal }) => [symbol, signal])),
    rationales: Object.fromEntries(said.filter(({ signal }) => signal !== 'HOLD').map(({ symbol, why }) => [symbol, why])),
    skipped: skipped.map(({ symbol, reason }) => ({ symbol, reason })),
    actions: actions.map(({ type, symbol, quantity, price }) => ({
      type,
      symbol,
      quantity: formatDecimal(quantity),
      price: formatDecimal(price ?? 0n),
    })),
  };
}

function pricesJson(world: World, step: MarketStep | undefined): Json {
  return Object.fromEntries(world.symbols.map((symbol, index) => [symbol, formatDecimal(step?.prices[index] ?? 0n)]));
}

function timeJson(step: MarketStep | undefined): { readonly time?: string } {
  return step?.time === undefined ? {} : { time: step.time };
}

function scannedAt(world: World, step: MarketStep): ScannedStep {
  const scanned = makeScannedStep(world.symbols);
  const line = makeMarketForm(world.symbols).render(step);
  const read = makeMarketForm(world.symbols).scan(line, 0, line.length, scanned);
  assert(read, 'a step in normal form can be read');
  scanned.timeText = step.time === undefined ? '' : canonicalString(step.time);
  return scanned;
}

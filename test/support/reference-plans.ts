/**
 * A slow model of base, tools and memory runs, written from docs/spec.md alone, on top of the model of a step. What the outside answered is
 * given to it; everything else it works out. It shares no code with src/.
 */
import {
  type Action,
  after,
  at,
  budgetJson,
  canonicalText,
  decimalsJson,
  equityOf,
  exposureOf,
  fillRow,
  formatDecimal,
  type Json,
  type JsonObject,
  marketFile,
  parseDecimal,
  planOf,
  policyJson,
  type Prices,
  readPolicy,
  readPrices,
  entered,
  readState,
  type ReferenceBudget,
  type ReferenceMarket,
  type ReferencePolicy,
  type ReferenceState,
  type ReferenceStrategy,
  sha256,
  type Signal,
  signalsAt,
  type State,
  stateDelta,
  stateJson,
  strategyJson,
  verifyPlan,
} from './reference-model';

/** What a call to the outside came to, without free text. `error` has its code and whatever members the code has. */
export type ReferenceAnswer = { readonly source: 'local' | 'remote' } & (
  { readonly ok: true; readonly result: Json } | { readonly ok: false; readonly error: JsonObject; readonly result?: Json }
);

export interface ReferenceCall {
  readonly name: string;
  readonly args: JsonObject;
}

export interface ReferencePlanRequest {
  readonly market: ReferenceMarket;
  readonly strategy: ReferenceStrategy;
  readonly policy: ReferencePolicy;
  readonly initialState: ReferenceState;
  readonly budget: ReferenceBudget;
  readonly plan: readonly ReferenceCall[];
  /** The id of the request, used where the plan reaches outside. */
  readonly requestId: string;
  readonly outside: (index: number, kind: 'code' | 'model') => ReferenceAnswer;
  /** Sessions that may still run when the calls have ended; none where absent. */
  readonly unstopped?: number;
  /** The call before which the clock ran out. */
  readonly deadlineBefore?: number;
}

export interface ReferenceOperation {
  readonly op: 'memory_put' | 'memory_get' | 'memory_clear';
  readonly key: string;
  readonly value?: Json;
}

export interface ReferenceMemoryRequest {
  readonly budget: ReferenceBudget;
  readonly requests: readonly ReferenceOperation[];
  readonly requestId: string;
  /** For a get: `{found: false}` or `{found: true, value}`; for the others null. */
  readonly outside: (index: number) => ReferenceAnswer;
  readonly deadlineBefore?: number;
}

/** Rows without hashes and without free text, and what `decision.json` tells of each call. */
export interface ReferencePlanRun {
  readonly request: string;
  readonly tape: JsonObject[];
  readonly executions: JsonObject[];
  readonly results: JsonObject[];
}

const OUTSIDE = ['execute_code', 'propose_plan'];
const ABOUT_A_STEP = ['get_price_context', 'evaluate_strategy', 'simulate_and_verify', 'execute'];
const CHECKPOINT_EVERY_STEPS = 10_000;

type Dimension = 'steps' | 'tool_calls' | 'model_calls' | 'memory_ops' | 'memory_bytes';
const DIMENSIONS: readonly Dimension[] = ['steps', 'tool_calls', 'model_calls', 'memory_ops', 'memory_bytes'];

interface Spending {
  readonly spent: Record<Dimension, number>;
  /** All or none; the refusal, if there is one. */
  readonly charge: (costs: Partial<Record<Dimension, number>>) => JsonObject | null;
  readonly covers: (costs: Partial<Record<Dimension, number>>) => JsonObject | null;
}

function spendingOf(budget: ReferenceBudget): Spending {
  const spent = { steps: 0, tool_calls: 0, model_calls: 0, memory_ops: 0, memory_bytes: 0 };
  const covers: Spending['covers'] = (costs) => {
    const short = DIMENSIONS.find((dimension) => spent[dimension] + (costs[dimension] ?? 0) > budget[`max_${dimension}`]);
    if (short === undefined) return null;
    return {
      code: 'budget_exceeded',
      limiter: `max_${short}`,
      requested: costs[short] ?? 0,
      budgets: { budget: budgetJson(budget), budget_state: { ...spent } },
    };
  };
  return {
    spent,
    covers,
    charge: (costs) => {
      const refusal = covers(costs);
      if (refusal === null) for (const dimension of DIMENSIONS) spent[dimension] += costs[dimension] ?? 0;
      return refusal;
    },
  };
}

/** An action as a plan may hold it; a price may be absent. */
interface Proposed {
  readonly type: 'PlaceBuy' | 'PlaceSell';
  readonly symbol: string;
  readonly quantity: bigint;
  readonly price?: bigint;
}

interface Outcome {
  readonly result?: Json;
  readonly error?: JsonObject;
}

export function referenceToolRun(request: ReferencePlanRequest): ReferencePlanRun {
  const { market, strategy, budget, plan } = request;
  const policy = readPolicy(request.policy);
  const path = market.steps.map((step) => readPrices(market.symbols, step));
  const documents = {
    market_sha256: sha256(marketFile(market)),
    strategy_sha256: sha256(`${canonicalText(strategyJson(strategy))}\n`),
    policy_sha256: sha256(`${canonicalText(policyJson(request.policy))}\n`),
    initial_state: stateJson(readState(request.initialState)),
    steps: plan.length,
    budget: budgetJson(budget),
  };
  const requestLine = `${canonicalText({ ...documents, tool_plan: plan.map(({ name, args }) => ({ name, args })) })}\n`;
  const inputs: JsonObject = {
    spec_version: 1,
    mode: 'agentcore-tools',
    ...documents,
    invocation: plan.some(({ name }) => OUTSIDE.includes(name)) ? request.requestId : null,
    request_sha256: sha256(requestLine),
  };
  const runId = sha256(canonicalText(inputs)).slice(0, 32);
  const tape: JsonObject[] = [{ type: 'run', run_id: runId, inputs }];
  const executions: JsonObject[] = [];
  const results: JsonObject[] = [];
  const decisions = { APPROVED: 0, REJECTED: 0, HOLD: 0 };
  const spending = spendingOf(budget);
  let state = readState(request.initialState);
  let committedAt = -1;
  let committed = 0;
  let evaluated: { step: number; signals: Map<string, Signal>; skipped: JsonObject[]; actions: Proposed[] } | undefined;

  const failed = (index: number, name: string): Outcome => ({ error: { code: 'tool_failed', index, tool: name } });

  /** The actions of a call at a step, each with its price; nothing where a price is not the market's, or there is nothing to take. */
  function actionsAt(step: number, given: Proposed[] | undefined): Action[] | undefined {
    const source = given ?? evaluated?.actions;
    if (source === undefined) return undefined;
    const prices = at(path, step);
    const here = given !== undefined || evaluated?.step === step;
    const own = source.map((action) => (here ? action : { ...action, price: undefined }));
    if (own.some(({ symbol, price }) => price !== undefined && price > 0n && prices.has(symbol) && prices.get(symbol) !== price)) {
      return undefined;
    }
    return own.map(({ type, symbol, quantity, price }) => ({
      type,
      symbol,
      quantity,
      price: price ?? prices.get(symbol) ?? parseDecimal(1),
    }));
  }

  function simulate(index: number, step: number, actions: Action[], commits: boolean): Outcome {
    const prices = at(path, step);
    const from = entered(strategy, state, prices);
    const failures = verifyPlan(actions, prices, from, policy);
    const decision = actions.length === 0 ? 'HOLD' : failures.length === 0 ? 'APPROVED' : 'REJECTED';
    const next = decision === 'APPROVED' ? actions.reduce((scratch, action) => after(scratch, action, policy.costs), from) : from;
    const errors = failures.map(({ action_index, code }) => ({ action_index, code }));
    if (commits) commit(step, prices, actions, decision, errors, next);
    const result: JsonObject = {
      step,
      decision,
      actions: actions.map(actionJson),
      verifier_errors: errors,
      state: stateJson(next),
      equity: formatDecimal(equityOf(next, prices)),
      exposure: formatDecimal(exposureOf(next, prices)),
    };
    return decision === 'REJECTED' ? { result, error: { code: 'simulation_rejected', index, verifier_errors: errors } } : { result };
  }

  function commit(
    step: number,
    prices: Prices,
    actions: Action[],
    decision: 'APPROVED' | 'REJECTED' | 'HOLD',
    errors: JsonObject[],
    next: State,
  ): void {
    const own = evaluated?.step === step ? evaluated : undefined;
    const { time } = at(market.steps, step);
    tape.push({
      type: 'step',
      step_index: step,
      ...(time === undefined ? {} : { time }),
      prices: decimalsJson(prices),
      signals: Object.fromEntries(own?.signals ?? strategy.universe.symbols.map((symbol): [string, Signal] => [symbol, 'HOLD'])),
      skipped: own?.skipped ?? [],
      actions: actions.map(actionJson),
      decision,
      verifier_errors: errors,
      state_delta: stateDelta(state, next, prices),
      state_hash: sha256(canonicalText(stateJson(next))),
    });
    if (decision === 'APPROVED') {
      let scratch = entered(strategy, state, prices);
      actions.forEach((action, index) => {
        const filled = after(scratch, action, policy.costs);
        executions.push(fillRow(runId, step, index, action, policy.costs, prices, scratch, filled));
        scratch = filled;
      });
    }
    if ((step + 1) % CHECKPOINT_EVERY_STEPS === 0) tape.push({ type: 'checkpoint', step_index: step, state: stateJson(next) });
    decisions[decision] += 1;
    state = next;
    committedAt = step;
    committed += 1;
  }

  function evaluate(step: number): Outcome {
    const said = signalsAt(strategy, path, step, state);
    const { signals } = said;
    const sized = planOf(strategy, said, at(path, step), state, policy.costs);
    evaluated = { step, signals, skipped: sized.skipped.map(({ symbol, reason }) => ({ symbol, reason })), actions: sized.actions };
    return { result: { step, signals: Object.fromEntries(signals), skipped: evaluated.skipped, actions: sized.actions.map(actionJson) } };
  }

  function propose(index: number, goal: string): Outcome {
    const step = Math.min(evaluated?.step ?? committedAt + 1, path.length - 1);
    const prices = at(path, step);
    const context = {
      step,
      prices: decimalsJson(prices),
      state: stateJson(state),
      equity: formatDecimal(equityOf(state, prices)),
      exposure: formatDecimal(exposureOf(state, prices)),
    };
    const answer = request.outside(index, 'model');
    const { source } = answer;
    tape.push({ type: 'model', index, name: 'propose_plan', goal, context, source, ...said(answer) });
    if (!answer.ok) return { error: placed(answer.error, index, 'propose_plan') };
    const actions = readActions((answer.result as JsonObject)['actions']);
    if (actions === undefined) throw new Error('the model was given an answer that is no plan');
    evaluated = { step, signals: new Map(strategy.universe.symbols.map((symbol) => [symbol, 'HOLD'])), skipped: [], actions };
    const complete = actionsAt(step, actions);
    return complete === undefined ? failed(index, 'propose_plan') : simulate(index, step, complete, false);
  }

  function aboutAStep(index: number, name: string, args: JsonObject): Outcome {
    const step = args['step'];
    const legal = name === 'simulate_and_verify' || name === 'execute' ? ['step', 'actions'] : ['step'];
    if (typeof step !== 'number' || !Number.isSafeInteger(step) || step < 0 || Object.keys(args).some((key) => !legal.includes(key))) {
      return failed(index, name);
    }
    const given = args['actions'] === undefined ? undefined : readActions(args['actions']);
    if ((args['actions'] !== undefined && given === undefined) || step >= path.length) return failed(index, name);
    if (name === 'get_price_context') {
      const { time } = at(market.steps, step);
      return { result: { step, ...(time === undefined ? {} : { time }), prices: decimalsJson(at(path, step)) } };
    }
    if (name === 'evaluate_strategy') return evaluate(step);
    if (name === 'execute' && step <= committedAt) return failed(index, name);
    const actions = actionsAt(step, given);
    return actions === undefined ? failed(index, name) : simulate(index, step, actions, name === 'execute');
  }

  let stop: JsonObject | null = null;
  for (const [index, { name, args }] of plan.entries()) {
    if (index === request.deadlineBefore) stop = { code: 'deadline_exceeded' };
    const asks = name === 'propose_plan' && isGoal(args);
    stop ??= spending.charge({ steps: 1, tool_calls: 1, model_calls: asks ? 1 : 0 });
    if (stop !== null) break;
    let source: 'local' | 'remote' = 'local';
    let outcome: Outcome = failed(index, name);
    if (ABOUT_A_STEP.includes(name)) outcome = aboutAStep(index, name, args);
    if (asks) outcome = propose(index, args['goal'] as string);
    if (name === 'execute_code' && isProgram(args)) {
      const answer = request.outside(index, 'code');
      source = answer.source;
      const left = answer.result === undefined ? {} : { result: answer.result };
      outcome = answer.ok ? { result: answer.result } : { error: placed(answer.error, index, name), ...left };
    }
    const told = { ok: outcome.error === undefined, ...outcome };
    tape.push({ type: 'tool', index, name, args, source, ...told });
    results.push({ index, name, ...told });
    stop = outcome.error ?? null;
    if (stop !== null) break;
  }
  if (request.unstopped !== undefined) {
    for (const rows of [tape, results]) Object.assign(rows.at(-1) ?? {}, { sessions_not_stopped: request.unstopped });
  }

  const last = at(path, Math.max(0, committedAt));
  tape.push({
    type: 'seal',
    ok: stop === null,
    error: stop,
    steps: committed,
    decisions,
    final_state: stateJson(state),
    final_equity: formatDecimal(equityOf(state, last)),
    final_exposure: formatDecimal(exposureOf(state, last)),
    budget_state: { ...spending.spent },
    executions: { rows: executions.length },
  });
  return { request: requestLine, tape, executions, results };
}

export function referenceMemoryRun({ budget, requests, requestId, outside, deadlineBefore }: ReferenceMemoryRequest): ReferencePlanRun {
  const operations = requests.map((operation): JsonObject => ({ ...operation }));
  const requestLine = `${canonicalText({ budget: budgetJson(budget), requests: operations })}\n`;
  const inputs: JsonObject = {
    spec_version: 1,
    mode: 'agentcore-memory',
    budget: budgetJson(budget),
    invocation: requestId,
    request_sha256: sha256(requestLine),
  };
  const tape: JsonObject[] = [{ type: 'run', run_id: sha256(canonicalText(inputs)).slice(0, 32), inputs }];
  const results: JsonObject[] = [];
  const spending = spendingOf(budget);
  const bytes = operations.map(bytesOf);
  let stop = spending.covers({ memory_ops: requests.length, memory_bytes: bytes.reduce((sum, one) => sum + one, 0) });
  for (const [index, operation] of operations.entries()) {
    if (stop === null && index === deadlineBefore) stop = { code: 'deadline_exceeded' };
    stop ??= spending.charge({ memory_ops: 1, memory_bytes: at(bytes, index) });
    if (stop !== null) break;
    const answer = outside(index);
    const outcome = answer.ok ? taken(answer.result, spending) : { error: answer.error };
    const told: JsonObject = { ok: outcome.error === undefined, ...outcome };
    tape.push({ type: 'memory', index, ...operation, source: answer.source, ...told });
    results.push({ index, op: operation['op'] ?? null, key: operation['key'] ?? null, ...told });
    stop = outcome.error ?? null;
  }
  tape.push({
    type: 'seal',
    ok: stop === null,
    error: stop,
    steps: 0,
    decisions: { APPROVED: 0, REJECTED: 0, HOLD: 0 },
    final_state: null,
    final_equity: null,
    final_exposure: null,
    budget_state: { ...spending.spent },
    executions: { rows: 0 },
  });
  return { request: requestLine, tape, executions: [], results };
}

/** What came back, once it is paid for, or withheld. */
function taken(result: Json, spending: Spending): Outcome {
  if (result === null) return { result: null };
  const { found, value } = result as JsonObject;
  if (found !== true) return { result: { found: false, bytes: 0 } };
  const bytes = bytesOf(value ?? null);
  const refusal = spending.charge({ memory_bytes: bytes });
  if (refusal !== null) return { result: { found: true, bytes, withheld: true }, error: refusal };
  return { result: { found: true, bytes, value: value ?? null } };
}

function bytesOf(value: Json): number {
  return Buffer.byteLength(canonicalText(value), 'utf8');
}

function said(answer: ReferenceAnswer): JsonObject {
  return answer.ok ? { ok: true, result: answer.result } : { ok: false, error: answer.error };
}

/** A failed call of a plan says where in the plan it stands. */
function placed(error: JsonObject, index: number, tool: string): JsonObject {
  return error['code'] === 'tool_failed' ? { ...error, index, tool } : error;
}

function actionJson({ type, symbol, quantity, price }: Action): JsonObject {
  return { type, symbol, quantity: formatDecimal(quantity), price: formatDecimal(price) };
}

function isGoal(args: JsonObject): boolean {
  return typeof args['goal'] === 'string' && Object.keys(args).length === 1;
}

function isProgram({ language, code, ...rest }: JsonObject): boolean {
  const known = typeof language === 'string' && ['python', 'javascript', 'typescript'].includes(language);
  return known && typeof code === 'string' && Object.keys(rest).length === 0;
}

function readActions(value: Json | undefined): Proposed[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map((item) => {
    const { type, symbol, quantity, price } = item as Record<string, string>;
    return {
      type: type as Proposed['type'],
      symbol: symbol ?? '',
      quantity: parseDecimal(quantity ?? ''),
      ...(price === undefined ? {} : { price: parseDecimal(price) }),
    };
  });
}

/** A slow model of one run of steps, written from docs/spec.md alone: sharing no code with src/ is what makes agreement with it evidence. */
import { createHash } from 'node:crypto';

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** A decimal as a document may hold it: its text, or a JSON number read through its shortest round-trip text. */
export type DecimalInput = string | number;

export interface ReferenceMarketStep {
  time?: string;
  prices: Record<string, string>;
}

export interface ReferenceMarket {
  symbols: string[];
  steps: ReferenceMarketStep[];
}

export type ReferenceRule =
  | { type: 'threshold_price'; symbol: string; buy_below?: DecimalInput; sell_above?: DecimalInput }
  | { type: 'sma_crossover'; symbol: string; short_window: number; long_window: number }
  | { type: 'mean_reversion_zscore'; symbol: string; window: number; z_buy_below: DecimalInput; z_sell_above: DecimalInput }
  | { type: 'ema_crossover'; symbol: string; short_window: number; long_window: number }
  | { type: 'rsi_threshold'; symbol: string; window: number; buy_below: DecimalInput; sell_above: DecimalInput }
  | { type: 'donchian_breakout'; symbol: string; entry_window: number; exit_window: number }
  | { type: 'stop_loss'; symbol: string; loss_pct: DecimalInput }
  | { type: 'take_profit'; symbol: string; gain_pct: DecimalInput }
  | { type: 'rebalance'; symbol: string; target_pct: DecimalInput; every_steps: number };

export interface ReferenceSizing {
  order_qty: DecimalInput;
  max_position_qty_per_symbol: DecimalInput;
  max_new_exposure_per_step?: DecimalInput;
}

export interface ReferenceStrategy {
  metadata: { name: string; version: string; description: string };
  universe: { symbols: string[] };
  timing?: { evaluation_frequency_steps?: number; fill_at?: 'signal_step' | 'next_step' };
  sizing: ReferenceSizing;
  rules: ReferenceRule[];
}

export interface ReferencePolicy {
  policy_id?: string;
  risk_limits?: { max_leverage?: DecimalInput; max_position_pct?: DecimalInput; max_position_value?: DecimalInput };
  costs?: { fee_bps?: DecimalInput; slippage_bps?: DecimalInput };
}

export interface ReferenceState {
  cash: string;
  positions: Record<string, string>;
}

export interface ReferenceBudget {
  max_steps: number;
  max_tool_calls: number;
  max_model_calls: number;
  max_memory_ops: number;
  max_memory_bytes: number;
}

export interface ReferenceRequest {
  market: ReferenceMarket;
  strategy: ReferenceStrategy;
  policy: ReferencePolicy;
  initialState: ReferenceState;
  steps: number;
  budget: ReferenceBudget;
  /** A local run when absent. */
  mode?: 'agentcore-base';
  /** The step before which the clock of a handler ran out. */
  deadlineBefore?: number;
}

/** Every row without the hashes of the chain and without free text. */
export interface ReferenceRun {
  tape: JsonObject[];
  executions: JsonObject[];
}

export interface ReferenceAction {
  type: 'PlaceBuy' | 'PlaceSell';
  symbol: string;
  quantity: string;
  price: string;
}

export type VerifierCode =
  | 'invalid_action'
  | 'out_of_range'
  | 'unknown_symbol'
  | 'insufficient_cash'
  | 'invalid_equity'
  | 'leverage_limit'
  | 'position_value_limit'
  | 'position_concentration'
  | 'insufficient_position';

export type Signal = 'BUY' | 'SELL' | 'HOLD';
export type Prices = ReadonlyMap<string, bigint>;

/** A position of zero is absent. */
export interface State {
  readonly cash: bigint;
  readonly positions: ReadonlyMap<string, bigint>;
  /** What each position was bought at; only where a rule asks for it. */
  readonly entries?: ReadonlyMap<string, bigint>;
}

export interface Costs {
  readonly feeBps: bigint;
  readonly slippageBps: bigint;
}

/** What the rules say: a symbol without a quantity is sized by the strategy. */
export interface ReferenceSignals {
  readonly signals: Map<string, Signal>;
  readonly quantities: Map<string, bigint>;
}

export interface Action {
  readonly type: 'PlaceBuy' | 'PlaceSell';
  readonly symbol: string;
  readonly quantity: bigint;
  readonly price: bigint;
}

export interface Policy {
  readonly id: string;
  readonly maxLeverage: bigint;
  readonly maxPositionPct: bigint;
  readonly maxPositionValue: bigint;
  readonly costs: Costs;
}

export interface Plan {
  readonly actions: Action[];
  readonly skipped: { symbol: string; reason: string }[];
}

/** An exact ratio; the denominator is positive. */
interface Fraction {
  readonly num: bigint;
  readonly den: bigint;
}

/** One, in units of 10^-8. */
const ONE = 100_000_000n;
const CHECKPOINT_EVERY_STEPS = 10_000;

export function referenceRun(request: ReferenceRequest): ReferenceRun {
  const { market, strategy, budget } = request;
  const policy = readPolicy(request.policy);
  const path = market.steps.map((step) => readPrices(market.symbols, step));
  const inputs = runInputs(request);
  const runId = sha256(canonicalText(inputs)).slice(0, 32);

  const tape: JsonObject[] = [{ type: 'run', run_id: runId, inputs }];
  const executions: JsonObject[] = [];
  const decisions = { APPROVED: 0, REJECTED: 0, HOLD: 0 };
  let state = readState(request.initialState);
  let executed = 0;
  let spent = 0;
  let error: Json = null;

  for (let t = 0; t < request.steps; t += 1) {
    if (t === request.deadlineBefore) {
      error = { code: 'deadline_exceeded' };
      break;
    }
    if (spent + 1 > budget.max_steps) {
      error = {
        code: 'budget_exceeded',
        limiter: 'max_steps',
        requested: 1,
        budgets: { budget: budgetJson(budget), budget_state: budgetState(spent) },
      };
      break;
    }
    spent += 1;

    const prices = at(path, t);
    if (isTooLarge(equityOf(state, prices))) {
      error = { code: 'out_of_range', step_index: t };
      break;
    }
    state = entered(strategy, state, prices);
    const said = signalsAt(strategy, path, t, state);
    const plan = planOf(strategy, said, prices, state, policy.costs);
    const failures = verifyPlan(plan.actions, prices, state, policy);
    const decision = plan.actions.length === 0 ? 'HOLD' : failures.length === 0 ? 'APPROVED' : 'REJECTED';
    const before = state;
    if (decision === 'APPROVED') {
      plan.actions.forEach((action, index) => {
        const next = after(state, action, policy.costs);
        executions.push(fillRow(runId, t, index, action, policy.costs, prices, state, next));
        state = next;
      });
    }
    decisions[decision] += 1;
    executed += 1;

    const time = at(market.steps, t).time;
    tape.push({
      type: 'step',
      step_index: t,
      ...(time === undefined ? {} : { time }),
      prices: decimalsJson(prices),
      signals: Object.fromEntries(said.signals),
      skipped: plan.skipped.map(({ symbol, reason }) => ({ symbol, reason })),
      actions: plan.actions.map((action) => ({
        type: action.type,
        symbol: action.symbol,
        quantity: formatDecimal(action.quantity),
        price: formatDecimal(action.price),
      })),
      decision,
      verifier_errors: failures.map(({ action_index, code }) => ({ action_index, code })),
      state_delta: stateDelta(before, state, prices),
      state_hash: sha256(canonicalText(stateJson(state))),
    });
    if ((t + 1) % CHECKPOINT_EVERY_STEPS === 0) tape.push({ type: 'checkpoint', step_index: t, state: stateJson(state) });
  }

  const lastPrices = at(path, Math.max(0, executed - 1));
  tape.push({
    type: 'seal',
    ok: error === null,
    error,
    steps: executed,
    decisions,
    final_state: stateJson(state),
    final_equity: formatDecimal(equityOf(state, lastPrices)),
    final_exposure: formatDecimal(exposureOf(state, lastPrices)),
    budget_state: budgetState(spent),
    executions: { rows: executions.length },
  });
  return { tape, executions };
}

/** Verification alone (SPEC section 3, point 3), for plans that sizing would never make; `prices` are those of the step. */
export function referenceVerify(
  actions: ReferenceAction[],
  prices: Record<string, string>,
  state: ReferenceState,
  policy: ReferencePolicy,
): { action_index: number; code: VerifierCode }[] {
  const read = actions.map((action) => ({ ...action, quantity: parseDecimal(action.quantity), price: parseDecimal(action.price) }));
  return verifyPlan(read, readPrices(Object.keys(prices), { prices }), readState(state), readPolicy(policy));
}

/** Checks a chain of JSON Lines from the hash before its first row, and returns its head; with no row the head is that hash. */
export function verifyChain(lines: string[], firstPrevHash: string): string {
  let head = firstPrevHash;
  lines.forEach((line, index) => {
    const name = `row ${String(index)}`;
    let row: Json;
    try {
      row = JSON.parse(line) as Json;
    } catch {
      throw new Error(`${name}: not JSON`);
    }
    if (row === null || typeof row !== 'object' || Array.isArray(row)) throw new Error(`${name}: not an object`);
    if (canonicalText(row) !== line) throw new Error(`${name}: the line is not canonical JSON`);
    if (row['prev_hash'] !== head) throw new Error(`${name}: prev_hash is ${JSON.stringify(row['prev_hash'])}, the chain is at ${head}`);
    const hash = sha256(canonicalText(Object.fromEntries(Object.entries(row).filter(([key]) => key !== 'hash'))));
    if (row['hash'] !== hash) throw new Error(`${name}: hash is ${JSON.stringify(row['hash'])}, its content hashes to ${hash}`);
    head = hash;
  });
  return head;
}

// ---- Section 3.1: signals ----

export function signalsAt(strategy: ReferenceStrategy, path: Prices[], t: number, state: State): ReferenceSignals {
  const signals = new Map<string, Signal>(strategy.universe.symbols.map((symbol) => [symbol, 'HOLD']));
  const quantities = new Map<string, bigint>();
  // Orders that fill a step later act on what was signalled a step ago, about the state that that step left.
  const signalled = strategy.timing?.fill_at === 'next_step' ? t - 1 : t;
  if (signalled < 0 || signalled % (strategy.timing?.evaluation_frequency_steps ?? 1) !== 0) return { signals, quantities };
  for (const rule of strategy.rules) {
    const history = path.slice(0, signalled + 1).map((prices) => priceOf(prices, rule.symbol));
    const [signal, quantity] = orderOf(rule, history, signalled, state, at(path, signalled));
    if (signal === 'HOLD') continue;
    signals.set(rule.symbol, signal);
    if (quantity === undefined) quantities.delete(rule.symbol);
    else quantities.set(rule.symbol, quantity);
  }
  return { signals, quantities };
}

/** Rules that look at the account name what they want to trade. */
function orderOf(rule: ReferenceRule, history: bigint[], t: number, state: State, prices: Prices): [Signal, bigint?] {
  const price = at(history, t);
  const held = heldOf(state, rule.symbol);
  const entry = state.entries?.get(rule.symbol) ?? price;
  switch (rule.type) {
    case 'stop_loss': {
      const bound = fraction(entry * (ONE - parseDecimal(rule.loss_pct)), ONE);
      return held > 0n && compare(fraction(price, 1n), bound) <= 0 ? ['SELL', held] : ['HOLD'];
    }
    case 'take_profit': {
      const bound = fraction(entry * (ONE + parseDecimal(rule.gain_pct)), ONE);
      return held > 0n && compare(fraction(price, 1n), bound) >= 0 ? ['SELL', held] : ['HOLD'];
    }
    case 'rebalance': {
      if (t % rule.every_steps !== 0) return ['HOLD'];
      const target = multiply(parseDecimal(rule.target_pct), equityOf(state, prices));
      const worth = multiply(held, price);
      if (target > worth) {
        const quantity = ((target - worth) * ONE) / price;
        return quantity > 0n ? ['BUY', quantity] : ['HOLD'];
      }
      const quantity = ((worth - target) * ONE) / price;
      return quantity > 0n && held > 0n ? ['SELL', quantity < held ? quantity : held] : ['HOLD'];
    }
    default:
      return [signalOf(rule, history)];
  }
}

type PriceRule = Exclude<ReferenceRule, { type: 'stop_loss' | 'take_profit' | 'rebalance' }>;

/** `history` is every price of the rule's symbol from step 0 to the present one. */
function signalOf(rule: PriceRule, history: bigint[]): Signal {
  const price = at(history, history.length - 1);
  switch (rule.type) {
    case 'threshold_price':
      if (rule.buy_below !== undefined && price <= parseDecimal(rule.buy_below)) return 'BUY';
      if (rule.sell_above !== undefined && price >= parseDecimal(rule.sell_above)) return 'SELL';
      return 'HOLD';
    case 'sma_crossover': {
      if (history.length < rule.long_window) return 'HOLD';
      const order = compare(meanOf(history.slice(-rule.short_window)), meanOf(history.slice(-rule.long_window)));
      return order > 0 ? 'BUY' : order < 0 ? 'SELL' : 'HOLD';
    }
    case 'mean_reversion_zscore': {
      if (history.length < rule.window) return 'HOLD';
      const window = history.slice(-rule.window);
      return zScoreSignal(window, parseDecimal(rule.z_buy_below), parseDecimal(rule.z_sell_above));
    }
    case 'ema_crossover': {
      if (history.length < rule.long_window) return 'HOLD';
      const [short, long] = [emaOf(history, rule.short_window), emaOf(history, rule.long_window)];
      return short > long ? 'BUY' : short < long ? 'SELL' : 'HOLD';
    }
    case 'rsi_threshold': {
      if (history.length <= rule.window) return 'HOLD';
      const changes = history.slice(1).map((value, index) => value - at(history, index));
      const rise = wilderMean(
        changes.map((change) => (change > 0n ? change : 0n)),
        rule.window,
      );
      const fall = wilderMean(
        changes.map((change) => (change < 0n ? -change : 0n)),
        rule.window,
      );
      if (rise + fall === 0n) return 'HOLD';
      const index = fraction(100n * rise, rise + fall);
      if (compare(index, fraction(parseDecimal(rule.buy_below), ONE)) <= 0) return 'BUY';
      return compare(index, fraction(parseDecimal(rule.sell_above), ONE)) >= 0 ? 'SELL' : 'HOLD';
    }
    case 'donchian_breakout': {
      const before = history.slice(0, -1);
      const [entry, exit] = [before.slice(-rule.entry_window), before.slice(-rule.exit_window)];
      if (entry.length === rule.entry_window && entry.every((value) => price > value)) return 'BUY';
      return exit.length === rule.exit_window && exit.every((value) => price < value) ? 'SELL' : 'HOLD';
    }
  }
}

/** From the mean of the first prices on; each mean is rounded to 8 digits. */
function emaOf(history: bigint[], steps: number): bigint {
  const n = BigInt(steps);
  const first = divideHalfEven(sum(history.slice(0, steps)), n);
  return history.slice(steps).reduce((mean, price) => divideHalfEven(mean * (n - 1n) + price * 2n, n + 1n), first);
}

/** The same with the weight of Wilder: one part in `steps`. */
function wilderMean(changes: bigint[], steps: number): bigint {
  const n = BigInt(steps);
  const first = divideHalfEven(sum(changes.slice(0, steps)), n);
  return changes.slice(steps).reduce((mean, change) => divideHalfEven(mean * (n - 1n) + change, n), first);
}

/** z = deviation / sqrt(variance) is never taken: once its sign is known, z is on the far side of a bound when z^2 >= bound^2. */
function zScoreSignal(window: bigint[], buyBelow: bigint, sellAbove: bigint): Signal {
  const mean = meanOf(window);
  const squares = window.map((price) => square(subtract(fraction(price, 1n), mean)));
  const variance = divide(squares.reduce(add), fraction(BigInt(window.length), 1n));
  if (variance.num === 0n) return 'HOLD';
  const deviation = subtract(fraction(at(window, window.length - 1), 1n), mean);
  const zSquared = divide(square(deviation), variance);
  if (deviation.num < 0n && compare(zSquared, square(fraction(buyBelow, ONE))) >= 0) return 'BUY';
  if (deviation.num > 0n && compare(zSquared, square(fraction(sellAbove, ONE))) >= 0) return 'SELL';
  return 'HOLD';
}

// ---- Section 3.2: sizing ----

export function planOf(strategy: ReferenceStrategy, said: ReferenceSignals, prices: Prices, start: State, costs: Costs): Plan {
  const plan: Plan = { actions: [], skipped: [] };
  const { symbols } = strategy.universe;
  const speaking = (...sides: Signal[]): string[] => symbols.filter((symbol) => sides.includes(said.signals.get(symbol) ?? 'HOLD'));
  // A quantity that a rule names makes sales come first.
  const order = said.quantities.size > 0 ? [...speaking('SELL'), ...speaking('BUY')] : speaking('BUY', 'SELL');
  for (const symbol of order) {
    const state = plan.actions.reduce((scratch, action) => after(scratch, action, costs), start);
    const price = priceOf(prices, symbol);
    const wanted = said.quantities.get(symbol);
    const orderQty = parseDecimal(strategy.sizing.order_qty);
    const held = heldOf(state, symbol);
    if (said.signals.get(symbol) === 'BUY') {
      const quantity = wanted === undefined ? orderQty : least(wanted, affordable(state.cash, price, costs));
      const action: Action = { type: 'PlaceBuy', symbol, quantity, price };
      const reason = buySkipReason(action, plan.actions, strategy.sizing, state, costs);
      if (reason === null) plan.actions.push(action);
      else plan.skipped.push({ symbol, reason });
    } else if (held === 0n) {
      plan.skipped.push({ symbol, reason: 'no_position' });
    } else {
      plan.actions.push({ type: 'PlaceSell', symbol, quantity: least(held, wanted ?? orderQty), price });
    }
  }
  return plan;
}

/** The whole cash less the share that the fee takes of it, in units of the symbol; both rounded down. */
function affordable(cash: bigint, price: bigint, costs: Costs): bigint {
  const spendable = (cash * 10_000n * ONE) / (10_000n * ONE + costs.feeBps);
  return (spendable * ONE) / fillPriceOf({ type: 'PlaceBuy', price }, costs);
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function buySkipReason(buy: Action, earlier: Action[], sizing: ReferenceSizing, state: State, costs: Costs): string | null {
  if (heldOf(state, buy.symbol) + buy.quantity > parseDecimal(sizing.max_position_qty_per_symbol)) return 'max_position_qty_per_symbol';
  const buys = [...earlier.filter((action) => action.type === 'PlaceBuy'), buy];
  // What is held is worth the price of the market, whatever was paid.
  const newExposure = sum(buys.map(({ quantity, price }) => multiply(quantity, price)));
  const limit = sizing.max_new_exposure_per_step;
  if (limit !== undefined && newExposure > parseDecimal(limit)) return 'max_new_exposure_per_step';
  if (buy.quantity === 0n || state.cash < notionalOf(buy, costs) + feeOf(buy, costs)) return 'insufficient_cash';
  return null;
}

// ---- Section 3.3: verification ----

/** The codes of the first action that fails; empty when all pass. */
export function verifyPlan(
  actions: Action[],
  prices: Prices,
  start: State,
  policy: Policy,
): { action_index: number; code: VerifierCode }[] {
  let state = start;
  for (const [index, action] of actions.entries()) {
    const codes = verifyAction(action, prices, state, policy);
    if (codes.length > 0) return codes.map((code) => ({ action_index: index, code }));
    state = after(state, action, policy.costs);
  }
  return [];
}

function verifyAction(action: Action, prices: Prices, state: State, policy: Policy): VerifierCode[] {
  const codes: VerifierCode[] = [];
  if (action.quantity <= 0n || action.price <= 0n || notionalOf(action, policy.costs) === 0n) codes.push('invalid_action');
  if (isTooLarge(notionalOf(action, policy.costs))) codes.push('out_of_range');
  if (!prices.has(action.symbol)) codes.push('unknown_symbol');
  if (codes.length > 0) return codes;
  const next = after(state, action, policy.costs);
  const equity = equityOf(next, prices);
  const cost = notionalOf(action, policy.costs) + feeOf(action, policy.costs);
  if ([fillPriceOf(action, policy.costs), cost, next.cash, heldOf(next, action.symbol), exposureOf(next, prices), equity].some(isTooLarge))
    return ['out_of_range'];
  if (action.type === 'PlaceSell') {
    return heldOf(state, action.symbol) < action.quantity ? ['insufficient_position'] : [];
  }
  if (state.cash < cost) codes.push('insufficient_cash');
  const value = multiply(heldOf(next, action.symbol), priceOf(prices, action.symbol));
  // Both sides of a ratio check in units of 10^-16, so that nothing is rounded.
  if (equity <= 0n) codes.push('invalid_equity');
  if (exposureOf(next, prices) * ONE > policy.maxLeverage * equity) codes.push('leverage_limit');
  if (value > policy.maxPositionValue) codes.push('position_value_limit');
  if (value * ONE > policy.maxPositionPct * equity) codes.push('position_concentration');
  return codes;
}

// ---- The state and what is derived from it ----

export function after(state: State, action: Action, costs: Costs): State {
  const sign = action.type === 'PlaceBuy' ? 1n : -1n;
  const held = heldOf(state, action.symbol);
  const positions = new Map(state.positions);
  positions.set(action.symbol, held + sign * action.quantity);
  const next = stateOf(state.cash - sign * notionalOf(action, costs) - feeOf(action, costs), positions);
  if (state.entries === undefined) return next;
  const entries = new Map(state.entries);
  if (!next.positions.has(action.symbol)) entries.delete(action.symbol);
  else if (action.type === 'PlaceBuy') {
    const paid = (entries.get(action.symbol) ?? 0n) * held + fillPriceOf(action, costs) * action.quantity;
    entries.set(action.symbol, divideHalfEven(paid, held + action.quantity));
  }
  return { ...next, entries };
}

/** A position that nobody saw bought enters at the prices of the step at which it is first seen. */
export function entered(strategy: ReferenceStrategy, state: State, prices: Prices): State {
  if (!strategy.rules.some(({ type }) => type === 'stop_loss' || type === 'take_profit')) return state;
  const held = [...state.positions.keys()];
  return { ...state, entries: new Map(held.map((symbol) => [symbol, state.entries?.get(symbol) ?? priceOf(prices, symbol)])) };
}

function stateOf(cash: bigint, positions: Map<string, bigint>): State {
  return { cash, positions: new Map([...positions].filter(([, quantity]) => quantity !== 0n)) };
}

function heldOf(state: State, symbol: string): bigint {
  return state.positions.get(symbol) ?? 0n;
}

/** Rounded twice, as the fee is. */
function fillPriceOf({ type, price }: Pick<Action, 'type' | 'price'>, costs: Costs): bigint {
  const slippage = divideHalfEven(multiply(price, costs.slippageBps), 10_000n);
  return type === 'PlaceBuy' ? price + slippage : price - slippage;
}

function notionalOf(action: Action, costs: Costs): bigint {
  return multiply(action.quantity, fillPriceOf(action, costs));
}

/** Rounded twice: once by the product, once by the division of basis points. */
function feeOf(action: Action, costs: Costs): bigint {
  return divideHalfEven(multiply(notionalOf(action, costs), costs.feeBps), 10_000n);
}

export function exposureOf(state: State, prices: Prices): bigint {
  return sum([...state.positions].map(([symbol, held]) => multiply(held < 0n ? -held : held, priceOf(prices, symbol))));
}

export function equityOf(state: State, prices: Prices): bigint {
  return state.cash + sum([...state.positions].map(([symbol, held]) => multiply(held, priceOf(prices, symbol))));
}

function priceOf(prices: Prices, symbol: string): bigint {
  const price = prices.get(symbol);
  if (price === undefined) throw new Error(`no price for ${symbol}`);
  return price;
}

// ---- Section 4: rows ----

export function fillRow(
  runId: string,
  step: number,
  index: number,
  action: Action,
  costs: Costs,
  prices: Prices,
  before: State,
  next: State,
): JsonObject {
  return {
    type: 'fill',
    event_id: `${runId}:${String(step)}:${String(index)}`,
    run_id: runId,
    step_index: step,
    action_index: index,
    symbol: action.symbol,
    side: action.type === 'PlaceBuy' ? 'BUY' : 'SELL',
    quantity: formatDecimal(action.quantity),
    price: formatDecimal(fillPriceOf(action, costs)),
    notional: formatDecimal(notionalOf(action, costs)),
    fee: formatDecimal(feeOf(action, costs)),
    status: 'FILLED',
    cash_before: formatDecimal(before.cash),
    cash_after: formatDecimal(next.cash),
    position_before: formatDecimal(heldOf(before, action.symbol)),
    position_after: formatDecimal(heldOf(next, action.symbol)),
    exposure_before: formatDecimal(exposureOf(before, prices)),
    exposure_after: formatDecimal(exposureOf(next, prices)),
  };
}

export function stateDelta(before: State, next: State, prices: Prices): JsonObject {
  const symbols = new Set([...before.positions.keys(), ...next.positions.keys()]);
  const changed = [...symbols].filter((symbol) => heldOf(before, symbol) !== heldOf(next, symbol));
  return {
    cash: change(before.cash, next.cash),
    equity: change(equityOf(before, prices), equityOf(next, prices)),
    exposure: change(exposureOf(before, prices), exposureOf(next, prices)),
    positions: Object.fromEntries(changed.map((symbol) => [symbol, change(heldOf(before, symbol), heldOf(next, symbol))])),
  };
}

function change(before: bigint, next: bigint): JsonObject {
  return { before: formatDecimal(before), after: formatDecimal(next), delta: formatDecimal(next - before) };
}

export function stateJson(state: State): JsonObject {
  const json = { cash: formatDecimal(state.cash), positions: decimalsJson(state.positions) };
  return state.entries === undefined ? json : { ...json, entries: decimalsJson(state.entries) };
}

export function decimalsJson(values: ReadonlyMap<string, bigint>): JsonObject {
  return Object.fromEntries([...values].map(([key, value]) => [key, formatDecimal(value)]));
}

export function budgetJson(budget: ReferenceBudget): JsonObject {
  return {
    max_steps: budget.max_steps,
    max_tool_calls: budget.max_tool_calls,
    max_model_calls: budget.max_model_calls,
    max_memory_ops: budget.max_memory_ops,
    max_memory_bytes: budget.max_memory_bytes,
  };
}

/** A local run charges steps and nothing else. */
function budgetState(steps: number): JsonObject {
  return { steps, tool_calls: 0, model_calls: 0, memory_ops: 0, memory_bytes: 0 };
}

// ---- Section 2: inputs, normalised files and their digests ----

function runInputs(request: ReferenceRequest): JsonObject {
  const documents = {
    market_sha256: sha256(marketFile(request.market)),
    strategy_sha256: sha256(`${canonicalText(strategyJson(request.strategy))}\n`),
    policy_sha256: sha256(`${canonicalText(policyJson(request.policy))}\n`),
    initial_state: stateJson(readState(request.initialState)),
    steps: request.steps,
    budget: budgetJson(request.budget),
  };
  const inputs = { spec_version: 1, mode: request.mode ?? 'local', ...documents, invocation: null };
  return request.mode === undefined ? inputs : { ...inputs, request_sha256: sha256(`${canonicalText(documents)}\n`) };
}

/** The whole market, also when the run stops earlier. */
export function marketFile(market: ReferenceMarket): string {
  const lines: JsonObject[] = [{ symbols: market.symbols }];
  for (const step of market.steps) {
    const prices = decimalsJson(readPrices(market.symbols, step));
    lines.push(step.time === undefined ? { prices } : { prices, time: step.time });
  }
  return lines.map((line) => `${canonicalText(line)}\n`).join('');
}

export function strategyJson(strategy: ReferenceStrategy): JsonObject {
  const { metadata, universe, sizing } = strategy;
  return {
    metadata: { name: metadata.name, version: metadata.version, description: metadata.description },
    universe: { symbols: universe.symbols },
    timing: {
      evaluation_frequency_steps: strategy.timing?.evaluation_frequency_steps ?? 1,
      ...(strategy.timing?.fill_at === 'next_step' ? { fill_at: 'next_step' } : {}),
    },
    sizing: {
      order_qty: decimalJson(sizing.order_qty),
      max_position_qty_per_symbol: decimalJson(sizing.max_position_qty_per_symbol),
      ...optionalDecimal('max_new_exposure_per_step', sizing.max_new_exposure_per_step),
    },
    rules: strategy.rules.map(ruleJson),
  };
}

function ruleJson(rule: ReferenceRule): JsonObject {
  const { type, symbol } = rule;
  switch (rule.type) {
    case 'threshold_price':
      return { type, symbol, ...optionalDecimal('buy_below', rule.buy_below), ...optionalDecimal('sell_above', rule.sell_above) };
    case 'sma_crossover':
      return { type, symbol, short_window: rule.short_window, long_window: rule.long_window };
    case 'mean_reversion_zscore':
      return {
        type,
        symbol,
        window: rule.window,
        z_buy_below: decimalJson(rule.z_buy_below),
        z_sell_above: decimalJson(rule.z_sell_above),
      };
    case 'ema_crossover':
      return { type, symbol, short_window: rule.short_window, long_window: rule.long_window };
    case 'rsi_threshold':
      return { type, symbol, window: rule.window, buy_below: decimalJson(rule.buy_below), sell_above: decimalJson(rule.sell_above) };
    case 'donchian_breakout':
      return { type, symbol, entry_window: rule.entry_window, exit_window: rule.exit_window };
    case 'stop_loss':
      return { type, symbol, loss_pct: decimalJson(rule.loss_pct) };
    case 'take_profit':
      return { type, symbol, gain_pct: decimalJson(rule.gain_pct) };
    case 'rebalance':
      return { type, symbol, target_pct: decimalJson(rule.target_pct), every_steps: rule.every_steps };
  }
}

export function policyJson(policy: ReferencePolicy): JsonObject {
  const { id, maxLeverage, maxPositionPct, maxPositionValue, costs } = readPolicy(policy);
  return {
    policy_id: id,
    risk_limits: {
      max_leverage: formatDecimal(maxLeverage),
      max_position_pct: formatDecimal(maxPositionPct),
      max_position_value: formatDecimal(maxPositionValue),
    },
    costs: {
      fee_bps: formatDecimal(costs.feeBps),
      ...(costs.slippageBps === 0n ? {} : { slippage_bps: formatDecimal(costs.slippageBps) }),
    },
  };
}

export function readPolicy(policy: ReferencePolicy): Policy {
  return {
    id: policy.policy_id ?? 'default',
    maxLeverage: parseDecimal(policy.risk_limits?.max_leverage ?? '2'),
    maxPositionPct: parseDecimal(policy.risk_limits?.max_position_pct ?? '0.8'),
    maxPositionValue: parseDecimal(policy.risk_limits?.max_position_value ?? '5000'),
    costs: { feeBps: parseDecimal(policy.costs?.fee_bps ?? '0'), slippageBps: parseDecimal(policy.costs?.slippage_bps ?? '0') },
  };
}

export function readState(state: ReferenceState): State {
  const positions = Object.entries(state.positions).map(([symbol, quantity]) => [symbol, parseDecimal(quantity)] as const);
  return stateOf(parseDecimal(state.cash), new Map(positions));
}

export function readPrices(symbols: string[], step: ReferenceMarketStep): Prices {
  return new Map(
    symbols.map((symbol) => {
      const price = step.prices[symbol];
      if (price === undefined) throw new Error(`no price for ${symbol}`);
      return [symbol, parseDecimal(price)];
    }),
  );
}

function decimalJson(value: DecimalInput): string {
  return formatDecimal(parseDecimal(value));
}

function optionalDecimal(key: string, value: DecimalInput | undefined): JsonObject {
  return value === undefined ? {} : { [key]: decimalJson(value) };
}

// ---- Section 1: decimals in units of 10^-8 ----

export function parseDecimal(input: DecimalInput): bigint {
  const text = typeof input === 'number' ? withoutExponent(String(input)) : input;
  const match = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]{1,8}))?$/.exec(text);
  if (match === null) throw new Error(`not a decimal of at most 8 fractional digits: ${JSON.stringify(input)}`);
  const [, minus = '', whole = '', digits = ''] = match;
  const magnitude = BigInt(whole) * ONE + BigInt(digits.padEnd(8, '0'));
  if (magnitude >= 10n ** 18n * ONE) throw new Error(`10^18 or over: ${JSON.stringify(input)}`);
  return minus === '-' ? -magnitude : magnitude;
}

/** `1.5e-7` is `0.00000015`; a number with a positive exponent is out of range and stays as it is. */
function withoutExponent(text: string): string {
  const match = /^(-?)([0-9])(?:\.([0-9]+))?e-([0-9]+)$/.exec(text);
  if (match === null) return text;
  const [, minus = '', lead = '', rest = '', exponent = ''] = match;
  return `${minus}0.${'0'.repeat(Number(exponent) - 1)}${lead}${rest}`;
}

export function formatDecimal(value: bigint): string {
  const magnitude = value < 0n ? -value : value;
  const digits = (magnitude % ONE).toString().padStart(8, '0').replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${(magnitude / ONE).toString()}${digits === '' ? '' : `.${digits}`}`;
}

/** The exact product of two decimals, rounded half-even to 8 digits. */
export function multiply(a: bigint, b: bigint): bigint {
  return divideHalfEven(a * b, ONE);
}

/** Of the two integers around the quotient the nearer one, on a tie the even one; the divisor is positive. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const remainder = ((dividend % divisor) + divisor) % divisor;
  const below = (dividend - remainder) / divisor;
  if (2n * remainder < divisor) return below;
  if (2n * remainder > divisor) return below + 1n;
  return below % 2n === 0n ? below : below + 1n;
}

/** Section 1: what no input may hold, no result may come to. */
function isTooLarge(value: bigint): boolean {
  return value >= 10n ** 18n * ONE || value <= -(10n ** 18n * ONE);
}

function sum(values: bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

// ---- Exact ratios ----

function fraction(num: bigint, den: bigint): Fraction {
  const divisor = greatestCommonDivisor(num < 0n ? -num : num, den < 0n ? -den : den) * (den < 0n ? -1n : 1n);
  return { num: num / divisor, den: den / divisor };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}

function add(a: Fraction, b: Fraction): Fraction {
  return fraction(a.num * b.den + b.num * a.den, a.den * b.den);
}

function subtract(a: Fraction, b: Fraction): Fraction {
  return fraction(a.num * b.den - b.num * a.den, a.den * b.den);
}

function divide(a: Fraction, b: Fraction): Fraction {
  return fraction(a.num * b.den, a.den * b.num);
}

function square(a: Fraction): Fraction {
  return fraction(a.num * a.num, a.den * a.den);
}

function compare(a: Fraction, b: Fraction): -1 | 0 | 1 {
  const difference = subtract(a, b).num;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function meanOf(values: bigint[]): Fraction {
  return fraction(sum(values), BigInt(values.length));
}

// ---- Canonical JSON (RFC 8785) and SHA-256 ----

export function canonicalText(value: Json): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error('not a JSON number');
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  // Strings compare by UTF-16 code units, the order RFC 8785 asks for.
  const members = Object.entries(value).map(([key, member]) => ({ key, text: `${quoted(key)}:${canonicalText(member)}` }));
  members.sort((a, b) => (a.key < b.key ? -1 : 1));
  return `{${members.map((member) => member.text).join(',')}}`;
}

function quoted(text: string): string {
  const short: Record<string, string> = { '"': '\\"', '\\': '\\\\', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r' };
  let out = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) throw new Error('a lone surrogate has no canonical form');
    out += short[character] ?? (code < 0x20 ? `\\u${code.toString(16).padStart(4, '0')}` : character);
  }
  return `"${out}"`;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

export function at<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new Error(`nothing at index ${String(index)}`);
  return value;
}

/**
 * Random schedules of parallel attempts against one breaker, and an observer that keeps its own count and looks after every event. A test
 * runs 100,000 of them and `make bench` a million, so a schedule is a handful of generators that are resumed in random order; the same
 * generators run on real promises too.
 */
import type { Breaker } from '../../src/domain/budget/breaker';
import { type Budget, type BudgetExceeded, type BudgetState, NOTHING_SPENT } from '../../src/domain/budget/budget';
import { REQUIRED, REQUIRED_NAMES, type RequiredDimension } from '../../src/domain/budget/dimensions';

/** A broken breaker may want to hear how an act ended; the real one does not ask. */
export interface BreakerUnderTest extends Pick<Breaker, 'preflight' | 'state' | 'refusal'> {
  readonly reserve: (dimension: RequiredDimension, amount: number) => BudgetExceeded | undefined;
  readonly ended?: (dimension: RequiredDimension, amount: number, succeeded: boolean) => void;
}

export type MakeBreaker = (budget: Budget) => BreakerUnderTest;

/** What the schedules were made of, so that a test can tell that they were not all harmless. */
export interface Tally {
  schedules: number;
  events: number;
  granted: number;
  refused: number;
  /** Amounts that are no amounts: refused as a bug of the caller. */
  illegal: number;
  latched: number;
  latchedByPreflight: number;
  failedActs: number;
  /** Reservations that left nothing of a budget of more than 2^52. */
  exactEdges: number;
  parallelMax: number;
}

export type Outcome =
  { readonly _tag: 'Held'; readonly tally: Tally } | { readonly _tag: 'Broken'; readonly schedule: number; readonly why: string };

/** Schedule `k` of a seed is the same whatever came before it, so a broken one can be run alone: `first` = k, `count` = 1. */
export function runSchedules(make: MakeBreaker, seed: number, count: number, first = 0): Outcome {
  const tally = emptyTally();
  for (let schedule = first; schedule < first + count; schedule += 1) {
    const scene = makeScene(make, randomOf(seed, schedule), tally);
    try {
      takeTurns(scene);
    } catch (error) {
      return broken(schedule, error);
    }
  }
  return { _tag: 'Held', tally };
}

/** The same schedules with every attempt an `async` function of its own; the order is that of the event loop. */
export async function runSchedulesOnPromises(make: MakeBreaker, seed: number, count: number): Promise<Outcome> {
  const tally = emptyTally();
  for (let schedule = 0; schedule < count; schedule += 1) {
    const scene = makeScene(make, randomOf(seed, schedule), tally);
    try {
      const settled = await Promise.allSettled(scene.attempts.map((attempt) => onPromises(scene, attempt)));
      for (const outcome of settled) if (outcome.status === 'rejected') throw outcome.reason;
      finish(scene);
    } catch (error) {
      return broken(schedule, error);
    }
  }
  return { _tag: 'Held', tally };
}

// ---- Randomness ----

// Taken out once: a global costs a hundred times more inside the context that Jest runs a test in.
const { floor, imul, max, min } = Math;
const { isSafeInteger } = Number;

/** A whole number of 0 or more and below `n`. */
type Random = (n: number) => number;

/** Mulberry32: one multiplication or two a number, and good enough to mix an order. */
function randomOf(seed: number, schedule: number): Random {
  let state = imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ imul(schedule + 1, 0xc2b2ae35);
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * n);
  };
}

function pick<A>(random: Random, list: readonly [A, ...A[]]): A {
  return list[random(list.length)] ?? list[0];
}

const MAX = Number.MAX_SAFE_INTEGER;
const EDGES = [MAX, MAX - 1, MAX - 2, 2 ** 52, 2 ** 52 - 1, 2 ** 51] as const;
const ILLEGAL = [2 ** 53, 2 ** 53 + 2, 2 ** 60, 1e300, Infinity, NaN, -1, -MAX, 0.5] as const;
const PARALLEL_MAX = 64;

/** Scarce for most; `ample` lets all of many attempts begin, and most of them end. */
function budgetOf(random: Random, isAmple: boolean): Budget {
  const limit = (): number => {
    const kind = random(8);
    if (kind < 5) return isAmple ? 200 + random(200) : random(12);
    return kind === 5 ? random(200) : pick(random, EDGES);
  };
  return {
    max_steps: max(1, limit()),
    max_tool_calls: limit(),
    max_model_calls: limit(),
    max_memory_ops: limit(),
    max_memory_bytes: limit(),
  };
}

function amountOf(random: Random, left: number, isAmple: boolean): number {
  // Where there is enough for all, one in many still goes to the edge.
  const kind = isAmple && random(16) > 0 ? 0 : random(100);
  if (kind < 60) return 1 + random(3);
  if (kind < 70) return random(40);
  // Exactly what is left, and one more: the two sides of the edge.
  if (kind < 80) return left;
  if (kind < 86) return min(MAX, left + 1);
  return kind < 97 ? pick(random, EDGES) : pick(random, ILLEGAL);
}

// ---- One schedule ----

/** Where an attempt stands while others go on. */
type Pause = 'between' | 'acting' | 'succeeds' | 'fails';
type Attempt = Generator<Pause, void, undefined>;

interface Scene {
  readonly breaker: BreakerUnderTest;
  readonly budget: Budget;
  readonly isAmple: boolean;
  readonly random: Random;
  readonly attempts: Attempt[];
  /** What the breaker granted, counted by somebody else. */
  readonly granted: Record<RequiredDimension, number>;
  readonly tally: Tally;
  latch: BudgetExceeded | undefined;
  acting: number;
  /** What was asked last; told when something breaks. */
  last: Partial<BudgetState>;
}

function makeScene(make: MakeBreaker, random: Random, tally: Tally): Scene {
  const isAmple = random(32) === 0;
  const budget = budgetOf(random, isAmple);
  const granted = { ...NOTHING_SPENT };
  const scene: Scene = {
    breaker: make(budget),
    budget,
    isAmple,
    random,
    attempts: [],
    granted,
    tally,
    latch: undefined,
    acting: 0,
    last: NOTHING_SPENT,
  };
  const kind = random(16);
  const count = isAmple || kind === 0 ? PARALLEL_MAX : kind === 1 ? 1 + random(PARALLEL_MAX) : 1 + random(8);
  for (let k = 0; k < count; k += 1) scene.attempts.push(pick(random, KINDS)(scene));
  tally.schedules += 1;
  return scene;
}

const KINDS = [anything, anything, toolCall, memoryList] as const;

/** Any dimension, any amount, several times over. */
function* anything(scene: Scene): Attempt {
  for (let k = 1 + scene.random(3); k > 0; k -= 1) {
    const dimension = REQUIRED_NAMES[scene.random(REQUIRED_NAMES.length)] ?? 'steps';
    const amount = amountOf(scene.random, scene.budget[REQUIRED[dimension].limiter] - scene.granted[dimension], scene.isAmple);
    if (scene.random(8) === 0) preflight(scene, { [dimension]: amount });
    if (!reserve(scene, dimension, amount)) return;
    yield* act(scene, dimension, amount);
  }
}

/** As a tool plan reserves: one of each, in one go or with others in between. */
function* toolCall(scene: Scene): Attempt {
  yield 'between';
  if (!reserve(scene, 'steps', 1)) return;
  if (scene.random(4) === 0) yield 'between';
  if (!reserve(scene, 'tool_calls', 1)) return;
  if (scene.random(2) === 0 && !reserve(scene, 'model_calls', 1)) return;
  yield* act(scene, 'tool_calls', 1);
}

/** As a memory plan does: the whole list first, then each operation and its bytes, then the bytes that came back. */
function* memoryList(scene: Scene): Attempt {
  const sizes = Array.from({ length: 1 + scene.random(3) }, () => 1 + scene.random(8));
  if (!preflight(scene, { memory_ops: sizes.length, memory_bytes: sizes.reduce((sum, size) => sum + size, 0) })) return;
  for (const size of sizes) {
    yield 'between';
    if (!reserve(scene, 'memory_ops', 1) || !reserve(scene, 'memory_bytes', size)) return;
    yield* act(scene, 'memory_bytes', size);
    if (scene.random(2) === 0 && !reserve(scene, 'memory_bytes', scene.random(8))) return;
  }
}

/** Begins in the very moment of its reservation; ends after none, some or many turns of others, and sometimes badly. */
function* act(scene: Scene, dimension: RequiredDimension, amount: number): Attempt {
  if (scene.latch !== undefined) throw fault(scene, 'an act begins after the latch');
  scene.acting += 1;
  scene.tally.parallelMax = max(scene.tally.parallelMax, scene.acting);
  let succeeded = true;
  try {
    const slow = scene.isAmple || scene.random(4) === 0;
    for (let turns = slow ? 4 + scene.random(4) : scene.random(3); turns > 0; turns -= 1) yield 'acting';
    yield scene.random(3) === 0 ? 'fails' : 'succeeds';
  } catch (error) {
    if (error !== ACT_FAILED) throw error;
    succeeded = false;
    scene.tally.failedActs += 1;
  }
  scene.acting -= 1;
  scene.breaker.ended?.(dimension, amount, succeeded);
}

const ACT_FAILED = new Error('the act failed');

/** Whether it was granted. */
function reserve(scene: Scene, dimension: RequiredDimension, amount: number): boolean {
  scene.last = { [dimension]: amount };
  const answer = asked(scene, isAmount(amount), () => scene.breaker.reserve(dimension, amount));
  if (answer === 'illegal') return false;
  if (answer !== undefined) return refused(scene, answer, dimension, amount);
  if (scene.latch !== undefined) throw fault(scene, 'granted after the latch');
  scene.granted[dimension] += amount;
  scene.tally.granted += 1;
  const limit = scene.budget[REQUIRED[dimension].limiter];
  if (limit > 2 ** 52 && scene.granted[dimension] === limit && amount > 0) scene.tally.exactEdges += 1;
  observe(scene);
  return true;
}

/** Whether all of it could be granted at this moment; nothing is charged. */
function preflight(scene: Scene, costs: Partial<BudgetState>): boolean {
  scene.last = costs;
  const isLegal = REQUIRED_NAMES.every((name) => isAmount(costs[name] ?? 0));
  const before = scene.latch;
  const answer = asked(scene, isLegal, () => scene.breaker.preflight(costs));
  if (answer === 'illegal') return false;
  if (answer === undefined) {
    if (scene.latch !== undefined) throw fault(scene, 'preflight passes after the latch');
    const over = REQUIRED_NAMES.find((name) => (costs[name] ?? 0) > leftOf(scene, name));
    if (over !== undefined) throw fault(scene, `preflight passes what does not fit: ${over}`);
    observe(scene);
    return true;
  }
  const dimension = REQUIRED_NAMES.find((name) => (costs[name] ?? 0) > leftOf(scene, name));
  refused(scene, answer, dimension, dimension === undefined ? 0 : (costs[dimension] ?? 0));
  if (before === undefined) scene.tally.latchedByPreflight += 1;
  return false;
}

/** Asks the breaker; an amount that is none has to be refused as a bug, or by the refusal that stands, and to change nothing. */
function asked(scene: Scene, isLegal: boolean, ask: () => BudgetExceeded | undefined): BudgetExceeded | undefined | 'illegal' {
  if (isLegal) return ask();
  let isRefused = false;
  try {
    const answer = ask();
    isRefused = answer !== undefined && answer === scene.latch;
  } catch {
    isRefused = true;
  }
  if (!isRefused) throw fault(scene, 'an amount that is no whole number of 0 or more, or has no exact form, is taken');
  scene.tally.illegal += 1;
  observe(scene);
  return 'illegal';
}

function refused(scene: Scene, answer: BudgetExceeded, dimension: RequiredDimension | undefined, amount: number): false {
  scene.tally.refused += 1;
  if (scene.latch === undefined) {
    if (dimension === undefined || amount <= leftOf(scene, dimension)) throw fault(scene, 'refused, and it would have fitted');
    const { limiter, requested, budgets } = answer;
    if (limiter !== REQUIRED[dimension].limiter || requested !== amount) throw fault(scene, 'the refusal names another limiter or amount');
    if (!sameState(budgets.budget_state, scene.granted) || budgets.budget !== scene.budget)
      throw fault(scene, 'the refusal tells another budget or state');
    scene.latch = answer;
    scene.tally.latched += 1;
  } else if (answer !== scene.latch) throw fault(scene, 'another refusal than the first one');
  observe(scene);
  return false;
}

function isAmount(value: number): boolean {
  return isSafeInteger(value) && value >= 0;
}

function leftOf(scene: Scene, dimension: RequiredDimension): number {
  return scene.budget[REQUIRED[dimension].limiter] - scene.granted[dimension];
}

/**
 * After every event: what was granted, by our count and by the breaker's, is one and the same number, and within the budget. Equal to a sum
 * of attempts means also that nothing is given back when an act fails, and nothing taken by a preflight or by an amount that is none.
 */
function observe(scene: Scene): void {
  scene.tally.events += 1;
  const state = scene.breaker.state();
  for (const dimension of REQUIRED_NAMES) {
    const granted = scene.granted[dimension];
    const limit = scene.budget[REQUIRED[dimension].limiter];
    // A sum of two numbers below 2^53 may be rounded, but never to one that is not above the limit when the true sum is.
    if (granted > limit) throw fault(scene, `${dimension}: ${String(granted)} granted of ${String(limit)}`);
    if (state[dimension] > limit) throw fault(scene, `${dimension}: the breaker counts ${String(state[dimension])} of ${String(limit)}`);
    if (state[dimension] !== granted)
      throw fault(scene, `${dimension}: the breaker counts ${String(state[dimension])}, and ${String(granted)} were granted`);
  }
  if (scene.breaker.refusal() !== scene.latch) throw fault(scene, 'the breaker does not remember its first refusal, and that one only');
}

function sameState(a: BudgetState, b: BudgetState): boolean {
  return REQUIRED_NAMES.every((dimension) => a[dimension] === b[dimension]);
}

// ---- Two ways to let time pass ----

function takeTurns(scene: Scene): void {
  const waiting = scene.attempts.map((attempt) => ({ attempt, fails: false }));
  // Where there is enough for all, they begin in turn, so that all of them act at once.
  let inTurn = scene.isAmple ? 4 * waiting.length : 0;
  while (waiting.length > 0) {
    inTurn -= 1;
    const k = inTurn > 0 ? inTurn % waiting.length : scene.random(waiting.length);
    const turn = waiting[k];
    if (turn === undefined) break;
    const { done, value } = turn.fails ? turn.attempt.throw(ACT_FAILED) : turn.attempt.next();
    turn.fails = value === 'fails';
    if (done === true) {
      const last = waiting.pop();
      if (last !== undefined && last !== turn) waiting[k] = last;
    }
    observe(scene);
  }
  finish(scene);
}

async function onPromises(scene: Scene, attempt: Attempt): Promise<void> {
  let fails = false;
  for (;;) {
    const { done, value } = fails ? attempt.throw(ACT_FAILED) : attempt.next();
    observe(scene);
    if (done === true) return;
    try {
      await waitAt(value, scene.random);
      fails = false;
    } catch {
      fails = true;
    }
  }
}

/** A failing act is a promise that is rejected; a slow one takes a turn of the event loop, a quick one a microtask or two. */
async function waitAt(pause: Pause, random: Random): Promise<void> {
  if (pause === 'acting') await new Promise((resolve) => setImmediate(resolve));
  else for (let ticks = random(3); ticks > 0; ticks -= 1) await Promise.resolve();
  if (pause === 'fails') throw ACT_FAILED;
}

function finish(scene: Scene): void {
  if (scene.acting !== 0) throw fault(scene, 'an act never ended');
  observe(scene);
}

function broken(schedule: number, error: unknown): Outcome {
  return { _tag: 'Broken', schedule, why: error instanceof Error ? error.message : String(error) };
}

function fault({ last, budget, granted }: Scene, why: string): Error {
  return new Error(`${why}; asked last for ${JSON.stringify(last)}, budget ${JSON.stringify(budget)}, granted ${JSON.stringify(granted)}`);
}

function emptyTally(): Tally {
  return {
    schedules: 0,
    events: 0,
    granted: 0,
    refused: 0,
    illegal: 0,
    latched: 0,
    latchedByPreflight: 0,
    failedActs: 0,
    exactEdges: 0,
    parallelMax: 0,
  };
}

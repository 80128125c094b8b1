/** No overshoot, not for an instant: the real breaker holds in every schedule, and the same schedules find each way of breaking one. */
import { makeBreaker } from '../../../src/domain/budget/breaker';
import { type Budget, type BudgetExceeded, NOTHING_SPENT } from '../../../src/domain/budget/budget';
import { REQUIRED, REQUIRED_NAMES, type RequiredDimension } from '../../../src/domain/budget/dimensions';
import {
  type BreakerUnderTest,
  type MakeBreaker,
  type Outcome,
  runSchedules,
  runSchedulesOnPromises,
  type Tally,
} from '../../support/overshoot';

const SEED = Number(process.env['EWM_SEED'] ?? 20_251_124);
const RUNS = Number(process.env['EWM_OVERSHOOT_RUNS'] ?? 100_000);
const PROMISE_RUNS = 2_000;
/** Each broken breaker is found long before that. */
const MUTANT_RUNS = 5_000;

function held(outcome: Outcome): Tally {
  if (outcome._tag === 'Broken') throw new Error(`seed ${String(SEED)}, schedule ${String(outcome.schedule)}: ${outcome.why}`);
  return outcome.tally;
}

it(`holds in ${String(RUNS)} schedules (EWM_SEED=${String(SEED)})`, () => {
  const tally = held(runSchedules(makeBreaker, SEED, RUNS));
  expect(tally.schedules).toBe(RUNS);
  // The schedules were not harmless.
  expect(tally.parallelMax).toBe(64);
  expect(tally.latched).toBeGreaterThan(RUNS / 2);
  for (const count of [tally.latchedByPreflight, tally.failedActs, tally.illegal, tally.exactEdges])
    expect(count).toBeGreaterThan(RUNS / 100);
  expect(tally.latched).toBeLessThan(RUNS);
});

it(`holds in ${String(PROMISE_RUNS)} schedules of real promises (EWM_SEED=${String(SEED)})`, async () => {
  const tally = held(await runSchedulesOnPromises(makeBreaker, SEED, PROMISE_RUNS));
  expect(tally.schedules).toBe(PROMISE_RUNS);
  expect(tally.parallelMax).toBe(64);
  for (const count of [tally.latched, tally.failedActs]) expect(count).toBeGreaterThan(PROMISE_RUNS / 2);
});

describe('a schedule', () => {
  it('is the same when it is run alone', () => {
    const makeMutant = MUTANTS['gives back what a failed act took'];
    const outcome = runSchedules(makeMutant, SEED, MUTANT_RUNS);
    if (outcome._tag === 'Held') throw new Error('not found');
    expect(runSchedules(makeMutant, SEED, 1, outcome.schedule)).toEqual(outcome);
  });
});

/** The parts of a breaker that a mutant gets wrong; the rest of it is right. */
interface Wrong {
  readonly grants?: (left: number, amount: number) => boolean;
  /** Whether a refusal is remembered, and for what. */
  readonly latch?: 'none' | 'dimension' | 'newest';
  readonly charge?: 'after the act' | 'before the check';
  readonly refund?: 'failed' | 'all';
  readonly preflight?: 'charges' | 'forgets' | 'looks at the first only';
  readonly takesAnyAmount?: boolean;
}

function makeWrong(wrong: Wrong): MakeBreaker {
  return (budget: Budget): BreakerUnderTest => {
    const state: Record<RequiredDimension, number> = { ...NOTHING_SPENT };
    const refusals: (BudgetExceeded & { readonly dimension: RequiredDimension })[] = [];
    const grants = wrong.grants ?? ((left: number, amount: number): boolean => amount <= left);

    function latched(dimension: RequiredDimension): BudgetExceeded | undefined {
      if (wrong.latch === 'none') return undefined;
      if (wrong.latch === 'dimension') return refusals.find((refusal) => refusal.dimension === dimension);
      return wrong.latch === 'newest' ? refusals.at(-1) : refusals[0];
    }

    function check(dimension: RequiredDimension, amount: number, remembers = true): BudgetExceeded | undefined {
      if (wrong.takesAnyAmount !== true && !(Number.isSafeInteger(amount) && amount >= 0)) throw new Error('no amount');
      const limiter = REQUIRED[dimension].limiter;
      const known = latched(dimension);
      if (known !== undefined && wrong.latch !== 'newest') return known;
      if (known === undefined && grants(budget[limiter] - state[dimension], amount)) return undefined;
      const refusal = {
        code: 'budget_exceeded' as const,
        limiter,
        message: '',
        requested: amount,
        budgets: { budget, budget_state: { ...state } },
        dimension,
      };
      if (remembers) refusals.push(refusal);
      return refusal;
    }

    return {
      reserve: (dimension, amount) => {
        if (wrong.charge === 'before the check') state[dimension] += amount;
        const refusal = check(dimension, amount);
        if (refusal === undefined && wrong.charge === undefined) state[dimension] += amount;
        return refusal;
      },
      preflight: (costs) => {
        const dimensions =
          wrong.preflight === 'looks at the first only'
            ? REQUIRED_NAMES.filter((dimension) => costs[dimension] !== undefined).slice(0, 1)
            : REQUIRED_NAMES;
        for (const dimension of dimensions) {
          const refusal = check(dimension, costs[dimension] ?? 0, wrong.preflight !== 'forgets');
          if (refusal !== undefined) return refusal;
        }
        if (wrong.preflight === 'charges') for (const dimension of REQUIRED_NAMES) state[dimension] += costs[dimension] ?? 0;
        return undefined;
      },
      state: () => ({ ...state }),
      refusal: () => (wrong.latch === 'none' ? undefined : refusals[0]),
      ended: (dimension, amount, succeeded) => {
        if (wrong.charge === 'after the act') state[dimension] += amount;
        if (wrong.refund === 'all' || (wrong.refund === 'failed' && !succeeded)) state[dimension] -= amount;
      },
    };
  };
}

const MUTANTS = {
  'counts an act when it has ended': makeWrong({ charge: 'after the act' }),
  'counts before it checks': makeWrong({ charge: 'before the check' }),
  'has no latch': makeWrong({ latch: 'none' }),
  'latches one dimension and not the others': makeWrong({ latch: 'dimension' }),
  'forgets its first refusal for the newest': makeWrong({ latch: 'newest' }),
  'gives back what a failed act took': makeWrong({ refund: 'failed' }),
  'limits what is under way and not what was spent': makeWrong({ refund: 'all' }),
  'charges a preflight': makeWrong({ preflight: 'charges' }),
  'does not remember the refusal of a preflight': makeWrong({ preflight: 'forgets' }),
  'looks at the first cost of a preflight only': makeWrong({ preflight: 'looks at the first only' }),
  'grants one too many': makeWrong({ grants: (left, amount) => amount <= left + 1 }),
  'asks only whether anything is left': makeWrong({ grants: (left) => left > 0 }),
  'refuses the last one': makeWrong({ grants: (left, amount) => amount < left }),
  'refuses everything': makeWrong({ grants: () => false }),
  'takes any number for an amount': makeWrong({ takesAnyAmount: true }),
  'counts in floats of 32 bits': makeWrong({ grants: (left, amount) => Math.fround(amount) <= Math.fround(left) }),
} as const;

describe('a breaker that', () => {
  it.each(Object.entries(MUTANTS))('%s is found', (_name, makeMutant) => {
    expect(runSchedules(makeMutant, SEED, MUTANT_RUNS)._tag).toBe('Broken');
  });

  it('is right in all of these is not found', () => {
    expect(runSchedules(makeWrong({}), SEED, MUTANT_RUNS)._tag).toBe('Held');
  });
});

/** The breaker: never over, not by one; the first refusal latches; the budget that it keeps is decoded without guessing. */
import fc from 'fast-check';
import { makeBreaker } from '../../../src/domain/budget/breaker';
import { type BudgetExceeded, type BudgetState, DEFAULT_BUDGET, neededLimit, NOTHING_SPENT } from '../../../src/domain/budget/budget';
import { decodeBudget } from '../../../src/domain/budget/budget-codec';
import {
  DIMENSION_NAMES,
  DIMENSIONS,
  OPTIONAL,
  REQUIRED,
  REQUIRED_NAMES,
  type RequiredDimension,
} from '../../../src/domain/budget/dimensions';
import { COUNT_MAX } from '../../../src/domain/limits';
import { expectLeft, expectRight, RUNS, seeded } from '../../support/harness';

const budget = { max_steps: 3, max_tool_calls: 2, max_model_calls: 1, max_memory_ops: 0, max_memory_bytes: 100 };

describe('a reservation', () => {
  test('is granted up to the limit and refused one beyond it, with everything a caller needs to act', () => {
    const breaker = makeBreaker(budget);
    expect(breaker.reserve('steps', 2)).toBeUndefined();
    expect(breaker.reserve('steps', 1)).toBeUndefined();
    expect(breaker.refusal()).toBeUndefined();
    const refusal = breaker.reserve('steps', 1);
    expect(refusal).toEqual({
      code: 'budget_exceeded',
      limiter: 'max_steps',
      message: 'max_steps is 3: 3 spent, 1 more asked for',
      requested: 1,
      budgets: { budget, budget_state: { steps: 3, tool_calls: 0, model_calls: 0, memory_ops: 0, memory_bytes: 0 } },
    });
    expect(breaker.refusal()).toBe(refusal);
  });

  test('is refused whole: nothing of it is charged', () => {
    const breaker = makeBreaker(budget);
    breaker.reserve('memory_bytes', 99);
    expect(breaker.reserve('memory_bytes', 2)).toMatchObject({ limiter: 'max_memory_bytes', requested: 2 });
    expect(breaker.state().memory_bytes).toBe(99);
  });

  test('of nothing is granted at the limit', () => {
    expect(makeBreaker(budget).reserve('memory_ops', 0)).toBeUndefined();
  });

  test('after a refusal, nothing more is granted in any dimension, and the first refusal is the answer for ever', () => {
    const breaker = makeBreaker(budget);
    const first = breaker.reserve('memory_ops', 1);
    expect(first).toMatchObject({ limiter: 'max_memory_ops' });
    for (const dimension of REQUIRED_NAMES) {
      expect(breaker.reserve(dimension, 1)).toBe(first);
      expect(breaker.reserve(dimension, 0)).toBe(first);
    }
    expect(breaker.state()).toEqual(NOTHING_SPENT);
  });

  test.each([-1, 0.5, NaN, Infinity, Number.MAX_SAFE_INTEGER + 1])('of %p is a bug', (amount) => {
    expect(() => makeBreaker(budget).reserve('steps', amount)).toThrow('a whole number of 0 or more');
  });

  test('a huge one does not overflow past the limit', () => {
    const breaker = makeBreaker({ ...budget, max_memory_bytes: COUNT_MAX }, { ...NOTHING_SPENT, memory_bytes: COUNT_MAX - 1 });
    expect(breaker.reserve('memory_bytes', 1)).toBeUndefined();
    expect(breaker.state().memory_bytes).toBe(COUNT_MAX);
    expect(breaker.reserve('memory_bytes', COUNT_MAX)).toMatchObject({ requested: COUNT_MAX });
    expect(makeBreaker(budget).reserve('memory_bytes', COUNT_MAX)).toMatchObject({ limiter: 'max_memory_bytes' });
  });

  test('continues an earlier count', () => {
    const breaker = makeBreaker(budget, { ...NOTHING_SPENT, steps: 2 });
    expect(breaker.reserve('steps', 1)).toBeUndefined();
    expect(breaker.reserve('steps', 1)).toMatchObject({ limiter: 'max_steps' });
  });

  test('what it hands out is a copy', () => {
    const breaker = makeBreaker(budget);
    (breaker.state() as { steps: number }).steps = 99;
    expect(breaker.state().steps).toBe(0);
  });

  test('never exceeds the budget, not for an instant, and charges exactly what it grants until it refuses', () => {
    const amount = fc.oneof(
      { weight: 5, arbitrary: fc.nat(4) },
      { weight: 1, arbitrary: fc.constantFrom(COUNT_MAX, COUNT_MAX - 1, 2 ** 31) },
    );
    const limit = fc.oneof({ weight: 4, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: fc.constant(COUNT_MAX) });
    const limits = fc.record({
      max_steps: limit,
      max_tool_calls: limit,
      max_model_calls: limit,
      max_memory_ops: limit,
      max_memory_bytes: limit,
    });
    fc.assert(
      fc.property(limits, fc.array(fc.tuple(fc.constantFrom(...REQUIRED_NAMES), amount), { maxLength: 40 }), (random, reservations) => {
        const breaker = makeBreaker(random);
        const model: Record<RequiredDimension, bigint> = { steps: 0n, tool_calls: 0n, model_calls: 0n, memory_ops: 0n, memory_bytes: 0n };
        let latched: unknown;
        for (const [dimension, wanted] of reservations) {
          const fits = model[dimension] + BigInt(wanted) <= BigInt(random[REQUIRED[dimension].limiter]);
          const answer = breaker.reserve(dimension, wanted);
          if (latched === undefined && fits) {
            expect(answer).toBeUndefined();
            model[dimension] += BigInt(wanted);
          } else {
            latched ??= answer;
            expect(answer).toBe(latched);
            expect(answer).toBeDefined();
          }
          for (const each of REQUIRED_NAMES) {
            expect(BigInt(breaker.state()[each])).toBe(model[each]);
            expect(breaker.state()[each] <= random[REQUIRED[each].limiter]).toBe(true);
          }
        }
        expect(breaker.refusal()).toBe(latched);
      }),
      seeded(RUNS.call / 2),
    );
  });
});

const OPTIONAL_NAMES = Object.keys(OPTIONAL) as (keyof typeof OPTIONAL)[];

describe('optional limits', () => {
  test('are not there where they were not asked for: nothing is limited, and nothing is counted', () => {
    const breaker = makeBreaker(budget);
    for (const name of OPTIONAL_NAMES) expect(breaker.reserve(name, COUNT_MAX)).toBeUndefined();
    expect(breaker.reserveAll({ steps: 1, cost_microusd: COUNT_MAX, tools: { execute: COUNT_MAX } })).toBeUndefined();
    expect(breaker.state()).toEqual({ ...NOTHING_SPENT, steps: 1 });
  });

  test('are checked with the others, all or none', () => {
    const breaker = makeBreaker({ ...budget, max_cost_microusd: 10, tools: { search: 1, execute: 0 } });
    expect(breaker.reserveAll({ tool_calls: 1, cost_microusd: 4, tools: { search: 1 } })).toBeUndefined();
    const spent = { ...NOTHING_SPENT, tool_calls: 1, cost_microusd: 4, tools: { search: 1, execute: 0 } };
    expect(breaker.state()).toEqual(spent);
    expect(breaker.reserveAll({ tool_calls: 1, cost_microusd: 4, tools: { search: 1 } })).toEqual({
      code: 'budget_exceeded',
      limiter: 'tools.search',
      message: 'tools.search is 1: 1 spent, 1 more asked for',
      requested: 1,
      budgets: { budget: { ...budget, max_cost_microusd: 10, tools: { search: 1, execute: 0 } }, budget_state: spent },
    });
    expect(breaker.state()).toEqual(spent);
  });

  test('of a peak hold each act to the whole limit', () => {
    const breaker = makeBreaker({ ...budget, max_state_bytes: 100 });
    for (const bytes of [60, 100, 30]) expect(breaker.reserve('state_bytes', bytes)).toBeUndefined();
    expect(breaker.state().state_bytes).toBe(100);
    const refusal = breaker.reserve('state_bytes', 101);
    expect(refusal).toMatchObject({ limiter: 'max_state_bytes', message: 'max_state_bytes is 100: 101 asked for at once' });
    expect(refusal === undefined ? 0 : neededLimit(refusal)).toBe(101);
  });

  test('a settlement lowers, and never raises', () => {
    const breaker = makeBreaker({ ...budget, max_output_tokens: 100, tools: { ask: 3 } });
    const reserved = { output_tokens: 80, tools: { ask: 1 } };
    breaker.reserveAll(reserved);
    breaker.charge(reserved, { output_tokens: 30, tools: { ask: 1 } });
    expect(breaker.state()).toMatchObject({ output_tokens: 30, tools: { ask: 1 } });
    breaker.reserveAll({ output_tokens: 10 });
    breaker.charge({ output_tokens: 10 }, { output_tokens: 900 });
    expect(breaker.state().output_tokens).toBe(40);
    expect(() => {
      breaker.charge({ output_tokens: 41 }, {});
    }).toThrow('no more than was charged');
  });

  test('a tool may have the name of what every object has', () => {
    const breaker = makeBreaker(expectRight(decodeBudget(JSON.parse('{"tools":{"constructor":1,"__proto__":1}}'))));
    expect(breaker.reserveAll({ steps: 1, tools: {} })).toBeUndefined();
    expect(breaker.reserveAll({ tools: { constructor: 2 } })).toMatchObject({ limiter: 'tools.constructor' });
  });

  test('a refusal latches over what comes later, and over a request that continues', () => {
    const limited = { ...budget, max_wall_ms: 5 };
    const breaker = makeBreaker(limited);
    const refusal = breaker.reserve('wall_ms', 6);
    expect(makeBreaker(limited, breaker.state(), refusal).reserve('steps', 1)).toBe(refusal);
  });

  test('what is needed is what would have let the act pass, and no less', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), fc.nat(20), fc.constantFrom(...DIMENSION_NAMES), (limit, first, second, name) => {
        const { limiter } = DIMENSIONS[name];
        const attempt = (max: number): BudgetExceeded | undefined => {
          const breaker = makeBreaker({ ...budget, [limiter]: max });
          return breaker.reserve(name, first) ?? breaker.reserve(name, second);
        };
        const refusal = attempt(limit);
        if (refusal === undefined) return;
        const needed = neededLimit(refusal);
        const again = attempt(needed);
        // The act that was refused passes; the one after it may not.
        expect(
          again === undefined ||
            again.requested !== refusal.requested ||
            again.budgets.budget_state[name] !== refusal.budgets.budget_state[name],
        ).toBe(true);
        if (needed > 0) expect(attempt(needed - 1)).toBeDefined();
      }),
      seeded(RUNS.call),
    );
  });
});

describe('decodeBudget', () => {
  test('takes optional limits, and leaves out what was not said', () => {
    const optional = { max_cost_microusd: 5, tools: { 'mcp.search': 2 } };
    expect(expectRight(decodeBudget(optional))).toEqual({ ...DEFAULT_BUDGET, ...optional });
    expect(expectLeft(decodeBudget({ tools: { search: -1 } }))[0]).toMatchObject({ pointer: '/tools/search' });
    expect(expectLeft(decodeBudget({ tools: { 'a b': 1 } }))[0]).toMatchObject({ pointer: '/tools/a b' });
    expect(expectLeft(decodeBudget({ tools: 3 }))[0]).toMatchObject({ pointer: '/tools' });
  });

  test('fills in the defaults: one step and nothing else', () => {
    const defaults = { max_steps: 1, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 };
    expect(expectRight(decodeBudget({}))).toEqual(defaults);
    expect(DEFAULT_BUDGET).toEqual(defaults);
    expect(expectRight(decodeBudget({ max_steps: COUNT_MAX, max_memory_bytes: -0 }))).toEqual({ ...defaults, max_steps: COUNT_MAX });
  });

  test('names every mistake at once', () => {
    const problems = expectLeft(
      decodeBudget({ max_steps: 0, max_tool_calls: -1, max_model_calls: 1.5, max_memory_ops: '1', max_memory_bytes: null, max_tokens: 1 }),
    );
    expect(problems.map(({ pointer }) => pointer)).toEqual([
      '/max_steps',
      '/max_tool_calls',
      '/max_model_calls',
      '/max_memory_ops',
      '/max_memory_bytes',
      '/max_tokens',
    ]);
    expect(problems[0]?.message).toBe('0: expected an integer of 1 or more');
    expect(problems[5]?.message).toContain('unknown field');
  });

  test.each([undefined, null, [], 'all', 3, { max_steps: NaN }, { max_steps: Infinity }, { max_steps: 2 ** 53 }, { max_steps: true }])(
    'refuses %j',
    (value) => {
      expect(expectLeft(decodeBudget(value))).not.toHaveLength(0);
    },
  );

  test('every dimension has its own limiter', () => {
    const limiters = DIMENSION_NAMES.map((name) => DIMENSIONS[name].limiter);
    expect(new Set(limiters).size).toBe(DIMENSION_NAMES.length);
    expect(new Set(DIMENSION_NAMES.map((name) => DIMENSIONS[name].variable)).size).toBe(DIMENSION_NAMES.length);
    expect(Object.keys(NOTHING_SPENT satisfies BudgetState)).toEqual(REQUIRED_NAMES);
  });
});

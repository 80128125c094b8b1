/** The bill against a second calculation, against figures worked out by hand, and against what must hold for any limits. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bill, billOf as billFor, type Charges, sweepQuote } from '../../../src/domain/cost/bill';
import { decodeLimits, DEFAULT_LIMITS, type Limits } from '../../../src/domain/cost/limits';
import { assumptionsOf, exclusionsOf } from '../../../src/domain/cost/notes';
import { COMPONENTS, decodePrices, type PriceTable } from '../../../src/domain/cost/prices';
import { type LimitsDocument, limitsDocument, modelLimits, SMALL_LIMITS } from '../../support/bill-limits';
import {
  type Fraction,
  fraction,
  fractionOf,
  isAtMost,
  type ModelBill,
  modelHour,
  modelInvocation,
  type ModelPrices,
  modelStanding,
  modelSweep,
  plus,
  times,
} from '../../support/bill-model';
import { valueOfRight } from '../../support/task';

const SEED = Number(process.env['EWM_SEED'] ?? 20_261_124);
const CASES = 150;
const TITLE = `(${String(CASES)} cases, EWM_SEED=${String(SEED)})`;

const document: unknown = JSON.parse(readFileSync(join(__dirname, '../../../terraform/prices.json'), 'utf8'));
const table: PriceTable = valueOfRight(decodePrices(document));
const modelPrices = document as ModelPrices;

function billOf(limits: LimitsDocument): Bill {
  return billFor(valueOfRight(decodeLimits(limits)), table);
}

/** A component is shown up to the next millionth, and what was rounded before adds far less than another one. */
const ROUNDINGS = fraction(2n, 1_000_000n);

function expectBound(shown: Charges, model: ModelBill): void {
  let sum = fraction(0n);
  for (const [component, text] of Object.entries(shown.by_component)) {
    const amount = fractionOf(text);
    const real = model[component] ?? fraction(0n);
    expect({ component, text, enough: isAtMost(real, amount), close: isAtMost(amount, plus(real, ROUNDINGS)) }).toEqual({
      component,
      text,
      enough: true,
      close: true,
    });
    sum = plus(sum, amount);
  }
  const total = fractionOf(shown.total);
  expect(isAtMost(sum, total) && isAtMost(total, sum)).toBe(true);
}

function scaled(bill: ModelBill, by: bigint, standing: Fraction): ModelBill {
  const entries = Object.entries(bill).map(([name, amount]) => [name, times(amount, fraction(by))] as const);
  return { ...Object.fromEntries(entries), fixed: plus(times(bill['fixed'] ?? fraction(0n), fraction(by)), standing) };
}

it(`is what a second calculation says, and never less ${TITLE}`, () => {
  fc.assert(
    fc.property(limitsDocument, (limits) => {
      const bill = billOf(limits);
      const other = modelLimits(limits);
      for (const mode of limits.modes) {
        const shown = bill.per_invocation.by_mode[mode as 'base'];
        if (shown === undefined) throw new Error(`no figure for ${mode}`);
        expectBound(shown, modelInvocation(mode, other, modelPrices));
        expect(isAtMost(fractionOf(shown.total), fractionOf(bill.per_invocation.total))).toBe(true);
      }
      const standing = modelStanding(other, modelPrices);
      for (const [figures, direct, stops] of [
        [bill, false, false],
        [bill.with_direct_invocations, true, false],
        [bill.while_stops_work, false, true],
      ] as const) {
        const hour = modelHour(other, modelPrices, direct, stops);
        expectBound(figures.per_hour, scaled(hour, 1n, times(standing, fraction(1n, 672n))));
        expectBound(figures.per_month, scaled(hour, 744n, standing));
      }
    }),
    { seed: SEED, numRuns: CASES },
  );
});

it(`quotes a sweep as a second calculation does, and allows it up to its limit and not above ${TITLE}`, () => {
  fc.assert(
    fc.property(limitsDocument, fc.integer({ min: 1, max: 1_000_000 }), fc.nat(1_000_000_000), (document, cells, fileBytes) => {
      const limits = valueOfRight(decodeLimits(document));
      const quote = sweepQuote(limits, table, { cells, fileBytes });
      expectBound({ ...quote, by_component: quote.by_component }, modelSweep(modelLimits(document), modelPrices, cells, fileBytes));
      const at = (usd: string): boolean =>
        sweepQuote(valueOfRight(decodeLimits({ ...document, max_sweep_cost_usd: usd })), table, { cells, fileBytes }).allowed;
      expect([at(quote.total), at((Number(quote.total) - 0.000002).toFixed(6))]).toEqual([true, false]);
      expect(quote.allowed).toBe(isAtMost(fractionOf(quote.total), fraction(BigInt(document.max_sweep_cost_usd))));
    }),
    { seed: SEED, numRuns: CASES },
  );
});

/** Worked out on paper from the table of docs/cost.md. */
it('gives the figures of the default deployment', () => {
  const { per_invocation: invocation, per_month: month } = billFor(DEFAULT_LIMITS, table);
  // 39 s of half a GB, and one request: 19.5 x 0.0000133334 + 0.0000002 = 0.0002602013.
  expect(invocation.by_component.lambda).toBe('0.000261');
  // 4,214,784 bytes x 39 days x 0.023 / (28 x 10^9) = 0.0001350, and 0.00005 for 10 PUTs, and 0.000004 for 10 GETs.
  expect(invocation.by_component.s3).toBe('0.000190');
  // 21 units of request and 5 of answer.
  expect(invocation.by_component.api).toBe('0.000026');
  // (2 x 1,048,576 + 450,000 + 10,240) bytes out: 2,557,392 x 0.09 / 10^9 = 0.00023016528.
  expect(invocation.by_component.data_transfer).toBe('0.000231');
  // 36,000,000 refusals an hour of 512 bytes: 18.432 GB x 0.09 = 1.65888, and 744 such hours.
  expect(month.by_component.refused_requests).toBe('1234.206720');
  // 9 metrics, 6 alarms, a dashboard.
  expect(month.by_component.fixed).toBe('6.300000');
  // A sweep of 1,000 cells: 1,000 starts (0.001), 1,004 transitions (0.0251), 1,000 x 128 MB x 40 s = 5,000 GB-s (0.08335).
  const sweep = sweepQuote(DEFAULT_LIMITS, table, { cells: 1_000, fileBytes: 0 });
  expect(sweep.by_component.step_functions).toBe('0.109450');
  // And 1,000 x 39 s of half a GB, as above.
  expect(sweep.by_component.lambda).toBe('0.260202');
});

/** 1,000 requests: 400 ms of half a GB, 2 units, 10 PUTs, 24,000 bytes for 39 days, 8,192 bytes of log; and what stands. */
it('says what a typical month costs, far below the worst, and in step with its requests', () => {
  const { typical_month: typical, per_month: month } = billFor(DEFAULT_LIMITS, table);
  expect(typical).toMatchObject({
    requests: 1_000,
    total: '6.360049',
    by_component: { lambda: '0.002867', api: '0.002000', s3: '0.050769', refused_requests: '0.000000', fixed: '6.300000' },
  });
  expect(Number(typical.total) * 100).toBeLessThan(Number(month.total));
  const none = billFor(DEFAULT_LIMITS, table, 0).typical_month;
  expect([none.total, none.by_component.fixed]).toEqual(['6.300000', '6.300000']);
});

it('has the limits of a deployment whose variables were left alone', () => {
  expect(valueOfRight(decodeLimits(SMALL_LIMITS))).toEqual(DEFAULT_LIMITS);
});

const GROWING = [
  'sweep_concurrency',
  'sessions_concurrency',
  'lambda_timeout_seconds',
  'lambda_memory_mb',
  'throttle_burst',
  'log_retention_days',
  'max_steps',
  'max_tool_calls',
  'max_model_calls',
  'max_memory_ops',
  'max_memory_bytes',
  'max_body_bytes',
  'max_artifact_bytes',
  'budget_actions',
  'artifact_expiry_days',
  'noncurrent_expiry_days',
  'planner_session_seconds',
  'alarms',
] as const satisfies readonly (keyof Limits)[];

it(`never falls when a limit is raised ${TITLE}`, () => {
  fc.assert(
    fc.property(limitsDocument, fc.constantFrom(...GROWING), fc.nat(50), (limits, name, by) => {
      const raised = decodeLimits({ ...limits, [name]: limits[name] + by });
      fc.pre(raised._tag === 'Right');
      const [before, after] = [billOf(limits), billFor(valueOfRight(raised), table)];
      for (const period of ['per_invocation', 'per_hour', 'per_month'] as const) {
        for (const [component, text] of Object.entries(before[period].by_component)) {
          // Another mode may be the dearest then, and has other components.
          if (period === 'per_invocation') continue;
          expect(isAtMost(fractionOf(text), fractionOf(after[period].by_component[component as 'api']))).toBe(true);
        }
        expect(isAtMost(fractionOf(before[period].total), fractionOf(after[period].total))).toBe(true);
      }
    }),
    { seed: SEED, numRuns: CASES },
  );
});

it('charges nothing for what is off', () => {
  const bill = billOf({ ...SMALL_LIMITS, modes: ['base', 'tools', 'memory'], max_model_calls: 3 });
  for (const component of ['agentcore_memory', 'code_interpreter', 'runtime', 'step_functions'] as const)
    expect(bill.per_month.by_component[component]).toBe('0.000000');
  const on = billOf({
    ...SMALL_LIMITS,
    modes: ['base', 'tools', 'memory'],
    max_model_calls: 3,
    memory: true,
    code_interpreter: true,
    planner: true,
    sweeps: true,
  });
  for (const component of ['agentcore_memory', 'code_interpreter', 'runtime', 'step_functions'] as const)
    expect(on.per_month.by_component[component]).not.toBe('0.000000');
});

it('charges for a gateway, and for what it calls past the API', () => {
  const limits = { ...DEFAULT_LIMITS, modes: ['base', 'sessions'] as const };
  const [without, by] = [false, true].map((gateway) => billFor({ ...limits, gateway }, table)) as [Bill, Bill];
  // 720,000 requests an hour, at 0.005 a thousand.
  expect(by.per_hour.by_component.gateway).toBe('3.600000');
  expect(by.typical_month.by_component.gateway).toBe('0.005000');
  expect(without.per_month.by_component.gateway).toBe('0.000000');
  // No throttle of ours holds it, so what it causes is what direct invocations of that function cause.
  const { with_direct_invocations: direct } = billFor({ ...limits, gateway: true, modes: ['sessions'] }, table);
  expect(billFor({ ...limits, gateway: true, modes: ['sessions'] }, table).per_hour).toEqual(direct.per_hour);
  const wide = [false, true].map((gateway) => billFor({ ...limits, gateway, sessions_concurrency: 9 }, table).per_hour.by_component.s3);
  expect(Number(wide[1])).toBeGreaterThan(Number(wide[0]));
  expect(billFor({ ...limits, gateway: true, modes: ['base'] }, table).per_month.by_component.gateway).toBe('0.000000');
});

it('refuses limits without a worst case, and a table that is not whole, and says where', () => {
  expect(decodeLimits({ ...SMALL_LIMITS, log_retention_days: 0, modes: ['base', 'other'] })).toMatchObject({
    left: [{ pointer: '/modes/1' }, { pointer: '/log_retention_days', message: '0: expected an integer from 1 to 3653' }],
  });
  const { lambda_compute: price, ...others } = table.prices;
  const broken = { ...(document as object), prices: { ...(document as ModelPrices).prices, api_requests: { ...price, usd: 1.5 } } };
  expect(decodePrices(broken)).toMatchObject({ left: [{ pointer: '/prices/api_requests/usd' }] });
  expect(decodePrices({ ...(document as object), prices: others })).toHaveProperty('left');
});

it('names every price once, dated, with its source, and says which are uncertain', () => {
  expect(Object.keys(table.prices).sort()).toEqual(Object.values(COMPONENTS).flat().sort());
  const notes = assumptionsOf(DEFAULT_LIMITS, table).join('\n');
  for (const [name, { certain, source, as_of: date }] of Object.entries(table.prices)) {
    expect(source).not.toBe('');
    expect(date <= table.as_of).toBe(true);
    if (!certain) expect(notes).toContain(name);
  }
  expect(assumptionsOf({ ...DEFAULT_LIMITS, region: 'eu-central-1' }, table).join('\n')).toContain('eu-central-1');
  expect(exclusionsOf({ ...DEFAULT_LIMITS, planner: true }).join('\n')).toContain('tokens');
});

/**
 * Who can cause what: for an outsider, a caller and an operator every act there is, the prices that it moves in an hour at its highest rate, and the
 * component of the bill that has to hold it. Nothing that costs is outside the total, and no price is in the table that nobody can move.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOf } from '../../../src/domain/cost/bill';
import { decodeLimits } from '../../../src/domain/cost/limits';
import { type Component, COMPONENTS, decodePrices, type PriceName } from '../../../src/domain/cost/prices';
import { SMALL_LIMITS } from '../../support/bill-limits';
import { type Fraction, fraction, fractionOf, isAtMost, type ModelPrices, plus, priceOf } from '../../support/bill-model';
import { type ApiSettings, setOff, strangerRequests, strangersHour } from '../../support/strangers';
import { valueOfRight } from '../../support/task';

const prices = JSON.parse(readFileSync(join(__dirname, '../../../terraform/prices.json'), 'utf8')) as ModelPrices;

/** Everything that can be asked for is asked for. */
const LIMITS = {
  ...SMALL_LIMITS,
  modes: ['base', 'tools', 'memory', 'sessions'],
  tracing: true,
  spans: true,
  access_log: true,
  cors: true,
  kms: true,
  signing: true,
  sign_segments: true,
  signing_keys: 2,
  sweeps: true,
  memory: true,
  code_interpreter: true,
  planner: true,
  gateway: true,
  max_model_calls: 3,
  alarms: 18,
  stop_alarms: 3,
  budgets: 1,
  budget_actions: 1,
  emails: true,
};
const bill = billOf(valueOfRight(decodeLimits(LIMITS)), valueOfRight(decodePrices(prices)));

/** Of one route, in an hour: two a second, and a burst of five. */
const OF_A_ROUTE = 7_205;
const LOG_DAYS = 14;

type Who = 'outsider' | 'caller' | 'operator';
interface Act {
  readonly who: Who;
  readonly act: string;
  /** In an hour; what is paid for by the month, in a month. */
  readonly moves: Readonly<Partial<Record<PriceName, number>>>;
  /** Where the bill has it; where left out, in the component of each price. */
  readonly within?: Component;
}

const ROUTES = { 'GET /health': 'AWS_IAM', 'POST /agentcore/base': 'AWS_IAM', 'POST /agentcore/tools': 'AWS_IAM' };
const REFUSED = 10_000 * 3_600;
/** Of a month: ten instances, each of which begins ten cells a second. */
const SWEPT = 10 * 10 * 744 * 3_600;

const caller = (act: string, moves: Act['moves']): Act => ({ who: 'caller', act, moves });
const operator = (act: string, moves: Act['moves']): Act => ({ who: 'operator', act, moves });

const ACTS: readonly Act[] = [
  {
    who: 'outsider',
    act: 'requests that the API refuses, as many as the account takes',
    moves: {
      api_refusals: REFUSED,
      data_out: REFUSED * 320,
      access_log_ingestion: REFUSED * 400,
      log_storage: REFUSED * 400 * LOG_DAYS,
    },
    within: 'refused_requests',
  },
  {
    who: 'outsider',
    act: 'preflights of pages, which need no signature',
    moves: { api_requests: REFUSED, data_out: REFUSED * 320, access_log_ingestion: REFUSED * 400 },
    within: 'refused_requests',
  },
  caller('requests of 10 MB answered with 6 MB', {
    api_requests: OF_A_ROUTE * 34,
    data_out: OF_A_ROUTE * 6_291_456,
    lambda_requests: OF_A_ROUTE,
    access_log_ingestion: OF_A_ROUTE * 400,
  }),
  caller('requests that use up the timeout, one after another', { lambda_compute: 512 * 3_600_000, lambda_requests: 93 }),
  caller('requests of health and of the document', {
    api_requests: 4 * OF_A_ROUTE,
    lambda_requests: 2 * OF_A_ROUTE,
    data_out: OF_A_ROUTE * (4_000 + 65_000),
  }),
  caller('requests that find the function busy (503), counted by the API', { api_requests: 22 * OF_A_ROUTE, data_out: OF_A_ROUTE * 400 }),
  caller('bodies above max_body_bytes (413), metered all the same', { api_requests: 22 * OF_A_ROUTE, lambda_requests: OF_A_ROUTE }),
  caller('runs as large as may be, kept until they expire', {
    s3_puts: OF_A_ROUTE * 10,
    s3_storage: OF_A_ROUTE * 4_194_304 * 37,
    kms_requests: OF_A_ROUTE * 12,
  }),
  caller('the same run over and over: every put meets a taken key and is charged, and every file is read', {
    s3_puts: OF_A_ROUTE * 10,
    s3_gets: OF_A_ROUTE * 10,
    kms_requests: OF_A_ROUTE * 20,
  }),
  caller('a trace for each request, sampled or not', { traces: 2 * OF_A_ROUTE }),
  caller('as much log as a request can cause', { log_ingestion: OF_A_ROUTE * 12_000, log_storage: OF_A_ROUTE * 12_000 * LOG_DAYS }),
  caller('spans of a thousand calls a request, of tools and of memory', {
    log_ingestion: 2 * OF_A_ROUTE * 120_000,
    log_storage: 2 * OF_A_ROUTE * 120_000 * LOG_DAYS,
  }),
  caller('a value for each memory operation', { memory_events: OF_A_ROUTE * 10, kms_requests: OF_A_ROUTE * 20 }),
  caller('a program in each call, whose session nobody stops', {
    code_interpreter_cpu: OF_A_ROUTE * 59 * 2,
    code_interpreter_memory: OF_A_ROUTE * 59 * 8,
  }),
  caller('a goal for the planner, whose session nobody stops', {
    runtime_cpu: OF_A_ROUTE * 28_800 * 2,
    runtime_memory: OF_A_ROUTE * 28_800 * 8,
  }),
  caller('alarms that never rest', { emails: 19 * 60 }),
  caller('alarms that never rest and each pull the stop switch', {
    topic_messages: 3 * 60,
    lambda_requests: 3 * 60,
    s3_puts: 3 * 60,
  }),
  caller('a look at the stop switch for each request and each act outside', { s3_gets: OF_A_ROUTE * (1 + 10) }),
  caller('calls of tools by the gateway, as many as it takes: one instance answers ten a second, the others find it busy', {
    gateway_requests: 200 * 3_600,
    lambda_requests: 36_000,
    data_out: 36_000 * 6_000_000,
    s3_gets: 36_000 * 1_000,
  }),
  operator('metrics of every function, whoever looks', { metrics: 36 }),
  caller('a receipt for each request, and the public half asked for again where it is refused', {
    kms_asymmetric_requests: 2 * OF_A_ROUTE,
    s3_puts: 11 * OF_A_ROUTE,
    s3_gets: 11 * OF_A_ROUTE,
  }),
  operator('sweeps that never rest, of cells as fast as they can be begun', {
    lambda_requests: SWEPT,
    sfn_requests: SWEPT,
    sfn_transitions: SWEPT,
    sfn_memory: SWEPT * 128 * 1_100,
    s3_gets: SWEPT,
    s3_puts: SWEPT,
  }),
  operator('keys that sign', { kms_keys: 2 }),
  operator('alarms', { alarms: 18 }),
  operator('a dashboard', { dashboards: 1 }),
  operator('a budget with an action, each day', { budgets: 31, budget_actions: 31 }),
];

const amountOf = ({ moves }: Act): Fraction =>
  Object.entries(moves).reduce((sum, [name, units]) => plus(sum, priceOf(prices, name, units)), fraction(0n));

it.each(ACTS)('$who: $act: inside the total', ({ who, within, ...act }) => {
  const figures = who === 'operator' ? bill.per_month : bill.per_hour;
  for (const component of Object.keys(COMPONENTS) as Component[]) {
    const names: readonly string[] = COMPONENTS[component];
    const moves = Object.fromEntries(
      Object.entries(act.moves).filter(([name]) => within === component || (within === undefined && names.includes(name))),
    );
    const amount = amountOf({ who, ...act, moves });
    expect({ component, inside: isAtMost(amount, fractionOf(figures.by_component[component])) }).toEqual({ component, inside: true });
  }
  expect(isAtMost(amountOf({ who, ...act }), fractionOf(figures.total))).toBe(true);
});

it('names somebody for every price, and nobody for what is not metered', () => {
  const moved = new Set(ACTS.flatMap(({ moves }) => Object.keys(moves)));
  expect([...moved].sort()).toEqual(Object.keys(prices.prices).sort());
});

describe('no request that a stranger can send costs outside the total', () => {
  const off: ApiSettings = { routes: ROUTES, detailedMetrics: false, corsOrigins: [] };
  const on: ApiSettings = { ...off, logFormat: JSON.stringify({ id: '$context.requestId', caller: '$context.identity.caller' }) };
  it.each([
    ['as they are by default', off],
    ['with an access log', on],
    ['with origins of others', { ...off, corsOrigins: ['https://app.example'] }],
  ])('%s', (_name, api) => {
    const limits = valueOfRight(decodeLimits({ ...LIMITS, access_log: api.logFormat !== undefined }));
    const { per_hour: hour } = billOf(limits, valueOfRight(decodePrices(prices)));
    for (const request of strangerRequests(Object.keys(ROUTES))) {
      const one = setOff(api, request);
      expect([request.what, one.invocations, one.metrics]).toEqual([request.what, 0, 0]);
      if (api.corsOrigins.length === 0) expect([request.what, one.charged]).toEqual([request.what, false]);
      const amount = strangersHour(prices, one, 10_000, LOG_DAYS);
      expect([request.what, isAtMost(amount, fractionOf(hour.by_component.refused_requests))]).toEqual([request.what, true]);
    }
  });

  it('and the check can fail: metrics by route, an access log that the bill does not know of, pages of others, a route for everybody', () => {
    const { per_hour: hour } = billOf(
      valueOfRight(decodeLimits({ ...LIMITS, access_log: false, cors: false })),
      valueOfRight(decodePrices(prices)),
    );
    const within = (api: ApiSettings): boolean =>
      strangerRequests(Object.keys(ROUTES)).every((request) =>
        isAtMost(strangersHour(prices, setOff(api, request), 10_000, LOG_DAYS), fractionOf(hour.by_component.refused_requests)),
      );
    expect(within(off)).toBe(true);
    for (const change of [on, { ...off, corsOrigins: ['*'] }, { ...off, routes: { $default: 'NONE' } }]) expect(within(change)).toBe(false);
    expect(() => setOff({ ...off, logFormat: '{"agent":"$context.identity.userAgent"}' }, { what: '', method: 'GET', path: '/' })).toThrow(
      'how long can $context.identity.userAgent be?',
    );
  });
});

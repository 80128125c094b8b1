/**
 * The bill once more, written slowly from docs/cost.md: fractions of dollars, nothing rounded, one sentence of that page a line. It shares no
 * code with src/. What the program shows is never less than this, and never more than its roundings.
 */

/** A fraction of whole numbers, never negative. */
export interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

export const fraction = (over: bigint, under = 1n): Fraction => ({ over, under });
export const plus = (...parts: readonly Fraction[]): Fraction =>
  parts.reduce((a, b) => ({ over: a.over * b.under + b.over * a.under, under: a.under * b.under }), fraction(0n));
export const times = (a: Fraction, b: Fraction): Fraction => ({ over: a.over * b.over, under: a.under * b.under });
export const isAtMost = (a: Fraction, b: Fraction): boolean => a.over * b.under <= b.over * a.under;

/** "12.5" as 125 tenths. */
export function fractionOf(text: string): Fraction {
  const [whole = '', decimals = ''] = text.split('.');
  return { over: BigInt(whole + decimals), under: 10n ** BigInt(decimals.length) };
}

export interface ModelLimits {
  readonly modes: readonly string[];
  readonly lambda_memory_mb: number;
  readonly lambda_timeout_seconds: number;
  readonly sessions_concurrency: number;
  /** As text. */
  readonly rate: string;
  readonly throttle_burst: number;
  readonly log_retention_days: number;
  readonly tracing: boolean;
  readonly spans: boolean;
  readonly access_log: boolean;
  readonly cors: boolean;
  readonly max_steps: number;
  readonly max_tool_calls: number;
  readonly max_model_calls: number;
  readonly max_memory_ops: number;
  readonly max_memory_bytes: number;
  readonly day_budget: boolean;
  readonly max_body_bytes: number;
  readonly max_artifact_bytes: number;
  readonly artifact_expiry_days: number;
  readonly noncurrent_expiry_days: number;
  readonly kms: boolean;
  readonly signing: boolean;
  readonly sign_segments: boolean;
  readonly signing_keys: number;
  readonly memory: boolean;
  readonly code_interpreter: boolean;
  readonly planner: boolean;
  readonly planner_session_seconds: number;
  readonly alarms: number;
  readonly stop_alarms: number;
  readonly dashboards: number;
  readonly budgets: number;
  readonly budget_actions: number;
  readonly emails: boolean;
}

export interface ModelPrices {
  readonly prices: Readonly<Record<string, { readonly usd: string; readonly per: number }>>;
}

export type ModelBill = Readonly<Record<string, Fraction>>;

/** What so many units of a price cost. */
export function priceOf(table: ModelPrices, name: string, units: bigint | number): Fraction {
  const price = table.prices[name];
  if (price === undefined) throw new Error(`no price ${name}`);
  return times(times(fraction(BigInt(units)), fractionOf(price.usd)), fraction(1n, BigInt(price.per)));
}

const big = (value: number): bigint => BigInt(value);
const min = (...values: readonly bigint[]): bigint => values.reduce((a, b) => (a < b ? a : b));
const ceil = (over: bigint, under: bigint): bigint => over / under + (over % under === 0n ? 0n : 1n);

const ANSWER_LIMIT = 6_291_556n;

/** Functions that work on sessions. */
const isSessions = (mode: string): boolean => mode === 'sessions' || mode === 'mcp';

function answerBytes(mode: string, limits: ModelLimits): bigint {
  const told = 2n * big(limits.max_body_bytes) + 450_000n;
  if (mode === 'base') return min(ANSWER_LIMIT, told);
  if (mode === 'tools' || isSessions(mode)) return ANSWER_LIMIT;
  return min(ANSWER_LIMIT, told + 2n * big(limits.max_memory_bytes) + 8_192n * min(big(limits.max_memory_ops), 1_000n));
}

function storedBytes(mode: string, limits: ModelLimits): bigint {
  const allowed = min(big(limits.lambda_memory_mb) * 1024n * 1024n, big(limits.max_artifact_bytes));
  const inputs = 8n * big(limits.max_body_bytes) + 1024n * 1024n;
  if (mode === 'tools') return allowed;
  // Twelve MiB of calls and answers, and half a MiB for the row that opens each segment.
  if (isSessions(mode)) return inputs + 12n * 1024n * 1024n + 512n * 1024n * (6n + outside(limits));
  if (mode === 'memory')
    return limits.memory ? min(allowed, inputs + 6n * big(limits.max_memory_bytes) + 8_192n * min(1_000n, big(limits.max_memory_ops))) : 0n;
  const prices = min(1_000n * big(limits.max_steps), big(limits.max_body_bytes) / 6n + 10n);
  return min(allowed, inputs + 2_048n * prices + 4_096n * min(prices, big(limits.max_steps)));
}

/** Request of 10 MB and headers, and the answer and its headers, in units of 512,000 bytes. */
function apiUnits(answer: bigint): bigint {
  return 21n + ceil(answer + 10_240n, 512_000n);
}

/** Calls of one request about a session that leave the process. */
function outside(limits: ModelLimits): bigint {
  const calls = limits.code_interpreter || limits.planner ? min(1_000n, big(limits.max_steps), big(limits.max_tool_calls)) : 0n;
  const operations = limits.memory ? min(1_000n, big(limits.max_memory_ops)) : 0n;
  return min(64n, calls + operations);
}

/** Receipts of an invocation, and the bytes of one: the inputs in base64 and 16 KiB. */
function receiptsOf(mode: string, limits: ModelLimits): { readonly receipts: bigint; readonly each: bigint } {
  if (!limits.signing || (mode === 'memory' && !limits.memory)) return { receipts: 0n, each: 0n };
  const inputs = 8n * big(limits.max_body_bytes) + 1024n * 1024n;
  const stored = min(big(limits.lambda_memory_mb) * 1024n * 1024n, big(limits.max_artifact_bytes));
  const repeated = isSessions(mode) ? inputs : min(inputs, stored);
  const receipts = !isSessions(mode) ? 1n : limits.sign_segments ? outside(limits) + 8n : 2n;
  return { receipts, each: 4n * (repeated / 3n + 1n) + 16_384n };
}

/** Calls of a mode that reach something outside, and its files. */
function actsOf(
  mode: string,
  limits: ModelLimits,
): {
  readonly files: bigint;
  readonly reads: bigint;
  readonly lists: bigint;
  readonly events: bigint;
  readonly sessions: bigint;
  readonly goals: bigint;
} {
  const calls = min(big(limits.max_tool_calls), big(limits.max_steps), 1_000n);
  if (isSessions(mode)) {
    return {
      files: outside(limits) + 6n,
      // A proof of 1,024 parts; and the stop switch, once a request and once an act.
      reads: 2n * outside(limits) + 33n + 1_024n,
      lists: 152n,
      events: limits.memory ? min(64n, big(limits.max_memory_ops)) : 0n,
      sessions: limits.code_interpreter ? min(1n, calls) : 0n,
      goals: limits.planner ? min(1n, calls, big(limits.max_model_calls)) : 0n,
    };
  }
  const isTools = mode === 'tools';
  const files = mode !== 'memory' ? 10n : limits.memory ? 8n : 0n;
  return {
    files,
    reads:
      files +
      (mode === 'base' ? 0n : 1n) +
      (isTools
        ? limits.code_interpreter || limits.planner
          ? calls
          : 0n
        : mode === 'memory' && limits.memory
          ? min(big(limits.max_memory_ops), 1_000n)
          : 0n),
    lists: 0n,
    events: mode === 'memory' && limits.memory ? min(big(limits.max_memory_ops), 1_000n) : 0n,
    // One session of each kind for all of a plan.
    sessions: isTools && limits.code_interpreter ? min(1n, calls) : 0n,
    goals: isTools && limits.planner ? min(1n, big(limits.max_model_calls), calls) : 0n,
  };
}

/** `acting`: invocations that may act. `all`: those of health, too. `requests`: what passes the throttle of the mode's own route. */
interface Times {
  readonly acting: bigint;
  readonly all: bigint;
  readonly requests: bigint;
  /** Requests of health, and as many of the document. */
  readonly health: bigint;
  readonly lambdaMs: bigint;
  /** Of the sessions of one kind together, where each ends when it is told to. */
  readonly stoppedSeconds?: bigint;
}

function modeBill(
  mode: string,
  limits: ModelLimits,
  table: ModelPrices,
  { acting, all, requests, health, lambdaMs, stoppedSeconds }: Times,
): ModelBill {
  const cost = (name: string, units: bigint): Fraction => priceOf(table, name, units);
  const { events, sessions, goals, ...stored } = actsOf(mode, limits);
  // A capped day: two documents and 32 segments of 64 KiB, which are read and looked for.
  const day = limits.day_budget
    ? { files: 34n, reads: 64n, lists: 112n, bytes: 34n * 65_536n }
    : { files: 0n, reads: 0n, lists: 0n, bytes: 0n };
  const [files, reads, lists] = [stored.files + day.files, stored.reads + day.reads, stored.lists + day.lists];
  const answer = answerBytes(mode, limits);
  const { receipts, each } = receiptsOf(mode, limits);
  const days = big(limits.artifact_expiry_days + limits.noncurrent_expiry_days + 2);
  const sessionSeconds = sessions * (stoppedSeconds ?? acting * big(limits.lambda_timeout_seconds + 30));
  const goalSeconds = goals * (stoppedSeconds ?? acting * big(limits.planner_session_seconds));
  // 128 KiB of spans a request, of every function but base.
  const spanBytes = limits.spans && mode !== 'base' ? 128n * 1_024n : 0n;
  const logBytes = all * 16_384n + acting * ((sessions + goals) * 3_072n + receipts * 2_048n + spanBytes);
  const accessBytes = limits.access_log ? (requests + 2n * health) * 512n : 0n;
  const answersOut = acting > requests ? acting : requests;
  return {
    lambda: plus(cost('lambda_compute', big(limits.lambda_memory_mb) * lambdaMs), cost('lambda_requests', all)),
    api: cost('api_requests', requests * apiUnits(answer) + health * (apiUnits(16_384n) + apiUnits(131_072n))),
    s3: plus(
      cost('s3_puts', acting * (files + receipts + lists)),
      cost('s3_gets', acting * (reads + receipts)),
      cost('s3_storage', acting * days * (storedBytes(mode, limits) + day.bytes + receipts * each + 2_048n * (files + receipts))),
      cost('kms_requests', limits.kms ? acting * (files + reads + 2n * receipts + 2n + 100n * events) : 0n),
    ),
    signing: cost('kms_asymmetric_requests', acting * 2n * receipts),
    agentcore_memory: cost('memory_events', acting * events),
    code_interpreter: plus(cost('code_interpreter_cpu', 2n * sessionSeconds), cost('code_interpreter_memory', 8n * sessionSeconds)),
    runtime: plus(cost('runtime_cpu', 2n * goalSeconds), cost('runtime_memory', 8n * goalSeconds)),
    logs: plus(
      cost('log_ingestion', logBytes),
      cost('access_log_ingestion', accessBytes),
      cost('log_storage', (logBytes + accessBytes) * big(limits.log_retention_days + 1)),
      cost('traces', limits.tracing ? all : 0n),
    ),
    data_transfer: cost('data_out', answersOut * (answer + 10_240n) + health * (16_384n + 131_072n + 2n * 10_240n)),
    fixed: fraction(0n),
  };
}

export function modelInvocation(mode: string, limits: ModelLimits, table: ModelPrices): ModelBill {
  const lambdaMs = big(limits.lambda_timeout_seconds * 1_000 + 10_000);
  return modeBill(mode, limits, table, { acting: 1n, all: 1n, requests: 1n, health: 0n, lambdaMs });
}

/** In an hour, of each instance of a function. */
const INSTANCE_LIMIT = 36_010n;

/** `stops`: whether sessions end when they are told to. Then no two of a function are alive at once, and each is rounded up to a second. */
export function modelHour(limits: ModelLimits, table: ModelPrices, direct: boolean, stops = false): ModelBill {
  const { over, under } = fractionOf(limits.rate);
  const perRoute = ceil(over * 3_600n, under) + big(limits.throttle_burst);
  const host = ['base', 'mcp', 'memory', 'sessions', 'tools'].find((mode) => limits.modes.includes(mode));
  const one = big(limits.lambda_timeout_seconds * 1_000 + 10_000);
  const bills = limits.modes.map((mode) => {
    const instances = isSessions(mode) ? big(limits.sessions_concurrency) : 1n;
    // Eleven routes of sessions and two of MCP, each with a throttle of its own.
    const requests = mode === 'sessions' ? 11n * perRoute : mode === 'mcp' ? 2n * perRoute : perRoute;
    const most = instances * INSTANCE_LIMIT;
    const acting = direct ? most : min(requests, most);
    const health = mode === host ? perRoute : 0n;
    const all = min(acting + 2n * health, most);
    const lambdaMs = min(all * one, instances * (3_600_000n + one) + all);
    const timeout = big(limits.lambda_timeout_seconds);
    const stopped = stops ? { stoppedSeconds: min(acting * timeout, instances * (3_600n + timeout)) + acting } : {};
    return modeBill(mode, limits, table, { acting, all, requests, health, lambdaMs, ...stopped });
  });
  const mails = limits.emails ? big(limits.alarms + limits.budgets) * 60n : 0n;
  const fixed = plus(priceOf(table, 'emails', mails), priceOf(table, 'topic_messages', limits.stop_alarms * 60));
  return added([...bills, modelStops(limits, table), { fixed, refused_requests: modelRefusals(limits, table) }]);
}

/** Each alarm changes once a minute, and each change is a message to one function of 256 MB and 15 s. */
function modelStops(limits: ModelLimits, table: ModelPrices): ModelBill {
  const pulls = big(limits.stop_alarms * 60);
  const ms = min(pulls * 25_000n, 3_600_000n + 25_000n + pulls);
  const logBytes = pulls * 16_384n;
  return {
    lambda: plus(priceOf(table, 'lambda_compute', 256n * ms), priceOf(table, 'lambda_requests', pulls)),
    s3: plus(
      priceOf(table, 's3_puts', pulls),
      priceOf(table, 's3_storage', pulls * 2_048n * big(limits.noncurrent_expiry_days + 2)),
      priceOf(table, 'kms_requests', limits.kms ? 3n * pulls : 0n),
    ),
    logs: plus(
      priceOf(table, 'log_ingestion', logBytes),
      priceOf(table, 'log_storage', logBytes * big(limits.log_retention_days + 1)),
      priceOf(table, 'traces', limits.tracing ? pulls : 0n),
    ),
  };
}

/** Ten thousand a second: each answered in half a KB and, with an access log, written down in as much. */
function modelRefusals(limits: ModelLimits, table: ModelPrices): Fraction {
  const refused = 10_000n * 3_600n;
  const logged = limits.access_log ? refused * 512n : 0n;
  return plus(
    priceOf(table, 'api_refusals', refused),
    priceOf(table, 'api_requests', limits.cors ? refused : 0n),
    priceOf(table, 'data_out', refused * 512n),
    priceOf(table, 'access_log_ingestion', logged),
    priceOf(table, 'log_storage', logged * big(limits.log_retention_days + 1)),
  );
}

function sessionsOf(limits: ModelLimits): bigint {
  return limits.modes.reduce((sum, mode) => sum + actsOf(mode, limits).sessions + actsOf(mode, limits).goals, 0n);
}

export function modelStanding(limits: ModelLimits, table: ModelPrices): Fraction {
  return plus(
    priceOf(table, 'metrics', (limits.signing ? 10n : 9n) * big(limits.modes.length) + min(1n, sessionsOf(limits))),
    priceOf(table, 'alarms', limits.alarms),
    priceOf(table, 'kms_keys', limits.signing_keys),
    priceOf(table, 'dashboards', limits.dashboards),
    priceOf(table, 'budgets', 31 * limits.budgets),
    priceOf(table, 'budget_actions', 31 * limits.budget_actions),
  );
}

function added(bills: readonly ModelBill[]): ModelBill {
  const total: Record<string, Fraction> = {};
  for (const bill of bills) for (const [name, amount] of Object.entries(bill)) total[name] = plus(total[name] ?? fraction(0n), amount);
  return total;
}

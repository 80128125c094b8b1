/**
 * From limits to quantities: how much of everything metered one invocation, one hour and one month can take. No prices here.
 * Invariant: each quantity is an upper bound under the assumptions of docs/cost.md; what a quantity is counted in stands in the price table.
 */
import { ONE } from '../decimal/decimal';
import {
  ACCESS_LOG_BYTES_MAX,
  ACCOUNT_REQUESTS_PER_SECOND,
  ALARM_CHANGES_PER_HOUR,
  API_UNIT_BYTES,
  DAY_FILES,
  DAY_LISTS,
  DAY_READS,
  DAY_SEGMENT_BYTES_MAX,
  EXPIRY_ROUNDING_DAYS,
  FUNCTION_LOG_BYTES_MAX,
  HEADER_BYTES_MAX,
  INIT_MS_MAX,
  INVOCATIONS_PER_SECOND_MAX,
  least,
  MEMORY_REQUESTS,
  METRICS_PER_MODE,
  NOT_SIGNED_LOG_BYTES_MAX,
  OBJECT_OVERHEAD_BYTES,
  RECEIPT_BYTES_MAX,
  REFUSAL_BYTES_MAX,
  REQUEST_BYTES_MAX,
  SESSION_GRACE_SECONDS,
  SESSION_LOG_BYTES_MAX,
  SESSION_MEMORY_GB,
  SESSION_METRICS,
  SESSION_ROUNDING_SECONDS,
  SESSION_VCPUS,
  SHARED_ANSWER_BYTES_MAX,
  SIGNING_METRICS,
  STOP_MEMORY_MB,
  STOP_TIMEOUT_SECONDS,
  TYPICAL_SPAN_BYTES,
} from './bounds';
import { FUNCTION_BOUNDS } from './functions';
import type { BillMode, Limits } from './limits';
import { ceilDiv } from './money';
import type { PriceName } from './prices';

/** How much of what; what is not named is nothing. */
export type Quantities = Readonly<Partial<Record<PriceName, bigint>>>;

const SECONDS_PER_HOUR = 3_600n;
const MS_PER_SECOND = 1_000n;
const DAYS_PER_MONTH_MAX = 31n;
/** A typical session: one vCPU busy half of the time counts as half of one; memory at its ordinary peak. */
const TYPICAL_GB = 1n;
const TYPICAL_MEMORY_REQUESTS = 3n;
/** Of a receipt about the bundled example. */
const TYPICAL_RECEIPT_BYTES = 6_000n;

/** Who invokes: `api` is the throttled API alone; `direct` adds whoever may call `lambda:InvokeFunction`, whom no throttle of ours holds. */
export type Callers = 'api' | 'direct';

/** Whether sessions end when they are told to; where they do not, each lives as long as the service lets it. */
export type Stops = 'work' | 'fail';

/** One accepted request to a mode, from the API to the expiry of what it left. */
export function ofInvocation(mode: BillMode, limits: Limits, stops: Stops = 'fail'): Quantities {
  return sum([
    acts(mode, limits, 1n, stops),
    started(limits, 1n, msPerInvocation(limits)),
    carried(FUNCTION_BOUNDS[mode].answerBytes(limits), 1n),
    accessed(limits, 1n),
  ]);
}

/** All functions of a deployment for one hour, at the most they take. */
export function ofHour(limits: Limits, callers: Callers, stops: Stops = 'fail'): Quantities {
  const requests = requestsPerHour(limits);
  const host = hostOf(limits);
  const shared = requests * BigInt(SHARED_ANSWER_BYTES_MAX.length);
  const functions = limits.modes.map((mode) => {
    const { routes, concurrency, answerBytes: answerBytesOf } = FUNCTION_BOUNDS[mode];
    const instances = concurrency(limits);
    const most = instances * INVOCATIONS_PER_SECOND_MAX * (SECONDS_PER_HOUR + 1n);
    const routed = requests * routes;
    const acting = callers === 'direct' ? most : least(routed, most);
    const all = least(acting + (mode === host ? shared : 0n), most);
    const answerBytes = answerBytesOf(limits);
    // Whoever invokes directly may be outside of AWS, too.
    const direct = acting > routed ? acting - routed : 0n;
    return sum([
      acts(mode, limits, acting, stops),
      started(limits, all, least(all * msPerInvocation(limits), msOfInstances(limits, instances, all))),
      carried(answerBytes, routed),
      { data_out: direct * (answerBytes + HEADER_BYTES_MAX) },
      accessed(limits, routed),
    ]);
  });
  return sum([...functions, ...SHARED_ANSWER_BYTES_MAX.map((bytes) => carried(bytes, requests)), accessed(limits, shared)]);
}

/** What a month costs that nobody uses, in the longest one. */
export function standing(limits: Limits): Quantities {
  return {
    metrics:
      (METRICS_PER_MODE + (limits.signing ? SIGNING_METRICS : 0n)) * BigInt(limits.modes.length) +
      (limits.modes.some((mode) => beginsSessions(mode, limits)) ? SESSION_METRICS : 0n),
    kms_keys: BigInt(limits.signing_keys),
    alarms: BigInt(limits.alarms),
    dashboards: BigInt(limits.dashboards),
    budgets: BigInt(limits.budgets) * DAYS_PER_MONTH_MAX,
    budget_actions: BigInt(limits.budget_actions) * DAYS_PER_MONTH_MAX,
  };
}

function beginsSessions(mode: BillMode, limits: Limits): boolean {
  const { codeSessions, plannerSessions } = FUNCTION_BOUNDS[mode];
  return codeSessions(limits) + plannerSessions(limits) > 0n;
}

/** What alarms that never rest write in an hour, and what it sets off. */
export function notified(limits: Limits): Quantities {
  const emails = limits.emails ? (BigInt(limits.alarms) + BigInt(limits.budgets)) * ALARM_CHANGES_PER_HOUR : 0n;
  return sum([{ emails }, pulled(limits, BigInt(limits.stop_alarms) * ALARM_CHANGES_PER_HOUR)]);
}

/** Messages to the function that pulls the stop switch: one at a time, each writes the switch, of which every version stays as an old one. */
function pulled(limits: Limits, messages: bigint): Quantities {
  const ms = STOP_TIMEOUT_SECONDS * MS_PER_SECOND + INIT_MS_MAX;
  const days = BigInt(limits.noncurrent_expiry_days) + EXPIRY_ROUNDING_DAYS;
  return sum([
    {
      topic_messages: messages,
      lambda_requests: messages,
      lambda_compute: STOP_MEMORY_MB * least(messages * ms, SECONDS_PER_HOUR * MS_PER_SECOND + ms + messages),
      traces: limits.tracing ? messages : 0n,
      s3_puts: messages,
      s3_storage: messages * OBJECT_OVERHEAD_BYTES * days,
      kms_requests: limits.kms ? messages * 3n : 0n,
    },
    logged(limits, messages * FUNCTION_LOG_BYTES_MAX),
  ]);
}

/**
 * Requests that the API refuses by itself: not signed, no such route, above the throttle. No limit of a deployment bounds how many come, so it is as
 * many as the account takes. AWS does not charge for the request; what is left is its answer's way out and, where it is on, the access log.
 */
export function ofRefusals(limits: Limits): Quantities {
  const requests = ACCOUNT_REQUESTS_PER_SECOND * SECONDS_PER_HOUR;
  // Preflights of pages of others carry no signature, and API Gateway answers them: nobody says that those are free.
  const preflights = limits.cors ? requests : 0n;
  return sum([{ api_refusals: requests, api_requests: preflights, data_out: requests * REFUSAL_BYTES_MAX }, accessed(limits, requests)]);
}

/** A month of so many ordinary requests to each function; what stands is on top of it. */
export function ofTypicalMonth(limits: Limits, requests: bigint): Quantities {
  return sum(
    limits.modes.map((mode) => {
      const { typical, ...bounds } = FUNCTION_BOUNDS[mode];
      const files = least(typical.files, bounds.files(limits));
      const code = bounds.codeSessions(limits) > 0n ? typical.codeSessionSeconds : 0n;
      const planner = bounds.plannerSessions(limits) > 0n ? typical.plannerSessionSeconds : 0n;
      const events = least(typical.memoryEvents, bounds.memoryEvents(limits));
      const receipts = limits.signing ? least(bounds.receipts(limits), 1n) : 0n;
      return sum([
        {
          s3_puts: requests * receipts,
          s3_storage: requests * receipts * TYPICAL_RECEIPT_BYTES * daysKept(limits),
          kms_requests: limits.kms ? requests * receipts : 0n,
          kms_asymmetric_requests: requests * receipts,
        },
        {
          lambda_requests: requests,
          lambda_compute: requests * BigInt(limits.lambda_memory_mb) * typical.lambdaMs,
          traces: limits.tracing ? requests : 0n,
          api_requests: requests * 2n,
          data_out: requests * typical.answerBytes,
          s3_puts: requests * files,
          s3_storage: requests * (files === 0n ? 0n : typical.storedBytes) * daysKept(limits),
          // A put of a key that has a value lists, creates and deletes.
          kms_requests: limits.kms ? requests * (files + 2n + 2n * TYPICAL_MEMORY_REQUESTS * events) : 0n,
          memory_events: requests * events,
          code_interpreter_cpu: requests * code,
          code_interpreter_memory: requests * code * TYPICAL_GB,
          runtime_cpu: requests * planner,
          runtime_memory: requests * planner * TYPICAL_GB,
        },
        logged(limits, requests * (typical.logBytes + (limits.spans ? least(TYPICAL_SPAN_BYTES, bounds.spanBytes) : 0n))),
        accessed(limits, requests),
      ]);
    }),
  );
}

/** Requests that the throttle of one route lets through in an hour: the bucket is full when it begins. */
export function requestsPerHour({ throttle_rate_per_second: rate, throttle_burst: burst }: Limits): bigint {
  return ceilDiv(rate * SECONDS_PER_HOUR, ONE) + BigInt(burst);
}

/** Which function answers for the deployment. */
function hostOf({ modes }: Limits): BillMode | undefined {
  return modes.includes('base') ? 'base' : [...modes].sort()[0];
}

/** What invocations of a mode do once they are started: they store a run and reach AgentCore. */
function acts(mode: BillMode, limits: Limits, invocations: bigint, stops: Stops): Quantities {
  const bounds = FUNCTION_BOUNDS[mode];
  const day = limits.day_budget ? 1n : 0n;
  const [files, reads] = [bounds.files(limits) + day * DAY_FILES, bounds.reads(limits) + day * DAY_READS];
  const sessions = bounds.codeSessions(limits);
  const plannerSessions = bounds.plannerSessions(limits);
  const receipts = limits.signing ? bounds.receipts(limits) : 0n;
  const events = bounds.memoryEvents(limits);
  // A session that is not stopped may live as long as was left of the invocation when it began, and the grace; an agent's as long as it is set to.
  const lifeOf = (unstopped: bigint, each: bigint): bigint =>
    each * (stops === 'fail' ? invocations * unstopped : stoppedSeconds(limits, bounds.concurrency(limits), invocations));
  const sessionSeconds = lifeOf(BigInt(limits.lambda_timeout_seconds) + SESSION_GRACE_SECONDS, sessions);
  const runtimeSeconds = lifeOf(BigInt(limits.planner_session_seconds), plannerSessions);
  return {
    s3_puts: invocations * (files + receipts + bounds.lists + day * DAY_LISTS),
    s3_gets: invocations * (reads + receipts),
    s3_storage:
      invocations *
      (bounds.artifactBytes(limits) +
        day * DAY_FILES * DAY_SEGMENT_BYTES_MAX +
        receipts * (bounds.receiptBytes(limits) + RECEIPT_BYTES_MAX) +
        (files + receipts) * OBJECT_OVERHEAD_BYTES) *
      daysKept(limits),
    // A data key for each write and each read, one for the log and one for the environment, and two for each request to an encrypted memory.
    kms_requests: limits.kms ? invocations * (files + reads + 2n * receipts + 2n + 2n * MEMORY_REQUESTS * events) : 0n,
    // Where a signature is refused, the next one asks for the public half again.
    kms_asymmetric_requests: invocations * 2n * receipts,
    memory_events: invocations * events,
    code_interpreter_cpu: sessionSeconds * SESSION_VCPUS,
    code_interpreter_memory: sessionSeconds * SESSION_MEMORY_GB,
    runtime_cpu: runtimeSeconds * SESSION_VCPUS,
    runtime_memory: runtimeSeconds * SESSION_MEMORY_GB,
    ...logged(
      limits,
      invocations *
        ((sessions + plannerSessions) * SESSION_LOG_BYTES_MAX +
          receipts * NOT_SIGNED_LOG_BYTES_MAX +
          (limits.spans ? bounds.spanBytes : 0n)),
    ),
  };
}

/** Sessions that end with their invocations: an instance runs one after the other, so an hour holds an hour of them; each is rounded up. */
function stoppedSeconds(limits: Limits, instances: bigint, invocations: bigint): bigint {
  const timeout = BigInt(limits.lambda_timeout_seconds);
  return least(invocations * timeout, instances * (SECONDS_PER_HOUR + timeout)) + invocations * SESSION_ROUNDING_SECONDS;
}

function daysKept(limits: Limits): bigint {
  return BigInt(limits.artifact_expiry_days) + BigInt(limits.noncurrent_expiry_days) + EXPIRY_ROUNDING_DAYS;
}

function msPerInvocation(limits: Limits): bigint {
  return BigInt(limits.lambda_timeout_seconds) * MS_PER_SECOND + INIT_MS_MAX;
}

/**
 * So many instances at a time, so an hour holds an hour of each; and what is left of the invocations that began before the hour, and the
 * rounding of each to a whole millisecond.
 */
function msOfInstances(limits: Limits, instances: bigint, invocations: bigint): bigint {
  return instances * (SECONDS_PER_HOUR * MS_PER_SECOND + msPerInvocation(limits)) + invocations;
}

/** What every invocation is, those of health included: started, timed, logged, traced. */
function started(limits: Limits, invocations: bigint, ms: bigint): Quantities {
  return {
    lambda_requests: invocations,
    lambda_compute: BigInt(limits.lambda_memory_mb) * ms,
    traces: limits.tracing ? invocations : 0n,
    ...logged(limits, invocations * FUNCTION_LOG_BYTES_MAX),
  };
}

/** What the API meters of requests whose answers are this long, and what leaves AWS. */
function carried(answerBytes: bigint, requests: bigint): Quantities {
  return { api_requests: requests * unitsOf(answerBytes), data_out: requests * (answerBytes + HEADER_BYTES_MAX) };
}

function unitsOf(answerBytes: bigint): bigint {
  return ceilDiv(REQUEST_BYTES_MAX + HEADER_BYTES_MAX, API_UNIT_BYTES) + ceilDiv(answerBytes + HEADER_BYTES_MAX, API_UNIT_BYTES);
}

/** The access log of the API, where it is on: in the class that is written often and read seldom. */
function accessed(limits: Limits, requests: bigint): Quantities {
  if (!limits.access_log) return {};
  const bytes = requests * ACCESS_LOG_BYTES_MAX;
  return { access_log_ingestion: bytes, log_storage: bytes * daysLogged(limits) };
}

function logged(limits: Limits, bytes: bigint): Quantities {
  return { log_ingestion: bytes, log_storage: bytes * daysLogged(limits) };
}

function daysLogged(limits: Limits): bigint {
  return BigInt(limits.log_retention_days) + 1n;
}

function sum(parts: readonly Quantities[]): Quantities {
  const total: Partial<Record<PriceName, bigint>> = {};
  for (const part of parts) {
    for (const [name, quantity] of Object.entries(part) as [PriceName, bigint][]) total[name] = (total[name] ?? 0n) + quantity;
  }
  return total;
}

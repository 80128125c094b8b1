/** Middleware: one log line and the measures of an invocation. Never a body, a key, a value or a document: their fields are named here. */
import { InvariantError } from '../../../domain/assert';
import type { BudgetState } from '../../../domain/budget/budget';
import { REQUIRED, REQUIRED_NAMES, type RequiredDimension } from '../../../domain/budget/dimensions';
import type { Telemetry, TelemetryFields } from '../../../ports/telemetry';
import { type Route, ROUTES, type Service } from '../contract/routes';
import type { Answer } from './act';
import type { Inbound } from './inbound';
import type { Middleware } from './middleware';

interface Options {
  readonly service: Service;
  readonly telemetry: Telemetry;
  /** Milliseconds of a clock that only goes forward. */
  readonly nowMs: () => number;
}

/** Names of the metrics, as alarms and dashboards know them. */
export const METRICS = {
  requests: 'Requests',
  refusals: 'Refusals',
  failures: 'Failures',
  duration: 'Duration',
  ...metricNames(),
};

function metricNames(): Readonly<Record<RequiredDimension, string>> {
  return Object.fromEntries(REQUIRED_NAMES.map((name) => [name, REQUIRED[name].metric])) as Readonly<Record<RequiredDimension, string>>;
}

export function observed({ service, telemetry, nowMs }: Options): Middleware {
  const record: NonNullable<Middleware['after']> = ({ internal, context }) => {
    const { inbound, answer, startedMs = nowMs() } = internal;
    if (answer === undefined || inbound?.route === 'OPTIONS' || isAboutItself(inbound?.route)) return;
    const durationMs = Math.max(0, nowMs() - startedMs);
    const where = { request_id: context.awsRequestId, mode: service, via: viaOf(inbound), route: inbound?.route ?? 'unread' };
    const level = failed(answer) ? 'error' : 'info';
    telemetry.note(level, 'request', { ...where, ...fieldsOf(answer), duration_ms: Math.round(durationMs * 1000) / 1000 });
    measure(telemetry, answer, durationMs);
  };
  return {
    before: (request) => {
      request.internal.startedMs = nowMs();
    },
    after: record,
    onError: (request) => {
      telemetry.note('error', 'fault', { request_id: request.context.awsRequestId, mode: service, ...faultFields(request.error) });
      record(request);
    },
  };
}

function viaOf(inbound: Inbound | undefined): string {
  return inbound === undefined ? 'unread' : inbound.via === 'direct' ? 'direct' : 'http';
}

/** Asked every few seconds, or by a program that reads the documentation: it would bury everything else. */
function isAboutItself(route: Inbound['route'] | undefined): boolean {
  return route !== undefined && Object.hasOwn(ROUTES, route) && ROUTES[route as Route].service === 'every';
}

function fieldsOf({ status, body }: Answer): TelemetryFields {
  if (body === undefined) return { status };
  const { ok, run_id: runId = null, error, budget_state: spent, head_hash: headHash = null } = body;
  const limiter =
    error !== undefined && 'limiter' in error
      ? { limiter: error.limiter, ...('requested' in error ? { requested: error.requested } : {}) }
      : {};
  // `service` is the function's own name in every line, and Powertools drops a field that would replace it.
  const dependency =
    error?.code === 'dependency_failed' || error?.code === 'stale_read'
      ? { dependency: error.service, operation: error.operation, effect: error.effect }
      : {};
  return {
    ok,
    status,
    ...(runId === null ? {} : { run_id: runId }),
    ...(headHash === null ? {} : { head_hash: headHash }),
    ...(error === undefined ? {} : { code: error.code }),
    ...limiter,
    ...dependency,
    ...(spent ? spentFields(spent) : {}),
  };
}

/** A deployment that was stopped on purpose does not fail, and its alarms need not say so. */
function failed({ status, body }: Answer): boolean {
  return status >= 500 && body?.error?.code !== 'stopped_by_operator';
}

function measure(telemetry: Telemetry, answer: Answer, durationMs: number): void {
  const { status, body } = answer;
  telemetry.measure(METRICS.requests, 'Count', 1);
  telemetry.measure(METRICS.duration, 'Milliseconds', durationMs);
  // Zeroes too: an alarm on a rate needs them.
  telemetry.measure(METRICS.refusals, 'Count', status === 422 ? 1 : 0);
  telemetry.measure(METRICS.failures, 'Count', failed(answer) ? 1 : 0);
  if (!body?.budget_state) return;
  for (const dimension of REQUIRED_NAMES)
    telemetry.measure(REQUIRED[dimension].metric, REQUIRED[dimension].unit, body.budget_state[dimension]);
}

function spentFields({ tools = {}, ...spent }: BudgetState): TelemetryFields {
  return { ...spent, ...Object.fromEntries(Object.entries(tools).map(([tool, calls]) => [`tools.${tool}`, calls])) };
}

/** Where it was thrown. Its message only where it is a constant of ours: others may quote what was sent. */
function faultFields(error: unknown): TelemetryFields {
  if (!(error instanceof Error)) return { name: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const invariant = error instanceof InvariantError ? { invariant: error.message } : {};
  return {
    name: error.name,
    ...invariant,
    at: frames
      .slice(0, 8)
      .map((line) => line.trim())
      .join(' | '),
  };
}

/** What an invocation may list, calls of tools and requests of memory, and the reading of a `request.json` that is already there. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import type { MemoryOperation } from '../../ports/memory';
import { budgetCodec } from '../budget/budget-codec';
import { hasCanonicalForm, type Json } from '../canonical/canonical';
import { type Codec, isRecord, listCodec, literalCodec, makeCodec, objectCodec, taggedCodec, textCodec } from '../codec/codec';
import { type Problem, problemsOf } from '../codec/problem';
import type { PlanItem } from './request';

/** Calls one request may list: a bound on work and on the tape that does not depend on any budget. */
export const CALLS_MAX = 1_000;
export const MEMORY_KEY_CHARS_MAX = 512;

const jsonCodec: Codec<Json> = makeCodec('JSON value', {}, (value, context) =>
  hasCanonicalForm(value) ? success(value) : failure(value, context, 'expected a JSON value of well-formed text, nested at most 64 deep'),
);

const argsCodec: Codec<PlanItem['args']> = makeCodec('arguments', { type: 'object' }, (value, context) =>
  isRecord(value) && hasCanonicalForm(value) ? success(value) : failure(value, context, 'expected an object of arguments'),
);

/** A tool plan. Whether a tool exists and its arguments fit shows when it is called: that is a failed call, on the tape. */
export const planCodec: Codec<readonly PlanItem[]> = listCodec(
  objectCodec('tool call', { required: { name: textCodec }, defaulted: { args: argsCodec }, defaults: { args: {} } }),
  { min: 1, max: CALLS_MAX },
);

const keyCodec: Codec<string> = makeCodec(
  'memory key',
  { type: 'string', minLength: 1, maxLength: MEMORY_KEY_CHARS_MAX },
  (value, context) =>
    typeof value === 'string' && value.isWellFormed() && value.length >= 1 && value.length <= MEMORY_KEY_CHARS_MAX
      ? success(value)
      : failure(value, context, `expected text of 1 to ${String(MEMORY_KEY_CHARS_MAX)} characters`),
);

/** No request at all is legal: a run of no calls. */
export const memoryRequestsCodec: Codec<readonly MemoryOperation[]> = listCodec(
  taggedCodec<MemoryOperation>('memory request', 'op', {
    memory_put: objectCodec('memory_put', { required: { op: literalCodec('memory_put'), key: keyCodec, value: jsonCodec } }),
    memory_get: objectCodec('memory_get', { required: { op: literalCodec('memory_get'), key: keyCodec } }),
    memory_clear: objectCodec('memory_clear', { required: { op: literalCodec('memory_clear'), key: keyCodec } }),
  }),
  { min: 0, max: CALLS_MAX },
);

const recordedPlanCodec = objectCodec('tools request', {
  required: {
    budget: budgetCodec,
    initial_state: argsCodec,
    market_sha256: textCodec,
    policy_sha256: textCodec,
    steps: jsonCodec,
    strategy_sha256: textCodec,
    tool_plan: planCodec,
  },
});

/** The plan in a `request.json` that was written by `worldRequestJson`. */
export function decodeRecordedPlan(value: unknown): Either<readonly Problem[], readonly PlanItem[]> {
  const decoded = recordedPlanCodec.decode(value);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right.tool_plan);
}

const recordedRequestsCodec = objectCodec('memory request', { required: { budget: budgetCodec, requests: memoryRequestsCodec } });

/** The requests in a `request.json` that was written by `memoryRequestJson`. */
export function decodeRecordedRequests(value: unknown): Either<readonly Problem[], readonly MemoryOperation[]> {
  const decoded = recordedRequestsCodec.decode(value);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right.requests);
}

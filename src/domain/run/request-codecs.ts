/** What an invocation may list, calls of tools and requests of memory, and the reading of a `request.json` that is already there. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import type { MemoryOperation } from '../../ports/memory';
import { budgetCodec } from '../budget/budget-codec';
import { canonicalBytes, hasCanonicalForm } from '../canonical/canonical';
import { type Codec, isRecord, listCodec, makeCodec, objectCodec, refinedCodec, taggedCodec, textCodec } from '../codec/codec';
import { type Problem, problemsOf } from '../codec/problem';
import { jsonCodec, OPERATION_CODECS } from '../agent/memory-tools';
import type { ToolCall } from '../agent/tool';
import { CALL_BYTES_MAX, PLAN_BYTES_MAX } from '../limits';

/** Calls one request may list: a bound on work and on the tape that does not depend on any budget. */
export const CALLS_MAX = 1_000;

const argsCodec: Codec<ToolCall['args']> = makeCodec('arguments', { type: 'object' }, (value, context) =>
  !isRecord(value) || !hasCanonicalForm(value)
    ? failure(value, context, 'expected an object of arguments')
    : canonicalBytes(value) > CALL_BYTES_MAX
      ? failure(value, context, `longer than ${String(CALL_BYTES_MAX)} bytes, the most that a row takes`)
      : success(value),
);

export const callCodec: Codec<ToolCall> = objectCodec('tool call', {
  required: { name: textCodec },
  defaulted: { args: argsCodec },
  defaults: { args: {} },
});

/** A tool plan. Whether a tool exists and its arguments fit shows when it is called: that is a failed call, on the tape. */
export const planCodec: Codec<readonly ToolCall[]> = bounded(listCodec(callCodec, { min: 1, max: CALLS_MAX }));

/** No request at all is legal: a run of no calls. */
export const memoryRequestsCodec: Codec<readonly MemoryOperation[]> = bounded(
  listCodec(taggedCodec<MemoryOperation>('memory request', 'op', OPERATION_CODECS), { min: 0, max: CALLS_MAX }),
);

/** Each is short enough for a row; together they have to fit into `request.json`, which is read whole. */
function bounded<A extends ToolCall | MemoryOperation>(list: Codec<readonly A[]>): Codec<readonly A[]> {
  return refinedCodec(list, (items) => {
    const bytes = items.reduce((sum, item) => sum + canonicalBytes({ ...item }), 0);
    const message = `${String(bytes)} bytes together; at most ${String(PLAN_BYTES_MAX)} are taken`;
    return bytes > PLAN_BYTES_MAX ? [{ path: [], message }] : [];
  });
}

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
export function decodeRecordedPlan(value: unknown): Either<readonly Problem[], readonly ToolCall[]> {
  const decoded = recordedPlanCodec.decode(value);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right.tool_plan);
}

const recordedRequestsCodec = objectCodec('memory request', { required: { budget: budgetCodec, requests: memoryRequestsCodec } });

/** The requests in a `request.json` that was written by `memoryRequestJson`. */
export function decodeRecordedRequests(value: unknown): Either<readonly Problem[], readonly MemoryOperation[]> {
  const decoded = recordedRequestsCodec.decode(value);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right.requests);
}

/**
 * The answers of the API as codecs: what the published schemas are made of, and what a client may decode with. Nothing in a handler decodes
 * its own answers, so this is in no bundle but that of MCP, whose tools publish their schemas. The types hold it to `errors.ts` and `response.ts`; the tests hold every answer to it.
 */
import { failure, success } from 'io-ts';
import { type Limiter } from '../../../domain/budget/budget';
import { budgetStateCodec, fullBudgetCodec } from '../../../domain/budget/budget-codec';
import { DIMENSION_NAMES, DIMENSIONS } from '../../../domain/budget/dimensions';
import { hasCanonicalForm, type Json } from '../../../domain/canonical/canonical';
import {
  type Codec,
  countCodec,
  isRecord,
  listCodec,
  literalCodec,
  makeCodec,
  objectCodec,
  orNull,
  taggedCodec,
  textCodec,
} from '../../../domain/codec/codec';
import { COUNT_MAX, SPEC_VERSION } from '../../../domain/limits';
import type { QuotedBudget } from '../../../domain/episode/quote';
import type { ReceiptNote } from '../../../domain/run/receipts';
import type { ApiError, ErrorCode } from './errors';
import type { ApiResponse, HealthResponse, HttpMode, SessionResponse } from './response';

const count = countCodec(0);
const ANY_LENGTH = { min: 0, max: COUNT_MAX };

const LIMITERS: readonly string[] = DIMENSION_NAMES.map((name) => DIMENSIONS[name].limiter);
const TOOL_LIMITER = /^tools\./;

const limiterCodec = makeCodec<Limiter>(
  'limiter',
  { anyOf: [{ enum: LIMITERS }, { type: 'string', pattern: TOOL_LIMITER.source }] },
  (value, context) =>
    typeof value === 'string' && (LIMITERS.includes(value) || TOOL_LIMITER.test(value))
      ? success(value as Limiter)
      : failure(value, context, 'expected the name of a limit'),
);
const effectCodec = oneOf('effect', ['none', 'unknown'] as const);

export const problemCodec = objectCodec('problem', {
  description: 'What is wrong with a request: a JSON pointer into the body, and line and column where the text itself is wrong.',
  required: { pointer: textCodec, message: textCodec },
  optional: { line: countCodec(1), column: countCodec(1) },
});

const verifierErrorCodec = objectCodec('verifier error', { required: { action_index: count, code: textCodec, message: textCodec } });

const message = { message: textCodec };
const notReserved = {
  ...message,
  limiter: limiterCodec,
  budgets: objectCodec('budgets', { required: { budget: fullBudgetCodec, budget_state: budgetStateCodec } }),
};
const overBudget = { ...notReserved, requested: count };

const ERRORS: Readonly<Record<ErrorCode, Codec<ApiError>>> = {
  invalid_request: errorOf('invalid_request', 'The body is not what the API takes.', {
    ...message,
    problems: listCodec(problemCodec, ANY_LENGTH),
  }),
  not_found: errorOf('not_found', 'No such path.', message),
  method_not_allowed: errorOf('method_not_allowed', 'The path takes other methods; see the allow header.', message),
  artifact_conflict: errorOf('artifact_conflict', 'Other bytes are stored under the key of an artifact.', { ...message, key: textCodec }),
  payload_too_large: errorOf(
    'payload_too_large',
    'The body is longer than what is read, or the artifacts of the run have more bytes than are stored.',
    message,
  ),
  unsupported_media_type: errorOf('unsupported_media_type', 'The body is not application/json in UTF-8.', message),
  budget_exceeded: budgetExceeded(),
  budget_above_ceiling: errorOf('budget_above_ceiling', 'The budget asks for more than the deployment allows; nothing ran.', overBudget),
  simulation_rejected: errorOf('simulation_rejected', 'The verifier refused the actions of a call.', {
    ...message,
    index: count,
    verifier_errors: listCodec(verifierErrorCodec, ANY_LENGTH),
  }),
  head_moved: errorOf('head_moved', 'The session has gone on from this head; nothing was done.', { ...message, head: textCodec }),
  session_busy: errorOf('session_busy', 'A request is at work outside; nothing was done.', { ...message, retry_after_ms: count }),
  session_sealed: errorOf('session_sealed', 'Nothing follows a seal.', message),
  tool_failed: errorOf('tool_failed', 'A call of the plan failed.', { ...message, index: count, tool: textCodec }),
  internal_error: errorOf('internal_error', 'A fault of the service; its log has the details under the request id.', {
    ...message,
    request_id: textCodec,
  }),
  dependency_failed: dependencyFailed(),
  stale_read: errorOf(
    'stale_read',
    'A memory does not show yet what was written to it before; nothing was concluded from it. Ask again later.',
    {
      ...message,
      service: textCodec,
      operation: textCodec,
      effect: effectCodec,
    },
  ),
  out_of_range: errorOf(
    'out_of_range',
    'The prices of a step take the worth of the state to 10^18 or more; what was done until then is recorded.',
    {
      ...message,
      step_index: count,
    },
  ),
  look_ahead: errorOf('look_ahead', 'A call of a session is about a step that is not there to be seen yet.', {
    ...message,
    index: count,
    tool: textCodec,
  }),
  unbounded: errorOf('unbounded', 'Nobody can say the most that an act takes of a limit, so it was not begun.', notReserved),
  unpriced: errorOf('unpriced', 'The price table has no price of an act, so it was not begun.', notReserved),
  stopped_by_operator: errorOf(
    'stopped_by_operator',
    'An operator has stopped everything, or the stop switch could not be read (then who and at are null). Nothing was sent; what was done until then is recorded.',
    { ...message, who: orNull(textCodec), why: textCodec, at: orNull(textCodec) },
  ),
  deadline_exceeded: errorOf('deadline_exceeded', 'The time of the invocation ran out.', message),
};

export const errorCodec: Codec<ApiError> = taggedCodec<ApiError>('error', 'code', ERRORS);

function dependencyFailed(): Codec<ApiError> {
  return objectCodec('dependency_failed', {
    description: 'S3 or AgentCore failed: which, at what, why, and whether it may have acted.',
    required: { code: literalCodec('dependency_failed'), ...message, service: textCodec, operation: textCodec, effect: effectCodec },
    optional: { http_status: count },
  });
}

/** In answers, not in records: `needed`, the smallest limit that would have let the act pass; `scope`, where it was the day that could not grant it. */
function budgetExceeded(): Codec<ApiError> {
  return objectCodec('budget_exceeded', {
    description: 'The budget refused an act; what was done until then is recorded.',
    required: { code: literalCodec('budget_exceeded'), ...overBudget },
    optional: { needed: count, scope: literalCodec('day') },
  });
}

/** The fields are checked against the types by the tests: an answer of every code is decoded. */
function errorOf(code: ErrorCode, description: string, fields: Readonly<Record<string, Codec<unknown>>>): Codec<ApiError> {
  return objectCodec(code, { description, required: { code: literalCodec(code), ...fields } }) as unknown as Codec<ApiError>;
}

export const modeCodec: Codec<HttpMode> = oneOf('mode', ['agentcore-base', 'agentcore-tools', 'agentcore-memory']);

const decisionsCodec = objectCodec('decisions', { required: { APPROVED: count, REJECTED: count, HOLD: count } });

const positionsCodec: Codec<Readonly<Record<string, string>>> = makeCodec(
  'positions',
  { type: 'object', additionalProperties: { type: 'string' } },
  (value, context) =>
    isRecord(value) && Object.values(value).every((quantity) => typeof quantity === 'string')
      ? success(value as Readonly<Record<string, string>>)
      : failure(value, context, 'expected quantities by symbol'),
);
const stateCodec = objectCodec('state', {
  required: { cash: textCodec, positions: positionsCodec },
  // Entry prices, where a rule asks for them.
  optional: { entries: positionsCodec },
});

/** A call's place in the list, what it was, `ok`, and its result or its error. */
const resultCodec: Codec<Json> = makeCodec('result', { type: 'object' }, (value, context) =>
  isRecord(value) && hasCanonicalForm(value) ? success(value) : failure(value, context, 'expected an object'),
);
const results = { results: orNull(listCodec(resultCodec, ANY_LENGTH)) };

const common = {
  ok: booleanCodec(),
  run_id: orNull(textCodec),
  mode: modeCodec,
  artifact_dir: orNull(textCodec),
  budget: orNull(fullBudgetCodec),
  budget_state: orNull(budgetStateCodec),
  head_hash: orNull(textCodec),
};
/** What the request would take, where that was all that was asked. */
const quote = {
  quote: objectCodec('quote of a request', {
    description: 'Costs by dimension: at the least, and at the most; whether the budget has the most of it, and the limits that would do.',
    required: { least: resultCodec, most: resultCodec, fits: booleanCodec(), needed: resultCodec },
  }) as unknown as Codec<QuotedBudget>,
};
/** Where runs are signed. */
export const receiptNoteCodec: Codec<ReceiptNote> = objectCodec('receipt of an answer', {
  description:
    'Whether a receipt stands beside what was stored. `key_ids` where one does, `earlier` where it was there already; `error` where it was not signed: what is stored is whole all the same.',
  required: { signed: booleanCodec() },
  optional: { key_ids: listCodec(textCodec, ANY_LENGTH), earlier: constant(true), error: errorCodec },
}) as unknown as Codec<ReceiptNote>;
const receipt = { receipt: receiptNoteCodec };
const world = {
  steps: count,
  decisions: decisionsCodec,
  final_state: orNull(stateCodec),
  final_equity: orNull(textCodec),
  final_exposure: orNull(textCodec),
};

/** What is optional is there where a run took place; the values of a run that was refused outright are null. */
export const ANSWERS: Readonly<Record<HttpMode, Codec<ApiResponse>>> = {
  'agentcore-base': objectCodec('base answer', { required: common, optional: { error: errorCodec, ...world, ...quote, ...receipt } }),
  'agentcore-tools': objectCodec('tools answer', {
    required: common,
    optional: { error: errorCodec, ...world, ...results, ...quote, ...receipt },
  }),
  'agentcore-memory': objectCodec('memory answer', {
    required: common,
    optional: { error: errorCodec, message: textCodec, ...results, ...quote, ...receipt },
  }),
};

/** What is optional is there where the session is known. */
export const sessionAnswerCodec: Codec<SessionResponse> = objectCodec('session answer', {
  required: { ok: booleanCodec() },
  optional: {
    session_id: textCodec,
    head: textCodec,
    step: orNull(count),
    state: orNull(resultCodec),
    observation: orNull(resultCodec),
    budget: fullBudgetCodec,
    budget_state: budgetStateCodec,
    remaining: budgetStateCodec,
    status: oneOf('status', ['open', 'sealed'] as const),
    children: listCodec(textCodec, ANY_LENGTH),
    results: listCodec(resultCodec, ANY_LENGTH),
    repeated: constant(true),
    child: objectCodec('child', { required: { session_id: textCodec, head: textCodec } }),
    error: errorCodec,
    ...receipt,
  },
}) as unknown as Codec<SessionResponse>;

export const sessionListCodec = objectCodec('sessions', {
  required: { ok: booleanCodec() },
  optional: { sessions: listCodec(textCodec, ANY_LENGTH), more: booleanCodec(), error: errorCodec },
});

const costs = resultCodec;

export const quoteCodec = objectCodec('quote', {
  description: 'Costs by dimension: at the least, and at the most. Absent where the request was refused.',
  required: { ok: booleanCodec() },
  optional: {
    session_id: textCodec,
    head: textCodec,
    least: costs,
    most: costs,
    remaining: budgetStateCodec,
    fits: booleanCodec(),
    needed: costs,
    error: errorCodec,
  },
});

export const healthCodec: Codec<HealthResponse> = objectCodec('health', {
  required: {
    ok: constant(true),
    version: textCodec,
    spec_version: constant(SPEC_VERSION),
    mode: oneOf('service', ['agentcore-base', 'agentcore-tools', 'agentcore-memory', 'sessions', 'mcp'] as const),
    ceilings: fullBudgetCodec,
    enabled: objectCodec('enabled', { required: { memory: booleanCodec(), code_interpreter: booleanCodec(), planner: booleanCodec() } }),
  },
});

function booleanCodec(): Codec<boolean> {
  return makeCodec('boolean', { type: 'boolean' }, (value, context) =>
    typeof value === 'boolean' ? success(value) : failure(value, context, 'expected true or false'),
  );
}

function constant<C extends boolean | number>(expected: C): Codec<C> {
  return makeCodec(String(expected), { const: expected }, (value, context) =>
    value === expected ? success(expected) : failure(value, context, `expected ${String(expected)}`),
  );
}

function oneOf<L extends string>(name: string, legal: readonly L[]): Codec<L> {
  return makeCodec(name, { enum: [...legal] }, (value, context) => {
    const found = legal.find((candidate) => candidate === value);
    return found === undefined ? failure(value, context, `expected one of ${legal.join(', ')}`) : success(found);
  });
}

/**
 * The rows that only a session has: `resume` opens a segment, `intent` stands before an act that leaves the process, `grant` and `refund` move
 * budget to a child and back. docs/spec.md section 8.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import type { DependencyFailedStop, RunStop } from '../agent/stop';
import type { ToolCall } from '../agent/tool';
import type { Budget, BudgetExceeded, Costs } from '../budget/budget';
import { budgetStateCodec, fullBudgetCodec } from '../budget/budget-codec';
import type { Json, JsonObject } from '../canonical/canonical';
import { type Codec, countCodec, isRecord, listCodec, literalCodec, makeCodec, objectCodec, orNull, textCodec } from '../codec/codec';
import { type Problem, problemsOf } from '../codec/problem';
import { DAY_GRANTS_OPEN_MAX } from './limits';
import type { SessionCursor } from './session-world';

/** An act that was begun, written ahead of it. */
export interface PlannedAct {
  readonly index: number;
  readonly call: ToolCall;
  /** What was reserved for it. */
  readonly costs: Costs;
  /** When its maker may no longer be at work. Milliseconds since the Unix epoch. */
  readonly until: number;
}

/** What the `resume` row of a segment says. */
export interface Resume {
  readonly seq: number;
  /** Of the request that the segment belongs to. */
  readonly requestSha256: string;
  /** Before the segment; `spent` includes what `pending` reserved. */
  readonly cursor: Omit<SessionCursor, 'tapeHead'>;
  /** Children whose grant was not taken back. */
  readonly children: readonly string[];
  /** The act that the segment before this one announced, and whose outcome is in this one. */
  readonly pending: { readonly index: number; readonly costs: Costs } | null;
  /** When the session began, where its budget limits time. Milliseconds since the Unix epoch. */
  readonly began?: number | undefined;
}

export function resumeRow({ seq, requestSha256, cursor, children, pending, began }: Resume): JsonObject {
  const { world, steps, decisions, spent, ledgerRows, ledgerHead, refusal } = cursor;
  return {
    type: 'resume',
    seq,
    request_sha256: requestSha256,
    ...(world === null
      ? { state: null, step: null }
      : { state: world.state, step: world.step, totals: world.totals, evaluation: world.evaluation }),
    steps,
    decisions,
    budget_state: spent,
    executions: { rows: ledgerRows, head_hash: ledgerHead },
    children,
    ...(pending === null ? {} : { pending: { index: pending.index, costs: pending.costs } }),
    ...(refusal === undefined ? {} : { refusal }),
    ...(began === undefined ? {} : { began }),
  };
}

/** The instant at which an act of a session is about to begin, in one whose budget limits time. */
export function clockRow(at: number): JsonObject {
  return { type: 'clock', at };
}

export function intentRow({ index, call, costs, until }: PlannedAct): JsonObject {
  return { type: 'intent', index, name: call.name, args: call.args, costs, until };
}

/** How an act ends whose maker never came back. */
export function unknownOutcome({ name }: ToolCall): DependencyFailedStop {
  const message = 'its maker did not come back in time: nobody knows whether it was done, and it stays charged';
  return { code: 'dependency_failed', message, service: 'session', operation: name, effect: 'unknown' };
}

const objectOf: Codec<JsonObject> = makeCodec('object', { type: 'object' }, (value, context) =>
  isRecord(value) ? success(value as JsonObject) : failure(value, context, 'expected an object'),
);
const anyCodec: Codec<Json> = makeCodec('JSON', {}, (value) => success(value as Json));
const costsCodec: Codec<Costs> = makeCodec('costs', { type: 'object' }, (value, context) => {
  if (!isRecord(value)) return failure(value, context, 'expected an object');
  const { tools = {}, ...counts } = value;
  const all = isRecord(tools) ? [...Object.values(counts), ...Object.values(tools)] : [undefined];
  return all.every((count) => typeof count === 'number' && Number.isSafeInteger(count) && count >= 0)
    ? success(value as Costs)
    : failure(value, context, 'expected counts of 0 or more');
});

const linked = { prev_hash: textCodec, hash: textCodec };

const resumeCodec = objectCodec('resume row', {
  required: {
    ...linked,
    type: literalCodec('resume'),
    seq: countCodec(1),
    request_sha256: textCodec,
    state: orNull(objectOf),
    step: orNull(countCodec(0)),
    steps: countCodec(0),
    decisions: objectCodec('decisions', { required: { APPROVED: countCodec(0), REJECTED: countCodec(0), HOLD: countCodec(0) } }),
    budget_state: budgetStateCodec,
    executions: objectCodec('executions', { required: { rows: countCodec(0), head_hash: textCodec } }),
    children: listCodec(textCodec, { min: 0, max: DAY_GRANTS_OPEN_MAX }),
  },
  optional: {
    totals: objectOf,
    evaluation: anyCodec,
    pending: objectCodec('pending act', { required: { index: countCodec(0), costs: costsCodec } }),
    refusal: objectOf,
    began: countCodec(0),
  },
});

export function decodeResume(row: unknown): Either<readonly Problem[], Resume> {
  const decoded = resumeCodec.decode(row);
  if (isLeft(decoded)) return left(problemsOf(decoded.left));
  const {
    seq,
    request_sha256,
    state,
    step,
    steps,
    decisions,
    budget_state,
    executions,
    children,
    totals,
    evaluation,
    pending,
    refusal,
    began,
  } = decoded.right;
  const world = state === null || step === null ? null : { state, step, totals: totals ?? {}, evaluation: evaluation ?? null };
  const cursor = {
    world,
    steps,
    decisions,
    spent: budget_state,
    ledgerRows: executions.rows,
    ledgerHead: executions.head_hash,
    ...(refusal === undefined ? {} : { refusal: refusal as unknown as BudgetExceeded }),
  };
  return right({ seq, requestSha256: request_sha256, cursor, children, pending: pending ?? null, began });
}

const clockCodec = objectCodec('clock row', { required: { ...linked, type: literalCodec('clock'), at: countCodec(0) } });

export function decodeClock(row: unknown): Either<readonly Problem[], number> {
  const decoded = clockCodec.decode(row);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right.at);
}

const intentCodec = objectCodec('intent row', {
  required: {
    ...linked,
    type: literalCodec('intent'),
    index: countCodec(0),
    name: textCodec,
    args: objectOf,
    costs: costsCodec,
    until: countCodec(0),
  },
});

export function decodeIntent(row: unknown): Either<readonly Problem[], PlannedAct> {
  const decoded = intentCodec.decode(row);
  if (isLeft(decoded)) return left(problemsOf(decoded.left));
  const { index, name, args, costs, until } = decoded.right;
  return right({ index, call: { name, args }, costs, until });
}

/** Budget given to a child: reserved on the parent like the cost of any act. */
export interface Grant {
  readonly child: string;
  readonly name: string;
  readonly budget: Budget;
}

export function grantRow({ child, name, budget }: Grant): JsonObject {
  return { type: 'grant', child, name, budget };
}

const grantCodec = objectCodec('grant row', {
  required: { ...linked, type: literalCodec('grant'), child: textCodec, name: textCodec, budget: fullBudgetCodec },
});

export function decodeGrant(row: unknown): Either<readonly Problem[], Grant> {
  const decoded = grantCodec.decode(row);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
}

/** Budget that a sealed child did not use. */
export interface Refund {
  readonly child: string;
  /** Of the sealed child. */
  readonly head: string;
  readonly granted: Costs;
  readonly spent: Costs;
}

export function refundRow({ child, head, granted, spent }: Refund): JsonObject {
  return { type: 'refund', child, head, granted, spent };
}

const refundCodec = objectCodec('refund row', {
  required: { ...linked, type: literalCodec('refund'), child: textCodec, head: textCodec, granted: costsCodec, spent: costsCodec },
});

export function decodeRefund(row: unknown): Either<readonly Problem[], Refund> {
  const decoded = refundCodec.decode(row);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
}

/**
 * Why a request ended before one of its acts began: what could not be granted, or found no time. `name` and `args` are those of the call;
 * a fork is `fork` with its budget.
 */
export interface Stopped {
  readonly index: number;
  readonly call: ToolCall;
  readonly error: RunStop;
}

export function stopRow({ index, call, error }: Stopped): JsonObject {
  return { type: 'stop', index, name: call.name, args: call.args, error };
}

const stopCodec = objectCodec('stop row', {
  required: {
    ...linked,
    type: literalCodec('stop'),
    index: countCodec(0),
    name: textCodec,
    args: objectOf,
    error: objectOf,
  },
});

export function decodeStop(row: unknown): Either<readonly Problem[], Stopped> {
  const decoded = stopCodec.decode(row);
  if (isLeft(decoded)) return left(problemsOf(decoded.left));
  const { index, name, args, error } = decoded.right;
  return right({ index, call: { name, args }, error: error as unknown as RunStop });
}

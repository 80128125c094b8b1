/**
 * The rows of a guarded run: `intent` before an act is sent, `tool` or `model` after it, `stop` for one that was refused; `grant` and `refund` are
 * those of a session. docs/spec.md sections 8 and 10.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { success } from 'io-ts';
import type { RunStop } from '../agent/stop';
import type { Costs } from '../budget/budget';
import { fullBudgetCodec } from '../budget/budget-codec';
import type { Json, JsonObject } from '../canonical/canonical';
import { type Codec, countCodec, isRecord, literalCodec, makeCodec, objectCodec, orNull, textCodec } from '../codec/codec';
import { type Problem, problemsOf } from '../codec/problem';
import { sha256Codec } from '../run/inputs';
import type { Grant } from '../session/rows';
import type { GuardedAct, Content } from './act';
import type { Usage } from '../budget/prices';

/** How an act ended. */
export interface GuardedOutcome {
  readonly ok: boolean;
  /** What it reports to have used; absent where no report came, and then it stays charged in full. */
  readonly usage?: Usage;
  /** What came back, as far as anything did. */
  readonly result?: Content;
  /** Why it failed. */
  readonly error?: ActFailed;
}

/** An act that was sent and did not end well: nobody but its maker knows what became of it. */
export type ActFailed = { readonly code: 'act_failed'; readonly message: string; readonly effect: 'unknown' };

export function intentRow(index: number, act: GuardedAct, costs: Costs, wallMs: number | undefined): JsonObject {
  return { type: 'intent', index, ...actMembers(act), costs, ...(wallMs === undefined ? {} : { wall_ms: wallMs }) };
}

export function stopRow(index: number, act: GuardedAct, error: RunStop, wallMs: number | undefined): JsonObject {
  return { type: 'stop', index, ...actMembers(act), error, ...(wallMs === undefined ? {} : { wall_ms: wallMs }) };
}

/** A grant that was refused. */
export function grantStopRow(index: number, { child, name, budget }: Grant, error: RunStop): JsonObject {
  return { type: 'stop', index, act: 'grant', child, name, budget, error };
}

function actMembers(act: GuardedAct): JsonObject {
  const { kind, name, request } = act;
  if (kind === 'tool') return { act: kind, name, request };
  const { maxInputTokens, maxOutputTokens } = act;
  return {
    act: kind,
    name,
    request,
    max_output_tokens: maxOutputTokens,
    ...(maxInputTokens === undefined ? {} : { max_input_tokens: maxInputTokens }),
  };
}

/** `costs`: what it is charged now. `source` is as in other rows: what an agent does is not done here. */
export function outcomeRow(index: number, act: GuardedAct, outcome: GuardedOutcome, costs: Costs, wallMs: number | undefined): JsonObject {
  const { ok, usage, result, error } = outcome;
  return {
    type: act.kind,
    index,
    name: act.name,
    ok,
    source: 'remote',
    ...(act.kind === 'tool' ? {} : { usage: usage ?? null }),
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error }),
    costs,
    ...(wallMs === undefined ? {} : { wall_ms: wallMs }),
  };
}

const linked = { prev_hash: textCodec, hash: textCodec };
const anyCodec: Codec<Json> = makeCodec('JSON', {}, (value) => success(value as Json));
const contentCodec: Codec<Content> = objectCodec('content', {
  required: { sha256: sha256Codec, bytes: countCodec(0) },
  optional: { content: anyCodec },
});
const wall = { wall_ms: countCodec(0) };
const toolMembers = { ...linked, type: textCodec, index: countCodec(0), act: literalCodec('tool'), name: textCodec, request: contentCodec };
const modelMembers = { ...toolMembers, act: literalCodec('model'), max_output_tokens: orNull(countCodec(0)) };
/** What is worked out again and compared is read as it stands. */
const derived = { costs: anyCodec, error: anyCodec, ...wall };
const toolActCodec = objectCodec('row of an act', { required: toolMembers, optional: derived });
const modelActCodec = objectCodec('row of an act', {
  required: modelMembers,
  optional: { ...derived, max_input_tokens: orNull(countCodec(0)) },
});

export interface RecordedAct {
  readonly act: GuardedAct;
  readonly wallMs: number | undefined;
}

/** Of an `intent` or a `stop` row: the act, and nothing of what was made of it. */
export function decodeAct(row: unknown): Either<readonly Problem[], RecordedAct> {
  if (isRecord(row) && row['act'] === 'model') {
    const decoded = modelActCodec.decode(row);
    if (isLeft(decoded)) return left(problemsOf(decoded.left));
    const { name, request, max_output_tokens, max_input_tokens, wall_ms } = decoded.right;
    return right({
      act: {
        kind: 'model',
        name,
        request,
        maxOutputTokens: max_output_tokens,
        ...(max_input_tokens === undefined ? {} : { maxInputTokens: max_input_tokens }),
      },
      wallMs: wall_ms,
    });
  }
  const decoded = toolActCodec.decode(row);
  if (isLeft(decoded)) return left(problemsOf(decoded.left));
  const { name, request, wall_ms } = decoded.right;
  return right({ act: { kind: 'tool', name, request }, wallMs: wall_ms });
}

const grantStopCodec = objectCodec('row of a grant that was refused', {
  required: {
    ...linked,
    type: literalCodec('stop'),
    index: countCodec(0),
    act: literalCodec('grant'),
    child: textCodec,
    name: textCodec,
    budget: fullBudgetCodec,
    error: anyCodec,
  },
});

export function decodeGrantStop(row: unknown): Either<readonly Problem[], Grant> {
  const decoded = grantStopCodec.decode(row);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
}

const usageCodec: Codec<Usage> = objectCodec('usage', {
  required: { input_tokens: countCodec(0), output_tokens: countCodec(0) },
  optional: { cache_read_tokens: countCodec(0), cache_write_tokens: countCodec(0) },
});

const booleanCodec = makeCodec<boolean>('boolean', { type: 'boolean' }, (value) => success(value === true));

const outcomeCodec = objectCodec('row of an outcome', {
  required: {
    ...linked,
    type: textCodec,
    index: countCodec(0),
    name: textCodec,
    ok: booleanCodec,
    source: literalCodec('remote'),
    costs: anyCodec,
  },
  optional: {
    ...wall,
    usage: orNull(usageCodec),
    result: contentCodec,
    error: objectCodec('failure of an act', {
      required: { code: literalCodec('act_failed'), message: textCodec, effect: literalCodec('unknown') },
    }),
  },
});

export interface RecordedOutcome {
  readonly index: number;
  readonly outcome: GuardedOutcome;
  readonly wallMs: number | undefined;
}

export function decodeOutcome(row: unknown): Either<readonly Problem[], RecordedOutcome> {
  const decoded = outcomeCodec.decode(row);
  if (isLeft(decoded)) return left(problemsOf(decoded.left));
  const { index, ok, usage, result, error, wall_ms } = decoded.right;
  const outcome = {
    ok,
    ...(usage === undefined || usage === null ? {} : { usage }),
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error }),
  };
  return right({ index, outcome, wallMs: wall_ms });
}

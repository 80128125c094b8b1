/**
 * Recorded answers of the outside, held to what the outside can say. An answer is taken from its row on trust, so the row has to be one that
 * a port could have left: each is decoded with the codec of its tool. Everything else in a row is worked out again and compared.
 */
import { type Either, isLeft } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import {
  type Codec,
  countCodec,
  isRecord,
  literalCodec,
  makeCodec,
  objectCodec,
  refinedCodec,
  taggedCodec,
  textCodec,
} from '../codec/codec';
import { excerpt, type Problem, problemsOf } from '../codec/problem';
import type { Row } from '../tape/chain';
import { isOwnFailure, NOT_STOPPED } from './calls';
import { DEADLINE } from './stop';
import { stoppedCodec } from './stop-switch';
import type { ToolCall, RecordedAnswer, Tool } from './tool';

/** A tool as far as its recorded answers go, whatever its world's actions are. */
export type RecordedTool = Pick<Tool<never>, 'name' | 'recorded'> & { readonly bind: (args: ToolCall['args']) => Either<string, unknown> };

/**
 * What is wrong with the row of a call, given the calls that were asked for; nothing where it is an answer, or none is taken from it.
 * A call is undefined where its row stands elsewhere, so that it may have been any.
 */
export function recordedAnswerProblem(
  row: Row,
  calls: readonly (ToolCall | undefined)[],
  tools: readonly RecordedTool[],
): Problem | undefined {
  const index = row['index'];
  const at = typeof index === 'number' ? index : -1;
  const call = calls[at];
  if (call === undefined) {
    const legal = calls.length === 0 ? 'no call was asked for' : `the calls asked for are 0 to ${String(calls.length - 1)}`;
    return { pointer: '/index', message: `${excerpt(index)}: ${legal}` };
  }
  const unstopped = unstoppedProblem(row, calls.slice(0, at + 1), tools);
  if (unstopped !== undefined) return unstopped;
  const tool = tools.find(({ name }) => name === call.name);
  const recorded = tool?.recorded;
  if (tool === undefined || recorded === undefined || recorded.rowType !== row['type']) {
    // The row of a call that asks nobody, or whose answer has a row of its own, is written again and compared.
    return row['type'] === 'tool' ? undefined : { pointer: '/type', message: `${excerpt(row['type'])}: ${call.name} leaves no such row` };
  }
  return isLeft(tool.bind(call.args)) ? undefined : answerProblem(row, tool.name, recorded);
}

/** Calls leave as many sessions as there are tools with one among them. */
function unstoppedProblem(row: Row, calls: readonly (ToolCall | undefined)[], tools: readonly RecordedTool[]): Problem | undefined {
  const unstopped = row[NOT_STOPPED];
  if (unstopped === undefined) return undefined;
  const called = new Set(calls.map((call) => call?.name));
  const most = tools.filter(({ name, recorded }) => recorded?.inSession === true && (called.has(name) || called.has(undefined))).length;
  if (most > 0 && row['type'] !== 'model') return firstProblem(`/${NOT_STOPPED}`, countCodec(1, most), unstopped);
  return { pointer: `/${NOT_STOPPED}`, message: `${excerpt(unstopped)}: no session was begun here` };
}

function answerProblem(row: Row, tool: string, recorded: RecordedAnswer): Problem | undefined {
  const { ok, error, result } = row;
  if (ok === true) {
    if (error !== undefined) return { pointer: '/error', message: 'an error beside a good answer' };
    return firstProblem('/result', recorded.result, result);
  }
  if (ok !== false) return { pointer: '/ok', message: `${excerpt(ok)}: expected true or false` };
  if (recorded.withheld !== undefined && isRecord(error) && error['code'] === 'budget_exceeded') {
    return firstProblem('/result', recorded.withheld, result);
  }
  const placed = row['type'] === 'model' ? {} : { index: countCodec(0), tool: literalCodec(tool) };
  const problem = firstProblem('/error', errorCodec(tool, row['source'], recorded, placed), error);
  if (problem !== undefined) return problem;
  if (result === undefined) return undefined;
  if (recorded.evidence === undefined || !isFailureOf(recorded, error)) return { pointer: '/result', message: 'a result beside an error' };
  return firstProblem('/result', recorded.evidence, result);
}

/** Whether the tool itself tells this failure, and not whoever stands between. */
function isFailureOf({ failure: text }: RecordedAnswer, error: unknown): boolean {
  const message = isRecord(error) ? error['message'] : undefined;
  return text !== undefined && typeof message === 'string' && message.startsWith(text);
}

function firstProblem(pointer: string, codec: Codec<unknown>, value: unknown): Problem | undefined {
  const decoded = codec.decode(value);
  const [first] = isLeft(decoded) ? problemsOf(decoded.left) : [];
  return first === undefined ? undefined : { pointer: pointer + first.pointer, message: first.message };
}

const HTTP_STATUS_MIN = 100;
const HTTP_STATUS_MAX = 599;

const nameCodec: Codec<string> = makeCodec('name', { type: 'string', minLength: 1 }, (value, context) =>
  value === '' ? failure(value, context, 'expected a name') : textCodec.validate(value, context),
);

const effectCodec: Codec<'none' | 'unknown'> = makeCodec('effect', { enum: ['none', 'unknown'] }, (value, context) =>
  value === 'none' || value === 'unknown' ? success(value) : failure(value, context, 'expected "none" or "unknown"'),
);

const failedAt = { message: textCodec, service: nameCodec, operation: nameCodec };

const dependencyCodec = refinedCodec(
  objectCodec('error', {
    required: { code: literalCodec('dependency_failed'), ...failedAt, effect: effectCodec },
    optional: { http_status: countCodec(HTTP_STATUS_MIN, HTTP_STATUS_MAX) },
  }),
  describesPlace,
);

const staleCodec = refinedCodec(
  objectCodec('error', { required: { code: literalCodec('stale_read'), ...failedAt, effect: literalCodec('none') } }),
  describesPlace,
);

function describesPlace({
  message,
  service,
  operation,
}: Readonly<Record<keyof typeof failedAt, string>>): readonly { readonly path: readonly string[]; readonly message: string }[] {
  const begin = `${service} ${operation}: `;
  return message.startsWith(begin) ? [] : [{ path: ['message'], message: `expected a text that begins with ${excerpt(begin)}` }];
}

const deadlineCodec = objectCodec('error', { required: { code: literalCodec(DEADLINE.code), message: literalCodec(DEADLINE.message) } });

/** The errors that a call to the outside can end with. `placed`: the members that a call's own row adds to a failure of its tool. */
function errorCodec(
  tool: string,
  source: unknown,
  { failure: failureText, mayBeStale }: RecordedAnswer,
  placed: Readonly<Record<string, Codec<unknown>>>,
): Codec<unknown> {
  const failed = refinedCodec(
    objectCodec('error', { required: { code: literalCodec('tool_failed'), message: textCodec, ...placed } }),
    ({ message }: { readonly message: string }) =>
      (failureText !== undefined && message.startsWith(failureText)) || isOwnFailure(tool, source, message)
        ? []
        : [{ path: ['message'], message: `no failure that ${tool} can tell` }],
  );
  return taggedCodec<unknown>('error', 'code', {
    dependency_failed: dependencyCodec,
    deadline_exceeded: deadlineCodec,
    // It was not sent, so no other place can have answered.
    ...(source === 'local' ? { stopped_by_operator: stoppedCodec } : {}),
    tool_failed: failed,
    ...(mayBeStale === true ? { stale_read: staleCodec } : {}),
  });
}

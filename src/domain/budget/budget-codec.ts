/** Budgets and their states as they are read: in requests, in records, and in the published schema. docs/spec.md sections 5 and 9. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, failures, success } from 'io-ts';
import { type Codec, countCodec, isRecord, makeCodec, objectCodec } from '../codec/codec';
import { type Problem, problemsOf } from '../codec/problem';
import { type Budget, type BudgetState, DEFAULT_BUDGET } from './budget';
import { type DimensionRow, OPTIONAL, type OptionalDimension, REQUIRED, REQUIRED_NAMES } from './dimensions';

const count = countCodec(0);
/** A codec for each limit of a table. */
export const limitCodecs = <T extends Readonly<Record<string, DimensionRow>>>(
  table: T,
): Readonly<Record<T[keyof T]['limiter'], Codec<number>>> =>
  Object.fromEntries(Object.values(table).map(({ limiter, least }) => [limiter, countCodec(least)])) as Readonly<
    Record<T[keyof T]['limiter'], Codec<number>>
  >;
const countCodecs = <K extends string>(names: readonly K[]): Readonly<Record<K, Codec<number>>> =>
  Object.fromEntries(names.map((name) => [name, count])) as Readonly<Record<K, Codec<number>>>;

const TOOL_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}$/;
const TOOLS_MAX = 100;

/** Counts by the name of a tool. */
const toolCountsCodec: Codec<Readonly<Record<string, number>>> = makeCodec(
  'calls of single tools',
  { type: 'object', additionalProperties: count.schema, maxProperties: TOOLS_MAX, propertyNames: { pattern: TOOL_NAME.source } },
  (value, context) => {
    if (!isRecord(value)) return failure(value, context, 'expected an object of tool names and counts');
    const entries = Object.entries(value);
    if (entries.length > TOOLS_MAX) return failure(value, context, `expected at most ${String(TOOLS_MAX)} tools`);
    const counts: [string, number][] = [];
    for (const [name, raw] of entries) {
      const at = [...context, { key: name, type: count, actual: raw }];
      if (!TOOL_NAME.test(name)) return failure(raw, at, `not the name of a tool: expected ${TOOL_NAME.source}`);
      const decoded = count.validate(raw, at);
      if (isLeft(decoded)) return failures(decoded.left);
      counts.push([name, decoded.right]);
    }
    return success(Object.fromEntries(counts));
  },
);

export const budgetCodec: Codec<Budget> = objectCodec('budget', {
  description: 'Limits of one episode. The defaults allow one step and nothing else.',
  required: {},
  defaulted: limitCodecs(REQUIRED),
  optional: { ...limitCodecs(OPTIONAL), tools: toolCountsCodec },
  defaults: DEFAULT_BUDGET,
});

/** Limits of which none has to be named: those that are not, limit nothing. */
export const partialBudgetCodec: Codec<Partial<Budget>> = objectCodec('limits', {
  required: {},
  optional: { ...limitCodecs(REQUIRED), ...limitCodecs(OPTIONAL), tools: toolCountsCodec },
});

/** A budget as answers and records have it, with nothing left to fill in. */
export const fullBudgetCodec: Codec<Budget> = objectCodec('budget', {
  description: 'The limits an episode ran under.',
  required: limitCodecs(REQUIRED),
  optional: { ...limitCodecs(OPTIONAL), tools: toolCountsCodec },
});

export const budgetStateCodec: Codec<BudgetState> = objectCodec('budget state', {
  description: 'What was spent, or attempted: never more than the budget.',
  required: countCodecs(REQUIRED_NAMES),
  optional: { ...countCodecs(Object.keys(OPTIONAL) as OptionalDimension[]), tools: toolCountsCodec },
});

export function decodeBudget(value: unknown): Either<readonly Problem[], Budget> {
  const decoded = budgetCodec.decode(value);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
}

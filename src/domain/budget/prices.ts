/**
 * What acts of an agent cost: a dated table of model prices, and the arithmetic on it. docs/spec.md section 9.
 * Invariant: whole micro-dollars, rounded up, exact; what is worked out before an act is never less than what its usage comes to after it.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, failures, success } from 'io-ts';
import { canonical } from '../canonical/canonical';
import { type Codec, countCodec, isRecord, listCodec, makeCodec, objectCodec, refinedCodec, textCodec } from '../codec/codec';
import { type Problem, problemsOf } from '../codec/problem';
import { COUNT_MAX } from '../limits';

/** Micro-dollars for a million tokens, which is what providers list as dollars for a million, times 10^6. */
export type TokenPrices = {
  readonly input: number;
  readonly output: number;
  /** Of input that a cache answered, or took in; as `input` where absent. */
  readonly cache_read?: number;
  readonly cache_write?: number;
};

export type ModelPrice = TokenPrices & {
  /** What the model is called in requests, by any of these names. */
  readonly ids: readonly string[];
  /** Where the price was read. */
  readonly source: string;
  /** Of requests with more input than this, where they are dearer. */
  readonly long?: TokenPrices & { readonly above_input_tokens: number };
};

export type ModelPriceTable = {
  /** The day on which the prices were read, `YYYY-MM-DD`. */
  readonly as_of: string;
  readonly models: readonly ModelPrice[];
  /** Micro-dollars a call, by the name of a tool; `*` is every other tool. */
  readonly tools: Readonly<Record<string, number>>;
};

/** What a model call reports to have used. `input_tokens` are all of them, cached ones included. */
export type Usage = {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_tokens?: number;
  readonly cache_write_tokens?: number;
};

const MODELS_MAX = 10_000;
const NAMES_MAX = 100;
const price = countCodec(0, 1_000_000_000_000);
const tokenPrices = { input: price, output: price };
const cachePrices = { cache_read: price, cache_write: price };

const modelCodec: Codec<ModelPrice> = objectCodec('price of a model', {
  required: { ids: listCodec(textCodec, { min: 1, max: NAMES_MAX, uniqueBy: (id) => id }), source: textCodec, ...tokenPrices },
  optional: {
    ...cachePrices,
    long: objectCodec('prices of long requests', {
      required: { above_input_tokens: countCodec(1), ...tokenPrices },
      optional: cachePrices,
    }),
  },
});

const dayCodec = makeCodec<string>('day', { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' }, (value, context) =>
  typeof value === 'string' && /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value)
    ? success(value)
    : failure(value, context, 'expected a day, YYYY-MM-DD'),
);

const toolsCodec = makeCodec<Readonly<Record<string, number>>>(
  'prices of tools',
  { type: 'object', additionalProperties: price.schema },
  (value, context) => {
    if (!isRecord(value)) return failure(value, context, 'expected an object of tool names and micro-dollars a call');
    const prices: [string, number][] = [];
    for (const [name, raw] of Object.entries(value)) {
      const decoded = price.validate(raw, [...context, { key: name, type: price, actual: raw }]);
      if (isLeft(decoded)) return failures(decoded.left);
      prices.push([name, decoded.right]);
    }
    return success(Object.fromEntries(prices));
  },
);

export const pricesCodec: Codec<ModelPriceTable> = refinedCodec(
  objectCodec('price table', {
    required: { as_of: dayCodec, models: listCodec(modelCodec, { min: 0, max: MODELS_MAX }), tools: toolsCodec },
    description: 'What acts cost at the most, and since when. Micro-dollars: for a million tokens of a model, and for a call of a tool.',
  }),
  ({ models }) => {
    const named = new Map<string, number>();
    return models.flatMap(({ ids }, at) =>
      ids.flatMap((id) => {
        const first = named.get(id);
        named.set(id, first ?? at);
        return first === undefined
          ? []
          : [{ path: ['models', String(at), 'ids'], message: `${id} is a name of model ${String(first)}, too` }];
      }),
    );
  },
);

export function decodePrices(value: unknown): Either<readonly Problem[], ModelPriceTable> {
  const decoded = pricesCodec.decode(value);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
}

/** The one line of `prices.json`, with its newline. */
export function normalPrices(table: ModelPriceTable): string {
  return `${canonical(table)}\n`;
}

export function priceOf({ models }: ModelPriceTable, model: string): ModelPrice | undefined {
  return models.find(({ ids }) => ids.includes(model));
}

export function toolPriceOf({ tools }: ModelPriceTable, tool: string): number | undefined {
  return Object.hasOwn(tools, tool) ? tools[tool] : tools['*'];
}

/** The most that a call can cost with so many tokens: as if a cache had taken all of its input in. */
export function worstCost(row: ModelPrice, inputTokens: number, outputTokens: number): number {
  const tiers = tiersOf(row, inputTokens);
  const input = dearest(tiers.flatMap((tier) => [tier.input, tier.cache_write ?? 0, tier.cache_read ?? 0]));
  const output = dearest(tiers.map((tier) => tier.output));
  return microdollars(BigInt(inputTokens) * input + BigInt(outputTokens) * output);
}

/** What a call cost by its report. Input of which it does not say whether a cache took it in costs as if one had. */
export function usedCost(row: ModelPrice, usage: Usage): number {
  const { input_tokens, output_tokens, cache_read_tokens = 0, cache_write_tokens } = usage;
  const tier: TokenPrices = row.long !== undefined && input_tokens > row.long.above_input_tokens ? row.long : row;
  const fresh = Math.max(0, input_tokens - cache_read_tokens - (cache_write_tokens ?? 0));
  const freshPrice = cache_write_tokens === undefined ? Math.max(tier.input, tier.cache_write ?? 0) : tier.input;
  return microdollars(
    BigInt(fresh) * BigInt(freshPrice) +
      BigInt(cache_read_tokens) * BigInt(tier.cache_read ?? tier.input) +
      BigInt(cache_write_tokens ?? 0) * BigInt(tier.cache_write ?? tier.input) +
      BigInt(output_tokens) * BigInt(tier.output),
  );
}

/** A request that may be long may also turn out short, and the short price need not be the lower one. */
function tiersOf(row: ModelPrice, inputTokens: number): readonly TokenPrices[] {
  return row.long !== undefined && inputTokens > row.long.above_input_tokens ? [row, row.long] : [row];
}

function dearest(prices: readonly number[]): bigint {
  return BigInt(Math.max(...prices));
}

const TOKENS_PRICED = 1_000_000n;

/** Rounded up; what is beyond every budget counts as the most that one can name. */
function microdollars(millionths: bigint): number {
  const whole = (millionths + TOKENS_PRICED - 1n) / TOKENS_PRICED;
  // Exact: a double holds every count.
  return whole > BigInt(COUNT_MAX) ? COUNT_MAX : Number(whole);
}

/**
 * io-ts codecs that carry their JSON Schema, so that the published schema and the check are one text.
 * Invariant: a codec reports every mistake of a document at once, and refuses fields it does not know.
 */
import { isLeft, right } from 'fp-ts/Either';
import * as t from 'io-ts';
import type { Json } from '../canonical/canonical';
import { type Decimal, decimalFromJson } from '../decimal/decimal';
import { COUNT_MAX } from '../limits';
import { didYouMean } from './nearest';

export type JsonSchema = Readonly<Record<string, Json>>;

export interface Codec<A> extends t.Decoder<unknown, A> {
  readonly schema: JsonSchema;
}

export type Decoded<C> = C extends Codec<infer A> ? A : never;

/** A codec from one validation function. */
export function makeCodec<A>(name: string, schema: JsonSchema, validate: t.Validate<unknown, A>): Codec<A> {
  const decode = (value: unknown): t.Validation<A> => validate(value, [{ key: '', type: codec, actual: value }]);
  const codec: Codec<A> = { name, schema, validate, decode };
  return codec;
}

const DECIMAL_PATTERN = '^-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,8})?$';

export interface DecimalBound {
  readonly name: string;
  readonly legal: string;
  readonly holds: (value: Decimal) => boolean;
  readonly schema: JsonSchema;
}

export const ANY: DecimalBound = { name: 'decimal', legal: 'any decimal', holds: () => true, schema: {} };
export const POSITIVE: DecimalBound = {
  name: 'positive decimal',
  legal: 'more than 0',
  holds: (v) => v > 0n,
  schema: { exclusiveMinimum: 0 },
};
export const NEGATIVE: DecimalBound = {
  name: 'negative decimal',
  legal: 'less than 0',
  holds: (v) => v < 0n,
  schema: { exclusiveMaximum: 0 },
};
export const NOT_NEGATIVE: DecimalBound = {
  name: 'decimal of 0 or more',
  legal: '0 or more',
  holds: (v) => v >= 0n,
  schema: { minimum: 0 },
};

export function decimalCodec(bound: DecimalBound): Codec<Decimal> {
  const schema: JsonSchema = {
    anyOf: [
      { type: 'number', ...bound.schema },
      { type: 'string', pattern: DECIMAL_PATTERN },
    ],
  };
  return makeCodec(bound.name, schema, (value, context) => {
    const decimal = decimalFromJson(value);
    if (isLeft(decimal)) return t.failure(value, context, decimal.left);
    return bound.holds(decimal.right) ? t.success(decimal.right) : t.failure(value, context, `must be ${bound.legal}`);
  });
}

/** An integer from `min` to `max`, both included. */
export function countCodec(min: number, max: number = COUNT_MAX): Codec<number> {
  const legal = max === COUNT_MAX ? `an integer of ${String(min)} or more` : `an integer from ${String(min)} to ${String(max)}`;
  return makeCodec(legal, { type: 'integer', minimum: min, maximum: max }, (value, context) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? // -0 is the integer 0 and is written as one.
        t.success(value + 0)
      : t.failure(value, context, `expected ${legal}`),
  );
}

/** Any string that has a UTF-8 form. */
export const textCodec: Codec<string> = makeCodec('string', { type: 'string' }, (value, context) => {
  if (typeof value !== 'string') return t.failure(value, context, 'expected a string');
  return value.isWellFormed() ? t.success(value) : t.failure(value, context, 'holds a lone surrogate, which has no UTF-8 form');
});

/** Null, or what the codec takes. */
export function orNull<A>(codec: Codec<A>): Codec<A | null> {
  return makeCodec<A | null>(`${codec.name} or null`, { anyOf: [codec.schema, { type: 'null' }] }, (value, context) =>
    value === null ? t.success(null) : codec.validate(value, context),
  );
}

/** One constant string. */
export function literalCodec<L extends string>(literal: L): Codec<L> {
  return makeCodec(literal, { const: literal }, (value, context) =>
    value === literal ? t.success(literal) : t.failure(value, context, `expected "${literal}"`),
  );
}

export interface ListRule<A> {
  readonly min: number;
  readonly max: number;
  /** Two items with the same key are an error. */
  readonly uniqueBy?: (item: A) => string;
}

export function listCodec<A>(item: Codec<A>, rule: ListRule<A>): Codec<readonly A[]> {
  const schema: JsonSchema = { type: 'array', items: item.schema, minItems: rule.min, maxItems: rule.max };
  return makeCodec(`list of ${item.name}`, schema, (value, context) => {
    if (!Array.isArray(value)) return t.failure(value, context, 'expected a list');
    if (value.length < rule.min) return t.failure(value, context, `expected at least ${String(rule.min)}`);
    if (value.length > rule.max) return t.failure(value, context, `expected at most ${String(rule.max)}`);
    const errors: t.Errors = [];
    const items: A[] = [];
    const seen = new Map<string, number>();
    value.forEach((raw: unknown, index) => {
      const at = t.appendContext(context, String(index), item, raw);
      const decoded = item.validate(raw, at);
      if (isLeft(decoded)) {
        errors.push(...decoded.left);
        return;
      }
      items.push(decoded.right);
      if (rule.uniqueBy === undefined) return;
      const key = rule.uniqueBy(decoded.right);
      const first = seen.get(key);
      if (first === undefined) seen.set(key, index);
      else errors.push({ value: raw, context: at, message: `a duplicate of item ${String(first)}` });
    });
    return errors.length > 0 ? t.failures(errors) : t.success(items);
  });
}

type Fields = Readonly<Record<string, Codec<unknown>>>;
type Required<R extends Fields> = { readonly [K in keyof R]: Decoded<R[K]> };
type Optional<O extends Fields> = { readonly [K in keyof O]?: Decoded<O[K]> };

export interface ObjectShape<R extends Fields, O extends Fields, D extends Fields> {
  readonly required: R;
  readonly optional?: O;
  /** Fields that are filled in when absent: `defaults` gives the values. */
  readonly defaulted?: D;
  readonly defaults?: Required<D>;
  /** One sentence for the published schema. */
  readonly description?: string;
}

/** An object with exactly these fields; anything else is reported, `__proto__` included. */
export function objectCodec<R extends Fields, O extends Fields = Record<never, never>, D extends Fields = Record<never, never>>(
  name: string,
  shape: ObjectShape<R, O, D>,
): Codec<Required<R> & Optional<O> & Required<D>> {
  const codecs = new Map<string, Codec<unknown>>(Object.entries({ ...shape.required, ...shape.optional, ...shape.defaulted }));
  const needed = Object.keys(shape.required);
  const legal = [...codecs.keys()].join(', ');
  const schema: JsonSchema = {
    type: 'object',
    ...(shape.description === undefined ? {} : { description: shape.description }),
    properties: Object.fromEntries([...codecs].map(([key, codec]) => [key, codec.schema])),
    required: needed,
    additionalProperties: false,
  };
  return makeCodec(name, schema, (value, context) => {
    if (!isRecord(value)) return t.failure(value, context, `expected an object with ${legal}`);
    const errors: t.Errors = [];
    const decoded: Record<string, unknown> = { ...shape.defaults };
    for (const key of Object.keys(value)) {
      const codec = codecs.get(key);
      const raw = value[key];
      if (codec === undefined) {
        errors.push({
          value: raw,
          context: t.appendContext(context, key, t.unknown, raw),
          message: `unknown field; legal here: ${legal}${didYouMean(key, [...codecs.keys()])}`,
        });
        continue;
      }
      const result = codec.validate(raw, t.appendContext(context, key, codec, raw));
      if (isLeft(result)) errors.push(...result.left);
      else decoded[key] = result.right;
    }
    for (const key of needed) {
      if (Object.hasOwn(value, key)) continue;
      const codec = codecs.get(key) ?? t.unknown;
      errors.push({ value: undefined, context: t.appendContext(context, key, codec), message: `a required field: ${codec.name}` });
    }
    return errors.length > 0 ? t.failures(errors) : right(decoded as Required<R> & Optional<O> & Required<D>);
  });
}

/** Objects told apart by one of their fields. */
export function taggedCodec<A>(name: string, tagField: string, variants: Readonly<Record<string, Codec<A>>>): Codec<A> {
  const tags = Object.keys(variants);
  return makeCodec(name, { oneOf: tags.map((tag) => variants[tag]?.schema ?? {}) }, (value, context) => {
    if (!isRecord(value)) return t.failure(value, context, `expected an object whose ${tagField} is one of ${tags.join(', ')}`);
    const tag = Object.hasOwn(value, tagField) ? value[tagField] : undefined;
    const variant = typeof tag === 'string' && Object.hasOwn(variants, tag) ? variants[tag] : undefined;
    if (variant === undefined) {
      return t.failure(
        tag,
        t.appendContext(context, tagField, t.unknown, tag),
        `expected one of ${tags.join(', ')}${didYouMean(tag, tags)}`,
      );
    }
    return variant.validate(value, context);
  });
}

/** The same codec, with what a reader of the schema should know; `byDefault` is what is filled in where the field is absent. */
export function describedCodec<A>(codec: Codec<A>, description: string, byDefault?: Json): Codec<A> {
  const schema = { ...codec.schema, description, ...(byDefault === undefined ? {} : { default: byDefault }) };
  return makeCodec(codec.name, schema, codec.validate);
}

/** Adds a check that needs the whole decoded value; it answers the mistakes it finds. */
export function refinedCodec<A>(
  codec: Codec<A>,
  check: (value: A) => readonly { readonly path: readonly string[]; readonly message: string }[],
): Codec<A> {
  return makeCodec(codec.name, codec.schema, (value, context) => {
    const decoded = codec.validate(value, context);
    if (isLeft(decoded)) return decoded;
    const mistakes = check(decoded.right);
    if (mistakes.length === 0) return decoded;
    return t.failures(
      mistakes.map(({ path, message }) => ({
        value: path.reduce<unknown>((inner, key) => (isIndexable(inner) ? inner[key] : undefined), value),
        context: path.reduce<t.Context>((inner, key) => t.appendContext(inner, key, t.unknown), context),
        message,
      })),
    );
  });
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIndexable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

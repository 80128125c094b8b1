/**
 * The price table: what one unit of everything that is metered costs. `terraform/prices.json` is one; Terraform and `ewm cost` read the same file.
 * Invariant: a table names every price exactly once, and no price is read as a float.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import { type Codec, countCodec, literalCodec, makeCodec, objectCodec, textCodec } from '../codec/codec';
import { type Problem, problemsOf } from '../codec/problem';
import { type Picodollars, picodollarsFromText } from './money';

/** The components of a bill, and the prices each is made of. */
export const COMPONENTS = {
  lambda: ['lambda_compute', 'lambda_requests'],
  api: ['api_requests'],
  s3: ['s3_puts', 's3_gets', 's3_storage', 'kms_requests'],
  signing: ['kms_asymmetric_requests'],
  agentcore_memory: ['memory_events'],
  code_interpreter: ['code_interpreter_cpu', 'code_interpreter_memory'],
  runtime: ['runtime_cpu', 'runtime_memory'],
  logs: ['log_ingestion', 'access_log_ingestion', 'log_storage', 'traces'],
  data_transfer: ['data_out'],
  fixed: ['metrics', 'kms_keys', 'alarms', 'dashboards', 'budgets', 'budget_actions', 'emails', 'topic_messages'],
  /** Besides this price: the access log and the answers of requests that the API refuses, at the prices above. */
  refused_requests: ['api_refusals'],
} as const;

export type Component = keyof typeof COMPONENTS;
export type PriceName = (typeof COMPONENTS)[Component][number];

export interface Price {
  readonly usd: Picodollars;
  /** How many units `usd` buys. */
  readonly per: number;
  readonly unit: string;
  readonly published: string;
  readonly source: string;
  readonly as_of: string;
  /** False where no primary source was found, or where sources disagree. */
  readonly certain: boolean;
  readonly note?: string;
}

export interface PriceTable {
  readonly description?: string;
  readonly currency: 'USD';
  readonly region: string;
  readonly as_of: string;
  readonly prices: Readonly<Record<PriceName, Price>>;
}

const usdCodec: Codec<Picodollars> = makeCodec('price', { type: 'string' }, (value, context) => {
  const usd = typeof value === 'string' ? picodollarsFromText(value) : undefined;
  return usd === undefined
    ? failure(value, context, 'expected dollars as text such as "0.0000133334": 0 or more, at most 12 decimals')
    : success(usd);
});

const dateCodec: Codec<string> = makeCodec('date', { type: 'string' }, (value, context) =>
  typeof value === 'string' && /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value)
    ? success(value)
    : failure(value, context, 'expected a date such as "2026-08-20"'),
);

const booleanCodec: Codec<boolean> = makeCodec('boolean', { type: 'boolean' }, (value, context) =>
  typeof value === 'boolean' ? success(value) : failure(value, context, 'expected true or false'),
);

const priceCodec: Codec<Price> = objectCodec('price', {
  required: {
    usd: usdCodec,
    per: countCodec(1),
    unit: textCodec,
    published: textCodec,
    source: textCodec,
    as_of: dateCodec,
    certain: booleanCodec,
  },
  optional: { note: textCodec },
});

const names = Object.values(COMPONENTS).flat();
const pricesCodec = objectCodec('prices', { required: Object.fromEntries(names.map((name) => [name, priceCodec])) });

const tableCodec = objectCodec('price table', {
  required: { currency: literalCodec('USD'), region: textCodec, as_of: dateCodec, prices: pricesCodec },
  optional: { description: textCodec },
});

export function decodePrices(document: unknown): Either<readonly Problem[], PriceTable> {
  const decoded = tableCodec.decode(document);
  // The codec asks for every name of the list above, which the record's type cannot tell.
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right as PriceTable);
}

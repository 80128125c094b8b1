/** Documents of a request: inline, or by the name of an example that is bundled with the handler. */
import thresholdDemo from '../../../../examples/strategies/threshold_demo.json';
import tradingPath from '../../../../examples/fixtures/trading_path.json';
import { failure, success } from 'io-ts';
import { type Codec, decimalCodec, isRecord, type JsonSchema, makeCodec, NOT_NEGATIVE } from '../../../domain/codec/codec';
import { type MarketPath, marketPathCodec } from '../../../domain/market/market-path';
import { strategySchema } from '../../../domain/world/market/strategy';
import { policySchema } from '../../../domain/world/market/policy';

const MARKETS: ReadonlyMap<string, unknown> = new Map([['trading_path', tradingPath]]);
const STRATEGIES: ReadonlyMap<string, unknown> = new Map([['threshold_demo', thresholdDemo]]);

export const DEFAULT_MARKET = 'trading_path';
export const DEFAULT_STRATEGY = 'threshold_demo';

export const marketCodec: Codec<MarketPath> = makeCodec('market', namedOr(MARKETS, marketPathCodec.schema), (value, context) => {
  if (typeof value !== 'string') return marketPathCodec.validate(value, context);
  const example = MARKETS.get(value);
  return example === undefined ? failure(value, context, unknownName(MARKETS)) : marketPathCodec.validate(example, context);
});

/** A document that is decoded later, when the market it has to fit is known. */
export const strategyCodec: Codec<unknown> = makeCodec('strategy', namedOr(STRATEGIES, strategySchema), (value, context) => {
  if (typeof value !== 'string') return isRecord(value) ? success(value) : failure(value, context, unknownName(STRATEGIES));
  const example = STRATEGIES.get(value);
  return example === undefined ? failure(value, context, unknownName(STRATEGIES)) : success(example);
});

export const policyDocumentCodec: Codec<unknown> = laterCodec('policy', policySchema);

const amountSchema = decimalCodec(NOT_NEGATIVE).schema;

export const stateDocumentCodec: Codec<unknown> = laterCodec('initial state', {
  type: 'object',
  description: 'Cash (1000 when absent) and quantities by symbol (none when absent).',
  properties: { cash: amountSchema, positions: { type: 'object', additionalProperties: amountSchema } },
  additionalProperties: false,
});

/** Takes anything: the use case has the codec that knows the market. */
function laterCodec(name: string, schema: JsonSchema): Codec<unknown> {
  return makeCodec(name, schema, (value) => success(value));
}

function namedOr(examples: ReadonlyMap<string, unknown>, schema: JsonSchema): JsonSchema {
  return { oneOf: [{ enum: [...examples.keys()], description: 'The name of a bundled example.' }, schema] };
}

function unknownName(examples: ReadonlyMap<string, unknown>): string {
  return `expected a document, or the name of a bundled example: ${[...examples.keys()].join(', ')}`;
}

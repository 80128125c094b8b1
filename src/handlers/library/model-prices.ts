/**
 * What models cost, on a day: on demand, without discounts. Read off public copies of the price pages, so check a figure before you rely on it;
 * `prices` of `guard` takes a table of your own. Where a provider has several prices for one thing (caches of 5 minutes and of an hour), the
 * dearest stands here: a cap has to hold.
 */
import type { ModelPrice, ModelPriceTable } from '../../domain/budget/prices';

const ANTHROPIC = 'https://platform.claude.com/docs/en/about-claude/pricing';
const BEDROCK = 'https://aws.amazon.com/bedrock/pricing/';
const OPENAI = 'https://platform.openai.com/docs/pricing';
const GOOGLE = 'https://ai.google.dev/gemini-api/docs/pricing';

/** Micro-dollars for a million tokens. */
const USD = 1_000_000;

/** Prefixes of the profiles that keep a request to a region. */
const REGIONS = ['us', 'eu', 'apac', 'jp', 'au'];

const OPUS = claude(5 * USD, 25 * USD);
const SONNET = claude(3 * USD, 15 * USD);
const HAIKU = claude(1 * USD, 5 * USD);
const LONG_SONNET = { above_input_tokens: 200_000, ...claude(6 * USD, 22_500_000) };

export const PRICES: ModelPriceTable = {
  as_of: '2026-11-26',
  models: [
    {
      ids: ['claude-opus-4-5', 'claude-opus-4-5-20251101', 'claude-opus-4-6', 'claude-opus-4-7', 'claude-opus-4-8', 'claude-opus-5'],
      ...OPUS,
      source: ANTHROPIC,
    },
    { ids: ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'], ...SONNET, long: LONG_SONNET, source: ANTHROPIC },
    { ids: ['claude-sonnet-4-6'], ...SONNET, source: ANTHROPIC },
    { ids: ['claude-haiku-4-5', 'claude-haiku-4-5-20251001'], ...HAIKU, source: ANTHROPIC },
    ...bedrock('anthropic.claude-opus-4-5-20251101-v1:0', OPUS),
    ...bedrock('anthropic.claude-sonnet-4-5-20250929-v1:0', { ...SONNET, long: LONG_SONNET }),
    ...bedrock('anthropic.claude-sonnet-4-6', SONNET),
    ...bedrock('anthropic.claude-haiku-4-5-20251001-v1:0', HAIKU),
    { ids: regional('amazon.nova-micro-v1:0'), input: 35_000, output: 140_000, source: BEDROCK },
    { ids: regional('amazon.nova-lite-v1:0'), input: 60_000, output: 240_000, source: BEDROCK },
    { ids: regional('amazon.nova-pro-v1:0'), input: 800_000, output: 3_200_000, source: BEDROCK },
    { ids: ['gpt-5', 'gpt-5-2025-08-07'], input: 1_250_000, output: 10 * USD, cache_read: 125_000, source: OPENAI },
    { ids: ['gpt-5-mini', 'gpt-5-mini-2025-08-07'], input: 250_000, output: 2 * USD, cache_read: 25_000, source: OPENAI },
    { ids: ['gpt-5-nano', 'gpt-5-nano-2025-08-07'], input: 50_000, output: 400_000, cache_read: 5_000, source: OPENAI },
    {
      ids: ['gemini-2.5-pro', 'models/gemini-2.5-pro'],
      input: 1_250_000,
      output: 10 * USD,
      long: { above_input_tokens: 200_000, input: 2_500_000, output: 15 * USD },
      source: GOOGLE,
    },
    { ids: ['gemini-2.5-flash', 'models/gemini-2.5-flash'], input: 300_000, output: 2_500_000, source: GOOGLE },
  ],
  // Tools run where the agent does; what one of them costs only its owner knows.
  tools: { '*': 0 },
};

/** A cache takes tokens in for twice the price (an hour), and answers for a tenth. */
function claude(input: number, output: number): Pick<ModelPrice, 'input' | 'output' | 'cache_read' | 'cache_write'> {
  return { input, output, cache_read: input / 10, cache_write: 2 * input };
}

function regional(id: string): readonly string[] {
  return [id, ...REGIONS.map((region) => `${region}.${id}`)];
}

/** The global profile costs what the maker takes; one that keeps to a region, a tenth more. */
function bedrock(id: string, prices: Omit<ModelPrice, 'ids' | 'source'>): readonly ModelPrice[] {
  const { long, ...base } = prices;
  const dearer = {
    ...tenthMore(base),
    ...(long === undefined ? {} : { long: { ...tenthMore(long), above_input_tokens: long.above_input_tokens } }),
  };
  return [
    { ids: [`global.${id}`], ...prices, source: BEDROCK },
    { ids: regional(id), ...dearer, source: BEDROCK },
  ];
}

function tenthMore<T extends Readonly<Record<string, number>>>(prices: T): T {
  return Object.fromEntries(Object.entries(prices).map(([name, price]) => [name, Math.ceil((price * 11) / 10)])) as T;
}

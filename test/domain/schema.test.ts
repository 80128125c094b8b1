/**
 * The published JSON Schemas are the codecs': equal to them byte by byte, and never stricter. `UPDATE_SCHEMAS=1` writes them again.
 * A schema cannot say everything that a codec checks, so it may accept more; what the codec accepts an editor must not underline.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import fc from 'fast-check';
import { isRight } from 'fp-ts/Either';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonSchema } from '../../src/domain/codec/codec';
import { marketPathCodec } from '../../src/domain/market/market-path';
import { decodeStrategy, strategySchema } from '../../src/domain/world/market/strategy';
import { decodeSweep, sweepSchema } from '../../src/domain/sweep/spec';
import { decodePolicy, policySchema } from '../../src/domain/world/market/policy';
import { arbitraryAnyCase } from '../support/arbitraries';
import { readExample } from '../support/fixture';
import { marketDocument, RUNS, seeded } from '../support/harness';
import type { ReferenceRequest } from '../support/reference-model';

const DIRECTORY = join(__dirname, '../../docs/schema');

interface Published {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly accepts: (document: unknown) => boolean;
}

function published(name: string, title: string, schema: JsonSchema, accepts: (document: unknown) => boolean): Published {
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:executable-world-models:${name}`,
    title,
    ...schema,
  };
  return { name, file: `${name}.schema.json`, text: `${JSON.stringify(document, null, 2)}\n`, accepts };
}

const market = published('market-path', 'Market path', marketPathCodec.schema, (document) => isRight(marketPathCodec.decode(document)));
const strategy = published('strategy', 'Strategy', strategySchema, (document) => isRight(decodeStrategy(document)));
const policy = published('policy', 'Policy', policySchema, (document) => isRight(decodePolicy(document)));
const sweep = published('sweep', 'Sweep', sweepSchema, (document) => isRight(decodeSweep(document)));
const all = [market, strategy, policy, sweep];

const compiled = new Map<string, ValidateFunction>();

function compile({ file }: Published): ValidateFunction {
  const known = compiled.get(file);
  if (known !== undefined) return known;
  // Strict: an unknown or ignored keyword in a schema of ours is a mistake.
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
  const validate = ajv.compile(JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8')) as Record<string, unknown>);
  compiled.set(file, validate);
  return validate;
}

beforeAll(() => {
  if (process.env['UPDATE_SCHEMAS'] !== '1') return;
  for (const { file, text } of all) writeFileSync(join(DIRECTORY, file), text);
});

describe.each(all)('$file', (schema: Published) => {
  test('is what the codec says; after a change of the codec, UPDATE_SCHEMAS=1 writes it again', () => {
    expect(readFileSync(join(DIRECTORY, schema.file), 'utf8')).toBe(schema.text);
  });

  test('is a schema of the 2020-12 draft, with an id that needs no host', () => {
    const document = JSON.parse(schema.text) as Record<string, unknown>;
    expect(new Ajv2020().validateSchema(document)).toBe(true);
    expect(document).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: expect.stringMatching(/^urn:/) as string,
      title: expect.any(String) as string,
    });
    expect(schema.text.replaceAll('https://json-schema.org/draft/2020-12/schema', '')).not.toMatch(/https?:/);
  });
});

describe('examples validate', () => {
  test.each([
    { schema: strategy, path: 'strategies/threshold_demo.json' },
    { schema: strategy, path: 'strategies/sma_crossover.json' },
    { schema: strategy, path: 'strategies/mean_reversion_zscore.json' },
    { schema: strategy, path: 'strategies/breakout_with_stops.json' },
    { schema: strategy, path: 'strategies/rebalance.json' },
    { schema: sweep, path: 'sweeps/sma.json' },
    { schema: sweep, path: 'sweeps/walk-forward.json' },
    { schema: market, path: 'fixtures/trading_path.json' },
  ])('$schema.name: $path', ({ schema, path }) => {
    const validate = compile(schema);
    const document = readExample(path);
    expect([validate(document), validate.errors]).toEqual([true, null]);
    expect(schema.accepts(document)).toBe(true);
  });
});

// ---- Never stricter than the codec ----

type Path = readonly (string | number)[];

function pathsOf(value: unknown, at: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...at, Array.isArray(value) ? Number(key) : key]))];
}

/** The document with one place changed: another value there, a key dropped, or a key added. */
function changedAt(
  document: unknown,
  path: Path,
  change: { readonly kind: 'set' | 'drop' | 'add'; readonly value: unknown; readonly key: string },
): unknown {
  if (path.length === 0) return change.kind === 'set' ? change.value : document;
  const copy = structuredClone(document) as Record<string | number, unknown>;
  let owner = copy;
  for (const key of path.slice(0, -1)) owner = owner[key] as Record<string | number, unknown>;
  const last = path.at(-1) ?? '';
  if (change.kind === 'set') owner[last] = change.value;
  // JSON has no lists with names in them.
  else if (change.kind === 'add' && !Array.isArray(owner)) owner[change.key] = change.value;
  else if (Array.isArray(owner)) owner.splice(Number(last), 1);
  else Reflect.deleteProperty(owner, last);
  return copy;
}

const arbitraryChange = fc.record({
  kind: fc.constantFrom('set' as const, 'set' as const, 'drop' as const, 'add' as const),
  key: fc.constantFrom('time', 'AAPL', 'aapl', '$schema', 'description', 'buy_below', 'window', 'timing', 'fee_bps', 'constructor', 'x'),
  value: fc.oneof(
    fc.constantFrom<unknown[]>(
      'AAPL',
      ' aapl\t',
      'ı',
      'ſ',
      '\u00a0MSFT',
      'BRK.B',
      '1',
      '1.50',
      '-1',
      '0',
      '-0',
      '1e3',
      '999999999999999999.99999999',
      1,
      0,
      -1,
      1e-7,
      1e17,
      2 ** 53,
      1.5,
      true,
      null,
      '',
      [],
      {},
      'threshold_price',
      'sma_crossover',
      ['AAPL'],
    ),
    fc.string({ unit: 'binary', maxLength: 17 }),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.integer(),
    fc.jsonValue({ maxDepth: 2 }),
  ),
});

describe('what the codec accepts the schema accepts', () => {
  test.each<{ readonly schema: Published; readonly documentOf: (request: ReferenceRequest) => unknown }>([
    { schema: market, documentOf: marketDocument },
    { schema: strategy, documentOf: (request) => request.strategy },
    { schema: policy, documentOf: (request) => request.policy },
  ])('$schema.name', ({ schema, documentOf }) => {
    const validate = compile(schema);
    let [accepted, refused] = [0, 0];
    fc.assert(
      fc.property(arbitraryAnyCase, fc.nat(), fc.array(arbitraryChange, { maxLength: 2 }), (request, where, changes) => {
        let document = documentOf(request);
        for (const [index, change] of changes.entries()) {
          const paths = pathsOf(document);
          document = changedAt(document, paths[(where + 31 * index) % paths.length] ?? [], change);
        }
        if (changes.length === 0) expect(schema.accepts(document)).toBe(true);
        if (!schema.accepts(document)) {
          refused += 1;
          return;
        }
        accepted += 1;
        if (!validate(document)) throw new Error(`the schema refuses what the codec accepts: ${JSON.stringify(validate.errors)}`);
      }),
      seeded(RUNS.call / 4),
    );
    expect(Math.min(accepted, refused)).toBeGreaterThan(20);
  });
});

describe('obvious mistakes are refused by both', () => {
  const strategyExample = readExample('strategies/threshold_demo.json') as Record<string, Record<string, unknown>>;
  const marketExample = readExample('fixtures/trading_path.json') as Record<string, unknown>;

  test.each<{ readonly schema: Published; readonly mistake: string; readonly document: unknown }>([
    { schema: strategy, mistake: 'nothing', document: {} },
    { schema: strategy, mistake: 'a list', document: [] },
    { schema: strategy, mistake: 'no rules', document: { ...strategyExample, rules: [] } },
    { schema: strategy, mistake: 'a field that is misspelt', document: { ...strategyExample, rule: [] } },
    { schema: strategy, mistake: 'a rule of no kind', document: { ...strategyExample, rules: [{ type: 'hunch', symbol: 'AAPL' }] } },
    {
      schema: strategy,
      mistake: 'a rule without a symbol',
      document: { ...strategyExample, rules: [{ type: 'threshold_price', buy_below: 1 }] },
    },
    {
      schema: strategy,
      mistake: 'a field of another rule',
      document: { ...strategyExample, rules: [{ type: 'threshold_price', symbol: 'AAPL', buy_below: 1, window: 3 }] },
    },
    {
      schema: strategy,
      mistake: 'a price as words',
      document: { ...strategyExample, sizing: { ...strategyExample['sizing'], order_qty: 'one' } },
    },
    {
      schema: strategy,
      mistake: 'nine decimals',
      document: { ...strategyExample, sizing: { ...strategyExample['sizing'], order_qty: '1.000000001' } },
    },
    {
      schema: strategy,
      mistake: 'a quantity of zero',
      document: { ...strategyExample, sizing: { ...strategyExample['sizing'], order_qty: 0 } },
    },
    {
      schema: strategy,
      mistake: 'a window of one',
      document: {
        ...strategyExample,
        rules: [{ type: 'mean_reversion_zscore', symbol: 'AAPL', window: 1, z_buy_below: -1, z_sell_above: 1 }],
      },
    },
    {
      schema: strategy,
      mistake: 'half a window',
      document: { ...strategyExample, rules: [{ type: 'sma_crossover', symbol: 'AAPL', short_window: 1.5, long_window: 3 }] },
    },
    { schema: strategy, mistake: 'a symbol that is none', document: { ...strategyExample, universe: { symbols: ['A B'] } } },
    { schema: strategy, mistake: 'a frequency of zero', document: { ...strategyExample, timing: { evaluation_frequency_steps: 0 } } },
    { schema: market, mistake: 'no steps', document: { ...marketExample, steps: [] } },
    { schema: market, mistake: 'no symbols', document: { ...marketExample, symbols: [] } },
    { schema: market, mistake: 'steps without symbols', document: { steps: [{ AAPL: 1 }] } },
    { schema: market, mistake: 'a price of zero', document: { symbols: ['AAPL'], steps: [{ AAPL: 0 }] } },
    { schema: market, mistake: 'a negative price', document: { symbols: ['AAPL'], steps: [{ AAPL: -1 }] } },
    { schema: market, mistake: 'a price as words', document: { symbols: ['AAPL'], steps: [{ AAPL: 'n/a' }] } },
    { schema: market, mistake: 'no price', document: { symbols: ['AAPL'], steps: [{ AAPL: null }] } },
    { schema: market, mistake: 'a time that is a number', document: { symbols: ['AAPL'], steps: [{ AAPL: 1, time: 20240102 }] } },
    { schema: market, mistake: 'a field too many', document: { ...marketExample, source: 'me' } },
    { schema: market, mistake: 'a $schema that is no text', document: { ...marketExample, $schema: 5 } },
    { schema: policy, mistake: 'a text', document: 'default' },
    { schema: policy, mistake: 'a limit that is misspelt', document: { risk_limits: { max_levrage: 2 } } },
    { schema: policy, mistake: 'a negative fee', document: { costs: { fee_bps: -1 } } },
    { schema: policy, mistake: 'an id that is a number', document: { policy_id: 1 } },
  ])('$schema.name: $mistake', ({ schema, document }) => {
    expect([schema.accepts(document), compile(schema)(document)]).toEqual([false, false]);
  });
});

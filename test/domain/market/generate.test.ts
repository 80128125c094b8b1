/** The random market: its first bytes are pinned, so that no version of anything changes them unnoticed. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type GenerateOptions, generateMarket } from '../../../src/domain/market/generate';
import { makeMarketForm, makeScannedStep } from '../../../src/domain/market/market-form';

const SEED = 20_240_205;

function generate(options: GenerateOptions): string {
  const market = generateMarket(options);
  if (market._tag === 'Left') throw new Error(market.left.map(({ pointer, message }) => `${pointer} ${message}`).join('; '));
  return [...market.right].join('');
}

describe('generateMarket', () => {
  test('golden: the first rows of seed 7', () => {
    expect(generate({ symbols: ['MSFT', 'AAPL'], steps: 6, seed: '7' })).toBe(
      [
        '{"symbols":["MSFT","AAPL"]}',
        '{"prices":{"AAPL":"100","MSFT":"100"}}',
        '{"prices":{"AAPL":"98.99","MSFT":"99.74"}}',
        '{"prices":{"AAPL":"97.71","MSFT":"98.76"}}',
        '{"prices":{"AAPL":"98.22","MSFT":"100.89"}}',
        '{"prices":{"AAPL":"98.39","MSFT":"98.83"}}',
        '{"prices":{"AAPL":"97.78","MSFT":"100.52"}}',
        '',
      ].join('\n'),
    );
  });

  test('golden: the digest of 20,000 steps of a text seed', () => {
    const text = generate({ symbols: ['A', 'B', 'C'], steps: 20_000, seed: 'Märkte', startPrice: '9.5' });
    expect(createHash('sha256').update(text).digest('hex')).toBe('2b57869d429a0add138a4d8079cb02a87d9802d46397f3c4898e1c1e7fccfc8b');
  });

  test('a longer market starts with the shorter one, and every line is in normal form', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[A-Z]{1,4}$/), { minLength: 1, maxLength: 4 }),
        fc.string(),
        fc.integer({ min: 100, max: 100_000_000 }),
        fc.integer({ min: 1, max: 3_000 }),
        (symbols, seed, startCents, steps) => {
          const startPrice = `${String(Math.floor(startCents / 100))}.${String(startCents % 100).padStart(2, '0')}`;
          const long = generate({ symbols, steps: steps + 10, seed, startPrice });
          expect(long.startsWith(generate({ symbols, steps, seed, startPrice }))).toBe(true);
          const form = makeMarketForm(symbols);
          const into = makeScannedStep(symbols);
          const start = BigInt(startCents) * 1_000_000n;
          const lines = long.split('\n');
          expect(lines.shift()).toBe(form.header);
          expect(lines.pop()).toBe('');
          expect(lines).toHaveLength(steps + 10);
          for (const line of lines) {
            expect(form.scan(line, 0, line.length, into)).toBe(true);
            // One cent of tolerance: prices are cut to cents.
            expect(into.prices.every((price) => price * 16n >= start - 16_000_000n && price <= start * 16n)).toBe(true);
          }
        },
      ),
      { seed: SEED, numRuns: 20 },
    );
  });

  test('a symbol walks the same path whoever its neighbours are, and another seed walks another', () => {
    const alone = generate({ symbols: ['A'], steps: 50, seed: '1' })
      .split('\n')
      .slice(1, -1);
    const both = generate({ symbols: ['B', 'A'], steps: 50, seed: '1' })
      .split('\n')
      .slice(1, -1);
    expect(both.map((line) => line.replace(/,"B":"[0-9.]+"/, ''))).toEqual(alone);
    expect(both.some((line) => /"A":"([0-9.]+)","B":"\1"/.test(line) && !line.includes('"100"'))).toBe(false);
    expect(generate({ symbols: ['A'], steps: 50, seed: '2' })).not.toBe(generate({ symbols: ['A'], steps: 50, seed: '1' }));
    expect(generate({ symbols: ['A'], steps: 50, seed: '01' })).not.toBe(generate({ symbols: ['A'], steps: 50, seed: '1' }));
  });

  test('symbols are normalised', () => {
    expect(generate({ symbols: [' aapl '], steps: 1, seed: '' })).toBe('{"symbols":["AAPL"]}\n{"prices":{"AAPL":"100"}}\n');
  });

  test.each<[Partial<GenerateOptions>, RegExp]>([
    [{ symbols: [] }, /\/symbols .*at least 1/],
    [{ symbols: ['A', 'a'] }, /\/symbols .*duplicate/],
    [{ symbols: ['%'] }, /\/symbols .*expected a symbol/],
    [{ steps: 0 }, /\/steps 0: expected an integer from 1/],
    [{ steps: 1.5 }, /\/steps 1.5/],
    [{ steps: Number.NaN }, /\/steps NaN/],
    [{ startPrice: '0.99' }, /\/start_price "0.99"/],
    [{ startPrice: '1000000.01' }, /\/start_price/],
    [{ startPrice: '1.001' }, /\/start_price/],
    [{ startPrice: '1e3' }, /\/start_price/],
    [{ seed: '\ud800' }, /\/seed/],
  ])('%j is refused', (change, reason) => {
    expect(() => generate({ symbols: ['A'], steps: 1, seed: '1', ...change })).toThrow(reason);
  });
});

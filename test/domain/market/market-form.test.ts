/** The normal form: `scan` accepts exactly the lines that `render` writes. */
import fc from 'fast-check';
import { formatDecimal } from '../../../src/domain/decimal/decimal';
import { makeMarketForm, makeScannedStep } from '../../../src/domain/market/market-form';
import { decodeNestedStep, type MarketStep } from '../../../src/domain/market/market-path';

const SEED = 20_240_203;

const symbol = fc.stringMatching(/^[A-Z0-9^$][A-Z0-9._^=/:$-]{0,31}$/);
const symbolList = fc.uniqueArray(symbol, { minLength: 1, maxLength: 5 });
const price = fc.oneof(
  fc.bigInt(1n, 10n ** 6n),
  fc.bigInt(1n, 10n ** 26n - 1n),
  fc.bigInt(1n, 10n ** 9n).map((cents) => cents * 1_000_000n),
);
const time = fc.option(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '"', '\\', '\u2028', '\u007f', '\n', '2004-08-19')), {
  nil: undefined,
});

const market = symbolList.chain((symbols) =>
  fc.record({
    symbols: fc.constant(symbols),
    step: fc.record({ prices: fc.array(price, { minLength: symbols.length, maxLength: symbols.length }), time }),
  }),
);

describe('makeMarketForm', () => {
  test('scan reads back what render writes, anywhere in a text', () => {
    fc.assert(
      fc.property(market, fc.constantFrom('', 'x\n', '{}\n'), ({ symbols, step }, before) => {
        const { render, scan } = makeMarketForm(symbols);
        const line = render(step);
        const into = makeScannedStep(symbols);
        expect(scan(`${before}${line}\nnext`, before.length, before.length + line.length, into)).toBe(true);
        expect(into.prices).toEqual(step.prices);
        expect(into.timeText).toBe(step.time === undefined ? '' : JSON.stringify(step.time));
        expect(JSON.parse(into.pricesText)).toEqual(
          Object.fromEntries(symbols.map((name, k) => [name, formatDecimal(step.prices[k] ?? 0n)])),
        );
        expect(decodeNestedStep(JSON.parse(line), symbols)).toEqual({ _tag: 'Right', right: step });
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test('a line that scans is the line that render writes', () => {
    const change = fc.record({
      at: fc.nat(200),
      remove: fc.nat(2),
      insert: fc.constantFrom('', '0', '1', '.', '"', ' ', ',', '}', '-', 'e1', '\\'),
    });
    fc.assert(
      fc.property(market, change, ({ symbols, step }, { at, remove, insert }) => {
        const form = makeMarketForm(symbols);
        const line = form.render(step);
        const place = at % line.length;
        const changed = line.slice(0, place) + insert + line.slice(place + remove);
        const into = makeScannedStep(symbols);
        // Text that was decoded from UTF-8 is well-formed.
        if (!changed.isWellFormed() || !form.scan(changed, 0, changed.length, into)) return;
        const read: MarketStep = { prices: into.prices, time: into.timeText === '' ? undefined : String(JSON.parse(into.timeText)) };
        expect(form.render(read)).toBe(changed);
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  test.each([
    '{"prices":{"A":"0"}}',
    '{"prices":{"A":"01"}}',
    '{"prices":{"A":"1.0"}}',
    '{"prices":{"A":"1.123456789"}}',
    '{"prices":{"A":"1."}}',
    '{"prices":{"A":".5"}}',
    '{"prices":{"A":"-1"}}',
    '{"prices":{"A":1}}',
    '{"prices":{"A":"1e5"}}',
    '{"prices":{"A":"1"} }',
    '{"prices":{"A":"1"}}\r',
    '{"prices":{"A":"1"},"time":"a" }',
    '{"prices":{"A":"1"},"time":"\\u0061"}',
    '{"prices":{"A":"1"},"time":"a\tb"}',
    '{"prices":{"A":"1000000000000000000"}}',
    '{"prices":{"A":"12345678.10"}}',
    '{"time":"a","prices":{"A":"1"}}',
    '',
  ])('%j is not in normal form', (line) => {
    expect(makeMarketForm(['A']).scan(line, 0, line.length, makeScannedStep(['A']))).toBe(false);
  });

  test('keys are in canonical order and prices come back in header order', () => {
    const form = makeMarketForm(['B', 'A', 'A-B']);
    const line = '{"prices":{"A":"2","A-B":"3","B":"1"}}';
    expect(form.header).toBe('{"symbols":["B","A","A-B"]}');
    expect(form.render({ prices: [100_000_000n, 200_000_000n, 300_000_000n], time: undefined })).toBe(line);
    const into = makeScannedStep(form.symbols);
    expect(form.scan(line, 0, line.length, into)).toBe(true);
    expect(into.prices).toEqual([100_000_000n, 200_000_000n, 300_000_000n]);
  });
});

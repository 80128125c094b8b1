/** Price files as people have them, turned into market paths; every choice that was not stated is an error with its place. */
import fc from 'fast-check';
import { importErrors, imported, type ImportedText, type ImportTextOptions, importText } from '../../support/import-text';

const SEED = 20_240_206;

function table(...lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function lines(market: ImportedText): readonly string[] {
  return market.lines;
}

const errorsOf = importErrors;

function reportOf({ counts, told }: ImportedText): object {
  return { form: told.dialect.form, ...counts };
}

describe('forms', () => {
  test('wide', async () => {
    const market = await imported(table('Date,msft,AAPL', '2000-02-01,2,20.50', 'Jan 1 2000,1,10'));
    expect(lines(market)).toEqual([
      '{"symbols":["MSFT","AAPL"]}',
      '{"prices":{"AAPL":"10","MSFT":"1"},"time":"2000-01-01"}',
      '{"prices":{"AAPL":"20.5","MSFT":"2"},"time":"2000-02-01"}',
    ]);
    expect(reportOf(market)).toMatchObject({ form: 'wide', rows: 2, steps: 2, rounded: 0, dropped: 0, filled: 0 });
  });

  test('wide without times keeps the order of the rows', async () => {
    expect(lines(await imported(table('A', '3', '1', '2')))).toEqual([
      '{"symbols":["A"]}',
      '{"prices":{"A":"3"}}',
      '{"prices":{"A":"1"}}',
      '{"prices":{"A":"2"}}',
    ]);
  });

  test.each([
    ['symbol,date,price', (s: string, d: string, p: string) => `${s},${d},${p}`],
    ['Close,Ticker,Timestamp', (s: string, d: string, p: string) => `${p},${s},${d}`],
    ['VALUE,Date Time,instrument,note', (s: string, d: string, p: string) => `${p},${d},${s},x`],
  ])('long with the header %s', async (header, row) => {
    const csv = table(
      header,
      row('b', '2000-01-02', '4'),
      row('A', '2000-01-01', '1'),
      row('B', '2000-01-01', '2'),
      row('A', '2000-01-02', '3'),
    );
    expect(lines(await imported(csv))).toEqual([
      '{"symbols":["A","B"]}',
      '{"prices":{"A":"1","B":"2"},"time":"2000-01-01"}',
      '{"prices":{"A":"3","B":"4"},"time":"2000-01-02"}',
    ]);
  });

  const bars = table('Date,Open,High,Low,Close,Adj Close,Volume', '2000-01-03,1,4,0.5,2,1.9,100', '2000-01-04,2,5,1,3,2.9,0');

  test('OHLCV', async () => {
    expect(lines(await imported(bars, { symbol: 'spx' }))).toEqual([
      '{"symbols":["SPX"]}',
      '{"prices":{"SPX":"2"},"time":"2000-01-03"}',
      '{"prices":{"SPX":"3"},"time":"2000-01-04"}',
    ]);
    expect(lines(await imported(bars, { symbol: 'SPX', column: 'adj_close' }))[1]).toBe('{"prices":{"SPX":"1.9"},"time":"2000-01-03"}');
    expect(await errorsOf(bars)).toEqual(['1:1 the rows name no symbol; say --symbol']);
    expect(await errorsOf(bars, { symbol: 'SPX', column: 'vwap' })).toEqual([
      '1:1 no price column "vwap"; the columns are Date, Open, High, Low, Close, Adj Close, Volume',
    ]);
    expect((await errorsOf(bars, { symbol: '%' }))[0]).toMatch(/symbol: "%": expected a symbol/);
  });

  test('tickers that are also kinds of columns have to be stated', async () => {
    expect(await errorsOf(table('time,LOW,OPEN', '2000-01-01,1,2'))).toEqual([
      '1:1 LOW, OPEN are column kinds, not symbols; say --symbol (the file is about one), or --form wide if they are symbols',
    ]);
    expect((await imported(table('time,LOW,OPEN', '2000-01-01,1,2'), { form: 'wide' })).symbols).toEqual(['LOW', 'OPEN']);
    expect((await imported(table('time,CLOSE,OPEN', '2000-01-01,1,2'), { form: 'wide' })).symbols).toEqual(['CLOSE', 'OPEN']);
    // One letter is a ticker, but for the four of a bar together.
    expect((await imported(table('date,T,V,C', '2000-01-01,1,2,3'))).symbols).toEqual(['T', 'V', 'C']);
    expect((await imported(table('t,o,h,l,c,v', '2000-01-01,1,3,0.5,2,9'), { symbol: 'X' })).lines[1]).toBe(
      '{"prices":{"X":"2"},"time":"2000-01-01"}',
    );
  });

  test('symbols are chosen and ordered', async () => {
    const wide = table('time,A,B,not a symbol', '2000-01-01,1,2,x');
    expect(lines(await imported(wide, { symbols: ['b', 'A'] }))).toEqual([
      '{"symbols":["B","A"]}',
      '{"prices":{"A":"1","B":"2"},"time":"2000-01-01"}',
    ]);
    const long = table('symbol,date,price', 'A,2000-01-01,1', 'B,2000-01-01,junk');
    expect((await imported(long, { symbols: ['A'] })).symbols).toEqual(['A']);
    expect(await errorsOf(long, { symbols: ['A', 'C'] })).toEqual(['1:1 no price for C in the rows chosen; leave out with --symbols A']);
    expect(await errorsOf(wide, { symbols: ['C'] })).toEqual(['1:1 no column for C']);
    expect((await errorsOf(wide, { symbols: ['A', 'a'] }))[0]).toMatch(/named twice/);
    expect((await errorsOf(wide, { symbols: [] }))[0]).toMatch(/at least one/);
  });

  test('dates are chosen, bounds included', async () => {
    const csv = table('time,A', '2000-01-01T10:00:00Z,1', '2000-01-02T10:00:00Z,2', '2000-01-02T23:59:59.9Z,3', '2000-01-03T00:00:00Z,4');
    const times = async (options: ImportTextOptions): Promise<readonly (string | undefined)[]> =>
      (await imported(csv, options)).steps.map(({ time }) => time);
    expect(await times({ from: '2000-01-02', to: 'Jan 2 2000' })).toEqual(['2000-01-02T10:00:00Z', '2000-01-02T23:59:59.9Z']);
    expect(await times({ from: '2000-01-02T23:59:59.9Z' })).toHaveLength(2);
    expect(await times({ to: '2000-01-02T10:00:00Z' })).toHaveLength(2);
    expect(await errorsOf(csv, { from: '2001-01-01' })).toEqual(['1:1 no step is left of 4 rows']);
    expect((await errorsOf(csv, { from: 'soon' }))[0]).toMatch(/--from "soon": expected a date/);
    expect(await errorsOf(table('A', '1'), { from: '2000-01-01' })).toEqual(['1:1 no time column to choose dates from']);
  });
});

describe('gaps', () => {
  const long = table(
    'symbol,date,price',
    'A,2000-01-01,1',
    'A,2000-01-02,2',
    'B,2000-01-02,20',
    'A,2000-01-03,3',
    'B,2000-01-03,',
    'B,2000-01-04,40',
    'A,2000-01-05,5',
    'B,2000-01-05,50',
  );

  test('the first one is an error unless a choice is stated', async () => {
    expect(await errorsOf(long)).toEqual([
      '2:1 no price for B at 2000-01-01 (and 2 more gaps); say --missing drop (leave such steps out) or fill (carry the last price forward)',
    ]);
  });

  test('drop', async () => {
    const market = await imported(long, { missing: 'drop' });
    expect(market.steps.map(({ time }) => time)).toEqual(['2000-01-02', '2000-01-05']);
    expect(reportOf(market)).toMatchObject({ rows: 8, steps: 2, dropped: 3, filled: 0 });
  });

  test('fill', async () => {
    const market = await imported(long, { missing: 'fill' });
    expect(lines(market).slice(1)).toEqual([
      '{"prices":{"A":"2","B":"20"},"time":"2000-01-02"}',
      '{"prices":{"A":"3","B":"20"},"time":"2000-01-03"}',
      '{"prices":{"A":"3","B":"40"},"time":"2000-01-04"}',
      '{"prices":{"A":"5","B":"50"},"time":"2000-01-05"}',
    ]);
    expect(reportOf(market)).toMatchObject({ steps: 4, dropped: 1, filled: 2 });
  });

  test('an empty cell of a wide file is a gap', async () => {
    const wide = table('time,A,B', '2000-01-01,1,', '2000-01-02,2,20', '2000-01-03,,30');
    expect((await errorsOf(wide))[0]).toMatch(/^2:1 no price for B at 2000-01-01 \(and 1 more gaps\)/);
    expect(reportOf(await imported(wide, { missing: 'fill' }))).toMatchObject({ steps: 2, dropped: 1, filled: 1 });
    expect(await errorsOf(table('time,A,B', '2000-01-01,1,', '2000-01-02,,2'), { missing: 'drop' })).toEqual([
      '1:1 no step is left of 2 rows',
    ]);
  });
});

describe('prices', () => {
  test.each([
    ['1.123456785', '1.12345678', 1],
    ['1.123456775', '1.12345678', 1],
    ['1.1234567850001', '1.12345679', 1],
    ['1.123456784999', '1.12345678', 1],
    ['0.999999999', '1', 1],
    ['1455.219971000000', '1455.219971', 0],
    ['007.50', '7.5', 0],
    ['.5', '0.5', 0],
    ['5.', '5', 0],
    [' 5 ', '5', 0],
    ['999999999999999999.99999999', '999999999999999999.99999999', 0],
    ['1e5', '100000', 0],
    ['9e-06', '0.000009', 0],
    ['1.2E-07', '0.00000012', 0],
    ['1.5e-08', '0.00000002', 1],
    ['2.5E+2', '250', 0],
    ['$5', '5', 0],
    ['€ 5', '5', 0],
    ['5 USD', '5', 0],
    ['CHF 5.5', '5.5', 0],
    ['+1', '1', 0],
    ['1 000', '1000', 0],
    ['1 000.5', '1000.5', 0],
    ["1'234.5", '1234.5', 0],
  ])('%s is %s', async (cell, price, rounded) => {
    const market = await imported(table('A', cell));
    expect(lines(market)[1]).toBe(`{"prices":{"A":"${price}"}}`);
    expect(market.counts.rounded).toBe(rounded);
  });

  test.each(['0', '-1', '0.000000001', '1000000000000000000', '999999999999999999.999999999', '1'.repeat(100_000)])(
    '%s is refused with its place',
    async (cell) => {
      const [error] = await errorsOf(table('time,A,B', `2000-01-01,1,${cell}`));
      expect(error).toMatch(/^2:14 column 3 \(B\): ".*": (expected a positive price|prices of 0 or less|below 0\.00000001|a magnitude)/);
    },
  );
});

describe('bad input', () => {
  test.each<[string, readonly string[], ImportTextOptions, string]>([
    [
      'a second price',
      ['symbol,date,price', 'A,2000-01-01,1', 'A,Jan 1 2000,2'],
      {},
      '3 column 3 (price): a second price for A at 2000-01-01; the first is on line 2',
    ],
    [
      'a second row',
      ['time,A', '2000-01-01,1', '2000-01-01,1'],
      {},
      '3 column 2 (A): a second price for A at 2000-01-01; the first is on line 2',
    ],
    ['a short row', ['time,A,B', '2000-01-01,1'], {}, '2:1 2 cells where the header has 3'],
    ['a long row', ['time,A', '2000-01-01,1,2'], {}, '2:1 3 cells where the header has 2'],
    ['a bad symbol cell', ['symbol,date,price', '%,2000-01-01,1'], {}, '2:1 column 1 (symbol): "%": expected a symbol'],
    ['a bad symbol column', ['time,A,B C', '2000-01-01,1,2'], {}, '1:8 column 3 (B C): "B C": expected a symbol'],
    ['a column twice', ['time,A, a', '2000-01-01,1,2'], {}, '1:8 column 3 (a): a duplicate of column 2'],
    ['a bad date', ['time,A', '2001-02-29,1'], {}, '2:1 column 1 (time): "2001-02-29": not a day of the calendar'],
    [
      'an ambiguous date',
      ['time,A', '01/02/2000,1'],
      {},
      '2:1 column 1 (time): "01/02/2000": could mean two days; say --date-format mdy or dmy',
    ],
    [
      'two orders',
      ['time,A', '13/01/2000,1', '01/14/2000,2'],
      {},
      '3:1 column 1 (time): "01/14/2000": in the order mdy, but line 2 is in dmy',
    ],
    [
      'dates and timestamps',
      ['time,A', '2000-01-01,1', '2000-01-02T00:00:00Z,2'],
      {},
      '3:1 column 1 (time): a timestamp, but line 2 has a date',
    ],
    [
      'two time columns that differ',
      ['unix,date,A', '946684800,2000-01-02,10'],
      {},
      '1:1 "unix" and "date" hold times, and not the same; say --time-column',
    ],
    [
      'two price columns',
      ['symbol,date,price,close', 'A,2000-01-01,1,2'],
      {},
      '1:19 column 4 (close): a second price column; say --column: the columns are symbol, date, price, close',
    ],
    ['long without time', ['symbol,price', 'A,1'], {}, '1:1 no column holds times; say --time-column'],
    [
      'long stated, no symbol',
      ['date,price', '2000-01-01,1'],
      { form: 'long' },
      '1:1 no symbol column; expected one called symbol, ticker or instrument',
    ],
    ['no symbol', ['time', '2000-01-01'], {}, '1:1 no symbol column'],
    ['no row', ['time,A'], {}, '1:1 no step is left of 0 rows'],
  ])('%s', async (_name, csv, options, expected) => {
    expect((await errorsOf(table(...csv), options))[0]).toContain(expected);
  });

  test('reading stops after 20 mistakes', async () => {
    expect(await errorsOf(table('A', ...Array.from({ length: 100 }, () => 'x')))).toHaveLength(20);
    expect(await errorsOf(table(Array.from({ length: 100 }, () => '%').join(','), 'x'))).toHaveLength(20);
  });
});

test('a shuffled long file is the wide file', async () => {
  const days = fc.uniqueArray(fc.integer({ min: 1, max: 28 }), { minLength: 1, maxLength: 12 });
  const cents = fc.integer({ min: 1, max: 100_000 }).map((value) => (value / 100).toFixed(2));
  const markets = fc
    .record({ symbols: fc.uniqueArray(fc.stringMatching(/^[A-Z]{1,3}$/), { minLength: 1, maxLength: 4 }), days })
    .filter(({ symbols }) => !symbols.includes('LOW') && !symbols.includes('TIME'))
    .chain(({ symbols, days: chosen }) =>
      fc.record({
        symbols: fc.constant([...symbols].sort()),
        days: fc.constant(chosen),
        // A hole is a gap.
        cells: fc.array(fc.array(fc.option(cents, { nil: '', freq: 6 }), { minLength: symbols.length, maxLength: symbols.length }), {
          minLength: chosen.length,
          maxLength: chosen.length,
        }),
      }),
    );
  await fc.assert(
    fc.asyncProperty(
      markets,
      fc.constantFrom('drop', 'fill', 'error'),
      fc.func(fc.integer()),
      async ({ symbols, days: chosen, cells }, missing, key) => {
        const wide = table(
          ['date', ...symbols].join(','),
          ...chosen.map((day, k) => [`Jan ${String(day)} 2000`, ...(cells[k] ?? [])].join(',')),
        );
        const rows = chosen.flatMap((day, k) =>
          symbols.map((symbol, s) => `${symbol},2000-01-${String(day).padStart(2, '0')},${cells[k]?.[s] ?? ''}`),
        );
        const shuffled = [...rows].sort((a, b) => key(a) - key(b));
        const options: ImportTextOptions = { missing, symbols };
        const fromWide = await importText(wide, { ...options, form: 'wide' });
        const fromLong = await importText(table('symbol,date,price', ...shuffled), options);
        expect(fromLong._tag).toBe(fromWide._tag);
        if (fromWide._tag === 'Imported' && fromLong._tag === 'Imported') {
          expect(fromLong.market.lines).toEqual(fromWide.market.lines);
          const { steps, dropped, filled } = fromWide.market.counts;
          expect(fromLong.market.counts).toMatchObject({ steps, dropped, filled });
        }
      },
    ),
    { seed: SEED, numRuns: 150 },
  );
});

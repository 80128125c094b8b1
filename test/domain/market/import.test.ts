/** Price files as people have them, turned into market paths; every choice that was not stated is an error with its place. */
import fc from 'fast-check';
import type { CsvRow, CsvTable } from '../../../src/domain/market/csv-table';
import { importMarket, type Imported, type ImportOptions } from '../../../src/domain/market/import';
import { makeMarketForm } from '../../../src/domain/market/market-form';

const SEED = 20_240_206;

/** Cells as they stand between commas; the parser has its own tests. */
function table(...lines: readonly string[]): CsvTable {
  const [header, ...rows] = lines.map((text, index): CsvRow => ({ line: index + 1, cells: text.split(',') }));
  if (header === undefined) throw new Error('no header');
  return { header, rows };
}

function imported(csv: CsvTable, options?: ImportOptions): Imported {
  const result = importMarket(csv, options);
  if (result._tag === 'Left') throw new Error(errorsOf(csv, options).join('; '));
  return result.right;
}

function errorsOf(csv: CsvTable, options?: ImportOptions): readonly string[] {
  const result = importMarket(csv, options);
  if (result._tag === 'Right') return [];
  return result.left.map(({ line, column, message }) => `${String(line)}:${String(column)} ${message}`);
}

function lines({ path }: Imported): readonly string[] {
  const form = makeMarketForm(path.symbols);
  return [form.header, ...path.steps.map(form.render)];
}

describe('forms', () => {
  test('wide', () => {
    const market = imported(table('Date,msft,AAPL', '2000-02-01,2,20.50', 'Jan 1 2000,1,10'));
    expect(lines(market)).toEqual([
      '{"symbols":["MSFT","AAPL"]}',
      '{"prices":{"AAPL":"10","MSFT":"1"},"time":"2000-01-01"}',
      '{"prices":{"AAPL":"20.5","MSFT":"2"},"time":"2000-02-01"}',
    ]);
    expect(market.report).toEqual({ form: 'wide', rows: 2, steps: 2, rounded: 0, dropped: 0, filled: 0 });
  });

  test('wide without times keeps the order of the rows', () => {
    expect(lines(imported(table('A', '3', '1', '2')))).toEqual([
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
  ])('long with the header %s', (header, row) => {
    const csv = table(
      header,
      row('b', '2000-01-02', '4'),
      row('A', '2000-01-01', '1'),
      row('B', '2000-01-01', '2'),
      row('A', '2000-01-02', '3'),
    );
    expect(lines(imported(csv))).toEqual([
      '{"symbols":["A","B"]}',
      '{"prices":{"A":"1","B":"2"},"time":"2000-01-01"}',
      '{"prices":{"A":"3","B":"4"},"time":"2000-01-02"}',
    ]);
  });

  const bars = table('Date,Open,High,Low,Close,Adj Close,Volume', '2000-01-03,1,4,0.5,2,1.9,100', '2000-01-04,2,5,1,3,2.9,0');

  test('OHLCV', () => {
    expect(lines(imported(bars, { symbol: 'spx' }))).toEqual([
      '{"symbols":["SPX"]}',
      '{"prices":{"SPX":"2"},"time":"2000-01-03"}',
      '{"prices":{"SPX":"3"},"time":"2000-01-04"}',
    ]);
    expect(lines(imported(bars, { symbol: 'SPX', column: 'adj_close' }))[1]).toBe('{"prices":{"SPX":"1.9"},"time":"2000-01-03"}');
    expect(errorsOf(bars)).toEqual(['1:1 the rows name no symbol; state symbol']);
    expect(errorsOf(bars, { symbol: 'SPX', column: 'vwap' })).toEqual([
      '1:1 no price column "vwap"; the columns are Date, Open, High, Low, Close, Adj Close, Volume',
    ]);
    expect(errorsOf(bars, { symbol: '%' })[0]).toMatch(/symbol: "%": expected a symbol/);
  });

  test('tickers that are also names of bars stay a wide file', () => {
    expect(imported(table('time,LOW,OPEN', '2000-01-01,1,2')).path.symbols).toEqual(['LOW', 'OPEN']);
    expect(imported(table('time,CLOSE,OPEN', '2000-01-01,1,2'), { form: 'wide' }).path.symbols).toEqual(['CLOSE', 'OPEN']);
  });

  test('symbols are chosen and ordered', () => {
    const wide = table('time,A,B,not a symbol', '2000-01-01,1,2,x');
    expect(lines(imported(wide, { symbols: ['b', 'A'] }))).toEqual([
      '{"symbols":["B","A"]}',
      '{"prices":{"A":"1","B":"2"},"time":"2000-01-01"}',
    ]);
    const long = table('symbol,date,price', 'A,2000-01-01,1', 'B,2000-01-01,junk');
    expect(imported(long, { symbols: ['A'] }).path.symbols).toEqual(['A']);
    expect(errorsOf(long, { symbols: ['A', 'C'] })).toEqual(['1:1 no price for C in the rows chosen']);
    expect(errorsOf(wide, { symbols: ['C'] })).toEqual(['1:1 no column for C']);
    expect(errorsOf(wide, { symbols: ['A', 'a'] })[0]).toMatch(/named twice/);
    expect(errorsOf(wide, { symbols: [] })[0]).toMatch(/at least one/);
  });

  test('dates are chosen, bounds included', () => {
    const csv = table('time,A', '2000-01-01T10:00:00Z,1', '2000-01-02T10:00:00Z,2', '2000-01-02T23:59:59.9Z,3', '2000-01-03T00:00:00Z,4');
    const times = (options: ImportOptions): readonly (string | undefined)[] => imported(csv, options).path.steps.map(({ time }) => time);
    expect(times({ from: '2000-01-02', to: 'Jan 2 2000' })).toEqual(['2000-01-02T10:00:00Z', '2000-01-02T23:59:59.9Z']);
    expect(times({ from: '2000-01-02T23:59:59.9Z' })).toHaveLength(2);
    expect(times({ to: '2000-01-02T10:00:00Z' })).toHaveLength(2);
    expect(errorsOf(csv, { from: '2001-01-01' })).toEqual(['1:1 no step is left of 4 rows']);
    expect(errorsOf(csv, { from: 'soon' })[0]).toMatch(/from: "soon": expected a date/);
    expect(errorsOf(table('A', '1'), { from: '2000-01-01' })).toEqual(['1:1 no time column to choose dates from']);
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

  test('the first one is an error unless a choice is stated', () => {
    expect(errorsOf(long)).toEqual([
      '2:1 no price for B at 2000-01-01 (and 2 more gaps); state missing: drop (leave such steps out) or fill (carry the last price forward)',
    ]);
  });

  test('drop', () => {
    const market = imported(long, { missing: 'drop' });
    expect(market.path.steps.map(({ time }) => time)).toEqual(['2000-01-02', '2000-01-05']);
    expect(market.report).toMatchObject({ rows: 8, steps: 2, dropped: 3, filled: 0 });
  });

  test('fill', () => {
    const market = imported(long, { missing: 'fill' });
    expect(lines(market).slice(1)).toEqual([
      '{"prices":{"A":"2","B":"20"},"time":"2000-01-02"}',
      '{"prices":{"A":"3","B":"20"},"time":"2000-01-03"}',
      '{"prices":{"A":"3","B":"40"},"time":"2000-01-04"}',
      '{"prices":{"A":"5","B":"50"},"time":"2000-01-05"}',
    ]);
    expect(market.report).toMatchObject({ steps: 4, dropped: 1, filled: 2 });
  });

  test('an empty cell of a wide file is a gap', () => {
    const wide = table('time,A,B', '2000-01-01,1,', '2000-01-02,2,20', '2000-01-03,,30');
    expect(errorsOf(wide)[0]).toMatch(/^2:1 no price for B at 2000-01-01 \(and 1 more gaps\)/);
    expect(imported(wide, { missing: 'fill' }).report).toMatchObject({ steps: 2, dropped: 1, filled: 1 });
    expect(errorsOf(table('time,A,B', '2000-01-01,1,', '2000-01-02,,2'), { missing: 'drop' })).toEqual(['1:1 no step is left of 2 rows']);
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
  ])('%s is %s', (cell, price, rounded) => {
    const market = imported(table('A', cell));
    expect(lines(market)[1]).toBe(`{"prices":{"A":"${price}"}}`);
    expect(market.report.rounded).toBe(rounded);
  });

  test.each([
    '0',
    '-1',
    'NaN',
    '1e5',
    '$5',
    '1 000',
    '.',
    '+1',
    'null',
    '0.000000001',
    '1000000000000000000',
    '999999999999999999.999999999',
    '1'.repeat(100_000),
  ])('%s is refused with its place', (cell) => {
    const [error] = errorsOf(table('time,A,B', `2000-01-01,1,${cell}`));
    expect(error).toMatch(/^2:14 column 3 \(B\): ".*": (expected a positive price|a price must be|a magnitude)/);
  });
});

describe('bad input', () => {
  test.each<[string, readonly string[], ImportOptions, string]>([
    [
      'a second price',
      ['symbol,date,price', 'A,2000-01-01,1', 'A,Jan 1 2000,2'],
      {},
      '3:14 column 3 (price): a second price for A at 2000-01-01; the first is on line 2',
    ],
    [
      'a second row',
      ['time,A', '2000-01-01,1', '2000-01-01,1'],
      {},
      '3:12 column 2 (A): a second price for A at 2000-01-01; the first is on line 2',
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
      '2:1 column 1 (time): "01/02/2000": could mean two days; state date-order: mdy or dmy',
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
    ['two time columns', ['Date,Time,A', '2000-01-01,10:00,1'], {}, '1:6 column 2 (Time): a second time column; the first is 1 (Date)'],
    [
      'two price columns',
      ['symbol,date,price,close', 'A,2000-01-01,1,2'],
      {},
      '1:19 column 4 (close): a second price column; state column: the columns are symbol, date, price, close',
    ],
    ['long without time', ['symbol,price', 'A,1'], {}, '1:1 no time column; expected one of time, date, timestamp, datetime'],
    [
      'long stated, no symbol',
      ['date,price', '2000-01-01,1'],
      { form: 'long' },
      '1:1 no symbol column; expected one of symbol, ticker, instrument',
    ],
    ['no symbol', ['time', '2000-01-01'], {}, '1:1 no symbol column'],
    ['no row', ['time,A'], {}, '1:1 no step is left of 0 rows'],
  ])('%s', (_name, csv, options, expected) => {
    expect(errorsOf(table(...csv), options)[0]).toContain(expected);
  });

  test('reading stops after 20 mistakes', () => {
    expect(errorsOf(table('A', ...Array.from({ length: 100 }, () => 'x')))).toHaveLength(20);
    expect(errorsOf(table(Array.from({ length: 100 }, () => '%').join(','), 'x'))).toHaveLength(20);
  });
});

test('a shuffled long file is the wide file', () => {
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
  fc.assert(
    fc.property(
      markets,
      fc.constantFrom('drop', 'fill', 'error'),
      fc.func(fc.integer()),
      ({ symbols, days: chosen, cells }, missing, key) => {
        const wide = table(
          ['date', ...symbols].join(','),
          ...chosen.map((day, k) => [`Jan ${String(day)} 2000`, ...(cells[k] ?? [])].join(',')),
        );
        const rows = chosen.flatMap((day, k) =>
          symbols.map((symbol, s) => `${symbol},2000-01-${String(day).padStart(2, '0')},${cells[k]?.[s] ?? ''}`),
        );
        const shuffled = [...rows].sort((a, b) => key(a) - key(b));
        const options: ImportOptions = { missing, symbols };
        const [fromWide, fromLong] = [
          importMarket(wide, { ...options, form: 'wide' }),
          importMarket(table('symbol,date,price', ...shuffled), options),
        ];
        expect(fromLong._tag).toBe(fromWide._tag);
        if (fromWide._tag === 'Right' && fromLong._tag === 'Right') {
          expect(fromLong.right.path).toEqual(fromWide.right.path);
          expect(fromLong.right.report).toMatchObject({
            steps: fromWide.right.report.steps,
            dropped: fromWide.right.report.dropped,
            filled: fromWide.right.report.filled,
          });
        }
      },
    ),
    { seed: SEED, numRuns: 150 },
  );
});

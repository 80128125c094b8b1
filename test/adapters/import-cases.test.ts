/** Price files that people really have (test/fixtures/cases, from public reports): each read right, or refused with the option that helps. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importErrors, imported, type ImportTextOptions } from '../support/import-text';

const CASES = join(__dirname, '../fixtures/cases');

function bytesOf(name: string): Promise<Uint8Array> {
  return readFile(join(CASES, name));
}

/** Times and prices of the steps, as `time price price`. */
async function stepsOf(name: string, options: ImportTextOptions): Promise<readonly string[]> {
  return textsOf(await imported(await bytesOf(name), options));
}

function textsOf({ lines }: { readonly lines: readonly string[] }): readonly string[] {
  return lines.slice(1).map((line) => {
    const { prices, time } = JSON.parse(line) as { prices: Record<string, string>; time?: string };
    return [time, ...Object.values(prices)].join(' ');
  });
}

const X: ImportTextOptions = { symbol: 'X' };

it.each<[string, string, ImportTextOptions, readonly string[]]>([
  ['A01', 'a01-yf-multirow.csv', X, ['2024-03-11 5117.93994141', '2024-03-12 5175.27001953', '2024-03-13 5165.31005859']],
  ['A03', 'a03-binance-us-nohdr.csv', X, ['2025-01-01T00:00:00Z 0.316', '2025-01-01T00:00:01Z 0.31602', '2025-01-01T00:00:02Z 0.31603']],
  ['A12', 'a12-kraken-nohdr.csv', X, ['2013-10-06T21:34:15Z 122', '2013-10-07T20:50:30Z 123.61', '2013-10-08T02:58:35Z 123.9']],
  ['A05', 'a05-dukascopy-ms.csv', X, ['2023-02-03T21:45:00Z 79.742', '2023-02-03T22:00:00Z 79.755']],
  ['A07', 'a07-date-time-cols.csv', X, ['2011-12-08T18:49:00Z 77.702', '2011-12-08T18:50:00Z 77.7']],
  ['A08', 'a08-mt5-tab.csv', X, ['2024-02-26T00:00:00Z 1.08196', '2024-02-26T00:01:00Z 1.08191']],
  ['A09', 'a09-utf16le.csv', X, ['2024-02-26 1.08196', '2024-02-27 1.08191']],
  ['A10 told', 'a10-german-semicolon.csv', X, ['2024-01-02 16769.36', '2024-01-03 16538.39']],
  ['A10 stated', 'a10-german-semicolon.csv', { ...X, delimiter: ';', decimal: ',' }, ['2024-01-02 16769.36', '2024-01-03 16538.39']],
  ['A11', 'a11-investing.csv', X, ['2018-01-17 26098', '2018-01-18 25941', '2018-01-19 26046']],
  ['A17', 'a17-nasdaq-dollar.csv', X, ['2024-01-03 184.25', '2024-01-04 181.91', '2024-01-05 181.18']],
  ['A22', 'a22-shib-sci.csv', {}, ['2021-05-01 0.00000012 0.000009', '2021-05-02 0.00000013 0.00000875']],
  ['A13', 'a13-yahoo-null.csv', X, ['2019-06-03 31.2', '2019-06-05 31.7']],
  ['A14', 'a14-adjclose.csv', X, ['2020-08-28 499.23', '2020-08-31 129.04']],
  ['A14 stated', 'a14-adjclose.csv', { ...X, column: 'Adj Close' }, ['2020-08-28 124.8', '2020-08-31 129.04']],
  ['A16 same', 'a16-dup-row.csv', { ...X, duplicates: 'same' }, ['2024-01-02 100.5', '2024-01-03 101.25', '2024-01-04 102']],
  ['A18', 'a18-trailing-comma.csv', X, ['2024-01-02 1.5', '2024-01-03 1.75']],
  ['A19', 'a19-coingecko.csv', X, ['2013-04-28T00:00:00Z 135.3', '2013-04-29T00:00:00Z 141.96', '2013-04-30T00:00:00Z 135.3']],
  ['A23', 'a23-ibkr.csv', X, ['2024-01-02T09:30:00Z 187.6', '2024-01-02T09:31:00Z 187.33']],
  ['A23 in its zone', 'a23-ibkr.csv', { ...X, zone: 'America/New_York' }, ['2024-01-02T14:30:00Z 187.6', '2024-01-02T14:31:00Z 187.33']],
  ['A52', 'a52-mdy-dash.csv', X, ['1998-09-22 258.75', '1998-09-23 259.25']],
  ['A24', 'a24-alpaca.csv', {}, ['2024-01-02T05:00:00Z 45050.5 2355.5', '2024-01-03T05:00:00Z 45200.5 2365.25']],
  ['A28 dropped', 'a28-wti-negative.csv', { ...X, missing: 'drop' }, ['2020-04-17 18.27', '2020-04-21 10.01']],
  ['A29', 'a29-cr-only.csv', X, ['2024-01-02 100.5', '2024-01-03 101.25']],
  ['A30', 'a30-preamble.csv', X, ['2024-01-02 100.5', '2024-01-03 101.25']],
  ['A30 stated', 'a30-preamble.csv', { ...X, skipLines: 1 }, ['2024-01-02 100.5', '2024-01-03 101.25']],
  ['A32', 'a32-unnamed-index.csv', X, ['2024-01-02 1.5', '2024-01-03 1.75']],
  ['A34 stated', 'a34-date-price-volume.csv', X, ['2024-01-02 100.5', '2024-01-03 101.25']],
  ['A37 stated', 'a37-date-close.csv', X, ['2024-01-02 100.5', '2024-01-03 101.25']],
  ['A41', 'a41-ist-naive.csv', X, ['2024-01-02T09:15:00Z 21700.5', '2024-01-02T09:16:00Z 21710']],
  ['A41 with an offset', 'a41-ist-naive.csv', { ...X, zone: '+05:30' }, ['2024-01-02T03:45:00Z 21700.5', '2024-01-02T03:46:00Z 21710']],
  ['A41 in its zone', 'a41-ist-naive.csv', { ...X, zone: 'Asia/Kolkata' }, ['2024-01-02T03:45:00Z 21700.5', '2024-01-02T03:46:00Z 21710']],
  ['A50', 'a50-file.csv.gz', X, ['2024-01-02 100.5', '2024-01-03 101.25']],
  ['A51', 'a51-yahoo-page.csv', X, ['2024-01-04 181.91', '2024-01-05 181.18']],
])('%s is read right: %s', async (_case, name, options, expected) => {
  expect(await stepsOf(name, options)).toEqual(expected);
});

it.each<[string, string, ImportTextOptions, readonly string[]]>([
  ['A34', 'a34-date-price-volume.csv', {}, ['1:1 price, volume are column kinds, not symbols; say --symbol, or --form wide if they are']],
  ['A37', 'a37-date-close.csv', {}, ['1:1 the rows name no symbol; say --symbol']],
  [
    'A15',
    'a15-dst-naive.csv',
    { symbol: 'EURUSD' },
    [
      '4 column 2 (Close): a second price for EURUSD at 2023-10-29T02:00:00Z; the first is on line 3 (--duplicates same leaves equal ones out)',
    ],
  ],
  [
    'A15, other prices are no duplicates',
    'a15-dst-naive.csv',
    { symbol: 'EURUSD', duplicates: 'same' },
    ['4 column 2 (Close): a second price for EURUSD at 2023-10-29T02:00:00Z, and another one; the first is on line 3'],
  ],
  [
    'A15 in its zone',
    'a15-dst-naive.csv',
    { symbol: 'EURUSD', zone: 'Europe/Berlin' },
    [3, 4].map(
      (line) =>
        `${String(line)}:1 column 1 (Datetime): "2023-10-29 02:00:00": two instants in Europe/Berlin, where the clock was put back (CEST or CET); export with offsets, or say one with --zone`,
    ),
  ],
  [
    'A16',
    'a16-dup-row.csv',
    X,
    ['4 column 2 (Close): a second price for X at 2024-01-03; the first is on line 3 (--duplicates same leaves equal ones out)'],
  ],
  [
    'A22b',
    'a22b-shib-10dec.csv',
    {},
    ['0.000000000123', '0.000000000131'].map(
      (cell, k) =>
        `${['2:23', '3:27'][k] ?? ''} column 3 (PEPE): "${cell}": below 0.00000001, the smallest price; scale the symbol (a price of 1000 units, say)`,
    ),
  ],
  [
    'A28',
    'a28-wti-negative.csv',
    X,
    [
      '3:12 column 2 (Close): "-37.63": prices of 0 or less are not supported; --missing drop leaves such steps out, fill carries the last price forward',
    ],
  ],
  [
    'A13 with every gap refused',
    'a13-yahoo-null.csv',
    { ...X, missing: 'error' },
    ['3:1 no price for X at 2019-06-04; say --missing drop (leave such steps out) or fill (carry the last price forward)'],
  ],
])('%s is refused: %s', async (_case, name, options, expected) => {
  expect(await importErrors(await bytesOf(name), options)).toEqual(expected);
});

/** What is chosen is said. */
it.each<[string, string, ImportTextOptions, readonly string[]]>([
  ['A14', 'a14-adjclose.csv', X, ['took "Close"; "Adj Close" is there: --column "Adj Close"']],
  ['A41', 'a41-ist-naive.csv', X, ['times without an offset were taken as UTC; --zone says another']],
  ['A41 with an offset', 'a41-ist-naive.csv', { ...X, zone: '+05:30' }, []],
  ['A16 same', 'a16-dup-row.csv', { ...X, duplicates: 'same' }, ['1 price that was there already left out']],
  ['A30', 'a30-preamble.csv', X, ['skipped 1 line before the header']],
  ['A28 dropped', 'a28-wti-negative.csv', { ...X, missing: 'drop' }, ['1 price of 0 or less taken as none']],
  ['A17', 'a17-nasdaq-dollar.csv', X, ["dates are month before day: a header with Close/Last is Nasdaq's", 'rows were sorted by time']],
  ['A10', 'a10-german-semicolon.csv', X, ['dates are day before month: the header is German']],
  ['A12', 'a12-kraken-nohdr.csv', X, ['no header line: columns 2 to 5 are open, high, low, close by their numbers, took 5']],
  ['A54', 'a54-esc.csv', X, ['took "Cl\\u001b[31mose\\u0007", the only other column of numbers']],
])('%s says what it chose: %s', async (_case, name, options, expected) => {
  expect((await imported(await bytesOf(name), options)).notes).toEqual(expected);
});

it('tells the dialect', async () => {
  const told = async (name: string): Promise<object> => (await imported(await bytesOf(name), X)).told.dialect;
  expect(await told('a08-mt5-tab.csv')).toEqual({
    encoding: 'utf-8',
    compression: 'none',
    line_end: 'crlf',
    delimiter: '\t',
    decimal: '.',
    header_lines: 1,
    skipped_lines: 0,
    form: 'ohlcv',
    time_columns: ['<DATE>', '<TIME>'],
    date_order: null,
    zone: null,
    symbol_column: null,
    price_columns: ['<CLOSE>'],
  });
  expect(await told('a09-utf16le.csv')).toMatchObject({ encoding: 'utf-16le with byte order mark' });
  expect(await told('a10-german-semicolon.csv')).toMatchObject({
    encoding: 'utf-8 with byte order mark',
    delimiter: ';',
    decimal: ',',
    date_order: 'dmy',
  });
  expect(await told('a29-cr-only.csv')).toMatchObject({ line_end: 'cr' });
  expect(await told('a50-file.csv.gz')).toMatchObject({ compression: 'gzip' });
  expect(await told('a01-yf-multirow.csv')).toMatchObject({
    header_lines: 3,
    form: 'wide',
    time_columns: ['Date'],
    price_columns: ['Close'],
  });
  expect(await told('a12-kraken-nohdr.csv')).toMatchObject({ header_lines: 0, time_columns: ['1'], price_columns: ['5'] });
  expect((await imported(await bytesOf('a08-mt5-tab.csv'), X)).told.lines[1]).toBe(
    'cells separated by tab, decimal mark ".", 1 header line',
  );
});

it('renames symbols', async () => {
  const market = await imported(await bytesOf('a24-alpaca.csv'), { renames: ['BTC/USD=BTCUSD'] });
  expect(market.symbols).toEqual(['BTCUSD', 'ETH/USD']);
  expect((await imported(await bytesOf('a24-alpaca.csv'), { symbols: ['eth/usd'] })).symbols).toEqual(['ETH/USD']);
  expect(await importErrors(await bytesOf('a24-alpaca.csv'), { renames: ['DOGE=D'] })).toEqual([
    '--rename "DOGE=D": the file has no such symbol',
  ]);
  expect((await importErrors('symbol,date,price\nS&P 500,2024-01-02,1\n'))[0]).toMatch(
    /^2:1 column 1 \(symbol\): "S&P 500": expected a symbol .*; --rename "S&P 500=NAME"/,
  );
  expect((await imported('symbol,date,price\nS&P 500,2024-01-02,1\n', { renames: ['S&P 500=SPX'] })).symbols).toEqual(['SPX']);
  // `=` is part of some symbols: the file tells where the middle is.
  expect((await imported('date,EURUSD=X,B\n2024-01-02,1,2\n', { renames: ['EURUSD=X=EURUSD'] })).symbols).toEqual(['EURUSD', 'B']);
  expect((await imported('date,EURUSD,B\n2024-01-02,1,2\n', { renames: ['EURUSD=EURUSD=X'] })).symbols).toEqual(['EURUSD=X', 'B']);
});

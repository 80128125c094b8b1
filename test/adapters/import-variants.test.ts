/** Variants of what exports do: marks, encodings, clocks, columns. Each is read right, or refused with the option that helps. */
import { zipSync } from 'fflate';
import { gzipSync } from 'node:zlib';
import { importErrors, imported, type ImportTextOptions } from '../support/import-text';

const X: ImportTextOptions = { symbol: 'X' };

async function read(content: string | Uint8Array, options: ImportTextOptions = X): Promise<readonly string[]> {
  return (await imported(content, options)).lines.slice(1).map((line) => {
    const { prices, time } = JSON.parse(line) as { prices: Record<string, string>; time?: string };
    return [time, ...Object.values(prices)].join(' ');
  });
}

const TWO = ['2024-01-02 1234.5', '2024-01-13 1235.25'];

it.each<[string, string | Uint8Array, ImportTextOptions]>([
  ['CR LF, quotes and a byte order mark', '\ufeff"Date","Close"\r\n"2024-01-02","1234.5"\r\n"2024-01-13","1235.25"\r\n', X],
  ['upper case', 'DATE,CLOSE\n2024-01-02,1234.5\n2024-01-13,1235.25\n', X],
  ['spaces around cells', 'Date, Close\n2024-01-02, 1234.5\n2024-01-13, 1235.25\n', X],
  ['spaces before quotes', '"Date", "Close"\n"2024-01-02", "1,234.5"\n"2024-01-13", "1,235.25"\n', X],
  ['a separator at the end of rows only', 'Date,Close\n2024-01-02,1234.5,\n2024-01-13,1235.25,\n', X],
  ['Excel says its separator', 'sep=;\nDate;Close\n2024-01-02;1234.5\n2024-01-13;1235.25\n', X],
  ['pipes', 'Date|Close\n2024-01-02|1234.5\n2024-01-13|1235.25\n', X],
  ['a stated separator', 'Date~Close\n2024-01-02~1234.5\n2024-01-13~1235.25\n', { ...X, delimiter: '~' }],
  ['a title and a blank line first', 'Prices of X\n\nDate,Close\n2024-01-02,1234.5\n2024-01-13,1235.25\n', X],
  ['rows of separators between', 'Date,Close\n2024-01-02,1234.5\n,\n2024-01-13,1235.25\n,\n', X],
  ['Swiss', 'Datum;Schlusskurs\n02.01.2024;1\u2019234.50\n13.01.2024;1\u2019235.25\n', X],
  ['French', 'Date;Ouverture;Clôture\n02/01/2024;1 200,00;1 234,50\n13/01/2024;1 234,00;1\u202f235,25\n', X],
  [
    'a German file of Investing',
    '"Datum","Zuletzt","Eröffn.","Hoch","Tief","Vol.","+/- %"\n"13.01.2024","1.235,25","1","2","1","1,5K","0,06%"\n"02.01.2024","1.234,50","1","2","1","","-0,60%"\n',
    X,
  ],
  [
    'Windows-1252 when asked',
    Uint8Array.from(Buffer.from('Datum;Er\xf6ffnung;Schlu\xdf;Schlusskurs\n02.01.2024;1,0;x;1234,5\n13.01.2024;1,0;x;1235,25\n', 'latin1')),
    { ...X, encoding: 'windows-1252' },
  ],
  ['UTF-16 big endian', Buffer.from('\ufeffDate,Close\n2024-01-02,1234.5\n2024-01-13,1235.25\n', 'utf16le').swap16(), X],
  [
    'UTF-16 without a mark, stated',
    Buffer.from('Date,Close\n2024-01-02,1234.5\n2024-01-13,1235.25\n', 'utf16le'),
    { ...X, encoding: 'utf-16le' },
  ],
  ['day first, as one row shows', 'Date,Close\n02.01.2024,1234.5\n13.01.2024,1235.25\n', X],
  ['month first, stated', 'Date,Close\n01/02/2024,1234.5\n01/13/2024,1235.25\n', { ...X, dateFormat: 'mdy' }],
  ['two digits of a year, stated', 'Date,Close\n02.01.24,1234.5\n13.01.24,1235.25\n', { ...X, dateFormat: 'DD.MM.YY' }],
  ['a pattern of strptime', 'Date,Close\n02-Jan-24,1234.5\n13-Jan-24,1235.25\n', { ...X, dateFormat: '%d-%b-%y' }],
  ['days of Excel, stated', 'Date,Close\n45293,1234.5\n45304,1235.25\n', { ...X, dateFormat: 'excel' }],
  ['a weekday before', 'Date,Close\n"Tue, Jan 2, 2024",1234.5\n"Saturday, January 13, 2024",1235.25\n', X],
  ['a month in German', 'Datum;Kurs\n2. Januar 2024;1234,5\n13. Jan. 2024;1235,25\n', X],
  ['a currency', 'Date,Close\n2024-01-02,"€1,234.50"\n2024-01-13,"1,235.25 EUR"\n', X],
  ['an index and a date', ',date,open,close\n0,2024-01-02,1,1234.5\n1,2024-01-13,1,1235.25\n', X],
  ['no header, one price', '2024-01-02,1234.5\n2024-01-13,1235.25\n', X],
  ['no header, stated', '2024-01-02,1234.5,7\n2024-01-13,1235.25,8\n', { ...X, header: 'none', column: '2' }],
  ['a column by its number', 'Date,Bid,Ask\n2024-01-02,1,1234.5\n2024-01-13,1,1235.25\n', { ...X, column: '3' }],
  ['a time column stated', 'Session,Close\n2024-01-02,1234.5\n2024-01-13,1235.25\n', { ...X, timeColumn: 'Session' }],
  ['a zip of one file', zipSync({ 'x.csv': Buffer.from('Date,Close\n2024-01-02,1234.5\n2024-01-13,1235.25\n') }), X],
  ['one symbol of a wide file', 'Date,Y,X\n2024-01-02,1,1234.5\n2024-01-13,1,1235.25\n', X],
  ['a column that is called by the symbol', 'Date,X_Close,X_Volume\n2024-01-02,1234.5,7\n2024-01-13,1235.25,8\n', {}],
  ['columns of two levels as tuples', `Date,"('Close', 'X')","('Volume', 'X')"\n2024-01-02,1234.5,7\n2024-01-13,1235.25,8\n`, {}],
  ['a header of two lines by ticker', ',X,X\n,Open,Close\nDate,,\n2024-01-02,1,1234.5\n2024-01-13,1,1235.25\n', {}],
  ['newest first', 'Date,Close\n2024-01-13,1235.25\n2024-01-02,1234.5\n', X],
])('reads %s', async (_name, content, options) => {
  expect(await read(content, options)).toEqual(TWO);
});

it.each<[string, string, ImportTextOptions, string]>([
  ['seconds with a fraction', '1704187800.25', X, '2024-01-02T09:30:00.25Z'],
  ['milliseconds', '1704187800000', X, '2024-01-02T09:30:00Z'],
  ['microseconds', '1704187800000001', X, '2024-01-02T09:30:00.000001Z'],
  ['nanoseconds', '1704187800000000001', X, '2024-01-02T09:30:00.000000001Z'],
  ['a compact clock', '20240102 093000', X, '2024-01-02T09:30:00Z'],
  ['a compact clock with milliseconds', '20240102 093000123', X, '2024-01-02T09:30:00.123Z'],
  ['digits alone', '20240102093000', X, '2024-01-02T09:30:00Z'],
  ['IBKR with a semicolon', '"20240102;093000"', X, '2024-01-02T09:30:00Z'],
  ['a date and a clock with a semicolon', '"2024-01-02;09:30:00"', X, '2024-01-02T09:30:00Z'],
  ['IBKR with a dash', '20240102-09:30:00', X, '2024-01-02T09:30:00Z'],
  ['IBKR with a zone', '20240102 09:30:00 US/Eastern', X, '2024-01-02T14:30:00Z'],
  ['a clock of 12 hours', '2024-01-02 9:30 AM', X, '2024-01-02T09:30:00Z'],
  ['midnight of 12 hours', '2024-01-02 12:00:00 AM', X, '2024-01-02T00:00:00Z'],
  ['an afternoon', '"Jan 2, 2024, 4:00 PM"', X, '2024-01-02T16:00:00Z'],
  ['an offset', '2024-01-02T09:30:00.000-0500', X, '2024-01-02T14:30:00Z'],
  ['a script', 'Tue Jan 02 2024 09:30:00 GMT+0100 (Central European Standard Time)', X, '2024-01-02T08:30:00Z'],
  ['letters of a zone that was stated', '2024-07-02 09:30:00 EDT', { ...X, zone: 'America/New_York' }, '2024-07-02T13:30:00Z'],
  ['the hour that comes twice, told apart', '2023-11-05 01:30:00 EST', { ...X, zone: 'America/New_York' }, '2023-11-05T06:30:00Z'],
  ['a pattern with a clock', '02.01.24 09:30', { ...X, dateFormat: 'DD.MM.YY HH:mm' }, '2024-01-02T09:30:00Z'],
])('reads a time: %s', async (_name, cell, options, expected) => {
  expect(await read(`time,close\n${cell},5\n`, options)).toEqual([`${expected} 5`]);
});

/** One file of that content, as far as a reader of its first bytes can tell. */
function tarOf(content: string): Uint8Array {
  const head = Buffer.alloc(512);
  head.write('x.csv');
  head.write('ustar', 257);
  return Buffer.concat([head, Buffer.from(content)]);
}

it.each<[string, string | Uint8Array, ImportTextOptions, RegExp]>([
  [
    'dates that could be two',
    'Date,Close\n03.02.2024,1.5\n',
    X,
    /^2:1 column 1 \(Date\): "03.02.2024": could mean two days; say --date-format mdy or dmy$/,
  ],
  ['years of two digits', 'Date,Close\n13.02.24,1.5\n', X, /"13\.02\.24": a year of two digits; say --date-format/],
  [
    'a mark that could be two',
    'Date;Close\n2024-01-02;1.234\n2024-01-03;1.235\n',
    X,
    /^2:1 "1\.234": the mark could be one of decimals or of thousands; say --decimal/,
  ],
  ['thousands or decimals', 'Date,Close\n2024-01-02,"26,046"\n', X, /"26,046": the mark could be/],
  [
    'two marks in one file',
    'Date;Close\n2024-01-02;1,5\n2024-01-03;1.5\n',
    X,
    /the decimal mark is "," in "1,5" \(line 2\) and "." in "1.5" \(line 3\); say --decimal/,
  ],
  ['bid and ask', 'Date,bid,ask\n2024-01-02,1,2\n', {}, /bid, ask are column kinds, not symbols; say --symbol/],
  ['a volume beside symbols', 'Date,AAPL,Volume\n2024-01-02,1,2\n', {}, /Volume is a column kind, not a symbol/],
  ['no header and two columns of numbers', '2024-01-02,1,2\n', X, /no header line, and 2 columns of numbers; say --column/],
  [
    'digits that could be a date or a count',
    'time,close\n2024010209,1\n',
    X,
    /could be YYYYMMDDHH or a count since 1970; say --date-format/,
  ],
  ['a day of Excel', 'time,close\n45293,1\n', X, /say --date-format excel/],
  ['a count that lost its digits', 'time,close\n1.70419E+12,1\n', X, /with an exponent has lost digits/],
  [
    'letters that several zones use',
    'time,close\n2024-01-02 09:30 CST,1\n',
    X,
    /"CST" is no offset and no zone by its full name; say --zone/,
  ],
  [
    'an hour that was put forward',
    'time,close\n2024-03-10 02:30,1\n',
    { ...X, zone: 'America/New_York' },
    /there was no such time in America\/New_York/,
  ],
  ['a zone that is none', 'time,close\n2024-03-10 02:30,1\n', { ...X, zone: 'Mars/Base' }, /^--zone "Mars\/Base": expected an offset/],
  ['an encoding that is none', 'time,close\n', { ...X, encoding: 'x' }, /^--encoding "x": expected utf-8/],
  [
    'bytes that are no UTF-8',
    Uint8Array.from(Buffer.from('Datum;Er\xf6ffnung\n', 'latin1')),
    X,
    /^1 bytes that are not UTF-8; say --encoding, such as --encoding windows-1252$/,
  ],
  [
    'UTF-16 without a mark',
    Buffer.from('Date,Close\n2024-01-02,1\n', 'utf16le'),
    X,
    /as in UTF-16 without a byte order mark; say --encoding utf-16le/,
  ],
  ['a tar', tarOf('Date,Close'), X, /is a tar archive: tar -xOf FILE NAME/],
  ['a tar in gzip', gzipSync(tarOf('Date,Close')), X, /unpacked from gzip, is a tar archive: tar -xOf FILE NAME/],
  ['gzip in gzip', gzipSync(gzipSync(Buffer.from('Date,Close'))), X, /unpacked from gzip, is gzip again: gunzip -c FILE/],
  ['RAR', Buffer.from('Rar!\u001a\u0007\0', 'latin1'), X, /is a RAR archive/],
  ['Feather', Buffer.from('ARROW1\0\0'), X, /is Arrow or Feather/],
  ['HDF5', Buffer.from('\x89HDF\r\n', 'latin1'), X, /is HDF5/],
  ['NumPy', Buffer.from('\x93NUMPY\x01\0', 'latin1'), X, /is an array of NumPy/],
  ['a pickle', Buffer.from('\x80\x04\x95\0', 'latin1'), X, /is a pickle of Python/],
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x44, 0, 0, 0]), X, /is UTF-32: iconv -f UTF-32/],
  [
    'a column of times under another name',
    'agg_id,done,px\n5,1704067200000,2\n9,1704067201000,3\n',
    X,
    /"done" holds times, and is not called so; say --time-column 2/,
  ],
  ['cells separated by spaces', 'Date Close\n2024-01-02 1.5\n', X, /one column; cells separated by spaces are read with --delimiter " "/],
  [
    'ticks whose price column is empty',
    '<DATE>\t<BID>\t<LAST>\n2024.01.02\t1.5\t\n',
    X,
    /no price in "<LAST>" in the rows chosen; --column names another: the columns are <DATE>, <BID>, <LAST>/,
  ],
  [
    'a currency that was given up',
    'Date,USD,CYP,\n2024-01-03,1.5,N/A,\n',
    {},
    /no price for CYP in the rows chosen; leave out with --symbols USD/,
  ],
  [
    'a zip of two files',
    zipSync({ 'a.csv': Buffer.from('a'), 'b.csv': Buffer.from('b') }),
    X,
    /is a zip of several files \(a\.csv, b\.csv\): unzip -p FILE NAME/,
  ],
  ['a workbook', zipSync({ '[Content_Types].xml': Buffer.from('a') }), X, /workbook of Excel \(\.xlsx\): save it as CSV/],
  ['a zip that is cut off', zipSync({ 'a.csv': Buffer.from('Date,Close\n2024-01-02,1\n'.repeat(99)) }).subarray(0, 60), X, /zip|empty/],
  ['gzip that is damaged', Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]), X, /is gzip that is cut off or damaged/],
  ['a page', '<!DOCTYPE html><html></html>', X, /is a web page or XML/],
  ['JSON', '[{"t":1}]', X, /is JSON: import reads CSV/],
  ['zstd', Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0]), X, /is Zstandard: zstd -dc FILE/],
  ['a header that is none', 'a,b,c\n2024-01-02,1\n2024-01-03,2\n', X, /line 1 is no header; say --skip-lines 1 or --header/],
  ['an illegal pattern', 'time,close\n', { ...X, dateFormat: 'YYYY' }, /^--date-format "YYYY": expected mdy, dmy/],
])('refuses %s', async (_name, content, options, expected) => {
  expect((await importErrors(content, options))[0]).toMatch(expected);
});

it('merges runs that do not fit into memory as if they did', async () => {
  // More records than one run holds, in an order that interleaves the runs.
  const rows = Array.from({ length: 300_000 }, (_, row) => `${String(1_300_000_000 + ((row * 7) % 300_000))},${String(1 + (row % 5))}\n`);
  const market = await imported(`time,close\n${rows.join('')}`, X);
  expect(market.counts).toMatchObject({ rows: 300_000, steps: 300_000, sorted: true });
  expect(market.steps.every(({ time }, step) => step === 0 || (time ?? '') > (market.steps[step - 1]?.time ?? ''))).toBe(true);
}, 180_000);

it.each<[string, string, ImportTextOptions, readonly string[], readonly string[]]>([
  ['the one symbol of a long file under another name', 'date,ticker,close\n2024-01-02,AAPL.US,5\n', X, ['X'], ['AAPL.US is called X']],
  [
    'a long file of several symbols, where --symbol is none of them',
    'date,ticker,close\n2024-01-02,B,5\n2024-01-02,A,6\n',
    X,
    ['A', 'B'],
    ['--symbol X is not used: the file names its symbols (A, B); --symbols chooses among them, --rename calls one something else'],
  ],
  ['a long file of several symbols, one of them chosen', 'date,ticker,close\n2024-01-02,B,5\n2024-01-02,A,6\n', { symbol: 'A' }, ['A'], []],
  [
    'what changed hands beside the price of NSE',
    '"Date ","OPEN ","HIGH ","LOW ","close ","VOLUME ","VALUE "\n"02-Jan-2024","1","2","1","2","5","10"\n',
    X,
    ['X'],
    ['took "close"; "VALUE" is there: --column "VALUE"'],
  ],
])('says what it chose: %s', async (_name, content, options, symbols, notes) => {
  expect(await imported(content, options)).toMatchObject({ symbols, notes });
});

it.each(['—', '–', '\\N', '#DIV/0!', '#VALUE!', '<NA>', 'n/a', '.', '-'])('takes %s for no price', async (word) => {
  expect(await read(`Date,Close\n2024-01-02,1234.5\n2024-01-05,${word}\n2024-01-13,1235.25\n`)).toEqual(TWO);
});

it.each(['transact_time', 'window_start'])('knows times by the name %s', async (name) => {
  expect(await read(`id,${name},price\n7,1704187800000,5\n9,1704187801000,6\n`)).toEqual([
    '2024-01-02T09:30:00Z 5',
    '2024-01-02T09:30:01Z 6',
  ]);
});

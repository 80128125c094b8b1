/** Market files of every form: one digest for one content, and for bad input an error with its place. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Either, right } from 'fp-ts/Either';
import type { ByteStream } from '../../src/adapters/filesystem/byte-source';
import { readJsonDocument } from '../../src/adapters/filesystem/json-document';
import { openMarketFile } from '../../src/adapters/filesystem/market-file';
import { MARKET_TEXT_FORMS, marketText, type MarketTextForm } from '../../src/adapters/filesystem/market-text';
import { makeMarketDocument } from '../../src/adapters/in-process/market-document';
import { describeProblem } from '../../src/domain/codec/problem';
import { LINE_BYTES_MAX } from '../../src/domain/limits';
import { makeMarketForm } from '../../src/domain/market/market-form';
import type { MarketPath, MarketStep } from '../../src/domain/market/market-path';
import { decodeStrategy } from '../../src/domain/world/market/strategy';
import type { MarketInput, MarketInputError } from '../../src/ports/market-input';
import { imported, type ImportedText, type ImportTextOptions } from '../support/import-text';

const SEED = 20_240_207;

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-market-'));
});
afterAll(() => rm(directory, { recursive: true }));

interface Outcome {
  /** The normal form as far as it came out. */
  readonly text: string;
  readonly error: MarketInputError | undefined;
}

async function textOf({ symbols, steps }: Pick<MarketPath, 'symbols' | 'steps'>, form: MarketTextForm): Promise<string> {
  let text = '';
  for await (const chunk of marketText(symbols, batchesOf(steps), form)) if (chunk._tag === 'Right') text += chunk.right;
  return text;
}

async function* batchesOf(steps: readonly MarketStep[]): AsyncGenerator<Either<never, readonly MarketStep[]>, void> {
  for (let at = 0; at < steps.length; at += 5) yield await Promise.resolve(right(steps.slice(at, at + 5)));
}

async function drain(market: MarketInput): Promise<Outcome> {
  const symbols = await market.open()();
  if (symbols._tag === 'Left') {
    await market.close();
    return { text: '', error: symbols.left };
  }
  let text = `${makeMarketForm(symbols.right).header}\n`;
  for (;;) {
    const read = await market.read()();
    if (read._tag === 'Left') {
      // Asked again, it answers the same.
      expect(await market.read()()).toEqual(read);
      await market.close();
      return { text, error: read.left };
    }
    if (read.right === '') break;
    expect(read.right.endsWith('\n')).toBe(true);
    text += read.right;
  }
  expect(await market.read()()).toEqual({ _tag: 'Right', right: '' });
  await market.close();
  return { text, error: undefined };
}

async function* bytesOf(text: string | Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  for (let at = 0; at < bytes.length; at += chunkBytes) yield await Promise.resolve(bytes.subarray(at, at + chunkBytes));
}

function fromStdin(text: string | Uint8Array, chunkBytes = 65_536): Promise<Outcome> {
  return drain(openMarketFile('-', { stdin: bytesOf(text, chunkBytes) }));
}

async function fromFile(name: string, text: string | Uint8Array): Promise<Outcome> {
  const path = join(directory, name);
  await writeFile(path, text);
  return drain(openMarketFile(path));
}

function describeError(error: MarketInputError | undefined): readonly string[] {
  if (error === undefined) return [];
  if (error._tag === 'InvalidInput') return error.problems.map((problem) => describeProblem('m', problem));
  return [`${error._tag}${'reason' in error ? `: ${error.reason}` : ''}`];
}

const NORMAL =
  '{"symbols":["AAPL","MSFT"]}\n{"prices":{"AAPL":"99.86","MSFT":"197.65"},"time":"t0"}\n{"prices":{"AAPL":"99.5","MSFT":"194.19"}}\n';

describe('one content, one text', () => {
  test.each([
    ['normal.jsonl', NORMAL],
    ['no-final-newline.jsonl', NORMAL.slice(0, -1)],
    ['blank-end.jsonl', `${NORMAL}\n \r\n`],
    ['crlf.jsonl', NORMAL.replaceAll('\n', '\r\n')],
    [
      'loose.jsonl',
      '{ "description": "d", "symbols": [" aapl ", "MSFT"] }\n{"time":"t0","prices":{"msft":197.65,"AAPL":"99.860"}}\n{"prices":{"AAPL":99.5,"MSFT":194.19}}',
    ],
    [
      'a.JSON',
      '{"description":"d","symbols":["aapl","msft"],"steps":[{"time":"t0","AAPL":99.86,"MSFT":"197.65"},{"MSFT":194.19,"AAPL":99.50}]}',
    ],
    ['a.csv', 'time,AAPL,MSFT\nt0,99.86,197.65\n,99.5,194.19\n'],
    ['moved.csv', 'aapl, MSFT ,DATE\r\n99.86,"197.65","t0"\r\n99.50, 194.19 ,'],
    ['bom.csv', '\ufeff"Time",AAPL,MSFT\nt0,99.86,197.65\n,99.5,194.19\n\n\n'],
  ])('%s', async (name, text) => {
    const expected: Outcome = { text: NORMAL, error: undefined };
    expect(await fromFile(name, text)).toEqual(expected);
    for (const chunkBytes of [1, 7, 65_536]) expect(await fromStdin(text, chunkBytes)).toEqual(expected);
  });

  test('a random market has one text in every form, from memory and from chunks cut anywhere', async () => {
    const price = fc.oneof(
      fc.bigInt(1n, 10n ** 26n - 1n),
      fc.bigInt(1n, 10n ** 6n).map((cents) => cents * 1_000_000n),
    );
    const time = fc.option(
      fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.constantFrom('"', '""', 'a,b', 'a\nb', '\r\n', '\\', ' t ', '\ufeff')),
      { nil: undefined },
    );
    const path = fc
      .uniqueArray(
        fc.stringMatching(/^[A-Z0-9][A-Z0-9._^-]{0,5}$/).filter((symbol) => !['TIME', 'DATE'].includes(symbol.replaceAll(/[._-]/g, ''))),
        { minLength: 1, maxLength: 4 },
      )
      .chain((symbols) =>
        fc.record({
          symbols: fc.constant(symbols),
          steps: fc.array(fc.record({ prices: fc.array(price, { minLength: symbols.length, maxLength: symbols.length }), time }), {
            minLength: 1,
            maxLength: 12,
          }),
        }),
      );
    await fc.assert(
      fc.asyncProperty(path, fc.integer({ min: 1, max: 200 }), async (market: MarketPath, chunkBytes) => {
        // A .csv has a column of times or none.
        const timed = market.steps[0]?.time !== undefined;
        const steps = market.steps.map(({ prices, time }) => ({ prices, time: timed ? time : undefined }));
        await checkForms({ symbols: market.symbols, steps }, chunkBytes);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  async function checkForms(market: MarketPath, chunkBytes: number): Promise<void> {
    const expected: Outcome = { text: await textOf(market, 'jsonl'), error: undefined };
    expect(await drain(makeMarketDocument(market))).toEqual(expected);
    for (const form of MARKET_TEXT_FORMS) expect(await fromStdin(await textOf(market, form), chunkBytes)).toEqual(expected);
  }

  test('a market longer than many chunks, with lines in and out of normal form', async () => {
    const lines = Array.from({ length: 20_000 }, (_, k) => `{"prices":{"A":"${String(k + 1)}"}}\n`);
    const loose = lines.map((line, k) => (k % 977 === 0 ? line.replace(/"(\d+)"/, ' $1 ') : line));
    const normal = ['{"symbols":["A"]}\n', ...lines].join('');
    expect(await fromFile('long.jsonl', normal)).toEqual({ text: normal, error: undefined });
    expect(await fromFile('long-loose.jsonl', ['{"symbols":["A"]}\n', ...loose].join(''))).toEqual({ text: normal, error: undefined });
    const csv = ['A\n', ...lines.map((_, k) => `${String(k + 1)}\n`)].join('');
    expect(await fromFile('long.csv', csv)).toEqual({ text: normal, error: undefined });
  });
});

describe('bad input', () => {
  const header = '{"symbols":["A","B"]}\n';
  const good = '{"prices":{"A":"1","B":"2"}}\n';

  test.each<[string, string, readonly string[], string?]>([
    ['jsonl', '', ['m: is empty; expected a header line {"symbols":[...]}']],
    ['jsonl', header, ['m:1: expected at least one step after the header'], header],
    [
      'jsonl',
      good,
      [
        'm:1:11: /prices: an object: unknown field; legal here: symbols, description',
        'm:1:1: /symbols: missing: a required field: list of symbol',
      ],
    ],
    ['jsonl', '{"symbols":["A","a"]}\n', ['m:1:17: /symbols/1: "a": a duplicate of item 0']],
    ['jsonl', '{"symbols":["A"],"__proto__":1}\n', ['m:1:30: /__proto__: 1: unknown field; legal here: symbols, description']],
    [
      'jsonl',
      `${header}${good}{"prices":{"A":123456789012.12345678,"B":2}}\n`,
      [
        'm:3:16: /prices/A: 123456789012.12345678: more digits than a JSON number keeps (it would become 123456789012.12346); write it as a string',
      ],
      header + good,
    ],
    ['jsonl', `${header}${good}{"prices":{"A":1`, ['m:3:17: not JSON: the text ends too early: expected "," or "}"'], header + good],
    ['jsonl', `${header}${good}\n${good}`, ['m:3: a blank line'], header + good],
    ['jsonl', `${header}${good}{"prices":{"A":NaN,"B":2}}\n`, ['m:3:16: not JSON: "NaN": not a JSON value'], header + good],
    [
      'jsonl',
      `${header}{"prices":{"A":-1,"B":0}}\n`,
      ['m:2:16: /prices/A: -1: a price must be more than 0', 'm:2:23: /prices/B: 0: a price must be more than 0'],
      header,
    ],
    [
      'jsonl',
      `${header}{"prices":{"A":"1.123456789","B":1e300}}\n`,
      ['m:2:16: /prices/A: "1.123456789": more than 8 fractional digits', 'm:2:34: /prices/B: 1e+300: a magnitude of 10^18 or more'],
      header,
    ],
    ['jsonl', `${header}{"prices":{"A":1}}\n`, ['m:2:11: /prices/B: missing: no price for B; each step prices every symbol'], header],
    ['jsonl', `${header}{"prices":{"A":1,"a":1,"B":2}}\n`, ['m:2:22: /prices/a: 1: a second price for A'], header],
    ['jsonl', `${header}{"prices":{"A":1,"A":1,"B":2}}\n`, ['m:2:18: /prices: the key "A" stands twice in one object'], header],
    [
      'jsonl',
      `${header}{"prices":{"A":1,"B":2,"__proto__":3}}\n`,
      ['m:2:36: /prices/__proto__: 3: unknown field; legal here: A, B'],
      header,
    ],
    [
      'jsonl',
      `${header}{"prices":{"A":1,"B":2},"volume":3,"time":4}\n`,
      ['m:2:34: /volume: 3: unknown field; legal here: prices, time', 'm:2:43: /time: 4: expected a string'],
      header,
    ],
    [
      'jsonl',
      `${header}{"prices":{"A":1,"B":2},"time":"\\ud800"}\n`,
      ['m:2:32: /time: "\ufffd": holds a lone surrogate, which has no UTF-8 form'],
      header,
    ],
    ['jsonl', `${header}[1,2]\n`, ['m:2:1: a list of 2: expected an object with prices and, if known, time'], header],
    ['jsonl', `${header}${'['.repeat(10_000)}\n`, ['m:2:101: nested deeper than 100 levels'], header],
    ['json', '', ['m: is empty; expected a JSON document']],
    ['json', '[]', ['m:1:1: a list of 0: expected an object with symbols, steps and, if wanted, description']],
    ['json', '{"symbols":["A"]}', ['m:1:1: /steps: missing: expected a list of steps']],
    ['json', '{"symbols":["A"],"steps":[]}', ['m:1:26: /steps: a list of 0: expected at least one step']],
    [
      'json',
      '{"symbols":["A"],"steps":[{"A":1},\n{"A":"x","B":2}]}',
      [
        'm:2:6: /steps/1/A: "x": expected a decimal with at most 8 fractional digits and a magnitude below 10^18, as a JSON number or a string such as "99.86"',
        'm:2:14: /steps/1/B: 2: unknown field; legal here: A, time',
      ],
    ],
    ['json', '{"symbols":["A"],"steps":[{"A":1}],"steps":[{"A":2}]}', ['m:1:36: the key "steps" stands twice in one object']],
    [
      'json',
      '{"symbols":["A"],"steps":[{"A":1,"__proto__":{}}]}',
      ['m:1:46: /steps/0/__proto__: an object: unknown field; legal here: A, time'],
    ],
    ['csv', '', ['m: is empty; expected a CSV header line']],
    ['csv', '\n\n', ['m: is empty; expected a CSV header line']],
    ['csv', 'time,A\n', ['m:1: expected at least one row after the header'], '{"symbols":["A"]}\n'],
    ['csv', 'time\nx\n', ['m:1:1: no symbol column; expected a header such as time,AAPL,MSFT']],
    [
      'csv',
      'time,A,%,a\n',
      [
        'm:1:8: column 3 (%): "%": expected a symbol such as AAPL, ^GSPC, BTC/USDT or 0700.HK: at most 32 letters, digits and . _ ^ = / : $ -',
        'm:1:10: column 4 (a): a duplicate of column 2',
      ],
    ],
    ['csv', 'time,date,A\n', ['m:1:6: column 2 (date): a second time column; the first is 1 (time)']],
    [
      'csv',
      'time,A,B\nx,1e5,$5\n',
      [
        'm:2:3: column 2 (A): "1e5": expected a plain decimal such as 99.86, with at most 8 fractional digits',
        'm:2:7: column 3 (B): "$5": expected a plain decimal such as 99.86, with at most 8 fractional digits',
      ],
      '{"symbols":["A","B"]}\n',
    ],
    [
      'csv',
      'A,B,C\n1.123456789,,0\n',
      [
        'm:2:1: column 1 (A): "1.123456789": more than 8 fractional digits',
        'm:2:13: column 2 (B): "": no price',
        'm:2:14: column 3 (C): "0": a price must be more than 0',
      ],
      '{"symbols":["A","B","C"]}\n',
    ],
    [
      'csv',
      'A\n1\nNaN\n',
      ['m:3:1: column 1 (A): "NaN": expected a plain decimal such as 99.86, with at most 8 fractional digits'],
      '{"symbols":["A"]}\n{"prices":{"A":"1"}}\n',
    ],
    ['csv', 'A,B\n1,2\n1\n', ['m:3:1: 1 cells where the header has 2'], '{"symbols":["A","B"]}\n{"prices":{"A":"1","B":"2"}}\n'],
    ['csv', 'A\n1\n\n2\n', ['m:3: a blank line'], '{"symbols":["A"]}\n{"prices":{"A":"1"}}\n'],
    [
      'csv',
      'time,A\n"a\nb",1\n"c""d",-1\n',
      ['m:4:8: column 2 (A): "-1": a price must be more than 0'],
      '{"symbols":["A"]}\n{"prices":{"A":"1"},"time":"a\\nb"}\n',
    ],
    ['csv', 'time,A\nx,1\n"y,2\n', ['m:3: a quoted cell that does not end'], '{"symbols":["A"]}\n{"prices":{"A":"1"},"time":"x"}\n'],
    [
      'csv',
      'time,A\nx,1\n"y"z,2\n',
      ['m:3: text after the closing quote of a cell; a quote inside a quoted cell is written twice'],
      '{"symbols":["A"]}\n{"prices":{"A":"1"},"time":"x"}\n',
    ],
    [
      'csv',
      'time,A\nx,1\ny"z,2\n',
      ['m:3: a quote inside a cell that does not start with one; quote the whole cell and write the inner quote twice'],
      '{"symbols":["A"]}\n{"prices":{"A":"1"},"time":"x"}\n',
    ],
  ])('%s %j', async (ending, text, expected, before = '') => {
    const outcome = await fromFile(`bad.${ending}`, text);
    expect(describeError(outcome.error)).toEqual(expected);
    expect(outcome.text).toBe(before);
  });

  test.each(['json', 'jsonl', 'csv'])('%s: missing, a directory, not UTF-8', async (ending) => {
    expect(describeError((await drain(openMarketFile(join(directory, `none.${ending}`)))).error)).toEqual(['NotFound']);
    const nested = await mkdtemp(join(directory, 'd-'));
    await mkdir(join(nested, `x.${ending}`));
    expect(describeError((await drain(openMarketFile(join(nested, `x.${ending}`)))).error)).toEqual(['Unreadable: is a directory']);
    expect(describeError((await fromFile(`binary.${ending}`, Uint8Array.of(0x22, 0xff, 0xfe, 0x0a))).error)[0]).toMatch(
      /bytes that are not UTF-8/,
    );
  });

  test.each([
    ['jsonl', '{"symbols":["A"]}\n{"prices":{"A":"'],
    ['csv', 'A\n1'],
    ['csv', 'time,A\n"'],
  ])('%s: a line of 200 MB is refused at the limit, with what was read until then', async (_ending, start) => {
    const chunk = new Uint8Array(64 * 1024).fill(0x31);
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(new TextEncoder().encode(start));
      for (; sent < 200 * 1024 * 1024; sent += chunk.length) yield chunk;
    }
    const outcome = await drain(openMarketFile('-', { stdin: endless() }));
    expect(describeError(outcome.error)).toEqual([`m:2: a line longer than ${String(LINE_BYTES_MAX)} bytes`]);
    expect(outcome.text).toBe('{"symbols":["A"]}\n');
    expect(sent).toBeLessThan(2 * LINE_BYTES_MAX);
  });

  test('a quoted cell over many lines is refused at the limit', async () => {
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(new TextEncoder().encode('time,A\nx,1\n"'));
      for (; sent < 200 * 1024 * 1024; sent += 65_536) yield new TextEncoder().encode(`${'1'.repeat(65_535)}\n`);
    }
    const outcome = await drain(openMarketFile('-', { stdin: endless() }));
    expect(describeError(outcome.error)).toEqual([`m:3: a quoted cell that does not end`]);
    expect(sent).toBeLessThan(2 * LINE_BYTES_MAX);
  });

  test('an empty stream, which has no form', async () => {
    expect(describeError((await fromStdin('')).error)).toEqual([
      'm: is empty; expected a market in the form of a .jsonl, .json or .csv file',
    ]);
  });

  test('a failing stream is Unreadable', async () => {
    const failing: ByteStream = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(Object.assign(new Error('x'), { code: 'EIO' })) }),
    };
    expect(describeError((await drain(openMarketFile('-', { stdin: failing }))).error)).toEqual(['Unreadable: the device failed']);
  });

  test('a document of many mistakes answers the first 20', async () => {
    const steps = Array.from({ length: 50_000 }, () => '{"A":0}').join(',');
    const outcome = await fromFile('many.json', `{"symbols":["A"],"steps":[${steps}]}`);
    expect(describeError(outcome.error)).toHaveLength(20);
  });
});

describe('real prices', () => {
  const path = (name: string): string => new URL(`../../examples/${name}`, `file://${__filename}`).pathname;

  async function importFile(name: string, options: ImportTextOptions): Promise<ImportedText> {
    return imported(await readFile(path(name)), options);
  }

  test('the committed market is what import makes of its source', async () => {
    const market = await importFile('sources/stocks.csv', { symbols: ['AAPL', 'AMZN', 'IBM', 'MSFT'] });
    expect(market.counts).toMatchObject({ rows: 560, steps: 123, rounded: 0, dropped: 0, filled: 0 });
    expect(await textOf(market, 'csv')).toBe(await readFile(path('markets/stocks-2000-2010.csv'), 'utf8'));
    const { text, error } = await drain(openMarketFile(path('markets/stocks-2000-2010.csv')));
    expect(error).toBeUndefined();
    expect(createHash('sha256').update(text).digest('hex')).toBe('b2a69662ed4687b5ef14f003e223de28f2c54cd2003f20e24000edbbf5ff2ada');
  });

  test('five symbols, one of which starts later', async () => {
    await expect(importFile('sources/stocks.csv', {})).rejects.toThrow('2:1 no price for GOOG at 2000-01-01 (and 54 more gaps)');
    const market = await importFile('sources/stocks.csv', { missing: 'drop' });
    expect(market.symbols).toEqual(['AAPL', 'AMZN', 'GOOG', 'IBM', 'MSFT']);
    expect(market.steps[0]?.time).toBe('2004-08-01');
    expect(market.counts).toMatchObject({ rows: 560, steps: 68, rounded: 0, dropped: 55, filled: 0 });
  });

  test('two years of the S&P 500, day by day', async () => {
    const market = await importFile('sources/sp500-2007-2008.csv', {
      symbol: 'SPX',
      column: 'close',
      from: '2008-01-01',
    });
    expect(market.counts).toMatchObject({ rows: 504, steps: 253, rounded: 0, dropped: 0, filled: 0 });
    expect(market.steps[0]).toEqual({ time: '2008-01-02', prices: [144_716_003_400n] });
  });

  test.each(['threshold_demo', 'sma_crossover', 'mean_reversion_zscore'])('strategy %s is legal on its market', async (name) => {
    const document = await readJsonDocument(path(`strategies/${name}.json`))();
    if (document._tag === 'Left') throw new Error(describeError(document.left).join());
    const market = openMarketFile(path(name === 'threshold_demo' ? 'fixtures/trading_path.json' : 'markets/stocks-2000-2010.csv'));
    const symbols = await market.open()();
    expect(symbols._tag === 'Right' && decodeStrategy(document.right.value, symbols.right)._tag).toBe('Right');
    await market.close();
  });
});

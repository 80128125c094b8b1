/** JSON documents as files and streams: every mistake with its line and column, and nothing that throws. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJsonText, readJsonDocument } from '../../src/adapters/filesystem/json-document';
import { readError } from '../../src/adapters/filesystem/system-error';
import { describeProblem, type Problem } from '../../src/domain/codec/problem';
import { decodeStrategy } from '../../src/domain/world/market/strategy';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-json-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function* streamOf(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk);
}

/** The error as a person reads it; '' when there is none. */
async function errorOf(path: string, ...chunks: readonly (string | Uint8Array)[]): Promise<string> {
  const document = await readJsonDocument(path, { stdin: streamOf(...chunks) })();
  if (document._tag === 'Right') return '';
  const error = document.left;
  if (error._tag === 'InvalidInput') return error.problems.map((problem) => describeProblem(error.source, problem)).join('\n');
  return `${error._tag} ${error.path}${'reason' in error ? `: ${error.reason}` : ''}`;
}

describe('syntax', () => {
  test.each([
    ['', '<stdin>: is empty; expected a JSON document'],
    [' \n\t', '<stdin>: holds only white space; expected a JSON document'],
    ['{"a":1', '<stdin>:1:7: not JSON: the text ends too early: expected "," or "}"'],
    ['{\n  "a": [1, 2\n', '<stdin>:3:1: not JSON: the text ends too early: expected "," or "]"'],
    ['{"a":', '<stdin>:1:6: not JSON: the text ends too early: expected a value'],
    ['{\n  "a": NaN\n}', '<stdin>:2:8: not JSON: "NaN": not a JSON value'],
    ['{"a": Infinity}', '<stdin>:1:7: not JSON: "Infinity": not a JSON value'],
    ['{"a":1,}', '<stdin>:1:8: not JSON: "}": expected a key in double quotes'],
    ['{a:1}', '<stdin>:1:2: not JSON: "a": not a JSON value'],
    ["{'a':1}", `<stdin>:1:2: not JSON: "'a'": not a JSON value`],
    ['{"a" 1}', '<stdin>:1:6: not JSON: "1": expected ":"'],
    ['[1 2]', '<stdin>:1:4: not JSON: "2": expected ","'],
    ['{"a":1}}', '<stdin>:1:8: not JSON: "}": something stands after the end of the document'],
    ['{"a":"b\nc"}', '<stdin>:1:6: not JSON: "\\"b": a string that does not end on its line'],
    ['{"a":"\\q"}', '<stdin>:1:6: not JSON: "\\"\\\\q\\"": a backslash escape that JSON does not have'],
    ['// note\n{}', '<stdin>:1:1: not JSON: "// note": JSON has no comments'],
    ['{"a":1.}', '<stdin>:1:6: not JSON: "1.": a number that is cut off'],
    ['symbol,date,price\nA,1,2\n', '<stdin>:1:1: not JSON: "symbol": not a JSON value'],
    ['\ufeff\ufeff{}', '<stdin>:1:1: not JSON: "\ufeff": not a JSON value'],
    [
      '{"a":\n [9007199254740993]}',
      '<stdin>:2:3: /a/0: 9007199254740993: a JSON number keeps an integer of at most 9007199254740991 as it is written; write it as a string',
    ],
    ['{\n  "a": 1,\n  "a": 2\n}', '<stdin>:3:3: the key "a" stands twice in one object'],
    ['['.repeat(10_000), '<stdin>:1:101: nested deeper than 100 levels'],
    ['['.repeat(10_000) + ']'.repeat(10_000), '<stdin>:1:101: nested deeper than 100 levels'],
    ['{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000), '<stdin>:1:501: nested deeper than 100 levels'],
    ['\n{"a":'.repeat(10_000), '<stdin>:102:1: nested deeper than 100 levels'],
  ])('%j', async (text, expected) => {
    expect(await errorOf('-', text)).toBe(expected);
  });

  test('bytes that are not UTF-8, after a replacement character that is', async () => {
    expect(await errorOf('-', '{\n"a": "\ufffd', Uint8Array.of(0xff), '"}')).toBe('<stdin>:2:8: bytes that are not UTF-8');
    expect(await errorOf('-', '"', Uint8Array.of(0xe2, 0x82))).toBe('<stdin>:1:2: bytes that are not UTF-8');
    expect(await errorOf('-', '"', Uint8Array.of(0xe2), Uint8Array.of(0x82, 0xac), '"')).toBe('');
  });

  test('a document over the limit is refused without holding the rest', async () => {
    const chunk = new Uint8Array(1024 * 1024).fill(0x20);
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        sent += 1;
        yield await Promise.resolve(chunk);
      }
    }
    const document = await readJsonDocument('-', { stdin: endless() })();
    expect(document).toMatchObject({ left: { problems: [{ message: expect.stringMatching(/^larger than 32 MiB/) as unknown }] } });
    expect(sent).toBeLessThan(35);
  });
});

describe('files', () => {
  test('missing, a directory, below a file, no stdin', async () => {
    await writeFile(join(directory, 'file'), '{}');
    expect(await errorOf(join(directory, 'none.json'))).toBe(`NotFound ${directory}/none.json`);
    expect(await errorOf(directory)).toBe(`Unreadable ${directory}: is a directory`);
    expect(await errorOf(join(directory, 'file/x.json'))).toBe(
      `Unreadable ${directory}/file/x.json: a part of the path is not a directory`,
    );
    expect(await readJsonDocument('-')()).toEqual({
      _tag: 'Left',
      left: { _tag: 'Unreadable', path: '<stdin>', reason: 'no standard input here' },
    });
  });

  test('permission denied, and what has no word of ours', () => {
    expect(readError('a', Object.assign(new Error('EACCES: permission denied, open'), { code: 'EACCES' }))).toEqual({
      _tag: 'Unreadable',
      path: 'a',
      reason: 'permission denied',
    });
    expect(readError('a', new Error('odd'))).toEqual({ _tag: 'Unreadable', path: 'a', reason: 'odd' });
  });

  test('an empty file and a good one', async () => {
    const path = join(directory, 'a.json');
    await writeFile(path, '');
    expect(await errorOf(path)).toBe(`${path}: is empty; expected a JSON document`);
    await writeFile(path, '{"a": [1, "b"]}\n');
    expect(await readJsonDocument(path)()).toMatchObject({ _tag: 'Right', right: { value: { a: [1, 'b'] } } });
  });

  test('__proto__ is a key like any other', async () => {
    const document = await readJsonDocument('-', { stdin: streamOf('{"__proto__": {"x": 1}}') })();
    expect(document._tag === 'Right' && Object.keys(document.right.value as object)).toEqual(['__proto__']);
  });
});

describe('problemsAt', () => {
  function located(text: string, pointers: readonly string[]): readonly string[] {
    const document = parseJsonText(text);
    if (document._tag === 'Left') throw new Error(document.left.message);
    const problems = pointers.map((pointer): Problem => ({ pointer, message: 'm' }));
    return document.right.problemsAt(problems).map(({ line, column }) => `${String(line)}:${String(column)}`);
  }

  test('values, items, keys with escapes, and the nearest parent of what is missing', () => {
    const text = '{\n  "a": {"b": [10,\n    {"c/d": 1, "~": 2}]},\n  "": 3\n}';
    expect(located(text, ['', '/a', '/a/b', '/a/b/0', '/a/b/1', '/a/b/1/c~1d', '/a/b/1/~0', '/'])).toEqual([
      '1:1',
      '2:8',
      '2:14',
      '2:15',
      '3:5',
      '3:13',
      '3:21',
      '4:7',
    ]);
    expect(located(text, ['/a/none', '/a/b/7/x', '/none/x', '/a/b/1/c~1d/deeper'])).toEqual(['2:8', '2:14', '1:1', '3:13']);
  });

  test('every mistake of a strategy at once', async () => {
    const text = [
      '{',
      '  "metadata": {"name": "x", "version": 1, "description": ""},',
      '  "universe": {"symbols": ["AAPL", "aapl"]},',
      '  "sizing": {"order_qty": 0, "max_position_qty_per_symbol": 1e-40},',
      '  "rules": [',
      '    {"type": "threshold_price", "symbol": "AAPL", "buy_bellow": 1},',
      '    {"type": "sma", "symbol": "AAPL"}',
      '  ],',
      '  "__proto__": {}',
      '}',
    ].join('\n');
    const document = await readJsonDocument('-', { stdin: streamOf(text) })();
    if (document._tag === 'Left') throw new Error('not read');
    const strategy = decodeStrategy(document.right.value);
    if (strategy._tag === 'Right') throw new Error('not refused');
    const shown = document.right
      .problemsAt(strategy.left)
      .map((problem) => describeProblem('s.json', problem).split(': ').slice(0, 2).join(' '));
    expect(shown).toEqual([
      's.json:2:40 /metadata/version',
      's.json:3:36 /universe/symbols/1',
      's.json:4:27 /sizing/order_qty',
      's.json:4:61 /sizing/max_position_qty_per_symbol',
      's.json:6:65 /rules/0/buy_bellow',
      's.json:7:14 /rules/1/type',
      's.json:9:16 /__proto__',
    ]);
  });
});

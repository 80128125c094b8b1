/** Rows checked with nothing of this project: docs/check-row for all of them, jq and sha256sum for the class that the docs name. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Json } from '../../src/domain/canonical/canonical';
import { linkRow, type Row } from '../../src/domain/tape/chain';
import { runCli } from '../../src/handlers/cli/main';
import { captureIo } from '../support/captured-io';
import { invoke, makeTestHandler, storedFiles } from '../support/handlers';
import { textOf } from '../support/harness';
import { executablePath } from '../support/executable';
import { describeWhere } from '../support/needs';

const ROOT = join(__dirname, '../..');
const CHECK = join(ROOT, 'docs/check-row');
const CASES = join(ROOT, 'test/fixtures/cases');
const GOLDEN = join(ROOT, 'test/golden');
const SEED = 20_240_201;
const PYTHON = executablePath('python3');
const JQ = executablePath('jq');

const directory = mkdtempSync(join(tmpdir(), 'ewm-check-row-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const START = '0'.repeat(64);

function chained(rows: readonly Row[]): { readonly lines: readonly string[]; readonly head: string } {
  let head = START;
  const lines = rows.map((row) => {
    const link = linkRow(row, head);
    head = link.hash;
    return link.line;
  });
  return { lines, head };
}

const value = (...values: readonly Json[]): Row => ({ type: 'memory', index: 0, op: 'memory_put', value: [...values] });

/** What other programs write otherwise than RFC 8785: U+007F, numbers with and without exponents, keys beyond the BMP. */
const ODD: readonly Row[] = [
  value('\u007f', '\u0000\u001f\b\f\n\r\t"\\/', '\u2028\u2029', 'e\u0301é 😀'),
  value(0, -0, 1, -1.5, 0.1, 1e-6, 1e-7, -1.25e-9, 5e-324, 123456789.125, 1e15, 1e16, 1e20, 1e21, -2.5e21, 1.7976931348623157e308),
  value({ '\uffff': 1, '\ud83d\ude00': 2, z: { hash: 'not that of the row', '': [] } }, { '\u007f': null, é: true }),
];

function python(text: string): { readonly status: number | null; readonly out: string; readonly err: string } {
  const file = join(directory, 'rows.jsonl');
  writeFileSync(file, text);
  const { status, stdout, stderr } = spawnSync(PYTHON ?? '', [CHECK, file], { encoding: 'utf8' });
  return { status, out: stdout.trim(), err: stderr.trim() };
}

describeWhere(PYTHON === undefined ? 'python3 is not on the path' : undefined, 'docs/check-row', () => {
  test('hashes odd rows right, whole files and single rows', () => {
    const { lines, head } = chained(ODD);
    expect(python(lines.join(''))).toEqual({ status: 0, out: head, err: '' });
    for (const line of lines) expect(python(line)).toMatchObject({ status: 0, out: (JSON.parse(line) as { hash: string }).hash });
    const piped = spawnSync(PYTHON ?? '', [CHECK, '-'], { input: lines.join(''), encoding: 'utf8' });
    expect(piped.stdout.trim()).toBe(head);
  });

  test('and random ones', () => {
    const rows = fc.sample(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 4 })), { numRuns: 500, seed: SEED });
    const { lines, head } = chained(rows.map((row) => ({ ...(wellFormed(row) as Row), type: 'memory' })));
    expect(python(lines.join(''))).toEqual({ status: 0, out: head, err: '' });
  });

  test.each(['fixture', 'unicode-times', 'zscore-fees'])('agrees with the head hash of the golden run %s', (name) => {
    const { head_hash: head } = JSON.parse(readFileSync(join(GOLDEN, name, 'run.json'), 'utf8')) as { head_hash: string };
    expect(python(readFileSync(join(GOLDEN, name, 'tape.jsonl'), 'utf8'))).toMatchObject({ status: 0, out: head });
  });

  test('names the first row that does not fit', () => {
    const { lines } = chained(ODD);
    const text = lines.join('');
    const second = 'row 1 (line 2) does not fit its hash, or not the row before it';
    expect(python(text.replace('123456789.125', '123456789.25'))).toEqual({ status: 1, out: '', err: second });
    // The same members in other bytes, and a row that is not there.
    expect(python(text.replace('[0,0,1,', '[0,-0,1,'))).toMatchObject({ status: 1, err: second });
    expect(python(text.replace('100000000000000000000,', '1e20,'))).toMatchObject({ status: 1, err: second });
    expect(python(`${lines[0] ?? ''}${lines[2] ?? ''}`)).toMatchObject({ status: 1, err: second });
    expect(python(`${lines[0] ?? ''}nothing\n`)).toEqual({ status: 1, out: '', err: 'row 1 (line 2) is no row' });
  });
});

describeWhere(PYTHON === undefined ? 'python3 is not on the path' : undefined, 'D03', () => {
  test('a market whose time looks like a number, and a memory value: every row has the hash that the documented command gives', async () => {
    const out = join(directory, 'd03');
    const strategy = join(CASES, 'b03-strategy.json');
    expect(await runCli(['run', '--market', join(CASES, 'd03-market.csv'), '--strategy', strategy, '--out', out], captureIo().io)).toBe(0);
    const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as { head_hash: string };
    expect(python(readFileSync(join(out, 'tape.jsonl'), 'utf8'))).toMatchObject({ status: 0, out: run.head_hash });
    const memory = makeTestHandler('agentcore-memory');
    const answer = await invoke(memory, JSON.parse(readFileSync(join(CASES, 'd03-body.json'), 'utf8')));
    const files = await storedFiles(memory.artifacts, 'agentcore-memory', answer.artifact_dir ?? '');
    expect(python(textOf(files, 'tape.jsonl'))).toMatchObject({ status: 0, out: answer.head_hash });
  });
});

describeWhere(JQ === undefined ? 'jq is not on the path' : undefined, 'jq and sha256sum', () => {
  const jq = (line: string): string => {
    const command = `jq -cS 'del(.hash)' | tr -d '\\n' | sha256sum`;
    return spawnSync('bash', ['-c', command], { input: line, encoding: 'utf8' }).stdout.slice(0, 64);
  };

  test('hash the rows of the class that docs/tape-format.md names: counts, amounts as texts, no U+007F, keys of the BMP', () => {
    const tape = readFileSync(join(GOLDEN, 'fixture', 'tape.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const plain = chained([value('é😀\u2028\n"\\', 0, 9_007_199_254_740_991, { é: 1, z: 2, '': 3 })]).lines;
    for (const line of [...tape, ...plain]) expect(jq(line)).toBe((JSON.parse(line) as { hash: string }).hash);
  });
});

/** A lone surrogate has no UTF-8 form and stands in no row. */
function wellFormed(json: unknown): Json {
  if (typeof json === 'string') return json.toWellFormed();
  if (Array.isArray(json)) return json.map(wellFormed);
  if (typeof json !== 'object' || json === null) return json as Json;
  return Object.fromEntries(Object.entries(json).map(([key, member]) => [key.toWellFormed(), wellFormed(member)]));
}

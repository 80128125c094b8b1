/** The verdicts of the verifier: what it proves, what it names when it does not, and what no chain check could find. */
import fc from 'fast-check';
import { makeMemoryRunReader, type RunFileBytes } from '../../../src/adapters/in-process/run-files';
import { readChain, checkChains } from '../../../src/domain/run/replay';
import { type Verdict, verify } from '../../../src/domain/run/verify';
import { filesOf } from '../../../src/domain/run/modes';
import type { RunFile } from '../../../src/ports/run-files';
import { arbitraryCase } from '../../support/arbitraries';
import { readFixture } from '../../support/fixture';
import { changed, type Edits, forge } from '../../support/forge';
import {
  bytesOf,
  elementAt,
  expectLeft,
  expectRight,
  fromText,
  linesOf,
  localRequest,
  rowsOf,
  runCase,
  RUNS,
  seeded,
  textOf,
  verdictOn,
} from '../../support/harness';
import type { JsonObject } from '../../support/reference-model';
import { emptyLedgerCase, stoppedCase, tamperCase } from '../../support/tamper-cases';

const LOCAL_FILES = filesOf('local');

type NotProven = Extract<Verdict, { _tag: 'NotProven' }>;

async function divergenceOf(files: RunFileBytes): Promise<NotProven['divergence']> {
  const verdict = await verdictOn(files);
  if (verdict._tag !== 'NotProven') throw new Error(`expected NotProven, got ${verdict._tag}`);
  return verdict.divergence;
}

function withText(files: RunFileBytes, file: RunFile, text: string): RunFileBytes {
  return { ...files, [file]: fromText(text) };
}

describe('verify', () => {
  test('proves every random run, and its chains', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryCase, async (request) => {
        const { files, summary, tape, executions } = await runCase(localRequest(request));
        expect(await verdictOn(files)).toEqual({ _tag: 'Proven', summary });
        const chains = expectRight(await checkChains(makeMemoryRunReader(files)));
        expect({ tape: chains.tape, executions: chains.executions, unlinked: chains.unlinked }).toEqual({
          tape: { rows: tape.length, broken: undefined, sealed: true, headHash: summary.headHash },
          executions: {
            rows: executions.length,
            broken: undefined,
            sealed: false,
            headHash: executions.length === 0 ? undefined : summary.executions.head_hash,
          },
          unlinked: undefined,
        });
      }),
      seeded(2 * RUNS.whole),
    );
  });

  test.each([
    ['stopped by its budget', stoppedCase],
    ['without a fill', emptyLedgerCase()],
  ])('proves a run %s', async (_name, request) => {
    const { files, summary } = await runCase(request);
    expect(await verdictOn(files)).toEqual({ _tag: 'Proven', summary });
  });

  test('says Unfinished while there is no run.json, whatever else is there', async () => {
    const { files } = await runCase(readFixture());
    for (const missing of [['run.json'], LOCAL_FILES] as const) {
      const rest = Object.fromEntries(Object.entries(files).filter(([file]) => !(missing as readonly string[]).includes(file)));
      expect(await verdictOn(rest)).toEqual({ _tag: 'Unfinished' });
    }
  });

  test.each(LOCAL_FILES.filter((file) => file !== 'run.json'))('says which file is missing: %s', async (missing) => {
    const { files } = await runCase(readFixture());
    const { [missing]: _missing, ...rest } = files;
    expect(expectLeft(await verify(makeMemoryRunReader(rest, 'there')))).toEqual({ _tag: 'NotFound', path: `there/${missing}` });
  });

  test('stops when it is interrupted, and says so', async () => {
    const { files } = await runCase(readFixture());
    expect(expectLeft(await verify(makeMemoryRunReader(files), { interrupted: () => true }))).toEqual({ _tag: 'Interrupted', steps: 0 });
  });
});

describe('what was changed and not rehashed', () => {
  test('a changed market price is named as the row of market.jsonl, with both prices', async () => {
    const { files } = await runCase(readFixture());
    const text = textOf(files, 'market.jsonl');
    // Row 0 is the header: step 2 is row 3.
    expect(await divergenceOf(withText(files, 'market.jsonl', text.replace('"194.52"', '"194.53"')))).toEqual({
      file: 'market.jsonl',
      row: 3,
      pointer: '/prices/MSFT',
      expected: '"194.52" (the tape)',
      actual: '"194.53"',
    });
  });

  test('a changed, dropped or added time is named as the row of market.jsonl', async () => {
    const { files } = await runCase(tamperCase);
    const [rows, change] = [
      linesOf(files, 'market.jsonl'),
      (index: number, line: string): RunFileBytes =>
        withText(files, 'market.jsonl', [...rows.slice(0, index), line, ...rows.slice(index + 1), ''].join('\n')),
    ];
    const third = elementAt(rows, 3);
    expect(await divergenceOf(change(3, third.replace('一月', '二月')))).toMatchObject({ file: 'market.jsonl', row: 3, pointer: '/time' });
    expect(await divergenceOf(change(3, third.replace(/,"time":.*$/, '}')))).toMatchObject({
      file: 'market.jsonl',
      row: 3,
      pointer: '/time',
      actual: 'missing',
    });
    expect(await divergenceOf(change(2, elementAt(rows, 2).replace(/\}$/, ',"time":"x"}')))).toMatchObject({
      file: 'market.jsonl',
      row: 2,
      pointer: '/time',
    });
  });

  test('a market that is no longer in normal form, longer or shorter', async () => {
    const { files } = await runCase(readFixture());
    const rows = linesOf(files, 'market.jsonl');
    const market = (lines: readonly string[]): RunFileBytes => withText(files, 'market.jsonl', `${lines.join('\n')}\n`);
    expect(await divergenceOf(market(rows.map((row, index) => (index === 4 ? row.replace('"194.84"', '194.84') : row))))).toMatchObject({
      file: 'market.jsonl',
      row: 4,
    });
    expect(await divergenceOf(market([...rows, elementAt(rows, 1)]))).toMatchObject({ file: 'market.jsonl', pointer: '' });
    expect(await divergenceOf(market(rows.slice(0, -1)))).toMatchObject({ file: 'market.jsonl', pointer: '' });
    expect(await divergenceOf(market(rows.slice(1)))).toMatchObject({ file: 'market.jsonl', row: 0 });
  });

  test('the first row and the member that differ, with what was expected and what stands there', async () => {
    const { files } = await runCase(readFixture());
    const change = (file: RunFile, from: string, to: string): Promise<NotProven['divergence']> =>
      divergenceOf(withText(files, file, textOf(files, file).replace(from, to)));
    expect(await change('tape.jsonl', '"decision":"HOLD"', '"decision":"HELD"')).toEqual({
      file: 'tape.jsonl',
      row: 5,
      pointer: '/decision',
      expected: '"HOLD"',
      actual: '"HELD"',
    });
    expect(await change('tape.jsonl', '"final_equity":"1031.74"', '"final_equity":"1031.75"')).toMatchObject({
      row: 6,
      pointer: '/final_equity',
      expected: '"1031.74"',
    });
    expect(await change('executions.jsonl', '"cash_after":"117.34"', '"cash_after":"118.34"')).toMatchObject({
      file: 'executions.jsonl',
      row: 5,
      pointer: '/cash_after',
    });
    expect(await change('strategy.json', '"buy_below":"100"', '"buy_below":"101"')).toMatchObject({
      file: 'strategy.json',
      expected: expect.stringContaining('SHA-256') as string,
    });
    expect(await change('policy.json', '"0.8"', '"0.80"')).toMatchObject({ file: 'policy.json', row: 0 });
    expect(await change('run.json', '"final_equity":"1031.74"', '"final_equity":"1"')).toMatchObject({
      file: 'run.json',
      row: 0,
      pointer: '/final_equity',
      actual: '"1"',
    });
  });

  test('report.md: a word, a line that was empty, a line too many', async () => {
    const { files } = await runCase(readFixture());
    const report = textOf(files, 'report.md');
    expect(await divergenceOf(withText(files, 'report.md', report.replace('| APPROVED | 4 |', '| APPROVED | 5 |')))).toMatchObject({
      file: 'report.md',
      expected: '| APPROVED | 4 |',
      actual: '| APPROVED | 5 |',
    });
    expect(await divergenceOf(withText(files, 'report.md', report.replace('\n\n', '\nwords\n')))).toEqual({
      file: 'report.md',
      row: 1,
      pointer: '',
      expected: 'an empty line',
      actual: 'words',
    });
    expect(await divergenceOf(withText(files, 'report.md', report.replace('Finished: 5 steps.', '')))).toEqual({
      file: 'report.md',
      row: 2,
      pointer: '',
      expected: 'Finished: 5 steps.',
      actual: 'an empty line',
    });
    expect(await divergenceOf(withText(files, 'report.md', `${report}words\n`))).toMatchObject({
      expected: 'the end of the file',
      actual: 'words',
    });
    expect(await divergenceOf(withText(files, 'report.md', report.slice(0, report.length / 2).replace(/[^\n]*$/, '')))).toMatchObject({
      actual: 'nothing: the file ends here',
    });
  });

  test('a tape that ends early, or goes on', async () => {
    const { files } = await runCase(readFixture());
    const rows = linesOf(files, 'tape.jsonl');
    const tape = (lines: readonly string[]): RunFileBytes => withText(files, 'tape.jsonl', lines.map((line) => `${line}\n`).join(''));
    expect(await divergenceOf(tape(rows.slice(0, 4)))).toMatchObject({ file: 'tape.jsonl', row: 4, actual: 'nothing: the file ends here' });
    expect(await divergenceOf(tape([...rows, elementAt(rows, -1)]))).toMatchObject({
      file: 'tape.jsonl',
      row: 7,
      expected: 'the end of the file',
    });
    expect(await divergenceOf(tape([]))).toMatchObject({ file: 'tape.jsonl', row: 0, pointer: '/inputs' });
  });
});

describe('a forgery whose chains are whole', () => {
  /** The chain check is content with it, and the verifier is not. */
  async function forgeryOf(edits: Edits, request = readFixture()): Promise<NotProven['divergence']> {
    const { files } = await runCase(request);
    const forged = forge(files, edits);
    const chains = expectRight(await checkChains(makeMemoryRunReader(forged)));
    expect([chains.tape.broken, chains.executions.broken, chains.unlinked, chains.tape.sealed]).toEqual([
      undefined,
      undefined,
      undefined,
      true,
    ]);
    return divergenceOf(forged);
  }

  test('forging nothing gives the very same files', async () => {
    const { files } = await runCase(tamperCase);
    const forged = forge(files, {});
    for (const file of LOCAL_FILES) expect(Buffer.from(bytesOf(forged, file)).equals(bytesOf(files, file))).toBe(true);
  });

  test('a decision', async () => {
    const edits = { tape: changed(5, (row) => ({ ...row, decision: 'APPROVED' })) };
    expect(await forgeryOf(edits)).toEqual({ file: 'tape.jsonl', row: 5, pointer: '/decision', expected: '"HOLD"', actual: '"APPROVED"' });
  });

  test('an amount deep inside a step', async () => {
    const edit = (row: JsonObject): JsonObject => {
      const delta = row['state_delta'] as Record<string, JsonObject>;
      return { ...row, state_delta: { ...delta, cash: { ...delta['cash'], after: '312.19' } } };
    };
    expect(await forgeryOf({ tape: changed(3, edit) })).toEqual({
      file: 'tape.jsonl',
      row: 3,
      pointer: '/state_delta/cash/after',
      expected: '"312.18"',
      actual: '"312.19"',
    });
  });

  test('a rationale, a refusal, a member that does not belong', async () => {
    expect(await forgeryOf({ tape: changed(1, (row) => ({ ...row, rationales: { AAPL: 'a good feeling' } })) })).toMatchObject({
      row: 1,
      pointer: '/rationales/AAPL',
    });
    expect(await forgeryOf({ tape: changed(3, (row) => ({ ...row, verifier_errors: [] })) }, tamperCase)).toMatchObject({
      row: 3,
      pointer: '/verifier_errors/0',
      actual: 'missing',
    });
    expect(await forgeryOf({ tape: changed(2, (row) => ({ ...row, 'a/b~c': 1 })) })).toMatchObject({
      row: 2,
      pointer: '/a~1b~0c',
      expected: 'missing',
      actual: '1',
    });
  });

  test('a fill at a better price', async () => {
    const edits = { executions: changed(2, (row) => ({ ...row, price: '190' })) };
    expect(await forgeryOf(edits)).toEqual({ file: 'executions.jsonl', row: 2, pointer: '/price', expected: '"194.19"', actual: '"190"' });
  });

  test('a fill that never was, or that is kept quiet', async () => {
    expect(await forgeryOf({ executions: (rows) => [...rows, elementAt(rows, -1)] })).toMatchObject({
      file: 'tape.jsonl',
      row: 6,
      pointer: '/executions/head_hash',
    });
    expect(await forgeryOf({ executions: (rows) => rows.slice(0, -1) })).toMatchObject({ file: 'executions.jsonl', row: 5 });
  });

  test('a dropped step, a step too many', async () => {
    expect(await forgeryOf({ tape: (rows) => rows.toSpliced(2, 1) })).toMatchObject({ file: 'tape.jsonl', row: 2 });
    expect(await forgeryOf({ tape: (rows) => rows.toSpliced(2, 0, elementAt(rows, 2)) })).toMatchObject({ file: 'tape.jsonl', row: 3 });
  });

  test('another market, initial state or budget than the rows come from', async () => {
    const { files } = await runCase(readFixture());
    const market = textOf(files, 'market.jsonl').replace('"99.51"', '"99.52"');
    expect(await forgeryOf({ texts: { 'market.jsonl': market } })).toMatchObject({ file: 'tape.jsonl', row: 3, pointer: '/prices/AAPL' });
    const inputs = (change: JsonObject): Edits => ({
      tape: changed(0, (row) => ({ ...row, inputs: { ...(row['inputs'] as JsonObject), ...change } })),
    });
    expect(await forgeryOf(inputs({ initial_state: { cash: '1001', positions: {} } }))).toMatchObject({
      file: 'tape.jsonl',
      row: 1,
      pointer: '/state_delta/cash/after',
    });
    expect(await forgeryOf(inputs({ steps: 6 }))).toMatchObject({ file: 'tape.jsonl', row: 0, pointer: '/inputs/steps', actual: '6' });
    const budget = { max_steps: 4, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 };
    expect(await forgeryOf(inputs({ budget }))).toMatchObject({
      file: 'tape.jsonl',
      row: 5,
      pointer: '/type',
      expected: '"seal"',
      actual: '"step"',
    });
  });

  test('inputs that no run of ours has', async () => {
    const inputs = (change: JsonObject): Edits => ({
      tape: changed(0, (row) => ({ ...row, inputs: { ...(row['inputs'] as JsonObject), ...change } })),
    });
    for (const [change, pointer] of [
      [{ spec_version: 2 }, '/inputs/spec_version'],
      [{ mode: 'imagined' }, '/inputs/mode'],
      [{ steps: 0 }, '/inputs/steps'],
      [{ extra: 1 }, '/inputs/extra'],
      [{ invocation: 'x' }, '/inputs/invocation'],
      [{ initial_state: { cash: '-1', positions: {} } }, '/inputs/initial_state/cash'],
      [{ initial_state: { cash: '1000', positions: { GOOG: '1' } } }, '/inputs/initial_state/positions/GOOG'],
      [{ initial_state: { cash: '1000.00', positions: {} } }, '/inputs/initial_state/cash'],
      [{ initial_state: { cash: '1000', positions: { AAPL: '0' } } }, '/inputs/initial_state/positions/AAPL'],
      [{ budget: { max_steps: 0 } }, '/inputs/budget/max_steps'],
      [{ budget: { max_steps: 5 } }, '/inputs/budget/max_memory_bytes'],
    ] as const) {
      expect(await forgeryOf(inputs(change))).toMatchObject({ file: 'tape.jsonl', row: 0, pointer });
    }
  });

  test('a summary in run.json that the tape does not bear out', async () => {
    const { files } = await runCase(readFixture());
    const text = textOf(files, 'run.json').replace('"APPROVED":4', '"APPROVED":5');
    expect(await divergenceOf(forge(files, { texts: { 'run.json': text } }))).toEqual({
      file: 'run.json',
      row: 0,
      pointer: '/decisions/APPROVED',
      expected: '4',
      actual: '5',
    });
  });
});

describe('readChain', () => {
  const chainOf = async (files: RunFileBytes): Promise<unknown> => {
    const cursor = expectRight(await makeMemoryRunReader(files).open('tape.jsonl')());
    return expectRight(await readChain(cursor, 'tape', () => undefined));
  };

  test('says which row breaks the chain first, and whether the tape is sealed', async () => {
    const { files } = await runCase(readFixture());
    const rows = linesOf(files, 'tape.jsonl');
    const tape = (lines: readonly string[], end = '\n'): RunFileBytes => withText(files, 'tape.jsonl', lines.join('\n') + end);
    expect(await chainOf(tape(rows.slice(0, 4)))).toMatchObject({ rows: 4, broken: undefined, sealed: false });
    expect(await chainOf(tape(rows, ''))).toMatchObject({ broken: { row: 6, fault: 'the row is cut off' } });
    expect(await chainOf(tape(rows.toSpliced(2, 1)))).toMatchObject({
      broken: { row: 2, fault: expect.stringContaining('prev_hash') as string },
      sealed: true,
    });
    expect(await chainOf(tape(rows.slice(1)))).toMatchObject({ broken: { row: 0 } });
    expect(await chainOf(tape([...rows, elementAt(rows, -1)]))).toMatchObject({ broken: { row: 7 }, sealed: false });
    expect(await chainOf(tape(rows.map((row, index) => (index === 3 ? row.replace('APPROVED', 'REJECTED') : row))))).toMatchObject({
      broken: { row: 3 },
    });
    expect(await chainOf({ 'tape.jsonl': Uint8Array.of(0xff, 10) })).toMatchObject({
      rows: 0,
      broken: { row: 0, fault: 'bytes that are not UTF-8' },
      sealed: false,
    });
  });

  test('hands over every row that can be read, also behind a fault', async () => {
    const { files } = await runCase(readFixture());
    const rows = linesOf(files, 'tape.jsonl');
    const seen: unknown[] = [];
    const cursor = expectRight(
      await makeMemoryRunReader(withText(files, 'tape.jsonl', [elementAt(rows, 0), 'no row', ...rows.slice(2), ''].join('\n'))).open(
        'tape.jsonl',
      )(),
    );
    const status = expectRight(await readChain(cursor, 'tape', (row, index) => void seen.push([index, row['step_index']])));
    expect(status.broken).toEqual({ row: 1, fault: 'not a JSON object' });
    expect(seen).toEqual([
      [0, undefined],
      [2, 1],
      [3, 2],
      [4, 3],
      [5, 4],
      [6, undefined],
    ]);
  });

  test('a ledger that is not the one the seal names', async () => {
    const [one, other] = [await runCase(readFixture()), await runCase(tamperCase)];
    const mixed = { ...one.files, 'executions.jsonl': bytesOf(other.files, 'executions.jsonl') };
    const chains = expectRight(await checkChains(makeMemoryRunReader(mixed)));
    expect(chains.executions.broken).toMatchObject({ row: 0 });
    const cut = withText(
      one.files,
      'executions.jsonl',
      linesOf(one.files, 'executions.jsonl')
        .slice(0, 3)
        .map((line) => `${line}\n`)
        .join(''),
    );
    expect(expectRight(await checkChains(makeMemoryRunReader(cut))).unlinked).toBe('the seal counts 6 fills, the ledger holds 3');
    expect(rowsOf(one.executions)).toHaveLength(6);
  });
});

/** The chain check knows nothing of runs: any chained rows pass, and the first row that is changed, moved or reformatted is named. */
import fc from 'fast-check';
import { linkRow, type Row } from '../../../src/domain/tape/chain';
import { genesisOf, makeChainCheck } from '../../../src/domain/tape/chain-check';
import { elementAt, RUNS, seeded } from '../../support/harness';
import { canonicalText, type Json, sha256, verifyChain } from '../../support/reference-model';

const ANCHOR = sha256('anchor');

function chain(rows: readonly Row[]): string[] {
  let head = ANCHOR;
  return rows.map((row) => {
    const link = linkRow(row, head);
    head = link.hash;
    return link.line.slice(0, -1);
  });
}

/** The first fault and its row. */
function firstFault(
  lines: readonly string[],
  anchor: ((first: Row) => string) | undefined = () => ANCHOR,
): { row: number; fault: string } | undefined {
  const check = makeChainCheck(anchor);
  for (const [row, line] of lines.entries()) {
    const { fault } = check.next(line);
    if (fault !== undefined) return { row, fault };
  }
  return undefined;
}

const arbitraryRow = fc.dictionary(
  fc.string({ unit: 'binary' }).filter((key) => key !== 'hash' && key !== 'prev_hash'),
  fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' }),
) as fc.Arbitrary<Row>;
const arbitraryRows = fc.array(arbitraryRow, { minLength: 1, maxLength: 8 });

test('passes any chained rows, as the independent check does', () => {
  fc.assert(
    fc.property(arbitraryRows, (rows) => {
      const lines = chain(rows);
      expect(firstFault(lines)).toBeUndefined();
      const check = makeChainCheck(() => ANCHOR);
      lines.forEach((line) => check.next(line));
      expect(check.head()).toBe(verifyChain(lines, ANCHOR));
    }),
    seeded(RUNS.call / 10),
  );
});

test('finds any change of any character at its row, and agrees with the independent check', () => {
  fc.assert(
    fc.property(arbitraryRows, fc.nat(), fc.nat(), fc.string({ unit: 'binary', maxLength: 2 }), (rows, which, where, text) => {
      const lines = chain(rows);
      const row = which % lines.length;
      const line = elementAt(lines, row);
      const at = where % line.length;
      const changed = line.slice(0, at) + text + line.slice(at + 1);
      fc.pre(changed !== line && !changed.includes('\n'));
      const tampered = lines.toSpliced(row, 1, changed);
      expect(firstFault(tampered)?.row).toBe(row);
      expect(() => verifyChain(tampered, ANCHOR)).toThrow(new RegExp(`^row ${String(row)}: |lone surrogate`));
    }),
    seeded(RUNS.call / 4),
  );
});

describe('faults', () => {
  const lines = chain([{ a: 1 }, { b: 2 }, { c: 3 }]);
  const second = elementAt(lines, 1);

  test.each([
    ['dropped', lines.toSpliced(1, 1), 1, 'prev_hash is not the hash of the row before it'],
    ['swapped', [elementAt(lines, 0), elementAt(lines, 2), second], 1, 'prev_hash is not the hash of the row before it'],
    ['doubled', lines.toSpliced(1, 0, second), 2, 'prev_hash is not the hash of the row before it'],
    ['reformatted', lines.toSpliced(1, 1, second.replace(':', ': ')), 1, 'not canonical JSON'],
    ['with a key twice', lines.toSpliced(1, 1, second.replace('{', '{"b":2,')), 1, 'not canonical JSON'],
    ['with an escaped letter', lines.toSpliced(1, 1, second.replace('"b"', '"\\u0062"')), 1, 'not canonical JSON'],
    ['changed', lines.toSpliced(1, 1, second.replace('"b":2', '"b":3')), 1, 'hash is not the SHA-256 of the row'],
    ['with a number that JSON cannot hold', lines.toSpliced(1, 1, second.replace('"b":2', '"b":1e400')), 1, 'not a JSON object'],
    ['with a lone surrogate', lines.toSpliced(1, 1, second.replace('"b":2', '"b":"\\ud800"')), 1, 'not a JSON object'],
    ['a list', lines.toSpliced(1, 1, '[]'), 1, 'not a JSON object'],
    ['a number', lines.toSpliced(1, 1, '1'), 1, 'not a JSON object'],
    ['null', lines.toSpliced(1, 1, 'null'), 1, 'not a JSON object'],
    ['empty', lines.toSpliced(1, 1, ''), 1, 'not a JSON object'],
    ['nested without end', lines.toSpliced(1, 1, `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`), 1, 'not a JSON object'],
    ['without a hash', lines.toSpliced(1, 1, '{"b":2}'), 1, 'prev_hash is not the hash of the row before it'],
    ['first of another chain', lines.slice(1), 0, 'prev_hash is not the hash of the row before it'],
  ])('a row %s', (_name, tampered, row, fault) => {
    expect(firstFault(tampered)).toEqual({ row, fault });
  });

  test('rehashed alone is found at the next row, and at the head', () => {
    const forged = linkRow({ b: 3 }, (JSON.parse(second) as { prev_hash: string }).prev_hash).line.slice(0, -1);
    expect(firstFault(lines.toSpliced(1, 1, forged))).toEqual({ row: 2, fault: 'prev_hash is not the hash of the row before it' });
  });

  test('a chain whose start is not known takes the first row at its word', () => {
    expect(firstFault(lines.slice(1), undefined)).toEqual({ row: 0, fault: 'prev_hash is not the hash of the row before it' });
    const check = makeChainCheck();
    expect(lines.slice(1).map((line) => check.next(line).fault)).toEqual([undefined, undefined]);
    expect(makeChainCheck().head()).toBeUndefined();
  });
});

test('the genesis of a tape is the hash of its inputs', () => {
  const inputs: Json = { b: '1', a: ['é'] };
  expect(genesisOf({ type: 'run', inputs })).toBe(sha256(canonicalText(inputs)));
  expect(genesisOf({ type: 'run' })).toBe('');
});

/** What stands for a whole sweep: the Merkle root (against the vectors of RFC 6962 implementations) and the deflated Sharpe ratio. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { exactDecimal, formatDecimal } from '../../../src/domain/decimal/decimal';
import { normalQuantile, normalShareBelow } from '../../../src/domain/decimal/normal';
import { makeTrials } from '../../../src/domain/sweep/deflated-sharpe';
import { makeMerkleTree } from '../../../src/domain/sweep/merkle';
import { RUNS, seeded } from '../../support/harness';

const sha = (...parts: readonly Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

/** The definition, by recursion: split at the largest power of two below the count. */
function rootOf(rows: readonly Buffer[]): Buffer {
  if (rows.length === 0) return sha();
  if (rows.length === 1) return sha(Buffer.of(0), rows[0] ?? Buffer.of());
  let split = 1;
  while (split * 2 < rows.length) split *= 2;
  return sha(Buffer.of(1), rootOf(rows.slice(0, split)), rootOf(rows.slice(split)));
}

test('the root is that of RFC 6962, and the vectors of Certificate Transparency', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 70 }), (rows) => {
      const tree = makeMerkleTree();
      for (const row of rows) tree.add(row);
      expect(tree.root()).toBe(rootOf(rows.map((row) => Buffer.from(row))).toString('hex'));
      expect(tree.rows()).toBe(rows.length);
    }),
    seeded(RUNS.call / 5),
  );
  const tree = makeMerkleTree();
  expect(tree.root()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  for (const hex of ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'])
    tree.add(Buffer.from(hex, 'hex'));
  expect(tree.root()).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
});

test('the normal distribution agrees with its tables', () => {
  const below = (x: string): string => formatDecimal(normalShareBelow(exactDecimal(x)));
  expect(['0', '1', '-1', '1.95996398', '3', '-6', '20'].map(below)).toEqual([
    '0.5',
    '0.84134475',
    '0.15865525',
    '0.975',
    '0.9986501',
    '0',
    '1',
  ]);
  const quantile = (num: bigint, den: bigint): string => formatDecimal(normalQuantile(num, den));
  expect([quantile(1n, 2n), quantile(975n, 1000n), quantile(99n, 100n), quantile(1n, 10n)]).toEqual([
    '0',
    '1.95996398',
    '2.32634787',
    '-1.28155157',
  ]);
});

test('the deflated Sharpe ratio is the one worked in the paper', () => {
  // Bailey and Lopez de Prado 2014, "A numerical example": N = 100 trials whose annual Sharpe ratios have variance 1/2, the best 2.5 a year over
  // T = 1250 days, skewness -3, kurtosis 10: SR0 = 0.1132 a day and DSR = 0.9004.
  const perDay = Math.sqrt(0.5 / 250);
  const trials = makeTrials();
  const half = exactDecimal((perDay * Math.sqrt(99 / 100)).toFixed(8));
  for (let k = 0; k < 50; k += 1) {
    trials.add(half);
    trials.add(-half);
  }
  const best = {
    count: 1250,
    sharpe: exactDecimal((2.5 / Math.sqrt(250)).toFixed(8)),
    skewness: exactDecimal('-3'),
    kurtosis: exactDecimal('10'),
  };
  const deflated = trials.deflated(best);
  expect(Number(formatDecimal(deflated?.expected ?? 0n))).toBeCloseTo(0.1132, 4);
  expect(Number(formatDecimal(deflated?.probability ?? 0n))).toBeCloseTo(0.9004, 3);
  // One trial alone is not deflated at all.
  const one = makeTrials();
  one.add(best.sharpe);
  expect(formatDecimal(one.deflated(best)?.expected ?? 1n)).toBe('0');
});

/** Roots and powers: exact where they are exact, and where not, the float next to them to the last digits that a float has. */
import fc from 'fast-check';
import { formatDecimal } from '../../../src/domain/decimal/decimal';
import { powerLessOne, sqrt } from '../../../src/domain/decimal/functions';
import { RUNS, seeded } from '../../support/harness';

const text = (value: bigint | undefined): string => (value === undefined ? 'none' : formatDecimal(value));

test.each([
  [4n, 1n, '2'],
  [2n, 1n, '1.41421356'],
  [1n, 3n, '0.57735027'],
  [0n, 7n, '0'],
  [10n ** 40n, 1n, '100000000000000000000'],
  [1n, 10n ** 18n, '0'],
  [1n, 10n ** 16n, '0.00000001'],
])('the root of %s/%s is %s', (num, den, root) => {
  expect(text(sqrt({ num, den }))).toBe(root);
});

test.each([
  [2n, 1n, 10n, 1n, '1023'],
  [2n, 1n, 1n, 2n, '0.41421356'],
  [3n, 2n, -1n, 1n, '-0.33333333'],
  [1n, 1n, 12_345n, 7n, '0'],
  [0n, 1n, 1n, 3n, '-1'],
  [10n, 1n, 17n, 1n, '99999999999999999'],
  [10n, 1n, 19n, 1n, 'none'],
  [1n, 10n ** 30n, 1n, 2n, '-1'],
  [-1n, 2n, 1n, 1n, 'none'],
])('(%s/%s) to the power of %s/%s, less 1, is %s', (num, den, up, down, power) => {
  expect(text(powerLessOne({ num, den }, { num: up, den: down }))).toBe(power);
});

test('agree with the floats', () => {
  const amount = fc.bigInt(1n, 10n ** 12n);
  fc.assert(
    fc.property(amount, amount, fc.integer({ min: 1, max: 300 }), (num, den, tenths) => {
      const root = Number(sqrt({ num, den })) / 1e8;
      expect(Math.abs(root - Math.sqrt(Number(num) / Number(den)))).toBeLessThan(1e-8 + root * 1e-13);
      const grown = Number(powerLessOne({ num, den }, { num: 10n, den: BigInt(tenths) }) ?? 0n) / 1e8;
      const expected = (Number(num) / Number(den)) ** (10 / tenths) - 1;
      if (expected < 1e17) expect(Math.abs(grown - expected)).toBeLessThan(1e-8 + Math.abs(expected) * 1e-11);
    }),
    seeded(RUNS.call),
  );
});

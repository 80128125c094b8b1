/** A curve in few columns: whatever its length, its extremes are there, and so are those of every stretch, in their order. */
import fc from 'fast-check';
import { makeEnvelope } from '../../../src/domain/report/envelope';
import { RUNS, seeded } from '../../support/harness';

function pointsOf(values: readonly bigint[], pointsMax: number): readonly bigint[] {
  const envelope = makeEnvelope();
  for (const value of values) envelope.add(value);
  return envelope.points(pointsMax);
}

test('few values are drawn as they are; of many, at most so many points with both extremes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt(0n, 20n), { minLength: 1, maxLength: 300, size: 'max' }),
      fc.integer({ min: 2, max: 80 }),
      (values, pointsMax) => {
        const points = pointsOf(values, pointsMax);
        if (values.length <= pointsMax) expect(points).toEqual(values);
        expect(points.length).toBeLessThanOrEqual(Math.max(pointsMax, 2));
        const ends = (all: readonly bigint[]): readonly (bigint | undefined)[] => {
          const sorted = [...all].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
          return [sorted[0], sorted.at(-1)];
        };
        expect(ends(points)).toEqual(ends(values));
        // Every point is a value, and they stand in the order in which those came.
        let at = -1;
        for (const stretch of pairsOf(points)) {
          const from = values.findIndex((value, k) => k > at && stretch.includes(value));
          expect(from).toBeGreaterThan(at);
          at = from;
        }
      },
    ),
    seeded(RUNS.call),
  );
});

test('a long series keeps a single spike, and its place', () => {
  for (const [length, spike] of [
    [5_000, 17],
    [200_000, 123_456],
    [200_000, 199_999],
  ] as const) {
    const envelope = makeEnvelope();
    for (let k = 0; k < length; k += 1) envelope.add(k === spike ? 1_000n : 1n);
    const points = envelope.points(60);
    expect(points.filter((value) => value === 1_000n)).toHaveLength(1);
    expect(Math.abs(points.indexOf(1_000n) / points.length - spike / length)).toBeLessThan(0.05);
  }
});

/** The two points of each stretch. */
function pairsOf(points: readonly bigint[]): readonly (readonly bigint[])[] {
  return Array.from({ length: Math.ceil(points.length / 2) }, (_, k) => points.slice(2 * k, 2 * k + 2));
}

/** Times go forward; what is no time is a label. */
import fc from 'fast-check';
import { makeTimeOrder } from '../../../src/domain/market/time-order';

const SEED = 20_240_201;

/** The first step that is refused, and why. */
function firstFault(...times: readonly (string | undefined)[]): string | undefined {
  const order = makeTimeOrder();
  for (const [step, time] of times.entries()) {
    const fault = order.next(time, step);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

describe('makeTimeOrder', () => {
  test.each<readonly (string | undefined)[]>([
    [],
    ['2024-01-02', '2024-01-03', '2024-12-31', '2025-01-01'],
    ['2024-01-02T16:00:00Z', '2024-01-02T16:00:01Z'],
    ['2024-01-02T16:00:00Z', '2024-01-02T16:00:00.000000001Z'],
    ['2024-01-02', '2024-01-02T00:00:01Z'],
    ['2024-01-02T23:00:00-05:00', '2024-01-03T05:00:00Z'],
    ['2024-01-02 16:00', '2024-01-02 16:01', '2024-01-02 16:01:30'],
    ['2024-01-02', undefined, undefined, '2024-01-03'],
    ['b', 'a', 'a', '', '202402', '202401'],
    ['2024-01-02', 'close', 'open', '2024-01-03'],
    // No days: labels.
    ['2024-13-02', '2024-02-30', '2023-02-29'],
    ['01/03/2024', '01/02/2024'],
  ])('takes %j', (...times) => {
    expect(firstFault(...times)).toBeUndefined();
  });

  test.each<[times: readonly (string | undefined)[], fault: string]>([
    [['2024-01-05', '2024-01-04'], 'step 1 is before step 0, "2024-01-05"'],
    [['2024-01-04', '2024-01-05', '2024-01-05'], 'step 2 has the time of step 1, "2024-01-05"'],
    [['2024-01-04', undefined, 'a label', '2024-01-03'], 'step 3 is before step 0, "2024-01-04"'],
    [['2024-01-02T16:00:00Z', '2024-01-02T15:59:59Z'], 'step 1 is before step 0'],
    [['2024-01-02T00:00:00Z', '2024-01-02'], 'step 1 has the time of step 0'],
    // The text is greater, the instant is not.
    [['2024-01-02T16:00:00Z', '2024-01-02T17:00:00+02:00'], 'step 1 is before step 0'],
    [['2024-01-02T16:00:00Z', '2024-01-02T16:00:00.000Z'], 'step 1 has the time of step 0'],
    [['2023-10-29 02:00', '2023-10-29 02:30', '2023-10-29 02:00'], 'step 2 is before step 1'],
  ])('refuses %j', (times, fault) => {
    expect(firstFault(...times)).toMatch(new RegExp(`^${fault}`));
  });

  test('agrees with the order of the instants, whatever the form of their texts', () => {
    const instant = fc.record({
      seconds: fc.integer({ min: -86_400 * 400, max: 86_400 * 400 }),
      form: fc.constantFrom<((iso: string) => string)[]>(
        (iso) => iso.replace('.000Z', 'Z'),
        (iso) => iso,
        (iso) => iso.replace('.000Z', '+00:00'),
        (iso) => iso.replace('T', ' ').replace('.000Z', ''),
      ),
    });
    fc.assert(
      fc.property(fc.array(instant, { maxLength: 6 }), (instants) => {
        const times = instants.map(({ seconds, form }) => form(new Date(seconds * 1_000).toISOString()));
        const at = instants.findIndex(({ seconds }, index) => index > 0 && seconds <= (instants[index - 1]?.seconds ?? 0));
        expect(firstFault(...times)?.split(' ')[1]).toBe(at === -1 ? undefined : String(at));
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });
});

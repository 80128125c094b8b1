/** What every adapter of reserved concurrency does, whatever is behind it. */
import { noDeadline } from '../../src/adapters/in-process/clock';
import type { FunctionConcurrency } from '../../src/ports/function-concurrency';
import { leftOf, passedDeadline, rightOf } from '../support/task';

export interface FunctionConcurrencyHarness {
  readonly concurrency: FunctionConcurrency;
  /** Of a function that is there, with 1 reserved, and of one that is not. */
  readonly there: string;
  readonly missing: string;
  readonly close: () => Promise<void>;
}

export function describeFunctionConcurrencyContract(name: string, makeHarness: () => Promise<FunctionConcurrencyHarness>): void {
  describe(`function concurrency contract: ${name}`, () => {
    let harness: FunctionConcurrencyHarness;

    beforeAll(async () => {
      harness = await makeHarness();
    });
    afterAll(() => harness.close());

    it('tells what was reserved last, down to 0 and nothing, however often it is said', async () => {
      const { concurrency, there } = harness;
      expect(await rightOf(concurrency.read(there, noDeadline))).toBe(1);
      for (const reserved of [0, 0, 5, null, null, 1]) {
        await rightOf(concurrency.reserve(there, reserved, noDeadline));
        expect(await rightOf(concurrency.read(there, noDeadline))).toBe(reserved);
      }
    });

    it('says that a function is not there', async () => {
      const { concurrency, missing } = harness;
      const absent = { _tag: 'DependencyFailed', httpStatus: 404, effect: 'none' };
      expect(await leftOf(concurrency.read(missing, noDeadline))).toMatchObject(absent);
      expect(await leftOf(concurrency.reserve(missing, 0, noDeadline))).toMatchObject(absent);
      expect(await leftOf(concurrency.reserve(missing, null, noDeadline))).toMatchObject(absent);
    });

    it('sends nothing where no time is left', async () => {
      const { concurrency, there } = harness;
      const late = { _tag: 'DeadlineExceeded', effect: 'none' };
      expect(await leftOf(concurrency.read(there, passedDeadline))).toMatchObject(late);
      expect(await leftOf(concurrency.reserve(there, 0, passedDeadline))).toMatchObject(late);
      expect(await rightOf(concurrency.read(there, noDeadline))).toBe(1);
    });
  });
}

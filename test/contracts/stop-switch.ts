/** What every stop switch does, whatever is behind it. */
import { lookAt } from '../../src/domain/agent/stop-switch';
import { noDeadline } from '../../src/adapters/in-process/clock';
import type { StopOrder, StopSwitch } from '../../src/ports/stop-switch';
import { leftOf, passedDeadline, rightOf } from '../support/task';

export interface StopSwitchHarness {
  /** A switch that is not set. */
  readonly stopSwitch: StopSwitch;
  /** A second door to the same switch, as another process has. */
  readonly other: StopSwitch;
  readonly close: () => Promise<void>;
}

const ORDER: StopOrder = { who: 'ops@desk', why: 'Zürich 🕓: costs more than it should', at: '2026-11-26T09:30:00.000Z' };

export function describeStopSwitchContract(name: string, makeHarness: () => Promise<StopSwitchHarness>): void {
  describe(`stop switch contract: ${name}`, () => {
    let harness: StopSwitchHarness;

    beforeAll(async () => {
      harness = await makeHarness();
    });
    afterAll(() => harness.close());
    afterEach(() => rightOf(harness.stopSwitch.clear(noDeadline)));

    const read = (door: StopSwitch): Promise<StopOrder | undefined> => rightOf(door.read(noDeadline));

    it('is not set until somebody sets it', async () => {
      expect(await read(harness.stopSwitch)).toBeUndefined();
      expect(await lookAt(harness.stopSwitch)(noDeadline)).toBeUndefined();
    });

    it('tells who set it, why and when, through every door and at once', async () => {
      for (const [one, two] of [
        [harness.stopSwitch, harness.other],
        [harness.other, harness.stopSwitch],
      ] as const) {
        await rightOf(one.set(ORDER, noDeadline));
        expect(await read(two)).toEqual(ORDER);
        expect(await lookAt(two)(noDeadline)).toEqual({
          code: 'stopped_by_operator',
          message: `stopped by ${ORDER.who} at ${ORDER.at}: ${ORDER.why}`,
          ...ORDER,
        });
        await rightOf(two.clear(noDeadline));
        expect(await read(one)).toBeUndefined();
      }
    });

    it('may be set and cleared again: the last order is the one that is told', async () => {
      await rightOf(harness.stopSwitch.clear(noDeadline));
      await rightOf(harness.stopSwitch.set(ORDER, noDeadline));
      await rightOf(harness.stopSwitch.set({ ...ORDER, why: 'another reason' }, noDeadline));
      expect(await read(harness.other)).toEqual({ ...ORDER, why: 'another reason' });
      await rightOf(harness.stopSwitch.clear(noDeadline));
      await rightOf(harness.stopSwitch.clear(noDeadline));
      expect(await read(harness.other)).toBeUndefined();
    });

    it('never shows half of an order to those who look while it is changed', async () => {
      const orders = Array.from({ length: 20 }, (_, index) => ({ ...ORDER, why: String(index).repeat(100) }));
      const seen = await Promise.all(
        orders.flatMap((order) => [
          rightOf(harness.stopSwitch.set(order, noDeadline)).then(() => undefined),
          read(harness.other),
          read(harness.stopSwitch),
        ]),
      );
      for (const order of seen) if (order !== undefined) expect(orders).toContainEqual(order);
      expect(orders).toContainEqual(await read(harness.other));
    });

    it('counts as set where no time is left to read it, and is not changed then', async () => {
      expect(await leftOf(harness.stopSwitch.read(passedDeadline))).toMatchObject({ _tag: 'SwitchUnreadable' });
      expect(await lookAt(harness.stopSwitch)(passedDeadline)).toMatchObject({
        code: 'stopped_by_operator',
        who: null,
        at: null,
        why: expect.stringMatching(/^the stop switch could not be read: /) as string,
      });
      expect(await leftOf(harness.stopSwitch.set(ORDER, passedDeadline))).toMatchObject({ _tag: 'DeadlineExceeded', effect: 'none' });
      expect(await read(harness.stopSwitch)).toBeUndefined();
      await rightOf(harness.stopSwitch.set(ORDER, noDeadline));
      expect(await leftOf(harness.stopSwitch.clear(passedDeadline))).toMatchObject({ _tag: 'DeadlineExceeded', effect: 'none' });
      expect(await read(harness.stopSwitch)).toEqual(ORDER);
    });
  });
}

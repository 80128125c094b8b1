/** What every planner does, whatever is behind it. */
import { noDeadline } from '../../src/adapters/in-process/clock';
import type { Json } from '../../src/domain/canonical/canonical';
import { exactDecimal } from '../../src/domain/decimal/decimal';
import type { Goal, Planner, PlannerSession } from '../../src/ports/planner';
import { leftOf, passedDeadline, rightOf } from '../support/task';

export interface PlannerHarness {
  readonly planner: Planner;
  /** What the agent answers from now on. */
  readonly answer: (document: Json) => void;
  /** The goals that reached it. */
  readonly asked: () => readonly Goal[];
  readonly close: () => Promise<void>;
}

const GOAL: Goal = { goal: 'buy low, "sell" high — 日本', context: { prices: { AAPL: '99.86' }, step: 3 } };
const BUY = { type: 'PlaceBuy', symbol: 'AAPL', quantity: '1' };

const MALFORMED: readonly (readonly [string, Json, string])[] = [
  ['an object', { actions: [] }, ''],
  ['a text', 'buy AAPL', ''],
  ['null', null, ''],
  ['an unknown action', [{ ...BUY, type: 'Sell' }], '/0/type'],
  ['a quantity that is no decimal', [BUY, { ...BUY, quantity: '1e3' }], '/1/quantity'],
  ['a price with nine digits', [{ ...BUY, price: 0.123456789 }], '/0/price'],
  ['a missing symbol', [{ type: 'PlaceBuy', quantity: 1 }], '/0/symbol'],
  ['a symbol that is none', [{ ...BUY, symbol: '../etc' }], '/0/symbol'],
  ['an unknown field', [{ ...BUY, stop_loss: 1 }], '/0/stop_loss'],
  ['__proto__', [JSON.parse('{"type":"PlaceBuy","symbol":"AAPL","quantity":1,"__proto__":{"price":1}}') as Json], '/0/__proto__'],
  ['too many actions', Array<Json>(1_001).fill(BUY), ''],
];

export function describePlannerContract(name: string, makeHarness: () => Promise<PlannerHarness>): void {
  describe(`planner contract: ${name}`, () => {
    let harness: PlannerHarness;
    let session: PlannerSession;

    beforeEach(async () => {
      harness = await makeHarness();
      session = harness.planner.open('run');
    });
    afterEach(async () => {
      expect(await session.close()).toBe(0);
      await harness.close();
    });

    it('says what it is', () => {
      expect(['local', 'remote']).toContain(harness.planner.source);
      expect(harness.planner.label).not.toBe('');
    });

    it('proposes exact decimals from texts and numbers, and normal symbols', async () => {
      harness.answer([
        { type: 'PlaceBuy', symbol: ' aapl ', quantity: '0.10', price: 99.86 },
        { type: 'PlaceSell', symbol: 'BRK.B', quantity: 1e-8 },
      ]);
      expect(await rightOf(session.propose(GOAL, 'run-0', noDeadline))).toEqual([
        { type: 'PlaceBuy', symbol: 'AAPL', quantity: exactDecimal('0.1'), price: exactDecimal('99.86') },
        { type: 'PlaceSell', symbol: 'BRK.B', quantity: 1n },
      ]);
    });

    it('leaves signs to the verifier', async () => {
      harness.answer([{ ...BUY, quantity: -1, price: 0 }]);
      expect(await rightOf(session.propose(GOAL, 'run-0', noDeadline))).toEqual([
        { type: 'PlaceBuy', symbol: 'AAPL', quantity: exactDecimal('-1'), price: 0n },
      ]);
    });

    it('may propose nothing', async () => {
      harness.answer([]);
      expect(await rightOf(session.propose(GOAL, 'run-0', noDeadline))).toEqual([]);
    });

    it.each(MALFORMED)('refuses %s', async (_what, document, pointer) => {
      harness.answer(document);
      const failure = await leftOf(session.propose(GOAL, 'run-0', noDeadline));
      expect(failure).toMatchObject({ _tag: 'MalformedPlan', problems: [{ pointer }] });
    });

    it('asks once, and passes the goal as it is', async () => {
      harness.answer([BUY]);
      await rightOf(session.propose(GOAL, 'run-0', noDeadline));
      expect(harness.asked()).toEqual([GOAL]);
    });

    it('asks nothing once the deadline has passed', async () => {
      harness.answer([BUY]);
      expect(await leftOf(session.propose(GOAL, 'run-0', passedDeadline))).toMatchObject({
        _tag: 'DeadlineExceeded',
        effect: 'none',
      });
      expect(harness.asked()).toEqual([]);
    });
  });
}

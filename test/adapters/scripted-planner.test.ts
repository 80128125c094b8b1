import { noDeadline } from '../../src/adapters/in-process/clock';
import { makeScriptedPlanner } from '../../src/adapters/in-process/planner';
import type { Json } from '../../src/domain/canonical/canonical';
import { ONE } from '../../src/domain/decimal/decimal';
import type { Goal } from '../../src/ports/planner';
import { describePlannerContract } from '../contracts/planner';
import { rightOf } from '../support/task';

describePlannerContract('scripted', () => {
  let document: Json = [];
  const asked: Goal[] = [];
  const planner = makeScriptedPlanner((goal) => {
    asked.push(goal);
    return document;
  });
  return Promise.resolve({
    planner,
    answer: (next) => {
      document = next;
    },
    asked: () => asked,
    close: () => Promise.resolve(),
  });
});

it('buys one of the first symbol it sees a price of, where no script is given', async () => {
  const planner = makeScriptedPlanner();
  expect(planner.label).toContain('asks no model');
  const session = planner.open('run');
  const context = { prices: { MSFT: '197.65', AAPL: '99.86' } };
  expect(await rightOf(session.propose({ goal: 'grow', context }, 'run-0', noDeadline))).toEqual([
    { type: 'PlaceBuy', symbol: 'AAPL', quantity: ONE },
  ]);
  expect(await rightOf(session.propose({ goal: 'grow', context: null }, 'run-0', noDeadline))).toEqual([]);
});

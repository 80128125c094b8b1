/** A planner that asks no model: it answers from a script, and says so. For tests and for the local server. */
import { isLeft, left } from 'fp-ts/Either';
import type { Json } from '../../domain/canonical/canonical';
import { isRecord } from '../../domain/codec/codec';
import { decodeProposal } from '../../domain/world/market/proposal';
import type { Goal, Planner } from '../../ports/planner';
import { isOver } from './clock';

/** What a model would have answered; it is decoded as strictly as the answer of one. */
export type PlanScript = (goal: Goal) => Json;

export function makeScriptedPlanner(script: PlanScript = buyOneOfTheFirst): Planner {
  return {
    source: 'local',
    label: 'scripted planner: asks no model',
    open: () => ({
      propose: (goal, _operationId, deadline) => () => {
        if (isOver(deadline)) {
          return Promise.resolve(left({ _tag: 'DeadlineExceeded', service: 'scripted-planner', operation: 'propose', effect: 'none' }));
        }
        const proposal = decodeProposal(script(goal));
        return Promise.resolve(isLeft(proposal) ? left({ _tag: 'MalformedPlan', problems: proposal.left }) : proposal);
      },
      close: () => Promise.resolve(0),
    }),
  };
}

/** Where the context has `prices`, one unit of the first symbol (in code unit order) at the market's price; nothing otherwise. */
function buyOneOfTheFirst(goal: Goal): Json {
  const prices = isRecord(goal.context) ? goal.context['prices'] : undefined;
  if (!isRecord(prices)) return [];
  const symbol = Object.keys(prices).sort()[0];
  return symbol === undefined ? [] : [{ type: 'PlaceBuy', symbol, quantity: '1' }];
}

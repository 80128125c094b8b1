/** A world that is no market: a counter with a limit. What an episode, a plan of calls, verification and a report need of a world is here. */
import { isLeft, left, right } from 'fp-ts/Either';
import { canonical } from '../../src/domain/canonical/canonical';
import { countCodec } from '../../src/domain/codec/codec';
import { problemsOf } from '../../src/domain/codec/problem';
import { append } from '../../src/domain/episode/chains';
import type { Decision, World } from '../../src/domain/episode/world';

/** The state is the count, an input is what its policy adds, and an action is what somebody wants added. */
export interface Counted {
  readonly decision: Decision;
  readonly before: number;
  readonly added: number;
  readonly after: number;
}

export type CounterWorld = World<number, { add: number }, number, number, Counted>;

export function makeCounterWorld(limit: number): CounterWorld {
  const amount = countCodec(0);
  const decode: CounterWorld['decodePlan'] = (value) => {
    const decoded = amount.decode(value);
    return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
  };
  const refusals: CounterWorld['refusals'] = ({ before, added, decision }) =>
    decision === 'REJECTED'
      ? [{ action_index: 0, code: 'limit', message: `${String(before)} and ${String(added)} are more than ${String(limit)}` }]
      : [];
  return {
    lookback: 0,
    decodeState: decode,
    stateText: (count) => ({ count }),
    totals: ({ after }) => ({ final_left: limit - after }),
    totalsAt: (count) => ({ final_left: limit - count }),
    path: 'path',
    headerLines: 1,
    lineForm: '{"add":n}',
    makeInput: () => ({ add: 0 }),
    scan: (text, start, end, into) => {
      const digits = /^\{"add":(0|[1-9][0-9]{0,8})\}$/.exec(text.slice(start, end))?.[1];
      if (digits === undefined) return false;
      into.add = Number(digits);
      return true;
    },
    makePolicy: () => ({ observe: () => undefined, plan: (_step, _count, { add }) => add }),
    commit: (before, _input, added) => {
      if (added === 0) return { decision: 'HOLD', before, added, after: before };
      return before + added > limit
        ? { decision: 'REJECTED', before, added, after: before }
        : { decision: 'APPROVED', before, added, after: before + added };
    },
    isBeyondRange: () => false,
    beyondRangeAt: () => undefined,
    makeWriter: (_runId, from, { tape, ledger }) => {
      let audited = from;
      return {
        write: (step_index, { add }, { decision, before, added, after }) => {
          append(tape, { type: 'step', step_index, add, decision, before, after });
          if (decision !== 'APPROVED') return;
          audited += added;
          append(ledger, { type: 'fill', step_index, added });
        },
        audit: (count) => {
          if (count !== audited) throw new Error('the effects do not sum to the state');
        },
      };
    },
    observe: ({ add }) => ({ add }),
    context: (count, { add }) => ({ count, add }),
    actions: amount,
    planOf: (added) => added,
    actionsOf: (added) => added,
    moved: (added) => added,
    impossible: () => undefined,
    planText: (added) => ({ added }),
    decodePlan: decode,
    outcome: ({ decision, added, after }) => ({ decision, added, count: after }),
    refusals,
    report: {
      inputRows: () => [`| limit | ${String(limit)} |`],
      outcomeRows: ({ final_left: leftOver }) => [`| left | ${canonical(leftOver ?? null)} |`],
      stepHead: ['| step | added | count |', '| ---: | ---: | ---: |'],
      stepLine: (step, _input, { added, after }) => `| ${String(step)} | ${String(added)} | ${String(after)} |`,
      refusalLines: (step, transition) =>
        refusals(transition)
          .map(({ code, message }) => `| ${String(step)} | | ${code} | ${message} |`)
          .join('\n'),
    },
  };
}

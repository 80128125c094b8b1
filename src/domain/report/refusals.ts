/** Why steps were refused: how many, by the code of the verifier, and which field of the inputs sets the limit. */
import { isRecord } from '../codec/codec';
import type { Row } from '../tape/chain';

/** Where each limit is set: a member of the policy or of the strategy, or the cash that the run began with. */
const LIMITS: Readonly<Record<string, string>> = {
  leverage_limit: 'risk_limits.max_leverage of the policy',
  position_value_limit: 'risk_limits.max_position_value of the policy',
  position_concentration: 'risk_limits.max_position_pct of the policy',
  insufficient_cash: 'the initial cash, or a smaller sizing.order_qty of the strategy',
};

/** How many steps were refused with a code. A step can have several codes. */
export type RefusalCount = readonly [code: string, steps: number];

export interface Refusals {
  /** A refused step, by the codes of its errors. */
  readonly add: (codes: readonly string[]) => void;
  /** A row of a tape: a step that was refused counts, anything else does not. */
  readonly addRow: (row: Row) => void;
  /** The most frequent first; of equals in the order of the alphabet. */
  readonly counts: () => readonly RefusalCount[];
}

export function makeRefusals(): Refusals {
  const steps = new Map<string, number>();
  const add = (codes: readonly string[]): void => {
    for (const code of new Set(codes)) steps.set(code, (steps.get(code) ?? 0) + 1);
  };
  return {
    add,
    addRow: ({ decision, verifier_errors: errors }) => {
      if (decision !== 'REJECTED' || !Array.isArray(errors)) return;
      add(errors.flatMap((error: unknown) => (isRecord(error) && typeof error['code'] === 'string' ? [error['code']] : [])));
    },
    counts: () => inOrder([...steps]),
  };
}

/** The counts of consecutive parts of one run. */
export function joinRefusals(parts: readonly (readonly RefusalCount[])[]): readonly RefusalCount[] {
  const steps = new Map<string, number>();
  for (const [code, count] of parts.flat()) steps.set(code, (steps.get(code) ?? 0) + count);
  return inOrder([...steps]);
}

function inOrder(counts: readonly RefusalCount[]): readonly RefusalCount[] {
  return [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
}

/** `position_value_limit 484 (raise risk_limits.max_position_value of the policy)`. */
export function refusalText([code, steps]: RefusalCount): string {
  const limit = Object.hasOwn(LIMITS, code) ? LIMITS[code] : undefined;
  return `${code} ${String(steps)}${limit === undefined ? '' : ` (raise ${limit})`}`;
}

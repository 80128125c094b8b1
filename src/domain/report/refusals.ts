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

export interface Refusals {
  readonly add: (row: Row) => void;
  /** Steps refused for each code, the most frequent first; of equals in the order of the alphabet. A step can have several codes. */
  readonly counts: () => readonly (readonly [code: string, steps: number])[];
}

export function makeRefusals(): Refusals {
  const steps = new Map<string, number>();
  return {
    add: ({ decision, verifier_errors: errors }) => {
      if (decision !== 'REJECTED' || !Array.isArray(errors)) return;
      const codes = new Set(
        errors.flatMap((error: unknown) => (isRecord(error) && typeof error['code'] === 'string' ? [error['code']] : [])),
      );
      for (const code of codes) steps.set(code, (steps.get(code) ?? 0) + 1);
    },
    counts: () => [...steps].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1)),
  };
}

/** `position_value_limit 484 (raise risk_limits.max_position_value of the policy)`. */
export function refusalText([code, steps]: readonly [string, number]): string {
  const limit = Object.hasOwn(LIMITS, code) ? LIMITS[code] : undefined;
  return `${code} ${String(steps)}${limit === undefined ? '' : ` (raise ${limit})`}`;
}

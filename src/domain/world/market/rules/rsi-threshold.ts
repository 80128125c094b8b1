/** `rsi_threshold`: BUY where Wilder's relative strength index is at or below one value, SELL where it is at or above another. */
import { countCodec, decimalCodec, type Decoded, literalCodec, objectCodec, refinedCodec } from '../../../codec/codec';
import { type Decimal, formatDecimal, ONE } from '../../../decimal/decimal';
import { WINDOW_STEPS_MAX } from '../../../limits';
import { symbolCodec } from '../../../market/symbol';
import type { RuleKind } from './rule';

const WHOLE = 100n;

const level = decimalCodec({
  name: 'level of the index',
  legal: 'from 0 to 100',
  holds: (value) => value >= 0n && value <= WHOLE * ONE,
  schema: { minimum: 0, maximum: 100 },
});

const codec = refinedCodec(
  objectCodec('rsi_threshold rule', {
    description:
      "BUY at or below buy_below, SELL at or above sell_above, of Wilder's relative strength index over window changes (0 to 100).",
    required: {
      type: literalCodec('rsi_threshold'),
      symbol: symbolCodec,
      window: countCodec(2, WINDOW_STEPS_MAX),
      buy_below: level,
      sell_above: level,
    },
  }),
  (rule) =>
    rule.sell_above > rule.buy_below
      ? []
      : [{ path: ['sell_above'], message: `must be more than buy_below (${formatDecimal(rule.buy_below)})` }],
);

export const rsiThreshold: RuleKind<Decoded<typeof codec>> = {
  type: 'rsi_threshold',
  codec,
  normal: (rule) => ({ ...rule, buy_below: formatDecimal(rule.buy_below), sell_above: formatDecimal(rule.sell_above) }),
  make: ({ window: steps, buy_below: buyBelow, sell_above: sellAbove }, windows) => {
    const changes = windows.changes(steps);
    return {
      side: () => {
        const mean = changes();
        if (mean === undefined) return 0;
        const total = mean.rise + mean.fall;
        // Prices that did not move have no strength.
        if (total === 0n) return 0;
        // The index is 100 x rise / total: compared cross-multiplied.
        const strength: Decimal = WHOLE * ONE * mean.rise;
        if (strength <= buyBelow * total) return 1;
        return strength >= sellAbove * total ? -1 : 0;
      },
      buyWhy: `rsi_threshold: index over ${String(steps)} changes at or below ${formatDecimal(buyBelow)}`,
      sellWhy: `rsi_threshold: index over ${String(steps)} changes at or above ${formatDecimal(sellAbove)}`,
    };
  },
};

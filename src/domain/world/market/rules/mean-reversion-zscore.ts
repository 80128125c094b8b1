/** `mean_reversion_zscore`: BUY so many deviations below the mean of a window, SELL so many above it. */
import { countCodec, decimalCodec, type Decoded, literalCodec, NEGATIVE, objectCodec, POSITIVE } from '../../../codec/codec';
import { formatDecimal, ONE } from '../../../decimal/decimal';
import { WINDOW_STEPS_MAX } from '../../../limits';
import { symbolCodec } from '../../../market/symbol';
import type { RuleKind } from './rule';

const codec = objectCodec('mean_reversion_zscore rule', {
  description: 'BUY at or below z_buy_below, SELL at or above z_sell_above deviations from the mean of the last window prices.',
  required: {
    type: literalCodec('mean_reversion_zscore'),
    symbol: symbolCodec,
    window: countCodec(2, WINDOW_STEPS_MAX),
    z_buy_below: decimalCodec(NEGATIVE),
    z_sell_above: decimalCodec(POSITIVE),
  },
});

export const meanReversionZscore: RuleKind<Decoded<typeof codec>> = {
  type: 'mean_reversion_zscore',
  codec,
  normal: (rule) => ({ ...rule, z_buy_below: formatDecimal(rule.z_buy_below), z_sell_above: formatDecimal(rule.z_sell_above) }),
  make: (rule, windows) => {
    const steps = rule.window;
    const n = BigInt(steps);
    const buySquare = rule.z_buy_below * rule.z_buy_below;
    const sellSquare = rule.z_sell_above * rule.z_sell_above;
    const scale = ONE * ONE;
    const sumOf = windows.sum(steps);
    const squaresOf = windows.squares(steps);
    return {
      side: () => {
        if (windows.count() < steps) return 0;
        const sum = sumOf();
        // z = (n p - sum) / sqrt(n squares - sum^2). Both sides of a comparison with z have one sign, so their squares decide.
        const spread = n * squaresOf() - sum * sum;
        if (spread === 0n) return 0;
        const distance = n * windows.price() - sum;
        const square = distance * distance * scale;
        if (distance < 0n && square >= buySquare * spread) return 1;
        return distance > 0n && square >= sellSquare * spread ? -1 : 0;
      },
      buyWhy: `mean_reversion_zscore: z over ${String(steps)} prices at or below ${formatDecimal(rule.z_buy_below)}`,
      sellWhy: `mean_reversion_zscore: z over ${String(steps)} prices at or above ${formatDecimal(rule.z_sell_above)}`,
    };
  },
};

/** `sma_crossover`: BUY while the mean of a short window is above that of a long one, SELL while it is below. */
import { countCodec, type Decoded, literalCodec, objectCodec, refinedCodec } from '../../../codec/codec';
import { WINDOW_STEPS_MAX } from '../../../limits';
import { symbolCodec } from '../../../market/symbol';
import type { RuleKind } from './rule';

const codec = refinedCodec(
  objectCodec('sma_crossover rule', {
    description: 'BUY while the mean of short_window prices is above that of long_window prices, SELL while below.',
    required: {
      type: literalCodec('sma_crossover'),
      symbol: symbolCodec,
      short_window: countCodec(1, WINDOW_STEPS_MAX),
      long_window: countCodec(2, WINDOW_STEPS_MAX),
    },
  }),
  (rule) =>
    rule.long_window > rule.short_window
      ? []
      : [{ path: ['long_window'], message: `must be more than short_window (${String(rule.short_window)})` }],
);

export const smaCrossover: RuleKind<Decoded<typeof codec>> = {
  type: 'sma_crossover',
  codec,
  normal: (rule) => ({ ...rule }),
  make: ({ short_window: shortSteps, long_window: longSteps }, windows) => {
    const short = BigInt(shortSteps);
    const long = BigInt(longSteps);
    const shortSum = windows.sum(shortSteps);
    const longSum = windows.sum(longSteps);
    return {
      side: () => {
        if (windows.count() < longSteps) return 0;
        // Means compared cross-multiplied: sum / short against sum / long.
        const shortMean = shortSum() * long;
        const longMean = longSum() * short;
        if (shortMean > longMean) return 1;
        return shortMean < longMean ? -1 : 0;
      },
      buyWhy: `sma_crossover: mean of ${String(shortSteps)} prices above mean of ${String(longSteps)}`,
      sellWhy: `sma_crossover: mean of ${String(shortSteps)} prices below mean of ${String(longSteps)}`,
    };
  },
};

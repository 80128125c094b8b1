/** `ema_crossover`: BUY while the exponential mean of a short window is above that of a long one, SELL while it is below. */
import { countCodec, type Decoded, literalCodec, objectCodec, refinedCodec } from '../../../codec/codec';
import { WINDOW_STEPS_MAX } from '../../../limits';
import { symbolCodec } from '../../../market/symbol';
import type { RuleKind } from './rule';

const codec = refinedCodec(
  objectCodec('ema_crossover rule', {
    description: 'BUY while the exponential mean over short_window is above that over long_window, SELL while below.',
    required: {
      type: literalCodec('ema_crossover'),
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

export const emaCrossover: RuleKind<Decoded<typeof codec>> = {
  type: 'ema_crossover',
  codec,
  normal: (rule) => ({ ...rule }),
  make: ({ short_window: shortSteps, long_window: longSteps }, windows) => {
    const short = windows.exponential(shortSteps);
    const long = windows.exponential(longSteps);
    return {
      side: () => {
        const mean = long();
        // Before its first `long_window` prices there is none.
        if (mean === 0n) return 0;
        if (short() > mean) return 1;
        return short() < mean ? -1 : 0;
      },
      buyWhy: `ema_crossover: exponential mean over ${String(shortSteps)} above that over ${String(longSteps)}`,
      sellWhy: `ema_crossover: exponential mean over ${String(shortSteps)} below that over ${String(longSteps)}`,
    };
  },
};

/** `donchian_breakout`: BUY above the highest price of the window before, SELL below the lowest of a window of its own. */
import { countCodec, type Decoded, literalCodec, objectCodec } from '../../../codec/codec';
import { WINDOW_STEPS_MAX } from '../../../limits';
import { symbolCodec } from '../../../market/symbol';
import type { RuleKind } from './rule';

const codec = objectCodec('donchian_breakout rule', {
  description:
    'BUY above the highest of the entry_window prices before the present one, SELL below the lowest of the exit_window prices before it.',
  required: {
    type: literalCodec('donchian_breakout'),
    symbol: symbolCodec,
    entry_window: countCodec(1, WINDOW_STEPS_MAX - 1),
    exit_window: countCodec(1, WINDOW_STEPS_MAX - 1),
  },
});

export const donchianBreakout: RuleKind<Decoded<typeof codec>> = {
  type: 'donchian_breakout',
  codec,
  normal: (rule) => ({ ...rule }),
  make: ({ entry_window: entrySteps, exit_window: exitSteps }, windows) => {
    const highest = windows.highestBefore(entrySteps);
    const lowest = windows.lowestBefore(exitSteps);
    return {
      side: () => {
        const price = windows.price();
        if (windows.count() > entrySteps && price > highest()) return 1;
        return windows.count() > exitSteps && price < lowest() ? -1 : 0;
      },
      buyWhy: `donchian_breakout: price above the highest of the ${String(entrySteps)} before`,
      sellWhy: `donchian_breakout: price below the lowest of the ${String(exitSteps)} before`,
    };
  },
};

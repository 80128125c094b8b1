/** `take_profit`: SELL the whole of a position whose price rose so far above its entry. */
import { decimalCodec, type Decoded, literalCodec, objectCodec, POSITIVE } from '../../../codec/codec';
import { formatDecimal, ONE } from '../../../decimal/decimal';
import { symbolCodec } from '../../../market/symbol';
import type { RuleKind } from './rule';

const codec = objectCodec('take_profit rule', {
  description: 'SELL the whole position at or above its entry price plus gain_pct of it (0.05 is 5 %). Comes behind the rules that buy.',
  required: {
    type: literalCodec('take_profit'),
    symbol: symbolCodec,
    gain_pct: decimalCodec(POSITIVE),
  },
});

export const takeProfit: RuleKind<Decoded<typeof codec>> = {
  type: 'take_profit',
  codec,
  normal: (rule) => ({ ...rule, gain_pct: formatDecimal(rule.gain_pct) }),
  make: ({ gain_pct: gainPct }, windows, account) => {
    const entry = account.entry();
    return {
      // Shares are compared cross-multiplied: nothing is rounded.
      side: () => (account.position() > 0n && windows.price() * ONE >= entry() * (ONE + gainPct) ? -1 : 0),
      quantity: account.position,
      buyWhy: '',
      sellWhy: `take_profit: price ${formatDecimal(gainPct)} or more above the entry price`,
    };
  },
};

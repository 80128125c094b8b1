/** `stop_loss`: SELL the whole of a position whose price fell so far below its entry. */
import { decimalCodec, type Decoded, literalCodec, objectCodec } from '../../../codec/codec';
import { formatDecimal, ONE } from '../../../decimal/decimal';
import { symbolCodec } from '../../../market/symbol';
import type { RuleKind } from './rule';

const codec = objectCodec('stop_loss rule', {
  description: 'SELL the whole position at or below its entry price less loss_pct of it (0.05 is 5 %). Comes behind the rules that buy.',
  required: {
    type: literalCodec('stop_loss'),
    symbol: symbolCodec,
    loss_pct: decimalCodec({
      name: 'share below 1',
      legal: 'more than 0 and less than 1',
      holds: (value) => value > 0n && value < ONE,
      schema: { exclusiveMinimum: 0, exclusiveMaximum: 1 },
    }),
  },
});

export const stopLoss: RuleKind<Decoded<typeof codec>> = {
  type: 'stop_loss',
  codec,
  normal: (rule) => ({ ...rule, loss_pct: formatDecimal(rule.loss_pct) }),
  make: ({ loss_pct: lossPct }, windows, account) => {
    const entry = account.entry();
    return {
      // Shares are compared cross-multiplied: nothing is rounded.
      side: () => (account.position() > 0n && windows.price() * ONE <= entry() * (ONE - lossPct) ? -1 : 0),
      quantity: account.position,
      buyWhy: '',
      sellWhy: `stop_loss: price ${formatDecimal(lossPct)} or more below the entry price`,
    };
  },
};

/** `rebalance`: every so many steps, BUY or SELL what brings the position to its share of the equity. */
import { countCodec, decimalCodec, type Decoded, literalCodec, objectCodec } from '../../../codec/codec';
import { type Decimal, formatDecimal, mul, ONE } from '../../../decimal/decimal';
import { symbolCodec } from '../../../market/symbol';
import type { RuleKind } from './rule';

const codec = objectCodec('rebalance rule', {
  description:
    'Every every_steps steps, orders what brings the position to target_pct of the equity (0.5 is half of it). One rule a symbol.',
  required: {
    type: literalCodec('rebalance'),
    symbol: symbolCodec,
    target_pct: decimalCodec({
      name: 'share up to 1',
      legal: 'more than 0 and at most 1',
      holds: (value) => value > 0n && value <= ONE,
      schema: { exclusiveMinimum: 0, maximum: 1 },
    }),
    every_steps: countCodec(1),
  },
});

export const rebalance: RuleKind<Decoded<typeof codec>> = {
  type: 'rebalance',
  codec,
  normal: (rule) => ({ ...rule, target_pct: formatDecimal(rule.target_pct) }),
  make: ({ target_pct: targetPct, every_steps: everySteps }, { price }, account) => {
    let quantity: Decimal = 0n;
    return {
      side: () => {
        if (account.step() % everySteps !== 0) return 0;
        const gap = mul(targetPct, account.equity()) - mul(account.position(), price());
        // Rounded towards the position as it is, so that no order goes beyond the target.
        const wanted = ((gap < 0n ? -gap : gap) * ONE) / price();
        quantity = gap < 0n && wanted > account.position() ? account.position() : wanted;
        if (quantity === 0n) return 0;
        return gap > 0n ? 1 : -1;
      },
      quantity: () => quantity,
      buyWhy: `rebalance: below ${formatDecimal(targetPct)} of equity`,
      sellWhy: `rebalance: above ${formatDecimal(targetPct)} of equity`,
    };
  },
};

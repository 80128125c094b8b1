/** `threshold_price`: BUY at or below one price, else SELL at or above another. */
import { decimalCodec, type Decoded, literalCodec, objectCodec, POSITIVE, refinedCodec } from '../../../codec/codec';
import { formatDecimal } from '../../../decimal/decimal';
import { symbolCodec } from '../../../market/symbol';
import { optionalDecimal, type RuleKind } from './rule';

const positive = decimalCodec(POSITIVE);

const codec = refinedCodec(
  objectCodec('threshold_price rule', {
    description: 'BUY at or below buy_below, else SELL at or above sell_above; at least one of the two.',
    required: { type: literalCodec('threshold_price'), symbol: symbolCodec },
    optional: { buy_below: positive, sell_above: positive },
  }),
  (rule) =>
    rule.buy_below === undefined && rule.sell_above === undefined ? [{ path: [], message: 'needs buy_below, sell_above or both' }] : [],
);

export const thresholdPrice: RuleKind<Decoded<typeof codec>> = {
  type: 'threshold_price',
  codec,
  normal: ({ type, symbol, buy_below: buyBelow, sell_above: sellAbove }) => ({
    type,
    symbol,
    ...optionalDecimal('buy_below', buyBelow),
    ...optionalDecimal('sell_above', sellAbove),
  }),
  make: ({ buy_below: buyBelow, sell_above: sellAbove }, { price }) => ({
    side: () => {
      const now = price();
      if (buyBelow !== undefined && now <= buyBelow) return 1;
      return sellAbove !== undefined && now >= sellAbove ? -1 : 0;
    },
    buyWhy: `threshold_price: price at or below ${formatDecimal(buyBelow ?? 0n)}`,
    sellWhy: `threshold_price: price at or above ${formatDecimal(sellAbove ?? 0n)}`,
  }),
  notes: ({ buy_below: buyBelow, sell_above: sellAbove }) => {
    if (buyBelow === undefined || sellAbove === undefined || buyBelow < sellAbove) return [];
    const [buy, sell] = [formatDecimal(buyBelow), formatDecimal(sellAbove)];
    return buyBelow === sellAbove
      ? [`buy_below and sell_above are both ${buy}: at that price BUY wins`]
      : [`buy_below ${buy} is above sell_above ${sell}: from ${sell} to ${buy} both hold, and BUY wins`];
  },
};

import { didYouMean, nearestName } from '../../../src/domain/codec/nearest';

const NAMES = ['threshold_price', 'sma_crossover', 'ema_crossover', 'rebalance'];

test.each([
  ['treshold_price', 'threshold_price'],
  ['thresholdPrice', 'threshold_price'],
  ['THRESHOLD-PRICE', 'threshold_price'],
  ['threshold_pirce', 'threshold_price'],
  ['crossover_sma', undefined],
  ['sma_cross', undefined],
  ['sma_crosover', 'sma_crossover'],
  ['rebalnce', 'rebalance'],
  ['', undefined],
  ['x'.repeat(65), undefined],
])('%s: %s', (written, meant) => {
  expect(nearestName(written, NAMES)).toBe(meant);
});

test('short names have room for one mistake', () => {
  expect(nearestName('APPL', ['AAPL', 'MSFT'])).toBe('AAPL');
  expect(nearestName('IBM', ['AAPL', 'MSFT'])).toBeUndefined();
  expect(didYouMean('APPL', ['AAPL'])).toBe('; did you mean "AAPL"?');
  expect(didYouMean(5, ['5'])).toBe('');
});

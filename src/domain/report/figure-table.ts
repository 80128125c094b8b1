/** The figures of a run by name: what a terminal, a page, JSON and a sweep show and compare, decided once. docs/report.md explains each. */
import { type Decimal, ONE } from '../decimal/decimal';
import { drawdownShare } from './drawdown';
import type { Sums } from './figure-sums';
import { returnShare } from './figures';
import { calmar } from './performance';
import { share } from './step-point';

export interface FigureRow {
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** How it is read: an amount of money, a share (0.05 is 5 %), a ratio, or a number of things. */
  readonly unit: 'amount' | 'share' | 'ratio' | 'count';
  /** Whether more of it is better; nothing where neither is. */
  readonly better?: 'more' | 'less';
  readonly of: (figures: Sums) => Decimal | undefined;
}

function row(name: string, title: string, unit: FigureRow['unit'], better: 'more' | 'less' | undefined, of: FigureRow['of']): FigureRow {
  return better === undefined ? { name, title, unit, of } : { name, title, unit, better, of };
}

const count = (value: number): Decimal => BigInt(value) * ONE;

export const FIGURES: readonly FigureRow[] = [
  row('final_equity', 'final equity', 'amount', 'more', ({ finalEquity }) => finalEquity),
  row('return', 'return', 'share', 'more', returnShare),
  row('max_drawdown', 'deepest drawdown', 'share', 'less', drawdownOf),
  row('return_over_drawdown', 'return over drawdown', 'ratio', 'more', (figures) => {
    const [earned, fallen] = [returnShare(figures), drawdownOf(figures) ?? 0n];
    return earned === undefined || fallen === 0n ? undefined : share(earned, fallen);
  }),
  row('cagr', 'growth a year (CAGR)', 'share', 'more', ({ measures }) => measures.cagr),
  row('volatility', 'volatility', 'share', 'less', ({ measures }) => measures.volatility),
  row('sharpe', 'Sharpe ratio', 'ratio', 'more', ({ measures }) => measures.sharpe),
  row('sortino', 'Sortino ratio', 'ratio', 'more', ({ measures }) => measures.sortino),
  row('calmar', 'Calmar ratio', 'ratio', 'more', ({ measures, maxDrawdown }) => calmar(measures, maxDrawdown)),
  row('round_trips', 'round trips', 'count', undefined, ({ measures }) => count(measures.roundTrips.closed)),
  row('win_rate', 'round trips that won', 'share', 'more', ({ measures }) => measures.roundTrips.winRate),
  row('profit_factor', 'profit factor', 'ratio', 'more', ({ measures }) => measures.roundTrips.profitFactor),
  row('exposure_time', 'exposure time', 'share', undefined, ({ measures }) => measures.exposureTime),
  row('buy_and_hold', 'buy and hold', 'share', undefined, ({ measures }) => measures.buyAndHold),
  row('fills', 'fills', 'count', undefined, ({ fills }) => count(fills.BUY + fills.SELL)),
  row('fees', 'fees', 'amount', 'less', ({ fees }) => fees),
  row('turnover', 'turnover', 'amount', undefined, ({ turnover }) => turnover),
];

function drawdownOf({ steps, maxDrawdown }: Sums): Decimal | undefined {
  if (steps === 0) return undefined;
  return maxDrawdown === undefined ? 0n : drawdownShare(maxDrawdown);
}

/** Those that a page and a terminal show beside what they always showed. */
export const PERFORMANCE_FIGURES: readonly FigureRow[] = FIGURES.slice(
  FIGURES.findIndex(({ name }) => name === 'cagr'),
  FIGURES.findIndex(({ name }) => name === 'fills'),
);

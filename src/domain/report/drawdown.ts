/**
 * Drawdown: how far equity is below its highest so far, as a share of that. Invariant: shares are compared by cross-multiplying; a division is
 * for display alone.
 */
import type { Decimal } from '../decimal/decimal';
import { share } from './step-point';

export interface Drawdown {
  readonly peak: Decimal;
  readonly peakStep: number;
  readonly equity: Decimal;
  readonly step: number;
}

/** The drawdown at one equity after another; the first is that before step 0, given with the number of the step whose row holds it. */
export function makeDrawdowns(): { readonly next: (step: number, equity: Decimal) => Drawdown } {
  let peak: { readonly equity: Decimal; readonly step: number } | undefined;
  return {
    next: (step, equity) => {
      if (peak === undefined || equity > peak.equity) peak = { equity, step };
      return { peak: peak.equity, peakStep: peak.step, equity, step };
    },
  };
}

/** More than 0 where `a` is the deeper one. Equity is never negative, so a peak of 0 has no drawdown. */
export function compareDrawdowns(a: Drawdown, b: Drawdown): number {
  const difference = (a.peak - a.equity) * b.peak - (b.peak - b.equity) * a.peak;
  if (a.peak === 0n || b.peak === 0n) return (a.peak === 0n ? 0 : sign(a.peak - a.equity)) - (b.peak === 0n ? 0 : sign(b.peak - b.equity));
  return sign(difference);
}

/** For display: 0.25 is a quarter below the peak. */
export function drawdownShare({ peak, equity }: Drawdown): Decimal {
  return peak === 0n ? 0n : share(peak - equity, peak);
}

function sign(value: bigint): number {
  if (value === 0n) return 0;
  return value > 0n ? 1 : -1;
}

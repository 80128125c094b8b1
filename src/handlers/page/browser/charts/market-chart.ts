/** Value, drawdown and prices of a run on one axis of steps: what it came to first, then a pane for each symbol, as symbols live on scales of their own. */
import type { Decimal } from '../../../../domain/decimal/decimal';
import { drawdownShare } from '../../../../domain/report/drawdown';
import type { ChartSpec } from './chart';
import { activityOf, bucketRefusals, MARKERS_MAX } from './activity';
import type { Pane, Point, Series } from './chart-series';
import { grouped, percentForReading, plural } from '../shared/format';
import { type Entry, type RunModel, segmentAt, type StepEntry } from '../shared/run-model';
import type { AxisLabels } from './step-scale';

/** Symbols drawn at first: more of them would be too flat to read. */
export const SYMBOLS_SHOWN = 6;

export function marketChart(model: RunModel, symbols: readonly string[], onPick: (step: number) => void): ChartSpec {
  const { steps, figures } = model;
  const amounts = (read: (entry: StepEntry) => Decimal): readonly Point[] => points(steps, (entry) => toNumber(read(entry)));
  const panes: Pane[] = [
    {
      title: 'Value',
      height: 150,
      series: [
        { name: 'cash', colour: 'cash', shape: 'steps', points: amounts(({ point }) => point.after.cash), behind: true },
        { name: 'exposure', colour: 'exposure', shape: 'dashed', points: amounts(({ point }) => point.after.exposure), behind: true },
        { name: 'equity', colour: 'equity', shape: 'line', points: amounts(({ point }) => point.after.equity), fromZero: true },
      ],
    },
    {
      title: 'Drawdown',
      height: 84,
      series: [
        {
          name: 'Drawdown',
          colour: 'drawdown',
          shape: 'area',
          points: points(steps, ({ point }) => -toNumber(drawdownShare(point.drawdown)) * 100),
          format: percentForReading,
          fromZero: true,
        },
      ],
    },
    ...symbols.map((symbol): Pane => {
      const prices = steps.flatMap(({ point }) => {
        const price = point.prices.get(symbol);
        return price === undefined ? [] : [{ time: point.step, value: toNumber(price) }];
      });
      const { markers, counts } = activityOf(model, symbol);
      const line: Series = {
        name: symbol,
        colour: model.symbols.indexOf(symbol),
        shape: 'line',
        points: prices,
        markers,
        markersMax: MARKERS_MAX,
      };
      return { title: symbol, height: counts.length === 0 ? 116 : 150, series: [line, ...counts] };
    }),
  ];
  const refused = bucketRefusals(model);
  if (refused !== undefined) panes.push({ title: 'Refusals', height: 84, series: [refused] });
  if (model.segments.length > 0) panes.push(segmentPane(model));
  const { APPROVED, REJECTED, HOLD } = figures.decisions;
  const alternative = `Charts over ${plural(steps.length, 'step')}: equity, exposure and cash; drawdown; prices of ${symbols.join(', ')} with marks for buys, sells and refusals. ${grouped(String(APPROVED))} steps approved, ${String(REJECTED)} rejected, ${grouped(String(HOLD))} hold. The table of steps has every value.`;
  return { id: 'market-chart', alternative, labels: axisOf(steps), panes, onPick };
}

/** Of a session: a new segment is a new request, or what came of an act that left the process. */
function segmentPane(model: RunModel): Pane {
  const steps = model.steps.map(({ point, rowIndex }) => ({ time: point.step, value: segmentAt(model, rowIndex) }));
  const format = (value: number): string => grouped(String(value));
  return { title: 'Segment', height: 70, series: [{ name: 'Segment', colour: 'other', shape: 'steps', points: steps, format }] };
}

export function axisOf(steps: readonly Entry[]): AxisLabels {
  const times = new Map(steps.map(({ point }) => [point.step, point.time]));
  return { unit: 'step', timeOf: (step) => times.get(step) };
}

export function points(steps: readonly StepEntry[], read: (entry: StepEntry) => number): readonly Point[] {
  return steps.map((entry) => ({ time: entry.point.step, value: read(entry) }));
}

/** For drawing alone. */
export function toNumber(value: Decimal): number {
  return Number(value) / 1e8;
}

/**
 * A time axis of step numbers. The chart orders points by number; labels say the row's own time where it has one, so no clock and no time
 * zone takes part. Invariant: heavier ticks mark rounder places, the start of a year or month or a multiple of a power of ten.
 */
import { grouped } from '../shared/format';
import type {
  ChartOptionsImpl,
  IHorzScaleBehavior,
  InternalHorzScaleItem,
  InternalHorzScaleItemKey,
  TickMark,
  TickMarkWeightValue,
} from 'lightweight-charts';

/** `timeOf`: the time of a step, nothing where it has none. `unit`: what a number without a time is called. */
export interface AxisLabels {
  readonly unit: string;
  readonly timeOf: (step: number) => string | undefined;
}

const [YEAR, MONTH, DAY] = [90, 80, 70];
const DATE = /^(\d{4})-(\d{2})(?:-(\d{2}))?/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A step for a reader: its time first, if it has one. */
export function stepLabel({ unit, timeOf }: AxisLabels, step: number): string {
  const time = timeOf(step);
  return time === undefined ? `${unit} ${grouped(String(step))}` : `${time} · ${unit} ${grouped(String(step))}`;
}

export function makeStepScale(labels: AxisLabels): IHorzScaleBehavior<number> {
  let options: ChartOptionsImpl<number> | undefined;
  return {
    options: () => options as ChartOptionsImpl<number>,
    setOptions: (given) => {
      options = given;
    },
    preprocessData: () => undefined,
    updateFormatter: () => undefined,
    convertHorzItemToInternal: (item) => item as unknown as InternalHorzScaleItem,
    createConverterToInternalObj: () => (item) => item as unknown as InternalHorzScaleItem,
    key: (item) => item as unknown as InternalHorzScaleItemKey,
    cacheKey: (item) => item as unknown as number,
    formatHorzItem: (item) => stepLabel(labels, item as unknown as number),
    formatTickmark: (mark) => tickText(labels, mark),
    // The heaviest are written bold: years are, and a round number means no more than another.
    maxTickMarkWeight: (marks) => marks.reduce((most, { weight }) => (weight > most ? weight : most), DAY) as TickMarkWeightValue,
    fillWeightsForPoints: (points, from) => {
      for (let index = from; index < points.length; index += 1) {
        const [point, before] = [points[index], points[index - 1]];
        if (point === undefined) continue;
        const step = point.time as unknown as number;
        point.timeWeight = weightOf(
          labels.timeOf(step),
          before === undefined ? undefined : labels.timeOf(before.time as unknown as number),
          step,
        ) as TickMarkWeightValue;
      }
    },
  };
}

function weightOf(time: string | undefined, timeBefore: string | undefined, step: number): number {
  const [date, before] = [DATE.exec(time ?? ''), DATE.exec(timeBefore ?? '')];
  if (date === null) return roundness(step);
  if (date[1] !== before?.[1]) return YEAR;
  if (date[2] !== before?.[2]) return MONTH;
  return date[3] === before?.[3] ? 0 : DAY;
}

/** 0, and multiples of 1000, weigh more than multiples of 500, those more than multiples of 100, and so on. */
function roundness(step: number): number {
  if (step === 0) return 60;
  let weight = 0;
  for (let unit = 5, five = true; step % unit === 0 && weight < 60; unit *= five ? 2 : 5, five = !five) weight += 1;
  return weight;
}

function tickText({ timeOf }: AxisLabels, mark: TickMark): string {
  const step = mark.time as unknown as number;
  const time = timeOf(step);
  const date = DATE.exec(time ?? '');
  if (date === null) return time === undefined ? grouped(String(step)) : time.slice(0, 10);
  const [, year = '', month = '', day = ''] = date;
  if (mark.weight >= YEAR) return year;
  const name = MONTHS[Number(month) - 1] ?? month;
  if (mark.weight >= MONTH) return name;
  return mark.weight >= DAY ? `${name} ${String(Number(day))}` : (time ?? '').slice(11, 16);
}

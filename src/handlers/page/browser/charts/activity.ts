/**
 * What was done with a symbol, for its pane: a mark at each act or, where those would hide the price, how many there were in each of so many
 * stretches. Invariant: nothing that was bought, sold or refused is left out of both.
 */
import type { BucketMarks } from '../../../../domain/report/page-data';
import type { Marker, Point, Series } from './chart-series';
import { grouped } from '../shared/format';
import { entriesOf, fillsAreCounted, list, record, type RunModel } from '../shared/run-model';

/** More acts than this of one symbol are counted. */
export const MARKERS_MAX = 400;
/** A stretch is some pixels wide. */
const STRETCHES_MAX = 150;

const KINDS = ['buy', 'sell', 'rejected'] as const;
type Kind = (typeof KINDS)[number];

/** So many acts of a kind, at a place among the steps that are here. */
interface ActCount {
  readonly at: number;
  readonly kind: Kind;
  readonly count: number;
}

export interface Activity {
  readonly markers: readonly Marker[];
  readonly counts: readonly Series[];
}

export function activityOf(model: RunModel, symbol: string): Activity {
  const { steps } = model;
  const bucketed = fillsAreCounted(model);
  const acts = bucketed ? actsOfBuckets(model, symbol) : actsOfSteps(model, symbol);
  // Too many for the whole are few enough for a part of it, once a reader zooms in.
  const markers = bucketed ? [] : acts.flatMap(({ at, kind }) => (steps[at] === undefined ? [] : [{ step: steps[at].point.step, kind }]));
  if (acts.length <= MARKERS_MAX && !bucketed) return { markers, counts: [] };
  return { markers, counts: KINDS.filter((kind) => acts.some((act) => act.kind === kind)).map((kind) => counted(model, kind, acts)) };
}

function actsOfSteps({ steps }: RunModel, symbol: string): readonly ActCount[] {
  return steps.flatMap(({ row, point }, at): readonly ActCount[] => {
    if (point.decision !== 'APPROVED' && point.decision !== 'REJECTED') return [];
    const acted = list(row['actions'])
      .map(record)
      .filter((action) => action['symbol'] === symbol);
    if (acted.length === 0) return [];
    if (point.decision === 'REJECTED') return [{ at, kind: 'rejected', count: 1 }];
    return acted.map(({ type }) => ({ at, kind: type === 'PlaceBuy' ? 'buy' : 'sell', count: 1 }));
  });
}

function actsOfBuckets(model: RunModel, symbol: string): readonly ActCount[] {
  return countsOfBuckets(model, ({ buys, sells }) => [
    ['buy', buys[symbol] ?? 0],
    ['sell', sells[symbol] ?? 0],
  ]);
}

/** Of all symbols together: buckets do not count them by symbol. Nothing where each has its mark. */
export function bucketRefusals(model: RunModel): Series | undefined {
  const acts = countsOfBuckets(model, ({ rejected }) => [['rejected', rejected]]);
  return acts.length === 0 ? undefined : counted(model, 'rejected', acts);
}

/** At the first step of the bucket that is here. */
function countsOfBuckets(model: RunModel, read: (marks: BucketMarks) => readonly (readonly [Kind, number])[]): readonly ActCount[] {
  const steps = entriesOf(model);
  let at = 0;
  return (model.page.sample?.marks ?? []).flatMap((marks): readonly ActCount[] => {
    while (at < steps.length - 1 && (steps[at]?.point.step ?? 0) < marks.first_step) at += 1;
    return read(marks).flatMap(([kind, count]) => (count > 0 ? [{ at, kind, count }] : []));
  });
}

/** Sales and refusals go down, so that they never hide what was bought. */
function counted(model: RunModel, kind: Kind, acts: readonly ActCount[]): Series {
  const steps = entriesOf(model);
  const length = Math.ceil(steps.length / STRETCHES_MAX);
  const sums = Array.from({ length: Math.ceil(steps.length / length) }, () => 0);
  for (const act of acts) {
    const stretch = Math.floor(act.at / length);
    if (act.kind === kind) sums[stretch] = (sums[stretch] ?? 0) + act.count;
  }
  const sign = kind === 'buy' ? 1 : -1;
  const valueAt = (at: number): number => sign * (sums[Math.floor(at / length)] ?? 0);
  const points = sums.flatMap((_, stretch): readonly Point[] => {
    const step = steps[stretch * length]?.point.step;
    return step === undefined ? [] : [{ time: step, value: valueAt(stretch * length) }];
  });
  const last = steps.at(-1)?.point.step;
  const end = last === undefined || last === points.at(-1)?.time ? [] : [{ time: last, value: valueAt(steps.length - 1) }];
  return {
    name: NAMES[kind],
    colour: kind,
    shape: 'counts',
    points: [...points, ...end],
    at: new Map(steps.map(({ point }, at) => [point.step, valueAt(at)])),
    format: (value) => grouped(String(Math.abs(value))),
  };
}

const NAMES = { buy: 'buys', sell: 'sells', rejected: 'rejected' } as const;

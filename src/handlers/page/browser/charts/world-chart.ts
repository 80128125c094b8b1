/** The charts that a world describes, or its totals, on one axis of steps. */
import type { WorldChart } from '../../../../domain/report/world-charts';
import { plural } from '../shared/format';
import { fillsAreCounted, type RunModel } from '../shared/run-model';
import type { WorldEntry, WorldModel } from '../shared/world-model';
import { bucketRefusals, MARKERS_MAX } from './activity';
import type { ChartSpec } from './chart';
import type { Marker, Pane, Point, Series } from './chart-series';
import { axisOf, toNumber } from './market-chart';

const PANE_HEIGHT = 150;

export function worldChart(model: RunModel, world: WorldModel, onPick: (step: number) => void): ChartSpec {
  const { charts } = world.page;
  const { APPROVED, REJECTED, HOLD } = world.figures.decisions;
  // Where refusals are counted, a few marks would tell of few.
  const marked = fillsAreCounted(model) ? [] : world.entries;
  const markers: readonly Marker[] = marked
    .filter(({ point }) => point.decision === 'REJECTED')
    .map(({ point }) => ({ step: point.step, kind: 'rejected' }));
  let line = 0;
  const panes = charts.map((chart, at): Pane => {
    const series = linesOf(chart, line, world.entries).map((drawn, index) =>
      at === 0 && index === 0 ? { ...drawn, markers, markersMax: MARKERS_MAX } : drawn,
    );
    line += chart.lines.length;
    return { title: chart.title, height: PANE_HEIGHT, series };
  });
  const refused = bucketRefusals(model);
  if (refused !== undefined) panes.push({ title: 'Refusals', height: 84, series: [refused] });
  return {
    id: 'world-chart',
    alternative: `Charts over ${plural(world.entries.length, 'step')}: ${charts.map(({ title, lines }) => `${title} (${namesOf(lines).join(', ')})`).join('; ')}. ${plural(APPROVED, 'step')} approved, ${String(REJECTED)} rejected, ${String(HOLD)} hold. The table of steps has every value.`,
    labels: axisOf(world.entries),
    panes,
    onPick,
  };
}

/** `first`: the place of its first line among those of all charts. */
export function linesOf({ lines }: WorldChart, first: number, entries: readonly WorldEntry[]): readonly Series[] {
  const names = namesOf(lines);
  return names.map((name, index) => ({ name, colour: index, shape: 'line', points: pointsOf(entries, first + index) }));
}

/** A step that is refused leaves its world as it was, so the line goes on at the height it had. */
export function pointsOf(entries: readonly WorldEntry[], line: number): readonly Point[] {
  let last: number | undefined;
  return entries.flatMap(({ point: { step, decision, values } }): readonly Point[] => {
    const value = values[line];
    if (value !== undefined) last = toNumber(value);
    else if (decision !== 'REJECTED') return [];
    return last === undefined ? [] : [{ time: step, value: last }];
  });
}

/** The last key of each pointer, or the whole of it where that would be said twice. */
export function namesOf(lines: readonly string[]): readonly string[] {
  const last = (pointer: string): string =>
    pointer
      .slice(pointer.lastIndexOf('/') + 1)
      .replaceAll('~1', '/')
      .replaceAll('~0', '~');
  return lines.map((pointer) => (lines.filter((other) => last(other) === last(pointer)).length > 1 ? pointer : last(pointer)));
}

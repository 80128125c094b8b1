/** The charts of a run, with a choice of the symbols drawn. Invariant: a drawing made again shows the step that was selected before. */
import { activityOf } from '../charts/activity';
import { type Chart, makeChart } from '../charts/chart';
import { button, fill, h } from '../shared/dom';
import { sign } from '../shared/marks';
import { marketChart, SYMBOLS_SHOWN } from '../charts/market-chart';
import { worldChart } from '../charts/world-chart';
import type { WorldEntry, WorldModel } from '../shared/world-model';
import type { Navigation } from './navigation';
import type { RunModel, StepEntry } from '../shared/run-model';

const COUNTS_NOTE =
  'Where marks would hide the price, its pane counts them at its foot, stretch by stretch: buys upwards, sells and refusals downwards. The legend names the counts of the stretch under the pointer.';

/** What a world describes, or its totals. */
export function worldChartsView(model: RunModel, world: WorldModel, navigation: Navigation<WorldEntry>): HTMLElement {
  if (world.page.charts.length === 0) return h('p', { class: 'quiet' }, 'Nothing to draw: no step has totals that are amounts.');
  const chart = makeChart(worldChart(model, world, navigation.pickStep));
  navigation.follow(chart);
  const legend = h('p', { class: 'mark-legend' }, h('span', {}, sign('rejected'), 'rejected'));
  return h('div', {}, h('div', { class: 'chart-tools' }, legend), chart.element);
}

export function chartsView(model: RunModel, navigation: Navigation<StepEntry>): HTMLElement {
  const { symbols } = model;
  const host = h('div');
  let chart: Chart | undefined;
  let selected: number | undefined;
  let shown = symbols.slice(0, SYMBOLS_SHOWN);
  const draw = (): void => {
    chart?.dispose();
    chart = makeChart(marketChart(model, shown, navigation.pickStep));
    fill(host, chart.element);
    if (selected !== undefined) chart.select(selected);
  };
  navigation.onPick(({ point }) => {
    selected = point.step;
    chart?.select(selected);
  });
  draw();
  const toggles = symbols.map((symbol) => {
    const toggle = button(
      symbol,
      () => {
        const on = shown.includes(symbol);
        shown = symbols.filter((other) => (other === symbol ? !on : shown.includes(other)));
        toggle.setAttribute('aria-pressed', String(!on));
        draw();
      },
      { class: 'toggle', attributes: { 'aria-pressed': String(shown.includes(symbol)) } },
    );
    return toggle;
  });
  const marks = [
    ['buy', 'buy'],
    ['sell', 'sell'],
    ['rejected', 'rejected'],
  ] as const;
  const legend = h('p', { class: 'mark-legend' }, ...marks.map(([kind, words]) => h('span', {}, sign(kind), words)));
  const counted = symbols.some((symbol) => activityOf(model, symbol).counts.length > 0);
  const note = counted ? h('p', { class: 'quiet', id: 'counts-note' }, COUNTS_NOTE) : null;
  const choice = h('div', { class: 'toggles', attributes: { role: 'group', 'aria-label': 'Symbols drawn' } }, ...toggles);
  return h('div', {}, h('div', { class: 'chart-tools' }, choice, legend), host, note);
}

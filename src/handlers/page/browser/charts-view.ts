/** The charts of a run, with a choice of the symbols drawn. Invariant: a drawing made again shows the step that was selected before. */
import { type Chart, makeChart } from './chart';
import { button, fill, h } from './dom';
import { sign } from './marks';
import { marketChart, SYMBOLS_SHOWN } from './market-chart';
import type { Navigation } from './navigation';
import type { RunModel } from './run-model';

export function chartsView(model: RunModel, navigation: Navigation): HTMLElement {
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
    const toggle = button(symbol, () => {
      const on = shown.includes(symbol);
      shown = symbols.filter((other) => (other === symbol ? !on : shown.includes(other)));
      toggle.setAttribute('aria-pressed', String(!on));
      draw();
    }, { class: 'toggle', attributes: { 'aria-pressed': String(shown.includes(symbol)) } });
    return toggle;
  });
  const legend = h('p', { class: 'mark-legend' }, h('span', {}, sign('buy'), 'buy'), h('span', {}, sign('sell'), 'sell'), h('span', {}, sign('rejected'), 'rejected'));
  return h('div', {}, h('div', { class: 'chart-tools' }, h('div', { class: 'toggles', attributes: { role: 'group', 'aria-label': 'Symbols drawn' } }, ...toggles), legend), host);
}

/**
 * One drawing: panes above each other on one axis of steps, a legend with the values under the pointer, a line at the selected step, and a
 * picture in the colours of paper for print. Invariant: what it shows is said in its text alternative, too, and no colour means a thing alone.
 */
import { createChartEx, CrosshairMode, PriceScaleMode } from 'lightweight-charts';
import { applyTheme, drawPane, type Pane } from './chart-series';
import { fill, h } from '../shared/dom';
import { decimalForReading } from '../shared/format';
import { type AxisLabels, makeStepScale } from './step-scale';
import { onPrint, onThemeChange, readTheme } from '../shared/theme';

export interface ChartSpec {
  readonly id: string;
  readonly alternative: string;
  readonly labels: AxisLabels;
  readonly panes: readonly Pane[];
  /** Told which step the reader picked. */
  readonly onPick?: (step: number) => void;
}

export interface Chart {
  readonly element: HTMLElement;
  readonly select: (step: number) => void;
  readonly dispose: () => void;
}

/** Unit: CSS pixels. */
const AXIS_HEIGHT = 28;

/** The drawing appears once the element is in the page and has a width. */
export function makeChart(spec: ChartSpec): Chart {
  const canvas = h('div', { class: 'chart-canvas', attributes: { role: 'img', 'aria-label': spec.alternative } });
  const line = h('div', { class: 'chart-selected' });
  line.hidden = true;
  const paper = h('div', { class: 'chart-paper', attributes: { 'aria-hidden': 'true' } });
  const legends = spec.panes.map(() => h('div', { class: 'chart-legend' }));
  const overlay = h('div', { class: 'chart-overlay', attributes: { 'aria-hidden': 'true' } }, ...legends, line);
  const live = h('div', { class: 'chart-live' }, canvas, overlay);
  const element = h('div', { class: 'chart', id: spec.id }, live, paper);
  canvas.style.height = `${String(spec.panes.reduce((sum, { height }) => sum + height, AXIS_HEIGHT))}px`;

  const chart = createChartEx<number, ReturnType<typeof makeStepScale>>(canvas, makeStepScale(spec.labels), {
    autoSize: true,
    layout: { attributionLogo: false, fontFamily: 'system-ui, sans-serif', fontSize: 11, panes: { enableResize: false } },
    rightPriceScale: { borderVisible: false, mode: PriceScaleMode.Normal, minimumWidth: 68 },
    timeScale: { borderVisible: false, minBarSpacing: 0.01, fixLeftEdge: true, fixRightEdge: true, rightOffset: 0 },
    crosshair: { mode: CrosshairMode.Magnet, horzLine: { visible: false, labelVisible: false }, vertLine: { labelVisible: true } },
    // The wheel scrolls the page; a chart that swallows it is a trap.
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
  });
  const drawn = spec.panes.flatMap((pane, index) => drawPane(chart, pane, index, legends[index]));
  spec.panes.forEach(({ height }, index) => {
    chart.panes()[index]?.setStretchFactor(height);
  });

  let selected: number | undefined;
  const showValues = (step: number | undefined): void => {
    for (const { value, at, spec: series } of drawn) {
      const shown = step === undefined ? series.points.at(-1)?.value : at.get(step);
      fill(value, shown === undefined ? '–' : (series.format ?? decimalForReading)(shown));
    }
  };
  const place = (): void => {
    let top = 0;
    spec.panes.forEach((_, index) => {
      const legend = legends[index];
      if (legend !== undefined) legend.style.top = `${String(top + 4)}px`;
      top += (chart.panes()[index]?.getHeight() ?? 0) + 1;
    });
    const x = selected === undefined ? null : chart.timeScale().timeToCoordinate(selected);
    line.hidden = x === null || x < 0 || x > chart.timeScale().width();
    if (x === null) return;
    line.style.left = `${String(x)}px`;
    line.style.height = `${String(top)}px`;
  };
  const paint = (): void => {
    applyTheme(chart, drawn, readTheme(element));
  };

  chart.subscribeCrosshairMove(({ time }) => {
    showValues(time ?? selected);
  });
  chart.subscribeClick(({ time }) => {
    if (time !== undefined) spec.onPick?.(time);
  });
  chart.timeScale().subscribeVisibleLogicalRangeChange(place);
  chart.timeScale().subscribeSizeChange(() => {
    chart.timeScale().fitContent();
    place();
  });
  showValues(undefined);
  // Colours are those of the place where the element stands: it stands nowhere yet.
  requestAnimationFrame(() => {
    paint();
    chart.timeScale().fitContent();
    requestAnimationFrame(place);
  });
  onThemeChange(paint);
  onPrint(
    () => {
      if (paper.firstChild !== null) return;
      element.classList.add('on-paper');
      paint();
      const picture = chart.takeScreenshot(true);
      const height = canvas.clientHeight;
      paper.append(picture, ...legends.map((legend) => paperLegend(legend, height)));
    },
    () => {
      element.classList.remove('on-paper');
      paper.replaceChildren();
      paint();
    },
  );

  return {
    element,
    select: (step) => {
      selected = step;
      showValues(step);
      const { from, to } = chart.timeScale().getVisibleRange() ?? { from: step, to: step };
      if (step < from || step > to) chart.timeScale().fitContent();
      place();
    },
    dispose: () => {
      chart.remove();
    },
  };
}

/** A picture is scaled to the paper; what stands over it keeps its place in it. */
function paperLegend(legend: HTMLElement, height: number): HTMLElement {
  const copy = legend.cloneNode(true) as HTMLElement;
  copy.style.top = `${String((100 * legend.offsetTop) / height)}%`;
  return copy;
}

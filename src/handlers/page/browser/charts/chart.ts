/**
 * One drawing: panes above each other on one axis of steps, a legend with the values under the pointer, a line at the selected step, and a
 * picture in the colours of paper for print. Invariant: what it shows is said in its text alternative, too, and no colour means a thing alone.
 */
import { createChartEx, CrosshairMode, PriceScaleMode } from 'lightweight-charts';
import { applyTheme, drawPane, type Pane, showMarkers } from './chart-series';
import { button, fill, h } from '../shared/dom';
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
/** What is left of the width by one step of the zoom. */
const ZOOM_IN = 0.6;
/** How far an arrow moves, as a share of what is shown. */
const MOVED = 0.25;
/** Fewer points than this are never shown. */
const POINTS_LEAST = 4;

/** The drawing appears once the element is in the page and has a width. */
export function makeChart(spec: ChartSpec): Chart {
  const canvas = h('div', { class: 'chart-canvas', attributes: { role: 'img', 'aria-label': spec.alternative } });
  const line = h('div', { class: 'chart-selected' });
  line.hidden = true;
  const paper = h('div', { class: 'chart-paper', attributes: { 'aria-hidden': 'true' } });
  const legends = spec.panes.map(() => h('div', { class: 'chart-legend' }));
  const overlay = h('div', { class: 'chart-overlay', attributes: { 'aria-hidden': 'true' } }, ...legends, line);
  const live = h('div', { class: 'chart-live' }, canvas, overlay);
  const tools = h(
    'div',
    { class: 'chart-zoom', attributes: { role: 'group', 'aria-label': 'Part of the chart that is shown' } },
    button('Zoom in', () => {
      zoom(ZOOM_IN);
    }),
    button('Zoom out', () => {
      zoom(1 / ZOOM_IN);
    }),
    button('Show all', () => {
      show(0, length);
    }),
    h('span', { class: 'quiet' }, 'Also + − 0 and the arrows, or the wheel with Ctrl.'),
  );
  const element = h('div', { class: 'chart', id: spec.id }, live, tools, paper);
  tools.addEventListener('keydown', (event) => {
    if (onKey(event.key)) event.preventDefault();
  });
  canvas.style.height = `${String(spec.panes.reduce((sum, { height }) => sum + height, AXIS_HEIGHT))}px`;

  const chart = createChartEx<number, ReturnType<typeof makeStepScale>>(canvas, makeStepScale(spec.labels), {
    autoSize: true,
    layout: { attributionLogo: false, fontFamily: 'system-ui, sans-serif', fontSize: 11, panes: { enableResize: false } },
    rightPriceScale: { borderVisible: false, mode: PriceScaleMode.Normal, minimumWidth: 68 },
    timeScale: { borderVisible: false, minBarSpacing: 0.01, fixLeftEdge: true, fixRightEdge: true, rightOffset: 0 },
    crosshair: { mode: CrosshairMode.Magnet, horzLine: { visible: false, labelVisible: false }, vertLine: { labelVisible: true } },
    // The wheel alone scrolls the page; a chart that swallows it is a trap. With Ctrl it zooms, as it does everywhere.
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
  });
  const drawn = spec.panes.flatMap((pane, index) => drawPane(chart, pane, index, legends[index]));
  spec.panes.forEach(({ height }, index) => {
    chart.panes()[index]?.setStretchFactor(height);
  });

  /** How many points there are, one beside the other. */
  const length = Math.max(...spec.panes.flatMap(({ series }) => series.map(({ points }) => points.length)), 1);
  /** `factor`: below 1 shows less. `about`: the share of the width that stays where it is. */
  function zoom(factor: number, about = 0.5): void {
    const range = chart.timeScale().getVisibleLogicalRange();
    if (range === null) return;
    const width = (range.to - range.from) * factor;
    if (width >= length) {
      show(0, length);
      return;
    }
    show(range.from + (range.to - range.from) * about - Math.max(POINTS_LEAST, width) * about, Math.max(POINTS_LEAST, width));
  }
  function show(from: number, width: number): void {
    const start = Math.max(-0.5, Math.min(from, length - 0.5 - width));
    chart.timeScale().setVisibleLogicalRange({ from: start, to: start + width });
  }
  function move(share: number): void {
    const range = chart.timeScale().getVisibleLogicalRange();
    if (range !== null) show(range.from + (range.to - range.from) * share, range.to - range.from);
  }
  /** Whether the key means anything here. */
  function onKey(key: string): boolean {
    if (key === '+' || key === '=') zoom(ZOOM_IN);
    else if (key === '-') zoom(1 / ZOOM_IN);
    else if (key === '0') show(0, length);
    else if (key === 'ArrowLeft') move(-MOVED);
    else if (key === 'ArrowRight') move(MOVED);
    else return false;
    return true;
  }
  live.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { left, width } = canvas.getBoundingClientRect();
      zoom(event.deltaY < 0 ? ZOOM_IN : 1 / ZOOM_IN, Math.max(0, Math.min(1, (event.clientX - left) / Math.max(1, width))));
    },
    { passive: false },
  );

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
  chart.timeScale().subscribeVisibleLogicalRangeChange(() => {
    place();
    showMarkers(chart, drawn, readTheme(element));
  });
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

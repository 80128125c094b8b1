/**
 * One drawing: panes above each other on one axis of steps, a legend with the values under the pointer, a line at the selected step, and a
 * picture in the colours of paper for print. Invariant: what it shows is said in its text alternative, too, and no colour means a thing alone.
 */
import {
  AreaSeries,
  createChartEx,
  createSeriesMarkers,
  CrosshairMode,
  type IChartApiBase,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineSeries,
  LineStyle,
  LineType,
  PriceScaleMode,
} from 'lightweight-charts';
import { fill, h } from './dom';
import { decimalForReading } from './format';
import { type AxisLabels, makeStepScale } from './step-scale';
import { type ChartTheme, type Colour, colourOf, onPrint, onThemeChange, readTheme } from './theme';

export interface Point {
  readonly time: number;
  readonly value: number;
}

export interface Marker {
  readonly step: number;
  readonly kind: 'buy' | 'sell' | 'rejected' | 'tripped';
  readonly text?: string;
}

export interface Series {
  readonly name: string;
  readonly colour: Colour;
  readonly shape: 'line' | 'dashed' | 'area' | 'steps';
  readonly points: readonly Point[];
  readonly markers?: readonly Marker[];
  /** The text of a value in the legend. */
  readonly format?: (value: number) => string;
  /** A horizontal line that the scale has to show, too. */
  readonly limit?: { readonly value: number };
  /** The scale begins at zero. */
  readonly fromZero?: boolean;
}

export interface Pane {
  readonly title: string;
  /** Unit: CSS pixels, roughly. */
  readonly height: number;
  readonly series: readonly Series[];
}

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

const AXIS_HEIGHT = 28;
/** More of them than this are drawn smaller. */
const MARKERS_LARGE_MAX = 40;
/** And more than this as dots, or they would hide the line. */
const MARKERS_SMALL_MAX = 400;
/** A mark grows with the room between points; where that is ample it is scaled down again. */
const SPARSE_POINTS = 40;
const MARKERS = {
  buy: { shape: 'arrowUp', position: 'belowBar' },
  sell: { shape: 'arrowDown', position: 'aboveBar' },
  rejected: { shape: 'square', position: 'aboveBar' },
  tripped: { shape: 'circle', position: 'inBar' },
} as const;
const MARKER_COLOURS = { buy: 'buy', sell: 'sell', rejected: 'rejected', tripped: 'sell' } as const;

interface Drawn {
  readonly spec: Series;
  readonly api: ISeriesApi<'Line' | 'Area', number>;
  readonly markers: ISeriesMarkersPluginApi<number> | undefined;
  readonly value: HTMLElement;
  readonly at: ReadonlyMap<number, number>;
}

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
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.26, bottom: 0.14 }, mode: PriceScaleMode.Normal, minimumWidth: 68 },
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

function markerSize({ points, markers }: Series): number {
  if (points.length < SPARSE_POINTS) return 0.5;
  const count = markers?.length ?? 0;
  if (count > MARKERS_SMALL_MAX) return 0.2;
  return count > MARKERS_LARGE_MAX ? 0.6 : 1;
}

/** A picture is scaled to the paper; what stands over it keeps its place in it. */
function paperLegend(legend: HTMLElement, height: number): HTMLElement {
  const copy = legend.cloneNode(true) as HTMLElement;
  copy.style.top = `${String((100 * legend.offsetTop) / height)}%`;
  return copy;
}

function drawPane(chart: IChartApiBase<number>, pane: Pane, index: number, legend: HTMLElement | undefined): readonly Drawn[] {
  legend?.append(h('b', {}, pane.title));
  return pane.series.map((series) => {
    const { limit, fromZero } = series;
    const common = {
      lineWidth: 2 as const,
      priceLineVisible: false,
      lastValueVisible: false,
      crosshairMarkerRadius: 3,
      priceFormat: { type: 'custom' as const, formatter: series.format ?? decimalForReading, minMove: 0.00000001 },
      ...(limit === undefined && fromZero !== true
        ? {}
        : {
            autoscaleInfoProvider: () => {
              const values = [...series.points.map(({ value }) => value), 0, ...(limit === undefined ? [] : [limit.value])];
              return { priceRange: { minValue: values.reduce((a, b) => Math.min(a, b), 0), maxValue: values.reduce((a, b) => Math.max(a, b), 0) } };
            },
          }),
    };
    const api =
      series.shape === 'area'
        ? chart.addSeries(AreaSeries, common, index)
        : chart.addSeries(
            LineSeries,
            {
              ...common,
              lineStyle: series.shape === 'dashed' ? LineStyle.Dashed : LineStyle.Solid,
              lineType: series.shape === 'steps' ? LineType.WithSteps : LineType.Simple,
              pointMarkersVisible: series.points.length < 3,
            },
            index,
          );
    api.setData([...series.points]);
    const value = h('span', { class: 'chart-value' });
    const swatch = h('i', { class: `swatch ${series.shape}` });
    legend?.append(h('span', { class: 'chart-entry' }, swatch, series.name === pane.title ? null : `${series.name} `, value));
    if (limit !== undefined) legend?.append(h('span', { class: 'chart-entry' }, h('i', { class: 'swatch dashed limit' }), `limit ${(series.format ?? decimalForReading)(limit.value)}`));
    return {
      spec: series,
      api,
      value,
      markers: series.markers === undefined ? undefined : createSeriesMarkers<number>(api, [], { autoScale: false, zOrder: 'top' }),
      at: new Map(series.points.map(({ time, value: shown }) => [time, shown])),
    };
  });
}

function applyTheme(chart: IChartApiBase<number>, drawn: readonly Drawn[], theme: ChartTheme): void {
  chart.applyOptions({
    layout: { background: { color: theme.surface }, textColor: theme.text, panes: { separatorColor: theme.border } },
    grid: { vertLines: { color: theme.grid }, horzLines: { color: theme.grid } },
    crosshair: { vertLine: { color: theme.text, labelBackgroundColor: theme.text } },
  });
  for (const { api, spec, markers, value } of drawn) {
    const colour = colourOf(theme, spec.colour);
    api.applyOptions(spec.shape === 'area' ? { lineColor: colour, topColor: `${colour}55`, bottomColor: `${colour}11` } : { color: colour });
    const swatch = value.parentElement?.querySelector('.swatch');
    if (swatch instanceof HTMLElement) swatch.style.color = colour;
    for (const old of api.priceLines()) api.removePriceLine(old);
    if (spec.limit !== undefined) {
      api.createPriceLine({ price: spec.limit.value, color: theme.limit, lineStyle: LineStyle.Dashed, lineWidth: 2, axisLabelVisible: true });
    }
    markers?.setMarkers(
      (spec.markers ?? []).map(({ step, kind, text }) => ({
        time: step,
        ...MARKERS[kind],
        color: theme[MARKER_COLOURS[kind]],
        size: markerSize(spec),
        ...(text === undefined ? {} : { text }),
      })),
    );
  }
}

/** The series of a drawing: their lines, legends, marks and colours. Invariant: a mark has a shape of its own for each thing it says. */
import {
  AreaSeries,
  type AreaSeriesPartialOptions,
  BaselineSeries,
  type BaselineSeriesPartialOptions,
  createSeriesMarkers,
  type IChartApiBase,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineSeries,
  type LineSeriesPartialOptions,
  LineStyle,
  LineType,
  type LineWidth,
  type SeriesOptionsCommon,
} from 'lightweight-charts';
import { h } from '../shared/dom';
import { decimalForReading } from '../shared/format';
import { type ChartTheme, type Colour, colourOf } from '../shared/theme';

export interface Point {
  readonly time: number;
  readonly value: number;
}

export interface Marker {
  readonly step: number;
  readonly kind: 'buy' | 'sell' | 'rejected' | 'tripped' | 'grant' | 'refund' | 'unknown';
  readonly text?: string;
}

export interface Series {
  readonly name: string;
  readonly colour: Colour;
  /** `counts`: filled steps from zero, up or down, on a scale of their own at the foot of the pane. */
  readonly shape: 'line' | 'dashed' | 'area' | 'steps' | 'counts';
  readonly points: readonly Point[];
  /** The values for the legend, where they are not simply those of the points. */
  readonly at?: ReadonlyMap<number, number>;
  readonly markers?: readonly Marker[];
  /** More of them in sight than this are not drawn: they would hide the line. */
  readonly markersMax?: number;
  /** The text of a value in the legend. */
  readonly format?: (value: number) => string;
  /** A horizontal line that the scale has to show, too. */
  readonly limit?: { readonly value: number };
  /** Thin and light where it swings so often that it would fill the pane: other lines are seen through it. */
  readonly behind?: boolean;
  /** The scale begins at zero. */
  readonly fromZero?: boolean;
}

export interface Pane {
  readonly title: string;
  /** Unit: CSS pixels, roughly. */
  readonly height: number;
  readonly series: readonly Series[];
}

/** More of them than this are drawn smaller. */
const MARKERS_LARGE_MAX = 40;
/** From here on there are more points than pixels, and lines behind others are drawn thin. */
const DENSE_POINTS = 1_000;
/** How often a line has to cross its own range until it is more area than line. */
const CROSSINGS_MAX = 60;
const LIGHT = '38';
/** Room for the legend, as a share of the height of a pane. */
const SCALE_TOP = 0.26;
/** Room below the lowest value. */
const SCALE_BOTTOM = 0.14;
/** The foot of a pane, as a share of its height. */
const FOOT = 0.3;
/** A mark grows with the room between points; where that is ample it is scaled down again. */
const SPARSE_POINTS = 40;
const MARKERS = {
  buy: { shape: 'arrowUp', position: 'belowBar' },
  sell: { shape: 'arrowDown', position: 'aboveBar' },
  rejected: { shape: 'square', position: 'aboveBar' },
  tripped: { shape: 'circle', position: 'inBar' },
  // In a chart of a budget, where nothing is bought or sold.
  grant: { shape: 'arrowUp', position: 'belowBar' },
  refund: { shape: 'arrowDown', position: 'aboveBar' },
  unknown: { shape: 'square', position: 'inBar' },
} as const;
const MARKER_COLOURS = {
  buy: 'buy',
  sell: 'sell',
  rejected: 'rejected',
  tripped: 'sell',
  grant: 'other',
  refund: 'buy',
  unknown: 'rejected',
} as const;

export interface Drawn {
  readonly spec: Series;
  readonly api: ISeriesApi<'Line' | 'Area' | 'Baseline', number>;
  readonly markers: ISeriesMarkersPluginApi<number> | undefined;
  readonly value: HTMLElement;
  readonly at: ReadonlyMap<number, number>;
}

function markerSize({ points, markers }: Series): number {
  if (points.length < SPARSE_POINTS) return 0.5;
  return (markers?.length ?? 0) > MARKERS_LARGE_MAX ? 0.6 : 1;
}

function addSeries(
  chart: IChartApiBase<number>,
  { shape, points }: Series,
  common: Partial<SeriesOptionsCommon> & { readonly lineWidth: LineWidth },
  pane: number,
): ISeriesApi<'Line' | 'Area' | 'Baseline', number> {
  if (shape === 'area') return chart.addSeries(AreaSeries, common, pane);
  if (shape === 'counts') {
    const baseValue = { type: 'price' as const, price: 0 };
    return chart.addSeries(
      BaselineSeries,
      { ...common, baseValue, priceScaleId: 'counts', lineType: LineType.WithSteps, crosshairMarkerVisible: false },
      pane,
    );
  }
  const lineStyle = shape === 'dashed' ? LineStyle.Dashed : LineStyle.Solid;
  const lineType = shape === 'steps' ? LineType.WithSteps : LineType.Simple;
  return chart.addSeries(LineSeries, { ...common, lineStyle, lineType, pointMarkersVisible: points.length < 3 }, pane);
}

export function drawPane(chart: IChartApiBase<number>, pane: Pane, index: number, legend: HTMLElement | undefined): readonly Drawn[] {
  legend?.append(h('b', {}, pane.title));
  const withFoot = pane.series.some(({ shape }) => shape === 'counts');
  return pane.series.map((series) => {
    const { limit, fromZero } = series;
    const common = {
      lineWidth: series.shape === 'counts' || (series.behind === true && series.points.length > DENSE_POINTS) ? (1 as const) : (2 as const),
      priceLineVisible: false,
      lastValueVisible: false,
      crosshairMarkerRadius: 3,
      priceFormat: { type: 'custom' as const, formatter: series.format ?? decimalForReading, minMove: 0.00000001 },
      ...(limit === undefined && fromZero !== true
        ? {}
        : {
            autoscaleInfoProvider: () => {
              const values = [...series.points.map(({ value }) => value), 0, ...(limit === undefined ? [] : [limit.value])];
              return {
                priceRange: { minValue: values.reduce((a, b) => Math.min(a, b), 0), maxValue: values.reduce((a, b) => Math.max(a, b), 0) },
              };
            },
          }),
    };
    const api = addSeries(chart, series, common, index);
    if (series.shape === 'counts') chart.priceScale('counts', index).applyOptions({ scaleMargins: { top: 1 - FOOT + 0.04, bottom: 0.01 } });
    else chart.priceScale('right', index).applyOptions({ scaleMargins: { top: SCALE_TOP, bottom: withFoot ? FOOT : SCALE_BOTTOM } });
    api.setData([...series.points]);
    const value = h('span', { class: 'chart-value' });
    const swatch = h('i', { class: `swatch ${series.shape}` });
    legend?.append(h('span', { class: 'chart-entry' }, swatch, series.name === pane.title ? null : `${series.name} `, value));
    if (limit !== undefined)
      legend?.append(
        h(
          'span',
          { class: 'chart-entry' },
          h('i', { class: 'swatch dashed limit' }),
          `limit ${(series.format ?? decimalForReading)(limit.value)}`,
        ),
      );
    return {
      spec: series,
      api,
      value,
      markers: series.markers === undefined ? undefined : createSeriesMarkers<number>(api, [], { autoScale: false, zOrder: 'top' }),
      at: series.at ?? new Map(series.points.map(({ time, value: shown }) => [time, shown])),
    };
  });
}

export function applyTheme(chart: IChartApiBase<number>, drawn: readonly Drawn[], theme: ChartTheme): void {
  chart.applyOptions({
    layout: { background: { color: theme.surface }, textColor: theme.text, panes: { separatorColor: theme.border } },
    grid: { vertLines: { color: theme.grid }, horzLines: { color: theme.grid } },
    crosshair: { vertLine: { color: theme.text, labelBackgroundColor: theme.text } },
  });
  for (const { api, spec, value } of drawn) {
    const full = colourOf(theme, spec.colour);
    const colour = spec.behind === true && fillsItsPane(spec.points) ? `${full}${LIGHT}` : full;
    api.applyOptions(coloured(spec, colour));
    const swatch = value.parentElement?.querySelector('.swatch');
    if (swatch instanceof HTMLElement) swatch.style.color = full;
    for (const old of api.priceLines()) api.removePriceLine(old);
    if (spec.limit !== undefined) {
      api.createPriceLine({
        price: spec.limit.value,
        color: theme.limit,
        lineStyle: LineStyle.Dashed,
        lineWidth: 2,
        axisLabelVisible: true,
      });
    }
  }
  showMarkers(chart, drawn, theme);
}

/** The marks of what is in sight: where they are too many they come with the zoom. */
export function showMarkers(chart: IChartApiBase<number>, drawn: readonly Drawn[], theme: ChartTheme): void {
  const { from, to } = chart.timeScale().getVisibleRange() ?? { from: -Infinity, to: Infinity };
  for (const { spec, markers } of drawn) {
    const { markersMax = Infinity } = spec;
    const near = markersMax === Infinity ? (spec.markers ?? []) : (spec.markers ?? []).filter(({ step }) => step >= from && step <= to);
    markers?.setMarkers(
      (near.length > markersMax ? [] : near).map(({ step, kind, text }) => ({
        time: step,
        ...MARKERS[kind],
        color: theme[MARKER_COLOURS[kind]],
        size: markerSize(spec),
        ...(text === undefined ? {} : { text }),
      })),
    );
  }
}

function fillsItsPane(points: readonly Point[]): boolean {
  let [low, high, travelled] = [Infinity, -Infinity, 0];
  for (const [at, { value }] of points.entries()) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    travelled += Math.abs(value - (points[at - 1]?.value ?? value));
  }
  return travelled > CROSSINGS_MAX * (high - low);
}

function coloured(
  { shape }: Series,
  colour: string,
): Partial<LineSeriesPartialOptions & AreaSeriesPartialOptions & BaselineSeriesPartialOptions> {
  switch (shape) {
    case 'area':
      return { lineColor: colour, topColor: `${colour}55`, bottomColor: `${colour}11` };
    case 'counts':
      return {
        topLineColor: colour,
        topFillColor1: colour,
        topFillColor2: colour,
        bottomLineColor: colour,
        bottomFillColor1: colour,
        bottomFillColor2: colour,
      };
    default:
      return { color: colour };
  }
}

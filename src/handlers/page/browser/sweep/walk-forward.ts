/**
 * What choosing in sample came to out of sample: each pair of windows in a drawing and a row, and how much was left of it. Beside each choice stand
 * the other points, so that a window in which everything rose is not taken for skill.
 */
import type { SweepPageChoice, SweepPageSelection } from '../../../../domain/report/sweep-page-data';
import { fill, h } from '../shared/dom';
import { grouped, plural } from '../shared/format';
import { card } from '../views/summary-view';
import { makeTable, type Column } from '../views/table';
import { figureSelect } from './controls';
import { box, diamond, dot, drawing, line, titled, words, type Shape } from './drawing';
import { type FigureModel, figureText, numberOf, pointText, type SweepModel, windowText } from './model';
import { type Spread, spreadOf, ticks } from './statistics';

const PAGE_ROWS = 50;
/** A drawing is about so wide, and wider only where pairs would stand too close. Unit: pixels. */
const [WIDTH, STEP_MIN, STEP_MAX] = [960, 16, 150] as const;
const [LEFT, RIGHT, TOP, BOTTOM, HEIGHT] = [72, 12, 12, 26, 260] as const;

export function walkForward(model: SweepModel): HTMLElement {
  const { selections, selections_total: total } = model.data;
  const { element, figure } = figureSelect(model, draw);
  const chart = h('div', {
    class: 'drawing-scroll',
    attributes: { tabindex: '0', role: 'region', 'aria-label': 'In and out of sample, pair by pair' },
  });
  const table = h('div');
  const note = h('p', { class: 'quiet', attributes: { role: 'status' } });

  function draw(): void {
    const chosen = figure();
    fill(chart, decayDrawing(model, chosen));
    fill(table, pairTable(model, chosen));
    fill(note, lengthNote(model, chosen));
  }

  draw();
  const left =
    total > selections.length
      ? h(
          'p',
          { class: 'note' },
          `The sweep has ${plural(total, 'pair')} of windows; ${String(selections.length)} of them, at equal distances, are here. The means are over all.`,
        )
      : null;
  const legend = h(
    'p',
    { class: 'decay-legend' },
    h('span', { class: 'key in' }, 'the choice, in sample'),
    h('span', { class: 'key out' }, 'the same point, out of sample'),
    h('span', { class: 'key band' }, 'the middle half of all points, out of sample'),
  );
  return h(
    'div',
    { id: 'walk-forward-view' },
    decayCards(model),
    left,
    h('div', { class: 'controls' }, element),
    chart,
    legend,
    note,
    table,
  );
}

function decayCards(model: SweepModel): HTMLElement {
  const { data, objective } = model;
  const { decay, selections } = data;
  const placed = selections.flatMap(({ place }) => (place === null ? [] : [place]));
  const better = placed.filter(({ better: ahead, of }) => 2 * ahead < of - 1).length;
  const chained = chainedReturns(model);
  return h(
    'div',
    { class: 'cards' },
    card('In sample', 'mean-in-sample', figureText(decay?.in_sample, objective), `${objective.title} of the choices, on average`),
    card(
      'Out of sample',
      'mean-out-of-sample',
      figureText(decay?.out_of_sample, objective),
      `the same points in the windows that follow, ${decay === null ? 'none' : plural(decay.pairs, 'pair')}`,
    ),
    placed.length === 0
      ? null
      : card(
          'In the better half',
          'better-half',
          `${grouped(String(better))} of ${grouped(String(placed.length))}`,
          'choices that did better out of sample than the middle of all points',
        ),
    chained === undefined
      ? null
      : card(
          'Out of sample, one after the other',
          'chained-return',
          figureText(chained.earned, SHARE),
          `buy and hold over the same windows ${figureText(chained.held, SHARE)}`,
        ),
  );
}

const SHARE = { unit: 'share' } as const;

/** Returns compound where windows follow one another and all of them are here. */
function chainedReturns({
  data,
  byIndex,
  figures,
}: SweepModel): { readonly earned: number; readonly held: number | undefined } | undefined {
  const { selections, selections_total: total } = data;
  const outs = selections.map(({ windows }) => windows[1]);
  const apart = outs.every((window, at) => at === 0 || (window?.from ?? 0) >= (outs[at - 1]?.until ?? Infinity));
  if (!apart || selections.length < total) return undefined;
  const chain = (name: string): number | undefined => {
    const figure = figures.find((row) => row.name === name);
    if (figure === undefined) return undefined;
    let product = 1;
    for (const { out_of_sample: out } of selections) {
      const value = out === null ? undefined : numberOf(byIndex.get(out.cell), figure);
      if (value === undefined) return undefined;
      product *= 1 + value;
    }
    return product - 1;
  };
  const earned = chain('return');
  return earned === undefined ? undefined : { earned, held: chain('buy_and_hold') };
}

/** Some figures grow with the length of a window, so that less of them out of sample says nothing. */
function lengthNote({ data }: SweepModel, { name, unit, title }: FigureModel): string {
  const [first, second] = data.selections[0]?.windows ?? [];
  const [inSteps, outSteps] = [first, second].map((window) => (window === undefined ? 0 : window.until - window.from)) as [number, number];
  const grows = unit === 'amount' || unit === 'count' || ['return', 'return_over_drawdown', 'max_drawdown', 'buy_and_hold'].includes(name);
  if (!grows || inSteps === outSteps) return '';
  return `Windows in sample have ${plural(inSteps, 'step')}, those out of sample ${plural(outSteps, 'step')}: ${title} depends on how long a window is, so compare growth a year or the Sharpe ratio, too.`;
}

interface PairFigures {
  readonly selection: SweepPageSelection;
  readonly inSample: number | undefined;
  readonly outOfSample: number | undefined;
  /** Of all points that were drawn. */
  readonly others: Spread | undefined;
}

function pairFigures({ data, cells, byIndex }: SweepModel, figure: FigureModel): readonly PairFigures[] {
  const outs = new Map<number, number[]>();
  for (const cell of cells) {
    const value = cell.part === 'out' && cell.drawn ? numberOf(cell, figure) : undefined;
    if (value === undefined) continue;
    const list = outs.get(cell.pair);
    if (list === undefined) outs.set(cell.pair, [value]);
    else list.push(value);
  }
  const of = (choice: SweepPageChoice | null): number | undefined =>
    choice === null ? undefined : numberOf(byIndex.get(choice.cell), figure);
  return data.selections.map((selection) => ({
    selection,
    inSample: of(selection.best),
    outOfSample: of(selection.out_of_sample),
    others: spreadOf(outs.get(selection.pair) ?? []),
  }));
}

function decayDrawing(model: SweepModel, figure: FigureModel): SVGSVGElement {
  const pairs = pairFigures(model, figure);
  const all = pairs
    .flatMap(({ inSample, outOfSample, others }) => [inSample, outOfSample, others?.lowerQuartile, others?.upperQuartile])
    .filter((value) => value !== undefined);
  const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)];
  const step = Math.min(STEP_MAX, Math.max(STEP_MIN, WIDTH / pairs.length));
  const width = LEFT + pairs.length * step + RIGHT;
  const y = (value: number): number => (high > low ? TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM) : HEIGHT / 2);
  const scale = ticks(low, high, 5).flatMap((value) => [
    line(value === 0 ? 'zero' : 'grid', LEFT, y(value), width, y(value)),
    words('mark', LEFT - 6, y(value) + 4, 'end', figureText(value, figure)),
  ]);
  const label = ({ selection }: PairFigures): string => selection.windows[1]?.begins ?? String(selection.windows[1]?.from ?? '');
  const every = Math.ceil((Math.max(...pairs.map((pair) => label(pair).length), 1) * 7 + 10) / step);
  const marks = pairs.flatMap((pair, at): readonly Shape[] => {
    const { inSample, outOfSample, others } = pair;
    const x = LEFT + (at + 0.5) * step;
    const title = `Pair ${String(pair.selection.pair + 1)}: ${figureText(inSample, figure)} in sample, ${figureText(outOfSample, figure)} out of sample`;
    return [
      ...(others === undefined
        ? []
        : [box('band', x - Math.min(14, step / 3), y(others.lowerQuartile), x + Math.min(14, step / 3), y(others.upperQuartile))]),
      ...(inSample === undefined || outOfSample === undefined ? [] : [line('fall', x, y(inSample), x, y(outOfSample))]),
      ...(inSample === undefined ? [] : [titled(dot('in', x, y(inSample), 5), title)]),
      ...(outOfSample === undefined ? [] : [titled(diamond('out', x, y(outOfSample), 6), title)]),
      ...(at % every === 0 ? [words('mark', x, HEIGHT - 8, 'middle', label(pair))] : []),
    ];
  });
  return drawing(width, HEIGHT, `${figure.title} of each choice, in sample and out of sample; the table below has the values`, [
    ...scale,
    ...marks,
  ]);
}

function pairTable(model: SweepModel, figure: FigureModel): HTMLElement {
  const number = (
    title: string,
    of: (pair: PairFigures) => number | undefined,
    text: (pair: PairFigures) => string,
  ): Column<PairFigures> => ({
    title,
    numeric: true,
    text,
    order: of,
  });
  const window = (title: string, at: number): Column<PairFigures> => ({
    title,
    width: 'short',
    text: ({ selection }) => (selection.windows[at] === undefined ? '–' : windowText(selection.windows[at])),
    order: ({ selection }) => selection.windows[at]?.from,
  });
  const change = ({ inSample, outOfSample }: PairFigures): number | undefined =>
    inSample === undefined || outOfSample === undefined ? undefined : outOfSample - inSample;
  return makeTable<PairFigures>({
    id: 'walk-forward-table',
    caption: 'Walk-forward: choices in sample and what they came to',
    noun: ['pair', 'pairs'],
    pageRows: PAGE_ROWS,
    rows: pairFigures(model, figure),
    columns: [
      number(
        'pair',
        ({ selection }) => selection.pair,
        ({ selection }) => String(selection.pair + 1),
      ),
      window('in sample', 0),
      { title: 'choice', width: 'short', text: ({ selection: { best } }) => (best === null ? '–' : pointText(best.point)) },
      number(
        figure.title,
        ({ inSample }) => inSample,
        ({ inSample }) => figureText(inSample, figure),
      ),
      window('out of sample', 1),
      number(
        `${figure.title} there`,
        ({ outOfSample }) => outOfSample,
        ({ outOfSample }) => figureText(outOfSample, figure),
      ),
      number('change', change, (pair) => figureText(change(pair), figure)),
      number(
        'place there',
        ({ selection: { place } }) => (place === null ? undefined : place.better / place.of),
        ({ selection: { place } }) => (place === null ? '–' : `${grouped(String(place.better + 1))} of ${grouped(String(place.of))}`),
      ),
      number(
        'trials',
        ({ selection }) => selection.trials,
        ({ selection }) => grouped(String(selection.trials)),
      ),
      number(
        'Sharpe above luck',
        ({ selection: { deflated_sharpe: deflated } }) => (deflated === null ? undefined : Number(deflated.probability)),
        ({ selection: { deflated_sharpe: deflated } }) => figureText(deflated?.probability, SHARE),
      ),
    ],
  }).element;
}

/** What is seen of a world: prices of a market as lines and as a table, anything else as it is. */
import { h, svg } from '../shared/dom';
import { grouped } from '../shared/format';
import { list, record, text } from '../shared/run-model';

const [WIDTH, HEIGHT, PAD] = [600, 160, 6] as const;
const COLOURS = 6;
/** Rows of the table; the lines show all. */
const ROWS = 12;

interface Priced {
  readonly step: string;
  readonly time: string;
  readonly prices: Readonly<Record<string, unknown>>;
}

/** Nothing where the path has ended. */
export function observationView(observation: unknown): HTMLElement {
  if (observation === null || observation === undefined) return h('p', {}, 'The path has ended: there is no next step.');
  const { prices, history, step: _step, legal: _legal, ...rest } = record(observation);
  if (prices === undefined) {
    // A world that could not say what is seen says why.
    const { observation: inside, ...around } = rest;
    const what = Object.keys(around).length > 0 ? rest : inside;
    return regionOf('What can be seen', h('pre', {}, JSON.stringify(what, null, 2)));
  }
  const shown = [...list(history), observation].map(pricedOf);
  return h('div', {}, shown.length > 1 ? lines(shown) : null, table(shown));
}

function pricedOf(seen: unknown): Priced {
  const { step, time, prices } = record(seen);
  return { step: text(step), time: text(time ?? ''), prices: record(prices) };
}

/** Each symbol from its first price shown, as a share of it, so that all of them fit into one picture. */
function lines(shown: readonly Priced[]): HTMLElement {
  const symbols = Object.keys(shown.at(-1)?.prices ?? {}).slice(0, COLOURS);
  const series = symbols.map((symbol) => {
    const values = shown.map(({ prices }) => Number(prices[symbol]));
    return values.map((value) => value / (values[0] ?? 1));
  });
  const all = series.flat().filter(Number.isFinite);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const x = (index: number): number => PAD + (index * (WIDTH - 2 * PAD)) / Math.max(1, shown.length - 1);
  const y = (value: number): number => HEIGHT - PAD - ((value - least) * (HEIGHT - 2 * PAD)) / (most - least || 1);
  const shapes = series.map((values, index) => ({
    tag: 'polyline',
    class: `line symbol-${String(index)}`,
    points: values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' '),
  }));
  const legend = symbols.map((symbol, index) => h('span', { class: `symbol-${String(index)}` }, symbol));
  return h(
    'div',
    { class: 'prices' },
    svg(`0 0 ${String(WIDTH)} ${String(HEIGHT)}`, shapes, 'price-lines'),
    h(
      'p',
      { class: 'price-legend' },
      ...legend,
      h('span', { class: 'quiet' }, `${String(shown.length)} steps; each line begins at its first price`),
    ),
  );
}

function table(shown: readonly Priced[]): HTMLElement {
  const symbols = Object.keys(shown.at(-1)?.prices ?? {});
  const timed = shown.some(({ time }) => time !== '');
  const heads = ['Step', ...(timed ? ['Time'] : []), ...symbols];
  const rows = shown
    .slice(-ROWS)
    .reverse()
    .map(({ step, time, prices }, index) =>
      h(
        'tr',
        {},
        h('th', { attributes: { scope: 'row' } }, index === 0 ? `${step} (next)` : step),
        ...[...(timed ? [time] : []), ...symbols.map((symbol) => grouped(text(prices[symbol])))].map((value) => h('td', {}, value)),
      ),
    );
  const head = h('thead', {}, h('tr', {}, ...heads.map((name) => h('th', { attributes: { scope: 'col' } }, name))));
  return regionOf('Prices', h('table', {}, head, h('tbody', {}, ...rows)));
}

/** What may be wider than the page is scrolled by keyboard, too. */
export function regionOf(label: string, content: HTMLElement): HTMLElement {
  return h('div', { class: 'scroll', attributes: { tabindex: '0', role: 'region', 'aria-label': label } }, content);
}

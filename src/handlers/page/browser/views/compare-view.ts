/** Two runs against each other: what went in, where they part and why, what became of both. */
import type { DecisionChange, PageData, RunDiff } from '../../../../domain/report/page-data';
import { drawdownShare } from '../../../../domain/report/drawdown';
import { type Figures, returnShare } from '../../../../domain/report/figures';
import { type Chart, makeChart } from '../charts/chart';
import { code, h } from '../shared/dom';
import { grouped, plural } from '../shared/format';
import { axisOf, points, toNumber } from '../charts/market-chart';
import type { RunModel } from '../shared/run-model';
import type { WorldModel } from '../shared/world-model';
import { namesOf, pointsOf } from '../charts/world-chart';
import { amount, percentOf } from './summary-view';
import { makeTable } from './table';
import { json } from './tables';

export function compareView(
  data: PageData,
  a: RunModel,
  b: RunModel,
  onPick: (step: number) => void,
): { readonly element: HTMLElement; readonly charts: readonly Chart[] } {
  const { diff } = data;
  if (diff === null) return { element: h('p', {}, 'The page holds a second run, and no comparison.'), charts: [] };
  const chart =
    a.world !== undefined && b.world !== undefined
      ? totalsChart(a.world, b.world, diff, onPick)
      : a.steps.length === 0 || b.steps.length === 0
        ? undefined
        : equityChart(a, b, diff, onPick);
  return {
    charts: chart === undefined ? [] : [chart],
    element: h(
      'div',
      { class: 'compare' },
      h('p', { class: 'names' }, 'A is ', h('b', {}, a.page.name), ', B is ', h('b', {}, b.page.name), '.'),
      h('h3', {}, 'Where they part'),
      divergence(diff),
      chart?.element ?? null,
      h('h3', {}, 'Inputs that differ'),
      diff.inputs.length === 0 ? h('p', { class: 'quiet' }, 'None.') : inputTable(diff),
      h('h3', {}, 'Decisions that changed'),
      decisions(diff),
      h('h3', {}, 'How they ended'),
      ends(diff, a, b),
    ),
  };
}

function divergence({ divergence: parted }: RunDiff): HTMLElement {
  if (parted === null) return h('p', { id: 'divergence' }, 'Nowhere: every step is the same.');
  return h(
    'div',
    { id: 'divergence' },
    h('p', { class: 'note' }, h('b', {}, `Step ${grouped(String(parted.step_index))}. `), parted.why),
    parted.pointers.length === 0
      ? null
      : h(
          'p',
          { class: 'quiet' },
          'What differs there, causes first: ',
          ...parted.pointers.flatMap((pointer, at) => (at === 0 ? [code(pointer)] : [', ', code(pointer)])),
        ),
  );
}

function equityChart(a: RunModel, b: RunModel, { divergence: parted }: RunDiff, onPick: (step: number) => void): Chart {
  // Each as a share of what it began with, so that runs with other cash can be held against each other.
  const equity = (model: RunModel): ReturnType<typeof points> => {
    const start = toNumber(model.figures.startEquity ?? 0n);
    return points(model.steps, ({ point }) => (start === 0 ? 0 : (100 * toNumber(point.after.equity)) / start));
  };
  const format = (value: number): string => `${value.toFixed(2)} %`;
  const [axisA, axisB] = [axisOf(a.steps), axisOf(b.steps)];
  return makeChart({
    id: 'compare-chart',
    alternative: `Equity of A and B, each as a share of its start, over ${plural(Math.max(a.steps.length, b.steps.length), 'step')}. ${parted === null ? 'They are the same.' : `They part at step ${String(parted.step_index)}.`}`,
    labels: { unit: 'step', timeOf: (step) => axisA.timeOf(step) ?? axisB.timeOf(step) },
    onPick,
    panes: [
      {
        title: 'Equity, of its start',
        height: 220,
        series: [
          {
            name: 'A',
            colour: 'equity',
            shape: 'line',
            points: equity(a),
            format,
            ...(parted === null ? {} : { markers: [{ step: parted.step_index, kind: 'tripped', text: 'they part' }] }),
          },
          { name: 'B', colour: 'other', shape: 'dashed', points: equity(b), format },
        ],
      },
    ],
  });
}

/** The first line that A describes, of both. */
function totalsChart(a: WorldModel, b: WorldModel, { divergence: parted }: RunDiff, onPick: (step: number) => void): Chart | undefined {
  const line = a.page.charts[0]?.lines[0];
  const at = b.page.charts.flatMap(({ lines }) => lines).indexOf(line ?? '');
  if (line === undefined || at === -1 || a.entries.length < 2 || b.entries.length < 2) return undefined;
  const [name = ''] = namesOf([line]);
  const [axisA, axisB] = [axisOf(a.entries), axisOf(b.entries)];
  const marked = parted === null ? {} : { markers: [{ step: parted.step_index, kind: 'tripped' as const, text: 'they part' }] };
  return makeChart({
    id: 'compare-chart',
    alternative: `${name} of A and B over ${plural(Math.max(a.entries.length, b.entries.length), 'step')}. ${parted === null ? 'They are the same.' : `They part at step ${String(parted.step_index)}.`}`,
    labels: { unit: 'step', timeOf: (step) => axisA.timeOf(step) ?? axisB.timeOf(step) },
    onPick,
    panes: [
      {
        title: name,
        height: 220,
        series: [
          { name: 'A', colour: 'equity', shape: 'line', points: pointsOf(a.entries, 0), ...marked },
          { name: 'B', colour: 'other', shape: 'dashed', points: pointsOf(b.entries, at) },
        ],
      },
    ],
  });
}

function inputTable({ inputs }: RunDiff): HTMLElement {
  const shown = (json: string | null): string => json ?? 'absent';
  return makeTable<RunDiff['inputs'][number]>({
    id: 'diff-inputs-table',
    caption: 'Inputs that differ',
    noun: ['difference', 'differences'],
    rows: inputs,
    pageRows: 50,
    columns: [
      { title: 'File', width: 'short', text: ({ file }) => file },
      { title: 'Member', width: 'short', text: ({ pointer }) => (pointer === '' ? 'the whole document' : pointer) },
      { title: 'A', width: 'long', text: ({ a }) => shown(a) },
      { title: 'B', width: 'long', text: ({ b }) => shown(b) },
    ],
  }).element;
}

function decisions({ decisions: { compared, changed, listed } }: RunDiff): HTMLElement {
  const words = `${plural(changed, 'decision')} of ${grouped(String(compared))} changed${listed.length < changed ? `; the first ${grouped(String(listed.length))} are listed` : ''}.`;
  if (listed.length === 0) return h('p', { class: 'quiet' }, words);
  return h(
    'div',
    {},
    h('p', { class: 'quiet' }, words),
    makeTable<DecisionChange>({
      id: 'diff-decisions-table',
      caption: 'Decisions that changed',
      noun: ['decision', 'decisions'],
      rows: listed,
      pageRows: 20,
      columns: [
        { title: 'Step', numeric: true, text: ({ step_index: step }) => String(step), order: ({ step_index: step }) => step },
        { title: 'A', text: ({ a }) => a ?? 'no such step' },
        { title: 'B', text: ({ b }) => b ?? 'no such step' },
        { title: 'Why', width: 'long', text: ({ why }) => why },
      ],
    }).element,
  );
}

function ends({ final }: RunDiff, a: RunModel, b: RunModel): HTMLElement {
  const row = (name: string, read: (end: NonNullable<RunDiff['final']['a']>) => string): HTMLElement =>
    h(
      'tr',
      {},
      h('th', { attributes: { scope: 'row' } }, name),
      ...[final.a, final.b].map((end) => h('td', {}, end === null ? 'unfinished' : read(end))),
    );
  // Of a sample the rows are too few to tell these.
  const whole = a.page.sample === null && b.page.sample === null;
  const figure = (name: string, read: (figures: Figures) => string): HTMLElement | null =>
    whole ? h('tr', {}, h('th', { attributes: { scope: 'row' } }, name), h('td', {}, read(a.figures)), h('td', {}, read(b.figures))) : null;
  const sealed = (member: string): HTMLElement =>
    h(
      'tr',
      {},
      h('th', { attributes: { scope: 'row' } }, member.replaceAll('_', ' ')),
      ...[a, b].map(({ seal }) => h('td', {}, seal?.[member] === undefined ? '–' : json(seal[member]))),
    );
  const market = a.world === undefined || b.world === undefined;
  return h(
    'div',
    { class: 'table-scroll', attributes: { tabindex: '0', role: 'region', 'aria-label': 'How the two runs ended' } },
    h(
      'table',
      { id: 'diff-ends-table' },
      h('caption', { class: 'hidden' }, 'How the two runs ended'),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('td'),
          h('th', { attributes: { scope: 'col' } }, `A: ${a.page.name}`),
          h('th', { attributes: { scope: 'col' } }, `B: ${b.page.name}`),
        ),
      ),
      h(
        'tbody',
        {},
        row('outcome', ({ ok, stopped_by: by }) => (ok ? 'finished ok' : `stopped by ${by ?? ''}`)),
        row('steps', ({ steps }) => grouped(String(steps))),
        ...(market
          ? [
              row('final equity', ({ final_equity: equity }) => (equity === null ? '–' : grouped(equity))),
              figure('return', (figures) => {
                const earned = returnShare(figures);
                return earned === undefined ? '–' : percentOf(earned, true);
              }),
              figure('deepest drawdown', ({ maxDrawdown }) => (maxDrawdown === undefined ? '0 %' : percentOf(-drawdownShare(maxDrawdown)))),
              figure(
                'approved, rejected, hold',
                ({ decisions: made }) => `${String(made.APPROVED)}, ${String(made.REJECTED)}, ${String(made.HOLD)}`,
              ),
              figure('fills', ({ fills }) => `${plural(fills.BUY, 'buy')}, ${plural(fills.SELL, 'sell')}`),
              figure('fees', ({ fees }) => amount(fees)),
            ]
          : [sealed('final_score'), sealed('final_totals'), sealed('decisions')]),
        row('head hash', ({ head_hash: hash }) => hash ?? '–'),
      ),
    ),
  );
}

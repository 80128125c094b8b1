/** How the budget went: for each limit what was used over the run, how much was allowed, and where it tripped. */
import { type BudgetState, costOf, type Meter, NOTHING_SPENT } from '../../../../domain/budget/budget';
import { isUnknown } from '../../../../domain/report/segments';
import { limitsOf, type Trip, tripOf } from '../../../../domain/report/spending';
import { makeChart } from '../charts/chart';
import type { Marker, Pane, Point } from '../charts/chart-series';
import { h } from '../shared/dom';
import { grouped, plural } from '../shared/format';
import { badge } from '../shared/marks';
import { type RunModel, segmentAt } from '../shared/run-model';

/** `worldSteps`: the axis counts steps of the world; else it counts what was done. */
export function budgetView(model: RunModel): HTMLElement {
  const { run, seal, page } = model;
  if (run === undefined) return h('p', {}, 'There is no run row, so nothing says what was allowed.');
  const limits = limitsOf(run, totalSpent(model));
  const trip = seal === undefined ? undefined : tripOf(seal);
  const used = limits.filter(({ max, spent, limiter }) => max > 0 || spent > 0 || limiter === trip?.limiter);
  const unused = limits.filter((limit) => !used.includes(limit));
  const acts = model.calls.length > 0 ? 'call' : 'step';
  const chart = makeChart({
    id: 'budget-chart',
    alternative: `Use of the budget over the run. ${used.map((limit) => sentence(limit, trip)).join(' ')}`,
    labels: { unit: `after ${acts}`, timeOf: () => undefined },
    panes: [...used.filter(({ row }) => row.kind !== 'peak').map((limit) => pane(limit, model, trip)), ...segmentPanes(model)],
  });
  return h(
    'div',
    { class: 'budget' },
    h('ul', { class: 'meters' }, ...used.map((limit) => meter(limit, trip))),
    unused.length === 0 ? null : h('p', { class: 'quiet' }, `Not allowed, and not used: ${unused.map(({ row }) => row.noun).join(', ')}.`),
    chart.element,
    page.sample === null ? null : h('p', { class: 'quiet' }, 'Drawn from the rows of the sample; the totals are those of the seal.'),
  );
}

/** In a sampled page the rows do not add up, and peaks of a world do not stand in them: the seal's count stands in. */
function totalSpent({ spending, page, seal, world }: RunModel): BudgetState {
  const counted = spending.at(-1)?.spent ?? NOTHING_SPENT;
  return (page.sample === null && world === undefined) || seal === undefined ? counted : (seal['budget_state'] as unknown as BudgetState);
}

function sentence({ limiter, max, spent, row }: Meter, trip: Trip | undefined): string {
  const tripped = trip?.limiter === limiter ? `, tripped: ${plural(trip.requested, 'more was', 'more were')} asked for` : '';
  return `${limiter}: ${grouped(String(spent))} of ${grouped(String(max))} ${row.noun} used${tripped}.`;
}

function meter(limit: Meter, trip: Trip | undefined): HTMLElement {
  const tripped = trip?.limiter === limit.limiter;
  const share = limit.max === 0 ? 1 : Math.min(1, limit.spent / limit.max);
  const bar = h('span', { class: tripped ? 'bar tripped' : 'bar', attributes: { 'aria-hidden': 'true' } }, h('span'));
  (bar.firstElementChild as HTMLElement).style.width = `${String(share * 100)}%`;
  return h(
    'li',
    {},
    h('span', { class: 'meter-name' }, limit.limiter),
    bar,
    h('span', { class: 'meter-words' }, `${grouped(String(limit.spent))} of ${grouped(String(limit.max))} ${limit.row.noun}`),
    tripped ? badge('tripped', 'bad', `tripped: ${grouped(String(trip.requested))} more asked for`) : null,
  );
}

function pane({ limiter, dimension, tool, max }: Meter, { spending, page, inputs }: RunModel, trip: Trip | undefined): Pane {
  // Steps left out of a sample were taken, too; those of a plan are its calls, and all of them are here.
  const leftOut = page.sample !== null && dimension === 'steps' && inputs['mode'] !== 'agentcore-tools';
  const points: Point[] = [{ time: 0, value: 0 }];
  for (const [at, { row, spent }] of spending.entries()) {
    const time = axisPlace(row['step_index'], row['type'], at);
    // Rows out of order are named by the proof, and cannot be drawn.
    if (time > (points.at(-1)?.time ?? 0)) points.push({ time, value: leftOut ? time : costOf({ dimension, tool }, spent) });
  }
  const last = points.at(-1)?.time ?? 0;
  return {
    title: limiter,
    height: 110,
    series: [
      {
        name: 'used',
        colour: 'equity',
        shape: 'steps',
        points,
        limit: { value: max },
        format: (value) => grouped(String(Math.round(value))),
        ...(trip?.limiter === limiter ? { markers: [{ step: last, kind: 'tripped' }] } : {}),
      },
    ],
  };
}

/** Of a session: at which act each segment began, and where budget was granted, came back, or was spent on nobody knows what. */
function segmentPanes(model: RunModel): readonly Pane[] {
  if (model.segments.length === 0) return [];
  const points = model.spending.map(({ row, rowIndex }, at) => ({
    time: axisPlace(row['step_index'], row['type'], at),
    value: segmentAt(model, rowIndex),
    row,
  }));
  const rising = points.filter(({ time }, at) => time > (points[at - 1]?.time ?? 0));
  const markers = rising.flatMap(({ row, time }): readonly Marker[] => {
    const kind = row['type'] === 'grant' ? 'grant' : row['type'] === 'refund' ? 'refund' : isUnknown(row) ? 'unknown' : undefined;
    return kind === undefined ? [] : [{ step: time, kind }];
  });
  const format = (value: number): string => `segment ${grouped(String(value))}`;
  return [
    {
      title: 'segment (▲ grant, ▼ refund, ■ unknown effect)',
      height: 90,
      series: [{ name: 'segment', colour: 'other', shape: 'steps', points: [{ time: 0, value: 0 }, ...rising], markers, format }],
    },
  ];
}

/** After which step, counted from 1, or after which call. */
function axisPlace(stepIndex: unknown, type: unknown, at: number): number {
  return type === 'step' && typeof stepIndex === 'number' ? stepIndex + 1 : at + 1;
}

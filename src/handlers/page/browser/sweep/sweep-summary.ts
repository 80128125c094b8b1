/** The top of a sweep's page: how many cells, the best of them, how likely that is luck, and the runs that were kept. */
import { code, facts, h } from '../shared/dom';
import { grouped, plural } from '../shared/format';
import { card } from '../views/summary-view';
import { miniTable } from '../views/mini-table';
import { runLink } from './cell-table';
import { figureText, pointText, type SweepModel } from './model';

/** The probability from which a Sharpe ratio is taken for more than luck. */
const SIGNIFICANT = 0.95;

export function sweepSummary(model: SweepModel): HTMLElement {
  return h('div', {}, cards(model), sampleNote(model), keptRuns(model), identity(model));
}

function cards({ data, objective }: SweepModel): HTMLElement {
  const best = data.kept[0] ?? data.selections.find((selection) => selection.best !== null)?.best ?? null;
  const deflated = data.selections.flatMap(({ deflated_sharpe: one }) => (one === null ? [] : [Number(one.probability)]));
  const windows = data.selections_total;
  const significant = deflated.filter((probability) => probability >= SIGNIFICANT).length;
  return h(
    'div',
    { class: 'cards' },
    card('Cells', 'cells', grouped(String(data.taken)), `${plural(data.points, 'point')} · ${plural(data.steps_granted, 'step')} granted`),
    card(
      `Best ${objective.title}`,
      'best',
      figureText(best?.value, objective),
      best === null ? 'no cell has it' : `${pointText(best.point)} · ${data.objective.prefer} is better`,
    ),
    deflated.length === 0
      ? null
      : windows === 1
        ? card(
            'Sharpe above luck',
            'deflated',
            figureText(deflated[0], { unit: 'share' }),
            `probability, of the best of ${plural(data.selections[0]?.trials ?? 0, 'trial')}; ${String(SIGNIFICANT * 100)} % is taken for significant`,
          )
        : card(
            'Sharpe above luck',
            'deflated',
            `${grouped(String(significant))} of ${grouped(String(deflated.length))}`,
            `choices whose deflated Sharpe ratio is above 0 with ${String(SIGNIFICANT * 100)} % or more`,
          ),
    data.decay === null
      ? null
      : card(
          'Out of sample',
          'decay',
          figureText(data.decay.out_of_sample, objective),
          `${figureText(data.decay.in_sample, objective)} in sample, on average of ${plural(data.decay.pairs, 'choice')}`,
        ),
    data.stopped === 0
      ? null
      : card('Stopped', 'stopped', plural(data.stopped, 'cell'), 'by a breaker: its figures are of the steps before it'),
  );
}

/** What a reader of a page has to know that does not hold every cell. */
function sampleNote({ data, whole }: SweepModel): HTMLElement | null {
  if (whole) return null;
  const others = data.rows_held - data.rows_drawn;
  return h(
    'p',
    { class: 'note', id: 'sample-note' },
    `This sweep is large: ${plural(data.taken, 'cell')}. The page holds ${grouped(String(data.rows_held))} of them: ${grouped(String(data.rows_drawn))} drawn by the id of the sweep, of which heat map, axes and bands are made, and ${grouped(String(others))} more that are among the best or were chosen in a window. ${grouped(String(data.taken - data.rows_held))} are in cells.jsonl alone. What the summary and the walk-forward table say is counted over all cells.`,
  );
}

function keptRuns(model: SweepModel): HTMLElement {
  const { data, objective } = model;
  const rows = data.kept.map(({ cell, point, value, run_id: runId, head_hash: headHash }, rank) => [
    String(rank + 1),
    figureText(value, objective),
    pointText(point),
    String(cell),
    runLink(model, runId, runId),
    code(headHash.slice(0, 12)),
  ]);
  return h(
    'div',
    {},
    h('h3', {}, 'Kept runs'),
    rows.length === 0
      ? h('p', { class: 'quiet' }, 'No run was kept whole; each row of cells.jsonl makes its run again.')
      : miniTable('Kept runs', ['rank', objective.title, 'point', 'cell', 'run', 'head hash'], rows, 0, 1, 3),
  );
}

function identity({ data }: SweepModel): HTMLElement {
  const { constraints, sample, market } = data;
  return facts(
    [
      ['sweep id', code(data.sweep_id)],
      ['Merkle root', code(data.merkle_root)],
      ['market', code(data.market_sha256)],
      ['symbols', market.symbols.join(', ')],
      ['constraints', constraints.length === 0 ? undefined : constraints.join(' · ')],
      ['sample of the grid', sample === null ? undefined : `${plural(sample.cells, 'point')}, seed ${sample.seed}`],
    ],
    'facts identity',
  );
}

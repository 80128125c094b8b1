/** The program of a sweep's page. */
import { code, facts, h } from './shared/dom';
import { figureText, readData, type SweepPage, valueText } from './sweep/data';
import { heatMap } from './sweep/heat-map';
import { cellTable, runLink } from './sweep/table';

interface Chosen {
  readonly cell: number;
  readonly point: Readonly<Record<string, string | number>>;
  readonly run_id: string;
  readonly value: string | null;
}

interface Selection {
  readonly windows: readonly { readonly part: string; readonly from: number; readonly until: number }[];
  readonly trials: number;
  readonly best: Chosen | null;
  readonly out_of_sample: Chosen | null;
  readonly deflated_sharpe: { readonly probability: string; readonly expected_maximum: string } | null;
}

function draw(page: SweepPage): void {
  const { summary } = page;
  const kept = summary['kept'] as readonly Chosen[];
  const spec = summary['spec'] as { readonly name: string };
  const unit = page.figures.find(({ name }) => name === page.objective.figure)?.unit ?? '';
  const { points } = summary;
  document.title = `Sweep ${spec.name}`;
  document.body.append(
    h(
      'main',
      {},
      h('h1', {}, spec.name),
      h(
        'p',
        { class: 'lead' },
        `${String(page.total)} cells over ${String(points)} points; ${page.objective.prefer} ${page.objective.figure} is better.`,
      ),
      page.cells.length < page.total
        ? h('p', {}, `This page holds the first ${String(page.cells.length)}; cells.jsonl has them all.`)
        : null,
      facts([
        ['Sweep', code(String(summary['sweep_id']))],
        ['Merkle root of all cells', code(String(summary['merkle_root']))],
        ['Steps granted', String(summary['steps_granted'])],
      ]),
      h('h2', {}, 'Kept runs'),
      chosenList(kept, unit),
      h('h2', {}, 'Choices'),
      selections(summary['selections'] as readonly Selection[], unit),
      decay(summary['decay'] as Decay | null, unit),
      h('h2', {}, 'Heat map'),
      heatMap(page),
      h('h2', {}, 'Cells'),
      cellTable(page, new Set(kept.map(({ run_id: runId }) => runId))),
    ),
  );
}

function chosenList(kept: readonly Chosen[], unit: string): HTMLElement {
  if (kept.length === 0) return h('p', {}, 'None was kept whole.');
  return h(
    'ol',
    {},
    ...kept.map(({ point, run_id: runId, value }) => h('li', {}, runLink(runId, `${figureText(value, unit)} at ${pointText(point)}`))),
  );
}

function selections(list: readonly Selection[], unit: string): HTMLElement {
  const forward = list.some(({ windows }) => windows.length > 1);
  const steps = (selection: Selection, at: number): string => {
    const window = selection.windows[at];
    return window === undefined ? '–' : `${String(window.from)} to ${String(window.until)}`;
  };
  const heads = ['steps', 'chosen', 'value', ...(forward ? ['out of sample', 'value there'] : []), 'trials', 'Sharpe above luck'];
  return h(
    'div',
    { class: 'scroll' },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { attributes: { scope: 'col' } }, head)))),
      h(
        'tbody',
        {},
        ...list.map((selection) =>
          h(
            'tr',
            {},
            ...[
              steps(selection, 0),
              selection.best === null ? '–' : pointText(selection.best.point),
              figureText(selection.best?.value, unit),
              ...(forward ? [steps(selection, 1), figureText(selection.out_of_sample?.value, unit)] : []),
              String(selection.trials),
              figureText(selection.deflated_sharpe?.probability, 'share'),
            ].map((text) => h('td', {}, text)),
          ),
        ),
      ),
    ),
  );
}

interface Decay {
  readonly pairs: number;
  readonly in_sample: string;
  readonly out_of_sample: string;
}

function decay(means: Decay | null, unit: string): HTMLElement | null {
  if (means === null) return null;
  const text = `On average of ${String(means.pairs)} choices: ${figureText(means.in_sample, unit)} in sample, ${figureText(means.out_of_sample, unit)} out of it.`;
  return h('p', {}, text);
}

function pointText(point: Chosen['point']): string {
  return Object.entries(point)
    .map(([name, value]) => `${name} ${valueText(value)}`)
    .join(', ');
}

draw(readData(document.getElementById('ewm-data')?.textContent ?? ''));

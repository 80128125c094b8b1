/**
 * The program of a sweep's page: reads the data in the page and draws it. Invariants: what the page leaves out it says; a part that cannot be drawn
 * keeps no other from being drawn.
 */
import type { SweepPageData } from '../../../domain/report/sweep-page-data';
import { code, h } from './shared/dom';
import { grouped, plural, shortHash } from './shared/format';
import { badge } from './shared/marks';
import { makeParts } from './shared/parts';
import { axisPanes } from './sweep/axis-panes';
import { cellTable } from './sweep/cell-table';
import { heatMap } from './sweep/heat-map';
import { readSweep, type SweepModel } from './sweep/model';
import { sweepSummary } from './sweep/sweep-summary';
import { walkForward } from './sweep/walk-forward';

async function start(): Promise<void> {
  const data = JSON.parse(document.getElementById('ewm-data')?.textContent ?? '') as { readonly version?: unknown };
  if (data.version !== 1) throw new Error('it is of another version, or damaged');
  await show(await readSweep(data as SweepPageData));
}

async function show(model: SweepModel): Promise<void> {
  const { data } = model;
  document.title = `Sweep ${data.name}`;
  const { skip, links, main, draw } = makeParts(
    [
      { id: 'summary', title: 'Summary', make: () => sweepSummary(model) },
      ...(model.forward ? [{ id: 'walk-forward', title: 'Walk-forward', make: () => walkForward(model) }] : []),
      { id: 'heat-map', title: 'Heat map', make: () => heatMap(model) },
      { id: 'axes', title: 'Axes', make: () => axisPanes(model) },
      { id: 'cells', title: 'Cells', make: () => cellTable(model) },
      { id: 'proof', title: 'Proof', make: () => proofWords(model) },
    ],
    (fault) =>
      `This part cannot be shown, because the data in the page is not what a sweep leaves (${fault}). Make the page again with ewm report.`,
  );
  document.body.append(
    skip,
    header(model),
    links,
    h('div', { class: 'columns single wide' }, main),
    h('footer', {}, h('p', {}, `Made by ${data.made_by}. Everything shown is in this file; it loads nothing.`)),
  );
  await draw();
  main.dataset['state'] = 'drawn';
}

function header({ data, whole }: SweepModel): HTMLElement {
  const { market, error } = data;
  const parts = [
    market.symbols.slice(0, SYMBOLS_NAMED).join(', ') +
      (market.symbols.length > SYMBOLS_NAMED ? ` and ${grouped(String(market.symbols.length - SYMBOLS_NAMED))} more` : ''),
    ...(market.begins === null || market.ends === null ? [] : [`${market.begins} to ${market.ends}`]),
    plural(market.steps, 'step'),
    plural(data.selections_total, data.decay === null ? 'window' : 'pair of windows', data.decay === null ? 'windows' : 'pairs of windows'),
  ];
  return h(
    'header',
    { class: 'top' },
    h(
      'div',
      { class: 'top-line' },
      h('h1', {}, 'Sweep ', code(shortHash(data.sweep_id)), h('span', { class: 'run-name' }, data.name)),
      h(
        'div',
        { class: 'badges' },
        error === null ? badge('good', 'good', 'Finished ok') : badge('bad', 'bad', `Stopped by ${error.limiter}`),
        whole ? null : badge('open', 'warn', 'Sample of the cells'),
      ),
    ),
    h('p', { class: 'run-facts' }, parts.join(' · ')),
    error === null ? null : h('p', { class: 'verdict' }, `${error.message}.`),
  );
}

const SYMBOLS_NAMED = 8;

function proofWords({ data }: SweepModel): HTMLElement {
  return h(
    'div',
    {},
    h(
      'p',
      {},
      `One Merkle root (RFC 6962) stands for ${plural(data.taken, 'row')}, in the order of the cells: `,
      code(data.merkle_root),
      '. Whoever knows it can tell that none was left out, added or changed.',
    ),
    h(
      'p',
      {},
      'This page shows what the rows say and proves nothing by itself. ',
      code('ewm verify DIR'),
      ' makes the list of cells from the spec, runs some of them again (',
      code('--cells all'),
      ': every one), and proves the kept runs; the page of a kept run proves its own tape.',
    ),
  );
}

start().catch((error: unknown) => {
  const fault = error instanceof Error ? error.message : 'unknown';
  document.body.replaceChildren(
    h(
      'main',
      {},
      h('h1', {}, 'This page cannot be shown'),
      h('p', { id: 'page-fault' }, `The data in this page cannot be read: ${fault}. Make the page again with ewm report.`),
    ),
  );
});

/**
 * The program of a report page: reads the data in the page, draws it, and proves it. Invariants: whatever the data says, the page says whether
 * it holds; a part that cannot be drawn says so and does not keep the others from being drawn; what became of the run is seen first.
 */
import type { PageData, PageRun } from '../../../domain/report/page-data';
import { budgetView } from './views/budget-view';
import { chartsView, worldChartsView } from './views/charts-view';
import { compareView } from './views/compare-view';
import { comparisonCheck } from './proof/comparison-check';
import { code, h } from './shared/dom';
import { plural, shortHash } from './shared/format';
import { inputsView } from './views/inputs-view';
import { makeNavigation, type Navigation } from './views/navigation';
import { pageFault } from './shared/page-shape';
import { makeParts, type PagePart } from './shared/parts';
import type { Check } from './proof/check';
import { makeProofView, type ProofView, proofWords } from './proof/proof-view';
import { type Entry, fillsAreCounted, parseJson, readRun, type RunModel, text } from './shared/run-model';
import { runFacts } from './views/run-facts';
import { segmentsView } from './views/segments-view';
import { cards, identity, sampleNote, verdict, verdictSentence } from './views/summary-view';
import type { DataTable } from './views/table';
import { callTable, ledgerTable, stepTable } from './views/tables';
import { stepParts } from './views/inspector';
import { worldStepParts } from './views/world-step';
import { worldCards } from './views/world-summary';
import { actionLog, worldStepTable } from './views/world-tables';
import type { WorldModel } from './shared/world-model';
import { unpackTape } from './shared/unpack';

async function start(): Promise<void> {
  const value = parseJson(document.getElementById('ewm-data')?.textContent ?? '');
  const fault = pageFault(value);
  if (fault === undefined) await show(value as PageData);
  else unreadable(fault);
}

/** The verdict where there is nothing that could be drawn. */
function unreadable(fault: string): void {
  const words = `The data in this page cannot be read: ${fault}. Make the page again with ewm report.`;
  document.body.append(
    h(
      'main',
      {},
      h('h1', { id: 'proof-badge' }, 'Not proven'),
      h('p', { id: 'proof-result', attributes: { 'data-state': 'broken' } }, words),
    ),
  );
}

async function show(data: PageData): Promise<void> {
  const a = await loaded(data.a);
  const b = data.b === null ? undefined : await loaded(data.b);
  const compared = (): readonly Check[] => {
    const check = b === undefined || data.diff === null ? undefined : comparisonCheck(data.diff, a, b);
    return check === undefined ? [] : [check];
  };
  const proofs = [makeProofView(a, '', compared), ...(b === undefined ? [] : [makeProofView(b, '-b')])];
  await render(data, a, b, proofs);
  for (const proof of proofs) await proof.run();
}

async function loaded(run: PageRun): Promise<RunModel> {
  return readRun(run, await unpackTape(run.tape));
}

/** The frame with the first part, then one part after the other: what is read first is not kept waiting for what is drawn below. */
async function render(data: PageData, a: RunModel, b: RunModel | undefined, proofs: readonly ProofView[]): Promise<void> {
  const runId = text(a.run?.['run_id']);
  document.title = `Run ${shortHash(runId)} · ${a.page.name}`;
  const { navigation, sections: parts } = partsOf(data, a, b, proofs);
  const { skip, links, main, draw } = makeParts(
    parts,
    (fault) =>
      `This part cannot be shown, because the data in the page is not what a run leaves (${fault}). The proof below says which row is wrong.`,
  );
  const sentence = verdictSentence(a);
  const badges = proofs.map(({ badge }, index) => (b === undefined ? badge : h('span', {}, index === 0 ? 'A ' : 'B ', badge)));
  const header = h(
    'header',
    { class: 'top' },
    h(
      'div',
      { class: 'top-line' },
      h('h1', {}, 'Run ', code(shortHash(runId)), h('span', { class: 'run-name' }, a.page.name)),
      h('div', { class: 'badges' }, verdict(a), ...badges),
    ),
    runFacts(a),
    sentence === undefined ? null : h('p', { class: 'verdict' }, sentence),
  );
  const side = navigation.inspector;
  const columns = h('div', { class: side === null ? 'columns single' : 'columns' }, main);
  if (side !== null) placeBeside(side, columns, main.querySelector('#charts'));
  document.body.append(skip, header, links, columns, footer(data));
  navigation.begin();
  await draw();
}

interface RunParts {
  readonly navigation: Pick<Navigation<Entry>, 'inspector' | 'begin'>;
  readonly sections: readonly PagePart[];
}

/** What is shown of every world, around what is shown of this one. */
function partsOf(data: PageData, a: RunModel, b: RunModel | undefined, proofs: readonly ProofView[]): RunParts {
  const { world } = a;
  const own = world === undefined ? marketParts(a) : worldParts(a, world);
  const compare = (other: RunModel): HTMLElement => {
    const compared = compareView(data, a, other, own.pickStep);
    own.follow(...compared.charts);
    return compared.element;
  };
  return {
    navigation: own,
    sections: [
      {
        id: 'summary',
        title: 'Summary',
        make: () => h('div', {}, world === undefined ? cards(a) : worldCards(a, world), sampleNote(a), identity(a)),
      },
      ...(b === undefined ? [] : [{ id: 'compare', title: 'Compare', make: () => compare(b) }]),
      ...own.charts,
      { id: 'budget', title: 'Budget', make: () => budgetView(a) },
      ...(a.segments.length > 0 ? [{ id: 'segments', title: 'Segments', make: () => segmentsView(a) }] : []),
      ...(a.calls.length > 0 ? [{ id: 'calls', title: 'Calls', make: () => callTable(a).element }] : []),
      ...own.steps,
      { id: 'inputs', title: 'Inputs', make: () => inputsView(a) },
      { id: 'proof', title: 'Proof', make: () => proofSection(a, b, proofs) },
    ],
  };
}

interface OwnParts extends Pick<Navigation<Entry>, 'inspector' | 'begin' | 'pickStep' | 'follow'> {
  readonly charts: readonly PagePart[];
  readonly steps: readonly PagePart[];
}

function marketParts(a: RunModel): OwnParts {
  const navigation = makeNavigation(a.steps, (entry) => stepParts(a, entry));
  return {
    ...navigation,
    // One step is a point: no line goes through it.
    charts: a.steps.length > 1 ? [{ id: 'charts', title: 'Charts', make: () => chartsView(a, navigation) }] : [],
    steps:
      a.steps.length > 0
        ? [
            { id: 'steps', title: 'Steps', make: () => followed(stepTable(a, navigation.pick), navigation) },
            { id: 'ledger', title: 'Ledger', make: () => ledgerSection(a, navigation.pickStep) },
          ]
        : [],
  };
}

function worldParts(a: RunModel, world: WorldModel): OwnParts {
  const navigation = makeNavigation(world.entries, (entry) => worldStepParts(world, entry));
  return {
    ...navigation,
    charts: world.entries.length > 1 ? [{ id: 'charts', title: 'Charts', make: () => worldChartsView(a, world, navigation) }] : [],
    steps:
      world.entries.length > 0
        ? [
            { id: 'steps', title: 'Steps', make: () => followed(worldStepTable(world, navigation.pick), navigation) },
            { id: 'actions', title: 'Actions', make: () => actionLog(a, world, navigation.pickStep) },
          ]
        : [],
  };
}

/** The table marks the step that is selected. */
function followed<E>(table: DataTable<E>, { onPick }: Navigation<E>): HTMLElement {
  onPick((entry) => {
    table.mark(entry);
  });
  return table.element;
}

function ledgerSection(a: RunModel, pickStep: (step: number) => void): HTMLElement {
  if (fillsAreCounted(a)) {
    return h('p', {}, `${plural(a.page.sample?.fills ?? 0, 'fill')}: too many for a page. See executions.jsonl, or ewm replay executions.`);
  }
  return a.fills.length === 0 ? h('p', { class: 'quiet' }, 'No fill.') : ledgerTable(a, pickStep).element;
}

/** Beside everything where there is room, else behind the charts, also for who goes through the page with the keyboard. */
function placeBeside(side: HTMLElement, columns: HTMLElement, charts: Element | null): void {
  const narrow = matchMedia('(max-width: 1100px)');
  const place = (): void => {
    if (narrow.matches && charts !== null) charts.after(side);
    else columns.append(side);
  };
  narrow.addEventListener('change', place);
  place();
}

function proofSection(a: RunModel, b: RunModel | undefined, proofs: readonly ProofView[]): HTMLElement {
  const names = b === undefined ? [] : [a.page.name, b.page.name];
  return h(
    'div',
    {},
    ...proofs.flatMap(({ section }, index) => [
      names.length === 0 ? null : h('h3', {}, `${index === 0 ? 'A' : 'B'}: ${names[index] ?? ''}`),
      section,
    ]),
    proofWords(),
  );
}

function footer(data: PageData): HTMLElement {
  return h(
    'footer',
    {},
    h('p', {}, `Made by ${data.made_by}. Everything shown is in this file; it loads nothing.`),
    h(
      'p',
      {},
      'Charts: TradingView Lightweight Charts™, Copyright (c) 2025 TradingView, Inc. ',
      h('a', { attributes: { href: 'https://www.tradingview.com/', rel: 'noreferrer' } }, 'https://www.tradingview.com/'),
    ),
  );
}

start().catch((error: unknown) => {
  document.body.replaceChildren();
  unreadable(`it holds values that no run writes (${error instanceof Error ? error.message : 'unknown'})`);
});

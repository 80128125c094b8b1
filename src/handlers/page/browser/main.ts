/**
 * The program of a report page: reads the data in the page, draws it, and proves it. Invariant: whatever the data says, the page says whether
 * it holds; a part that cannot be drawn says so and does not keep the others from being drawn.
 */
import type { PageData, PageRun } from '../../../domain/report/page-data';
import { type Chart, makeChart } from './chart';
import { comparisonCheck } from './comparison-check';
import type { Check } from './proof';
import { compareView } from './compare-view';
import { button, code, fill, h } from './dom';
import { budgetView } from './budget-view';
import { inputsView } from './inputs-view';
import { makeInspector, nearest } from './inspector';
import { plural, shortHash } from './format';
import { sign } from './marks';
import { marketChart, SYMBOLS_SHOWN } from './market-chart';
import { makeProofView, proofWords, type ProofView } from './proof-view';
import { fillsAreCounted, readRun, parseJson, type RunModel, type StepEntry, text } from './run-model';
import { cards, identity, sampleNote, verdict, verdictSentence } from './summary-view';
import { callTable, ledgerTable, stepTable } from './tables';
import { unpackTape } from './unpack';

interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: HTMLElement;
}

async function start(): Promise<void> {
  const data = parseJson(document.getElementById('ewm-data')?.textContent ?? '') as PageData | undefined;
  if (data?.version !== 1) {
    document.body.append(h('main', {}, h('h1', {}, 'Not proven'), h('p', {}, 'The data in this page cannot be read: it is not JSON, or of another version. Make the page again with ewm report.')));
    return;
  }
  const a = await loaded(data.a);
  const b = data.b === null ? undefined : await loaded(data.b);
  const compared = (): readonly Check[] => {
    const check = b === undefined || data.diff === null ? undefined : comparisonCheck(data.diff, a, b);
    return check === undefined ? [] : [check];
  };
  const proofs = [makeProofView(a, '', compared), ...(b === undefined ? [] : [makeProofView(b, '-b')])];
  render(data, a, b, proofs);
  for (const proof of proofs) await proof.run();
}

async function loaded(run: PageRun): Promise<RunModel> {
  return readRun(run, await unpackTape(run.tape));
}

function render(data: PageData, a: RunModel, b: RunModel | undefined, proofs: readonly ProofView[]): void {
  const runId = text(a.run?.['run_id']);
  document.title = `Run ${shortHash(runId)} · ${a.page.name}`;
  const navigation = makeNavigation(a);
  const sections: Section[] = [];
  const add = (id: string, title: string, make: () => HTMLElement): void => {
    sections.push({ id, title, content: guarded(make) });
  };

  add('summary', 'Summary', () => h('div', {}, cards(a), sampleNote(a), identity(a)));
  if (b !== undefined) {
    add('compare', 'Compare', () => {
      const compared = compareView(data, a, b, navigation.pickStep);
      navigation.follow(...compared.charts);
      return compared.element;
    });
  }
  if (a.steps.length > 0) add('charts', 'Charts', () => chartsSection(a, navigation));
  add('budget', 'Budget', () => budgetView(a));
  if (a.calls.length > 0) add('calls', 'Calls', () => callTable(a).element);
  if (a.steps.length > 0) {
    add('steps', 'Steps', () => {
      const table = stepTable(a, navigation.pick);
      navigation.onPick((entry) => { table.mark(entry); });
      return table.element;
    });
    add('ledger', 'Ledger', () => {
      if (fillsAreCounted(a)) return h('p', {}, `${plural(a.page.sample?.fills ?? 0, 'fill')}: too many for a page. See executions.jsonl, or ewm replay executions.`);
      return a.fills.length === 0 ? h('p', { class: 'quiet' }, 'No fill.') : ledgerTable(a, navigation.pickStep).element;
    });
  }
  add('inputs', 'Inputs', () => inputsView(a));
  add('proof', 'Proof', () => proofSection(a, b, proofs));

  const sentence = verdictSentence(a);
  const header = h(
    'header',
    { class: 'top' },
    h(
      'div',
      { class: 'top-line' },
      h('h1', {}, 'Run ', code(shortHash(runId)), h('span', { class: 'run-name' }, a.page.name)),
      h('div', { class: 'badges' }, verdict(a), ...proofs.map(({ badge }, index) => (b === undefined ? badge : h('span', {}, index === 0 ? 'A ' : 'B ', badge)))),
    ),
    sentence === undefined ? null : h('p', { class: 'verdict' }, sentence),
  );
  const nav = h('nav', { attributes: { 'aria-label': 'Parts of the report' } }, ...sections.map(({ id, title }) => h('a', { attributes: { href: `#${id}` } }, title)));
  const main = h('main', {}, ...sections.map(({ id, title, content }) => h('section', { id, attributes: { 'aria-labelledby': `${id}-title` } }, h('h2', { id: `${id}-title` }, title), content)));
  const side = navigation.inspector;
  const columns = h('div', { class: side === null ? 'columns single' : 'columns' }, main);
  if (side !== null) placeBeside(side, columns, main.querySelector('#charts'));
  document.body.append(
    h('a', { class: 'skip-link', attributes: { href: '#summary' } }, 'Skip to the summary'),
    header,
    nav,
    columns,
    footer(data),
  );
  navigation.begin();
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

interface Navigation {
  readonly inspector: HTMLElement | null;
  readonly pick: (entry: StepEntry) => void;
  readonly pickStep: (step: number) => void;
  readonly onPick: (listener: (entry: StepEntry) => void) => void;
  readonly follow: (...charts: readonly Chart[]) => void;
  /** Shows the step that the address names, or the first that did something. */
  readonly begin: () => void;
}

/** One selected step for charts, list, panel and address. */
function makeNavigation(model: RunModel): Navigation {
  const { steps } = model;
  const listeners: ((entry: StepEntry) => void)[] = [];
  const inspector = steps.length === 0 ? undefined : makeInspector(model, pick);

  function pick(entry: StepEntry): void {
    inspector?.show(entry);
    for (const listener of listeners) listener(entry);
    history.replaceState(null, '', `#step=${String(entry.point.step)}`);
  }

  function pickStep(step: number): void {
    const entry = steps[nearest(steps, step)];
    if (entry !== undefined) pick(entry);
  }

  function fromAddress(): boolean {
    const named = /^#step=(\d{1,15})$/.exec(location.hash)?.[1];
    if (named !== undefined) pickStep(Number(named));
    return named !== undefined;
  }

  addEventListener('hashchange', fromAddress);
  return {
    inspector: inspector?.element ?? null,
    pick,
    pickStep,
    onPick: (listener) => {
      listeners.push(listener);
    },
    follow: (...charts) => {
      for (const chart of charts) listeners.push(({ point }) => { chart.select(point.step); });
    },
    begin: () => {
      if (fromAddress()) return;
      const entry = steps.find(({ point }) => point.decision !== 'HOLD') ?? steps[0];
      if (entry === undefined) return;
      inspector?.show(entry);
      for (const listener of listeners) listener(entry);
    },
  };
}

function chartsSection(model: RunModel, navigation: Navigation): HTMLElement {
  const { symbols } = model;
  const host = h('div');
  let chart: Chart | undefined;
  let selected: number | undefined;
  let shown = symbols.slice(0, SYMBOLS_SHOWN);
  const draw = (): void => {
    chart?.dispose();
    chart = makeChart(marketChart(model, shown, navigation.pickStep));
    fill(host, chart.element);
    if (selected !== undefined) chart.select(selected);
  };
  navigation.onPick(({ point }) => {
    selected = point.step;
    chart?.select(selected);
  });
  draw();
  const toggles = symbols.map((symbol) => {
    const toggle = button(symbol, () => {
      const on = shown.includes(symbol);
      shown = symbols.filter((other) => (other === symbol ? !on : shown.includes(other)));
      toggle.setAttribute('aria-pressed', String(!on));
      draw();
    }, { class: 'toggle', attributes: { 'aria-pressed': String(shown.includes(symbol)) } });
    return toggle;
  });
  const legend = h('p', { class: 'mark-legend' }, h('span', {}, sign('buy'), 'buy'), h('span', {}, sign('sell'), 'sell'), h('span', {}, sign('rejected'), 'rejected'));
  return h('div', {}, h('div', { class: 'chart-tools' }, h('div', { class: 'toggles', attributes: { role: 'group', 'aria-label': 'Symbols drawn' } }, ...toggles), legend), host);
}

function proofSection(a: RunModel, b: RunModel | undefined, proofs: readonly ProofView[]): HTMLElement {
  const names = b === undefined ? [] : [a.page.name, b.page.name];
  return h('div', {}, ...proofs.flatMap(({ section }, index) => [names.length === 0 ? null : h('h3', {}, `${index === 0 ? 'A' : 'B'}: ${names[index] ?? ''}`), section]), proofWords());
}

/** A part that throws says so in its place. */
function guarded(make: () => HTMLElement): HTMLElement {
  try {
    return make();
  } catch (error) {
    return h('p', { class: 'note' }, `This part cannot be shown, because the data in the page is not what a run leaves (${error instanceof Error ? error.message : 'unknown'}). The proof below says which row is wrong.`);
  }
}

function footer(data: PageData): HTMLElement {
  return h(
    'footer',
    {},
    h('p', {}, `Made by ${data.made_by}. Everything shown is in this file; it loads nothing.`),
    h('p', {}, 'Charts: TradingView Lightweight Charts™, Copyright (c) 2025 TradingView, Inc. ', h('a', { attributes: { href: 'https://www.tradingview.com/', rel: 'noreferrer' } }, 'https://www.tradingview.com/')),
  );
}

void start();

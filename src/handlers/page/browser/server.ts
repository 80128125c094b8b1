/**
 * The program of the local server's pages. That of sessions is in `play`. That of runs sends the request of a form, shows the answer, and lists the runs again.
 * Invariant: an answer is shown as text, whatever it holds; and the focus stays where the reader put it.
 */
import { type RunList, runsTable } from '../markup/runs-table';
import { startPlay } from './play/play';
import { fill, h } from './shared/dom';
import { toNode } from './shared/elements';
import { badge } from './shared/marks';
import { parseJson, record } from './shared/run-model';

function start(): void {
  const play = document.getElementById('play');
  if (play !== null) {
    startPlay(play);
    return;
  }
  for (const section of document.querySelectorAll<HTMLElement>('section.request')) wire(section);
  const filter = document.querySelector<HTMLInputElement>('#runs-filter');
  if (filter === null) return;
  filter.disabled = false;
  filter.addEventListener('input', filterRuns);
  filterRuns();
}

/** Leaves the rows that hold every word that was typed. */
function filterRuns(): void {
  const words = (document.querySelector<HTMLInputElement>('#runs-filter')?.value ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const rows = [...document.querySelectorAll<HTMLTableRowElement>('#runs-list tbody tr')];
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
  const shown = rows.filter((row) => !row.hidden).length;
  const status = document.getElementById('runs-shown');
  if (status !== null) fill(status, words.length === 0 ? '' : `${String(shown)} of ${String(rows.length)} shown`);
}

function wire(section: HTMLElement): void {
  const form = section.querySelector('form');
  const [select, area, send] = [section.querySelector('select'), section.querySelector('textarea'), section.querySelector('button')];
  const [status, answer] = [section.querySelector('[role="status"]'), section.querySelector<HTMLElement>('[id$="-answer"]')];
  if (form === null || select === null || area === null || send === null || status === null || answer === null) return;
  section.querySelector('.note')?.remove();
  for (const control of [select, area, send]) control.disabled = false;
  // A browser that restores a form restores its select and not always its text.
  select.selectedIndex = 0;
  select.addEventListener('change', () => {
    area.value = select.selectedOptions[0]?.dataset['body'] ?? '';
  });
  let sending = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    // Not `disabled`: the button would lose the focus.
    send.setAttribute('aria-disabled', 'true');
    fill(status, 'Sending…');
    answer.replaceChildren();
    void request(section.dataset['path'] ?? '', area.value)
      .then((outcome) => {
        show(outcome, status, answer, section.dataset['path'] ?? '');
        return listAgain();
      })
      .finally(() => {
        sending = false;
        send.removeAttribute('aria-disabled');
      });
  });
}

type Outcome = { readonly status: number; readonly text: string } | { readonly failed: string };

async function request(path: string, body: string): Promise<Outcome> {
  try {
    const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

const ARTIFACTS = 'artifacts/';

function show(outcome: Outcome, status: Element, answer: HTMLElement, path: string): void {
  if ('failed' in outcome) {
    fill(status, badge('bad', 'bad', 'No answer'), ` The server did not answer (${outcome.failed}). Is it still running?`);
    return;
  }
  const value = parseJson(outcome.text);
  const { error, artifact_dir: folder } = record(value);
  const { code, message, limiter } = record(error);
  const good = outcome.status < 400;
  const why =
    typeof code === 'string'
      ? ` ${code}${typeof limiter === 'string' ? ` (${limiter})` : ''}: ${typeof message === 'string' ? message : ''}`
      : '';
  const link =
    typeof folder === 'string' && folder.startsWith(ARTIFACTS)
      ? h('a', { attributes: { href: `/runs/${folder.slice(ARTIFACTS.length)}/report` } }, 'Report of this run')
      : null;
  fill(
    status,
    badge(good ? 'good' : 'bad', good ? 'good' : 'bad', `${String(outcome.status)}${good ? ' ok' : ''}`),
    why === '' ? ' ' : `${why} `,
    link,
  );
  const text = value === undefined ? outcome.text : JSON.stringify(value, null, 2);
  answer.replaceChildren(h('pre', { attributes: { tabindex: '0', role: 'region', 'aria-label': `Answer of ${path}` } }, text));
}

/** As the server lists them, with what the reader had opened and focused as it was. */
async function listAgain(): Promise<void> {
  const host = document.getElementById('runs-list');
  if (host === null) return;
  const outcome = await fetch('/runs').then(
    async (response) => (response.ok ? (parseJson(await response.text()) as RunList | undefined) : undefined),
    () => undefined,
  );
  if (outcome === undefined) return;
  const focused = host.contains(document.activeElement) ? document.activeElement?.id : undefined;
  const opened = [...host.querySelectorAll('details[open]')].map(({ id }) => id);
  host.replaceChildren(...runsTable(outcome).map(toNode));
  filterRuns();
  for (const id of opened) document.getElementById(id)?.setAttribute('open', '');
  if (focused !== undefined) document.getElementById(focused)?.focus();
}

start();

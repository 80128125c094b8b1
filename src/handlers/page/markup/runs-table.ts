/**
 * The list of runs: by the server when the page is sent, by the page after a run.
 * Invariant: whatever a `run.json` holds, a row says it as text, and only folders of runs become links.
 */
import { el, type Element, type Markup } from './markup';

/** A run as `GET /runs` lists it; values as its `run.json` has them, which anybody may have written. */
export interface ListedRun {
  readonly run_id: unknown;
  readonly mode: unknown;
  readonly ok: unknown;
  /** The budget that ended it. */
  readonly limiter: unknown;
  /** The code of what ended it. */
  readonly error: unknown;
  readonly decisions: unknown;
  readonly steps: unknown;
  readonly final_equity: unknown;
  readonly budget_state: unknown;
  /** The name that its strategy gives itself; null where it has none. */
  readonly strategy: unknown;
  /** When its last file was written: RFC 3339, UTC. */
  readonly finished_at: string;
  /** Where it is: below the artifacts of the server, or in a directory that it was told to show. */
  readonly artifact_dir: string;
  /** What its report and its files are below, at this server. */
  readonly address: string;
  /** Those that `run.json` has a digest of, and itself. */
  readonly files: readonly string[];
}

export interface RunList {
  readonly runs: readonly ListedRun[];
  /** Finished runs in all. */
  readonly total: number;
  /** Folders whose `run.json` is none. */
  readonly unreadable?: readonly string[];
}

/** How the folders of runs are called. A run that the clock stopped is kept beside the whole one, in a folder that says so. */
export const RUN_FOLDER = '[0-9a-f]{32}(?:-stopped-[0-9a-f]{16})?';
const ADDRESS = new RegExp(`^(?:/runs/${RUN_FOLDER}|/dirs/[0-9]{1,2}/[^/?#]+)$`);
const FILE = /^[a-z.]{1,32}$/;

export function runsTable({ runs, total, unreadable = [] }: RunList): readonly Element[] {
  const others =
    unreadable.length === 0 ? [] : [el('p', { class: 'quiet' }, `No run.json that can be read: ${unreadable.map(excerptOf).join(', ')}`)];
  if (runs.length === 0) {
    const where = el('a', { href: '#requests' }, 'Send an example request');
    return [
      el(
        'p',
        { class: 'empty' },
        total === 0 ? 'No run yet. ' : 'No run that can be listed. ',
        where,
        ', or use curl as docs/curl-examples.md shows. Every run is listed here once it is finished.',
      ),
      ...others,
    ];
  }
  const head = HEADS.map((title) => el('th', { scope: 'col', role: 'columnheader' }, title));
  // The roles say what the elements are: on narrow screens they are no longer drawn as a table, and browsers then forget it.
  const table = el(
    'table',
    { class: 'runs', role: 'table', 'aria-labelledby': 'runs-title' },
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, ...head)),
    el('tbody', { role: 'rowgroup' }, ...runs.map(rowOf)),
  );
  return [table, el('p', { class: 'quiet runs-count' }, countOf(runs.length, total)), ...others];
}

export function countOf(shown: number, total: number): string {
  if (shown < total) return `The newest ${String(shown)} of ${String(total)} runs.`;
  return total === 1 ? '1 run.' : `${String(total)} runs.`;
}

const HEADS = ['Run', 'Finished', 'Mode', 'Strategy', 'Result', 'Steps', 'Equity', 'Spent', 'Decisions', 'Files'] as const;

function rowOf(run: ListedRun): Element {
  const address = ADDRESS.test(run.address) ? run.address : undefined;
  const cells: readonly (readonly Markup[])[] = [
    nameOf(run, address),
    [el('time', { datetime: run.finished_at }, run.finished_at.slice(0, 19).replace('T', ' '))],
    [excerptOf(run.mode)],
    [excerptOf(run.strategy ?? undefined)],
    [resultOf(run)],
    [excerptOf(run.steps)],
    [excerptOf(run.final_equity ?? undefined)],
    [spentOf(run.budget_state)],
    [decisionsOf(run.decisions)],
    filesOf(run, address),
  ];
  const parts = cells.map((content, index) =>
    el(
      index === 0 ? 'th' : 'td',
      { ...(index === 0 ? { scope: 'row', role: 'rowheader' } : { role: 'cell' }), 'data-label': HEADS[index] ?? '' },
      ...content,
    ),
  );
  return el('tr', { role: 'row' }, ...parts);
}

const ID_SHOWN = 12;

function nameOf(run: ListedRun, address: string | undefined): readonly Markup[] {
  const id = excerptOf(run.run_id);
  const code = el('code', { title: id }, id.slice(0, ID_SHOWN));
  if (address === undefined) return [code];
  const link = el(
    'a',
    { id: `report-${keyOf(address)}`, href: `${address}/report`, 'aria-label': `Report of ${id.slice(0, ID_SHOWN)}` },
    code,
  );
  if (address.startsWith('/dirs/')) return [link, el('span', { class: 'quiet' }, ` ${excerptOf(run.artifact_dir)}`)];
  return address.includes('-stopped-') ? [link, el('span', { class: 'quiet' }, ' part')] : [link];
}

/** What the ids of a row in the page end with. */
function keyOf(address: string): string {
  return address.replace(/^\/runs\//, '').replaceAll('/', '-');
}

function resultOf({ ok, limiter, error }: ListedRun): Element {
  if (ok === true) return el('span', { class: 'badge good' }, 'ok');
  // An operator and a breaker did what they are for; a failure is something else.
  if (error === 'stopped_by_operator') return el('span', { class: 'badge warn' }, 'stopped by an operator');
  if (typeof limiter === 'string') return el('span', { class: 'badge warn' }, `stopped: ${excerptOf(limiter)}`);
  return el('span', { class: 'badge bad' }, `failed: ${excerptOf(error ?? 'unknown')}`);
}

/** What was used of the budget, without what was not. */
function spentOf(state: unknown): string {
  if (typeof state !== 'object' || state === null) return '–';
  const used = Object.entries(state).filter(([, amount]) => typeof amount === 'number' && amount !== 0);
  return used.length === 0
    ? 'nothing'
    : used.map(([name, amount]) => `${excerptOf(amount)} ${excerptOf(name).replaceAll('_', ' ')}`).join(', ');
}

function decisionsOf(decisions: unknown): string {
  if (typeof decisions !== 'object' || decisions === null) return '–';
  const counted = Object.entries(decisions).filter(([, count]) => count !== 0);
  return counted.length === 0 ? 'none' : counted.map(([name, count]) => `${excerptOf(count)} ${name}`).join(', ');
}

function filesOf({ run_id: id, files }: ListedRun, address: string | undefined): readonly Markup[] {
  if (address === undefined) return ['–'];
  const key = keyOf(address);
  const links = files
    .filter((file) => FILE.test(file))
    .map((file) => el('li', {}, el('a', { id: `file-${key}-${file}`, href: `${address}/${file}` }, file)));
  const count = `${String(links.length)} files`;
  const summary = el('summary', { id: `files-${key}`, 'aria-label': `${count} of ${excerptOf(id).slice(0, ID_SHOWN)}` }, count);
  return [el('details', { id: `held-${key}` }, summary, el('ul', {}, ...links))];
}

const EXCERPT_MAX = 80;

/** A value of somebody else's document, as far as a cell holds it. */
function excerptOf(value: unknown): string {
  if (value === undefined) return '–';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > EXCERPT_MAX ? `${text.slice(0, EXCERPT_MAX)}…` : text;
}

/**
 * The pages of the local server beside the reports: the list of runs with a form a handler, and what is said when there is no page.
 * Invariant: both are written by `toHtml`, so nothing of a run is ever markup.
 */
import { el, type Element, type Markup, toHtml } from './markup/markup';
import { type RunList, runsTable } from './markup/runs-table';
import { contentPolicy } from './policy';

/** What the build puts in: the files of `browser/`, bundled. */
declare const EWM_SERVER_SCRIPT: string;
declare const EWM_SERVER_STYLE: string;

// Named once each: the build puts the whole text where a name stands.
const [script, style] = [EWM_SERVER_SCRIPT, EWM_SERVER_STYLE];

/** A handler that requests can be sent to. */
export interface RequestForm {
  /** `base`: part of ids in the page. */
  readonly name: string;
  readonly path: string;
  readonly about: string;
  readonly examples: readonly { readonly title: string; readonly body: string }[];
}

export interface ServerView {
  readonly list: RunList;
  readonly forms: readonly RequestForm[];
  /** What stands in for what is remote on AWS. */
  readonly about: readonly (readonly [string, string])[];
  readonly madeBy: string;
}

export interface HtmlPage {
  readonly html: string;
  readonly policy: string;
}

export function serverPage({ list, forms, about, madeBy }: ServerView): HtmlPage {
  const nav = el(
    'nav',
    { 'aria-label': 'Parts of the page' },
    el('a', { href: '#runs' }, 'Runs'),
    el('a', { href: '/play' }, 'Sessions'),
    ...forms.map(({ name, path }) => el('a', { href: `#${name}` }, path)),
  );
  const runs = el(
    'section',
    { id: 'runs', 'aria-labelledby': 'runs-title' },
    el('h2', { id: 'runs-title' }, 'Runs, the newest first'),
    el(
      'p',
      { class: 'filter' },
      el('label', { for: 'runs-filter' }, 'Show runs with'),
      el('input', { id: 'runs-filter', type: 'search', disabled: '', placeholder: 'a mode, a strategy, what stopped it' }),
      el('span', { id: 'runs-shown', class: 'quiet', role: 'status', 'aria-live': 'polite' }),
    ),
    el('div', { id: 'runs-list', class: 'runs-list' }, ...runsTable(list)),
  );
  const requests = el('div', { id: 'requests', class: 'requests' }, ...forms.map(formOf));
  const words = about.map(([what, label]) => el('p', {}, `${what}: ${label}.`));
  const body = [
    el('a', { class: 'skip-link', href: '#requests' }, 'Skip to the requests'),
    el(
      'header',
      { class: 'top' },
      el('div', { class: 'top-line' }, el('h1', {}, 'Executable World Models', el('span', { class: 'run-name' }, 'local server'))),
      el(
        'p',
        { class: 'verdict' },
        'The handlers of AWS Lambda on this machine. Each run below proves itself: its report hashes the tape again in your browser.',
      ),
    ),
    nav,
    el('div', { class: 'columns single' }, el('main', {}, runs), requests),
    el(
      'footer',
      {},
      ...words,
      el('p', {}, `${madeBy}. As JSON: `, el('a', { href: '/runs' }, '/runs'), ', ', el('a', { href: '/health' }, '/health'), '.'),
    ),
  ];
  return asking('Runs', body);
}

/** A page whose program asks the server. What it may turn into markup: nothing. */
function asking(title: string, body: readonly Markup[]): HtmlPage {
  const policy = `${contentPolicy({ script, style, callsServer: true })}; require-trusted-types-for 'script'; trusted-types 'none'`;
  return { html: documentOf(title, body, script), policy };
}

const FIRST_SESSION = JSON.stringify({ name: 'first', budget: { max_steps: 20, max_tool_calls: 20 } }, null, 2);

/** Sessions, drawn and played by the program in the page. */
export function playPage(madeBy: string): HtmlPage {
  const nav = el(
    'nav',
    { 'aria-label': 'Parts of the page' },
    el('a', { href: '/' }, 'Runs'),
    el('a', { href: '/play', 'aria-current': 'page' }, 'Sessions'),
    el('a', { href: '#new-session' }, 'New session'),
  );
  const sessions = el(
    'section',
    { id: 'sessions', 'aria-labelledby': 'sessions-title' },
    el('h2', { id: 'sessions-title' }, 'Sessions and their forks'),
    el('div', { id: 'tree' }),
  );
  const making = el(
    'section',
    { id: 'new-session', class: 'request', 'aria-labelledby': 'new-title' },
    el('h2', { id: 'new-title' }, 'New session'),
    el('p', { class: 'note' }, 'Listing and playing sessions needs JavaScript. Without it: ewm session, or curl as in the README.'),
    el(
      'form',
      { 'aria-labelledby': 'new-title' },
      el('label', { for: 'new-body' }, 'Request (JSON) to POST /sessions'),
      el(
        'textarea',
        { id: 'new-body', disabled: '', rows: '5', spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off' },
        FIRST_SESSION,
      ),
      el('button', { id: 'new-send', class: 'primary', type: 'submit', disabled: '' }, 'Make it'),
    ),
  );
  const about = 'A world that lives across requests, under one budget. What is done here is on its tape, like a call of any agent.';
  const body = [
    el('a', { class: 'skip-link', href: '#play' }, 'Skip to the sessions'),
    el(
      'header',
      { class: 'top' },
      el('div', { class: 'top-line' }, el('h1', {}, 'Sessions', el('span', { class: 'run-name' }, 'local server'))),
      el('p', { class: 'verdict' }, about),
    ),
    nav,
    // In sight wherever the reader is: what came of a request stands in it.
    el('div', { id: 'play-status', class: 'play-status', role: 'status', 'aria-live': 'polite' }),
    el('div', { class: 'columns single' }, el('main', { id: 'play' }, sessions), making),
    el('footer', {}, el('p', {}, `${madeBy}. As JSON: `, el('a', { href: '/play/sessions' }, '/play/sessions'), '.')),
  ];
  return asking('Sessions', body);
}

/** Disabled until the program in the page takes over: without it they would do nothing. */
function formOf({ name, path, about, examples }: RequestForm): Element {
  const id = (part: string): string => `${name}-${part}`;
  const options = examples.map(({ title, body }) => el('option', { 'data-body': body }, title));
  const rows = { rows: '7', spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off' };
  return el(
    'section',
    { id: name, class: 'request', 'aria-labelledby': id('title'), 'data-path': path },
    el('h2', { id: id('title') }, 'POST ', el('code', {}, path)),
    el('p', { class: 'quiet' }, about),
    // Not <noscript>: a script may also be blocked, and then nothing takes this away.
    el(
      'p',
      { class: 'note' },
      'Sending a request needs JavaScript. Without it: curl, as in docs/curl-examples.md. The list and its files work as they are.',
    ),
    el(
      'details',
      { id: id('folded') },
      el('summary', { id: id('open'), 'aria-label': `Send a request to ${path}` }, 'Send a request'),
      ...partsOfForm(id, options, rows, examples, path),
    ),
  );
}

function partsOfForm(
  id: (part: string) => string,
  options: readonly Element[],
  rows: Readonly<Record<string, string>>,
  examples: RequestForm['examples'],
  path: string,
): readonly Element[] {
  return [
    el(
      'form',
      { 'aria-labelledby': id('title') },
      el('label', { for: id('example') }, 'Example'),
      el('select', { id: id('example'), disabled: '' }, ...options),
      el('label', { for: id('body') }, 'Request (JSON)'),
      el('textarea', { id: id('body'), disabled: '', ...rows }, examples[0]?.body ?? ''),
      el(
        'button',
        { id: id('send'), class: 'primary', type: 'submit', disabled: '' },
        'Send',
        el('span', { class: 'hidden' }, ` to ${path}`),
      ),
    ),
    el('div', { id: id('status'), class: 'answer-status', role: 'status', 'aria-live': 'polite' }),
    el('div', { id: id('answer') }),
  ];
}

/** Where there is no page to show: what is wrong, and what can be done. */
export function problemPage(title: string, reason: string): HtmlPage {
  const main = el(
    'main',
    { class: 'problem' },
    el('section', {}, el('h1', {}, title), el('p', {}, reason), el('p', {}, el('a', { href: '/' }, 'All runs'))),
  );
  return { html: documentOf(title, [main]), policy: contentPolicy({ style }) };
}

function documentOf(title: string, body: readonly Markup[], program?: string): string {
  const head = [
    el('meta', { charset: 'utf-8' }),
    el('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    el('meta', { name: 'color-scheme', content: 'light dark' }),
    el('title', {}, `${title} · ewm`),
    el('link', { rel: 'icon', href: 'data:,' }),
  ];
  // Program and style are the build's own text, and their hashes are over exactly that: the only thing here that is not escaped.
  return `<!doctype html>
<html lang="en">
<head>
${head.map(toHtml).join('\n')}
<style>${style}</style>
</head>
<body>
${body.map(toHtml).join('\n')}
${program === undefined ? '' : `<script>${program}</script>\n`}</body>
</html>
`;
}

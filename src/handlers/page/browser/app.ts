/**
 * The report of a session inside the client that played it (MCP Apps): made for the answer of a tool, and read from the server by way of the client.
 * Invariants: what is shown comes from the server alone; where it cannot be read, the page says so and shows the answer itself.
 */
import { fill, h } from './shared/dom';
import { connectHost, type Host } from './app/host';
import { markdown } from './app/markdown';
import { record, text } from './shared/run-model';

const PROTOCOL = '2026-01-26';

type Fields = Readonly<Record<string, unknown>>;

const WORDS: Readonly<Record<string, string>> = {
  proven: 'Proven',
  proven_so_far: 'Proven so far',
  not_proven: 'Not proven',
  sealed: 'Sealed',
  open: 'Open',
};

async function start(): Promise<void> {
  const main = h(
    'main',
    { attributes: { 'aria-live': 'polite', 'aria-busy': 'true' } },
    h('p', { class: 'quiet' }, 'Waiting for the answer of the tool.'),
  );
  document.body.append(main);
  const host = connectHost(window.parent);
  host.on('ui/notifications/tool-result', (result) => {
    void show(main, host, record(result)).then(() => {
      main.setAttribute('aria-busy', 'false');
    });
  });
  host.on('ui/notifications/tool-cancelled', () => {
    fill(main, h('p', {}, 'The call was cancelled. What it had begun is done and recorded all the same: look at the session again.'));
  });
  host.on('ui/notifications/host-context-changed', (context) => {
    dress(record(context));
  });
  const answered = await host.request('ui/initialize', {
    protocolVersion: PROTOCOL,
    appInfo: { name: 'ewm-report', version: '1' },
    appCapabilities: { availableDisplayModes: ['inline', 'fullscreen'] },
  });
  dress(record(record(answered)['hostContext']));
  host.notify('ui/notifications/initialized', {});
  new ResizeObserver(() => {
    const { width, height } = document.documentElement.getBoundingClientRect();
    host.notify('ui/notifications/size-changed', { width: Math.ceil(width), height: Math.ceil(height) });
  }).observe(document.documentElement);
}

/** Light or dark, as the client is; its colours and letters, where it says which. */
function dress({ theme, styles }: Fields): void {
  const root = document.documentElement;
  if (theme === 'light' || theme === 'dark') root.style.colorScheme = theme;
  for (const [name, value] of Object.entries(record(record(styles)['variables'])))
    if (name.startsWith('--') && typeof value === 'string') root.style.setProperty(name, value);
}

async function show(main: HTMLElement, host: Host, { structuredContent }: Fields): Promise<void> {
  const answer = record(structuredContent);
  const session = text(answer['session_id']);
  const error = record(answer['error']);
  const state = text(answer['verdict']) || text(answer['status']);
  const badge = WORDS[state];
  const above = [
    badge === undefined ? null : h('p', {}, h('strong', { class: 'badge', id: 'verdict', attributes: { 'data-state': state } }, badge)),
    answer['ok'] === false ? h('p', { class: 'refusal' }, refusalOf(error, answer)) : null,
  ];
  fill(main, ...above, h('p', { class: 'quiet' }, 'Reading the report.'));
  const report = session === '' ? undefined : await read(host, `ewm://sessions/${session}/report`);
  fill(
    main,
    ...above,
    ...(report === undefined
      ? [
          h('p', { class: 'quiet' }, 'The report could not be read through this client. The answer of the tool:'),
          h('pre', {}, JSON.stringify(answer, null, 2)),
        ]
      : markdown(report)),
  );
}

function refusalOf(error: Fields, { where, divergence }: Fields): string {
  const { file, row, pointer, expected, actual } = record(divergence);
  if (file !== undefined) {
    return `${text(where)} ${[file, row, pointer].map(String).join(', ')}: expected ${String(expected)}, found ${String(actual)}`.trim();
  }
  return [text(error['code']), text(error['message'])].filter((part) => part !== '').join(': ');
}

/** Nothing where the client does not read resources for a page, or the server has none to show. */
async function read(host: Host, uri: string): Promise<string | undefined> {
  try {
    const { contents } = record(await host.request('resources/read', { uri }));
    const found = Array.isArray(contents) ? record(contents[0])['text'] : undefined;
    return typeof found === 'string' ? found : undefined;
  } catch {
    return undefined;
  }
}

void start();

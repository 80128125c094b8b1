/**
 * The report inside a client of MCP (MCP Apps): the page that the built program hands out, in a sandboxed frame of a host that speaks
 * specification/2026-01-26/apps.mdx and reads resources with the official client.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Frame, Page } from 'playwright-core';
import { type Body, connectMcp, type McpClient } from '../support/mcp-clients';
import { violationsOf } from './axe';
import { describeInBrowser, launch } from './chromium';

const APP = 'ui://executable-world-models/report';
/** What a name may hold, and must never become. */
const MARKUP = '<img src=x onerror="document.title=1">|`*_';

/** A host as the specification has it: it answers the page, hands it the result of a tool, and reads resources for it. */
function host(result: object): void {
  const frame = document.querySelector('iframe') as HTMLIFrameElement;
  const page = frame.contentWindow as Window;
  const seen: { readonly method?: string; readonly params?: unknown }[] = [];
  Object.assign(window, { seen });
  const send = (message: object): void => {
    page.postMessage({ jsonrpc: '2.0', ...message }, '*');
  };
  addEventListener('message', ({ source, data }: MessageEvent<{ id?: number; method?: string; params?: { uri?: string } }>) => {
    if (source !== page) return;
    const { id, method, params } = data;
    seen.push(data);
    if (method === 'ui/initialize') {
      const hostContext = { theme: 'dark', styles: { variables: { '--font-sans': 'serif' } } };
      const hostInfo = { name: 'test', version: '1' };
      send({ id, result: { protocolVersion: '2026-01-26', hostInfo, hostCapabilities: { serverResources: {} }, hostContext } });
    } else if (method === 'ui/notifications/initialized') {
      send({ method: 'ui/notifications/tool-input', params: { arguments: {} } });
      send({ method: 'ui/notifications/tool-result', params: result });
      send({ id: 'away', method: 'ui/resource-teardown', params: { reason: 'test' } });
      send({ id: 'other', method: 'sampling/createMessage', params: {} });
    } else if (method === 'resources/read') {
      const { readThere } = window as unknown as { readonly readThere: (uri: string) => Promise<string | null> };
      void readThere(params?.uri ?? '').then((text) => {
        if (text === null) send({ id, error: { code: -32000, message: 'not allowed' } });
        else send({ id, result: { contents: [{ uri: params?.uri, text }] } });
      });
    }
  });
}

interface Shown {
  readonly page: Page;
  readonly frame: Frame;
  readonly complaints: readonly string[];
  /** What the page sent. */
  readonly seen: () => Promise<
    readonly { readonly id?: unknown; readonly method?: string; readonly params?: Body; readonly error?: Body }[]
  >;
}

describeInBrowser('the report inside a client', () => {
  let directory = '';
  let browser: Browser;
  let client: McpClient;
  let app = '';
  let session = '';
  let head: unknown;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ewm-app-'));
    browser = await launch();
    client = await connectMcp('2026', { args: ['--data', directory] });
    ({ text: app } = await client.content(APP));
    const made = (await client.call('world_create', { name: MARKUP, budget: { max_steps: 4, max_tool_calls: 4 } })).body;
    session = String(made['session_id']);
    const buy = { name: 'execute', args: { actions: [{ type: 'PlaceBuy', symbol: 'AAPL', quantity: '1' }] } };
    ({ head } = (await client.call('world_act', { session_id: session, head: made['head'], calls: [buy] })).body);
  });
  afterAll(async () => {
    await client.close();
    await browser.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function show(result: object, read: (uri: string) => Promise<string | null> = (uri) => client.read(uri)): Promise<Shown> {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => complaints.push(`asked for ${request.url()}`));
    await page.exposeFunction('readThere', read);
    await page.setContent(
      '<!doctype html><title>host</title><iframe title="report" sandbox="allow-scripts" width="600" height="600"></iframe>',
    );
    await page.evaluate(host, result);
    await page.evaluate((html) => {
      (document.querySelector('iframe') as HTMLIFrameElement).srcdoc = html;
    }, app);
    await page.waitForFunction(() =>
      (window as unknown as { readonly seen: readonly { id?: unknown }[] }).seen.some(({ id }) => id === 'other'),
    );
    const frame = page.frames()[1] as Frame;
    // Its policy lets nobody evaluate there, so it is waited for by what it says.
    await frame.waitForSelector('main[aria-busy="false"]');
    const seen: Shown['seen'] = () => page.evaluate(() => (window as unknown as { readonly seen: [] }).seen);
    return { page, frame, complaints, seen };
  }

  it('shows what became of the session, and its report, which it reads through the client', async () => {
    const { body } = await client.call('world_verify', { session_id: session });
    const { page, frame, complaints, seen } = await show({ content: [], structuredContent: body });
    expect(await frame.textContent('#verdict')).toBe('Proven so far');
    expect(await frame.textContent('h1')).toBe(`Session ${session}`);
    const rows = await frame.$$eval('tr', (found) => found.map((row) => [...row.children].map(({ textContent }) => textContent)));
    expect(rows).toContainEqual(['limit', 'allowed', 'used']);
    expect(rows).toContainEqual(['max_steps', '4', '1']);
    expect(rows).toContainEqual(['name', MARKUP]);
    expect(await frame.$('img')).toBeNull();
    expect(await frame.evaluate(() => [getComputedStyle(document.body).fontFamily, document.documentElement.style.colorScheme])).toEqual([
      'serif',
      'dark',
    ]);
    const sent = await seen();
    expect(sent[0]).toMatchObject({ method: 'ui/initialize', params: { protocolVersion: '2026-01-26', appInfo: { name: 'ewm-report' } } });
    expect(sent.map(({ method }) => method)).toEqual(
      expect.arrayContaining(['ui/notifications/initialized', 'ui/notifications/size-changed', 'resources/read']),
    );
    expect(sent.find(({ id }) => id === 'away')).toMatchObject({ result: {} });
    expect(sent.find(({ id }) => id === 'other')).toMatchObject({ error: { code: -32601 } });
    expect(complaints).toEqual([]);
    expect(await violationsOf(frame)).toEqual([]);
    await page.close();
  });

  it('shows the answer itself where the client reads nothing for it, and says so', async () => {
    const { body } = await client.call('world_verify', { session_id: session });
    const { page, frame } = await show({ content: [], structuredContent: body }, () => Promise.resolve(null));
    expect(await frame.textContent('main')).toContain('The report could not be read through this client');
    expect(JSON.parse((await frame.textContent('pre')) ?? '')).toEqual(body);
    await page.close();
  });

  it('says why a call was refused, and what is not proven where', async () => {
    const refused = await client.call('world_close', { session_id: session, head: `0-${'0'.repeat(64)}` });
    const first = await show({ content: [], structuredContent: refused.body, isError: true });
    expect(await first.frame.textContent('.refusal')).toContain('head_moved: ');
    await first.page.close();
    const divergence = { file: 'segments/00000001.jsonl', row: 2, pointer: '/hash', expected: 'a', actual: 'b' };
    const second = await show({ content: [], structuredContent: { ok: false, verdict: 'not_proven', where: '', divergence } });
    expect(await second.frame.textContent('#verdict')).toBe('Not proven');
    expect(await second.frame.textContent('.refusal')).toBe('segments/00000001.jsonl, 2, /hash: expected a, found b');
    await second.page.close();
  });

  it('is shown for a sealed session when it is closed', async () => {
    const closed = await client.call('world_close', { session_id: session, head });
    const { page, frame } = await show({ content: [], structuredContent: closed.body });
    expect(await frame.textContent('#verdict')).toBe('Sealed');
    expect(await frame.textContent('main')).toContain('Sealed at head');
    await page.close();
  });
});
